"""What either side of the speak port may say: frozen values, one for each kind of line or message."""

from dataclasses import dataclass

from minechat.events import Account


@dataclass(frozen=True, slots=True)
class Greeting:
    """Server: asks for a token."""


@dataclass(frozen=True, slots=True)
class Token:
    """Client: knows itself by this token."""

    value: str


@dataclass(frozen=True, slots=True)
class NoToken:
    """Client: wants a new account."""


@dataclass(frozen=True, slots=True)
class TokenUnknown:
    """Server: null, nobody has this token."""


@dataclass(frozen=True, slots=True)
class NicknameAsked:
    """Server: asks for a nickname."""


@dataclass(frozen=True, slots=True)
class Nickname:
    """Client: wants to be called so."""

    value: str


@dataclass(frozen=True, slots=True)
class Introduced:
    """Server: this is who you are."""

    account: Account


@dataclass(frozen=True, slots=True)
class Welcome:
    """Server: speak."""


@dataclass(frozen=True, slots=True)
class Message:
    """Client: says something; an empty text is a ping."""

    text: str


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """Server: the message is stored."""


@dataclass(frozen=True, slots=True)
class NotSent:
    """Server: the message is not stored. ``retry_after`` in seconds where a retry helps."""

    reason: str
    retry_after: int | None = None


Event = (
    Greeting
    | Token
    | NoToken
    | TokenUnknown
    | NicknameAsked
    | Nickname
    | Introduced
    | Welcome
    | Message
    | Acknowledged
    | NotSent
)

CLIENT_EVENTS = (Token, NoToken, Nickname, Message)
