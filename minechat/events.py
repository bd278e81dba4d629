"""What a participant can see: frozen values, the same words on every floor."""

from dataclasses import dataclass, field

#: The room that everybody is in, which the line protocols share.
GENERAL = "general"


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the conversation, as it was said: not yet safe for a terminal.

    ``nick`` is None for a line that names nobody. ``text`` may hold newlines on the server's side;
    on port 5000 they travel as spaces.

    :param room: where it was said
    :param seq: its number there; None where it is kept nowhere
    :param time: when, in seconds since 1970
    :param key: what the sender's client calls it
    :param origin: the way out to the connection that said it, which is answered in another way and is not
        told; None tells everybody. Only inside a server
    """

    nick: str | None
    text: str
    room: str = GENERAL
    seq: int | None = None
    time: float = 0.0
    key: str | None = None
    origin: object = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """Who we are on the speak port: the decorated nickname and the token that proves it."""

    nickname: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Connected:
    """The conversation can be heard. ``address`` is ``host:port`` as the user named it."""

    address: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The conversation broke off. ``partial`` counts bytes of an unfinished last line, left out."""

    reason: str
    partial: int = 0


@dataclass(frozen=True, slots=True)
class Retrying:
    """The next attempt comes in ``delay`` seconds; ``reason`` tells why there must be one."""

    reason: str
    delay: float


@dataclass(frozen=True, slots=True)
class LinesSkipped:
    """``count`` lines were over the limit and were left out."""

    count: int
