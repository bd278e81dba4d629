"""The seam of the interactive screens: one chat as somebody in it sees it, whatever its wire."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, Protocol

#: The room that everybody is in.
GENERAL = "general"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Something said in a place: a room by its name, or a private conversation as ``@name``.

    The text is as it was said: whoever shows it makes it safe.

    :param seq: its number in the place; None where the wire has none
    :param time: seconds since 1970
    :param key: the sender's own key; None where there is none
    """

    place: str
    nick: str | None
    text: str
    time: float
    seq: int | None = None
    mine: bool = False
    key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mute:
    """Somebody may read and not write.

    :param until: seconds since 1970; None for ever
    """

    until: float | None = None
    reason: str = ""

    def holds(self, now: float) -> bool:
        """Whether it has not ended by itself; nothing tells when it does."""
        return self.until is None or self.until > now


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A room of ours, or a private conversation.

    :param role: owner, moderator, member; None where roles are unknown
    :param last: the number of the last message; 0 where there is none
    :param mute: why we may not write there; None where we may, as far as we know
    """

    name: str
    topic: str = ""
    role: str | None = None
    last: int = 0
    invite_only: bool = False
    mute: Mute | None = None


# What a session tells.


@dataclass(frozen=True, slots=True, kw_only=True)
class StateChanged:
    """:param state: connecting, connected, lost, waiting or ended; after ``ended`` nothing comes any more
    :param reason: why it is not connected; for people, and safe for a terminal
    :param code: the word for programs of a refusal that is the reason; "" where none is
    :param delay: seconds until the next attempt, with ``waiting``
    :param link: which connection, where a session has several: ``listen`` or ``speak``; "" is the only one
    """

    state: str
    reason: str = ""
    delay: float = 0.0
    link: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Messages in the order of their place, live or fetched after a reconnect; each is told once.

    One's own are among them, in their place in the order, wherever they were said.
    """

    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """The messages of a place between two numbers, both left out, are not told: they are too many.

    They come by ``history``.
    """

    place: str
    after: int
    before: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacesChanged:
    """All places, rooms first."""

    places: tuple[Place, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleChanged:
    """Everybody who is online."""

    people: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """Something that is no message: somebody joined, was muted, a topic changed; see ``RoomEvent``."""

    place: str
    event: str
    nick: str | None = None
    by: str | None = None
    reason: str = ""
    until: float | None = None
    detail: str = ""
    time: float = 0.0


SessionEvent = StateChanged | Heard | Skipped | PlacesChanged | PeopleChanged | Happened


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """A page of the past in order; ``more``: there is more before it (or after it, when asked so)."""

    messages: tuple[Message, ...]
    more: bool


class Session(Protocol):
    """Somebody's presence in a chat, which survives reconnects.

    All that asks the server raises ``NetworkError`` while it cannot be reached, ``Refused`` when the
    server says no, ``InvalidInput`` before anything is sent, and ``OutcomeUnknown`` when the answer to a
    message never came.
    """

    @property
    def nickname(self) -> str:
        """Who we are."""

    #: What this chat can beside saying and hearing: the names of ``order``, and ``whisper``, ``history``.
    abilities: frozenset[str]
    #: The number of the last message of each place that was read, for the marks of what is unread: given
    #: when the session is made, kept up by the screen. What came after them is told at the first connect.
    marks: dict[str, int]

    def events(self) -> AsyncIterator[SessionEvent]:
        """All that happens, from the first attempt to connect on; ends when the session is closed.

        To be iterated once. Kept for a slow screen up to a limit; past it the oldest messages go, which
        ``Skipped`` tells, and come by ``history``.

        :raises Exception: a defect ended the session; it is the caller's to end the program
        """

    async def say(self, place: str, text: str, *, key: str | None = None) -> Message:
        """Says something; returns when it is stored. It is told as ``Heard`` too, like all messages.

        :param key: our own for it, from who may say it again: where the wire has keys it is stored once

        What was begun on a connection that is lost meanwhile is sent again on the next one, with the same
        key, where the wire has keys; begun without a connection it fails at once. Several calls at the
        same time are said in their order.
        """

    async def history(
        self, place: str, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> History:
        """A page of the past: before a number, after one, or the last."""

    async def order(self, name: str, **fields: Any) -> Any:
        """Anything else, by the name of its RIFT command, such as ``join_room``; returns its reply.

        :raises InvalidInput: this chat has no such order
        """
