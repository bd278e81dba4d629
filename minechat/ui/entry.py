"""One thing in a timeline: something said, something on its way, a note of the screen, the unread line."""

from dataclasses import dataclass, field
from enum import Enum

from minechat.client.session import Message
from minechat.text import safe_nick


class Kind(Enum):
    """What an entry is."""

    SAID = "somebody said it"
    NOTE = "the screen tells it: an answer to a command, something that happened"
    ERROR = "the screen tells what did not work"
    UNREAD = "what is below was not read yet"


class Sending(Enum):
    """How far a message of ours has come."""

    SENDING = "on its way"
    WAITING = "waits for the connection, or until the server has time for it"
    FAILED = "was not taken, or nobody knows"


@dataclass(slots=True, eq=False)
class Entry:
    """One thing in a timeline; compared by identity.

    :param text: as it was said; notes are safe already
    :param time: seconds since 1970
    :param seq: its number; None where it has none
    :param sending: of a message of ours that is not in the chat yet
    :param reason: why it was not taken, or waits although there is a connection; safe
    """

    kind: Kind
    text: str
    time: float
    nick: str = ""
    seq: int | None = None
    mine: bool = False
    mention: bool = False
    sending: Sending | None = None
    reason: str = ""
    #: The lines it was last laid out to, and for what; see ``layout``.
    laid_for: object = field(default=None, repr=False)
    laid: list[object] = field(default_factory=list, repr=False)


def said(message: Message, *, mention: bool = False) -> Entry:
    """What somebody said, with a nickname that is safe to show."""
    nick = "" if message.nick is None else safe_nick(message.nick)
    return Entry(Kind.SAID, message.text, message.time, nick, message.seq, message.mine, mention)


def note(text: str, time: float, *, error: bool = False) -> Entry:
    """What the screen tells itself; ``text`` is safe."""
    return Entry(Kind.ERROR if error else Kind.NOTE, text, time)
