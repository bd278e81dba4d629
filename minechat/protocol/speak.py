"""The talk of port 5050: its states, its events, and one table that judges both sides."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from minechat.errors import InvalidInput, OutOfTurn, ProtocolViolation
from minechat.events import Account
from minechat.protocol.lines import LineBuffer, decode, encode

LINE_LIMIT = 4096
MESSAGE_LIMIT = 4096
MESSAGE_LINES = 100
#: Messages of one connection that may wait for their answers.
PIPELINE = 16


class Side(Enum):
    CLIENT = "client"
    SERVER = "server"


class State(Enum):
    CONNECTED = "the server owes its greeting"
    GREETED = "the client owes a token, or an empty line to register"
    TOKEN_GIVEN = "the server owes the account, or null"  # noqa: S105 - a state, no secret
    NEWCOMER = "the server owes the question for a nickname"
    ASKED = "the client owes a nickname"
    NICKNAME_GIVEN = "the server owes the account"
    INTRODUCED = "the server owes its welcome; the client may speak already"
    TALKING = "the client speaks; the server owes one answer for each message"
    CLOSED = "nobody says anything more"


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

#: What may happen in which state, and where it leads. Anything else is out of turn.
TABLE: dict[tuple[State, type], State] = {
    (State.CONNECTED, Greeting): State.GREETED,
    (State.CONNECTED, NotSent): State.CLOSED,
    (State.GREETED, Token): State.TOKEN_GIVEN,
    (State.GREETED, NoToken): State.NEWCOMER,
    (State.GREETED, NotSent): State.CLOSED,
    (State.TOKEN_GIVEN, Introduced): State.INTRODUCED,
    (State.TOKEN_GIVEN, TokenUnknown): State.NEWCOMER,
    (State.TOKEN_GIVEN, NotSent): State.CLOSED,
    (State.NEWCOMER, NicknameAsked): State.ASKED,
    (State.ASKED, Nickname): State.NICKNAME_GIVEN,
    (State.ASKED, NotSent): State.CLOSED,
    (State.NICKNAME_GIVEN, Introduced): State.INTRODUCED,
    (State.NICKNAME_GIVEN, NotSent): State.CLOSED,
    (State.INTRODUCED, Message): State.INTRODUCED,
    (State.INTRODUCED, Welcome): State.TALKING,
    (State.INTRODUCED, NotSent): State.CLOSED,
    (State.TALKING, Message): State.TALKING,
    (State.TALKING, Acknowledged): State.TALKING,
    (State.TALKING, NotSent): State.TALKING,
}

CLIENT_EVENTS = (Token, NoToken, Nickname, Message)

_GREETING = "Hello %username%! Enter your personal hash or leave it empty to create new account."
_NICKNAME_ASKED = "Enter preferred nickname below:"
_WELCOME = "Welcome to chat! Post your message below. End it with an empty line."
_ACKNOWLEDGED = "Message send. Write more, end message with an empty line."
_NULL = "null"
_NOT_SENT = "Message not sent: "
_NOT_SENT_LINE = re.compile(
    r"Message not sent: (?P<reason>.*?)\.(?: Try again in (?P<after>[0-9]{1,9}) s\.)?", re.S
)
_HTTP = re.compile(rb"(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT|PRI) ")
_TOKEN = re.compile(r"[!-~]{1,256}")


class Talk:
    """One connection of port 5050, seen from one side; pure: bytes in, events out, and back.

    :param side: whose events ``send`` takes; ``next_event`` yields the other side's
    """

    def __init__(self, side: Side) -> None:
        self._side = side
        self._lines = LineBuffer(LINE_LIMIT)
        self._message: list[str] = []
        self._message_size = 0
        self._violation: ProtocolViolation | None = None
        self.state = State.CONNECTED
        #: Messages not yet answered.
        self.owed = 0

    @property
    def full(self) -> bool:
        """True while so many messages wait for their answers that no more are read."""
        return self.owed >= PIPELINE

    @property
    def buffered(self) -> int:
        """Bytes received and not yet read as events."""
        return len(self._lines)

    @property
    def unfinished(self) -> bool:
        """True while a line or a message has begun and not ended."""
        return bool(self._lines) or bool(self._message)

    def receive(self, data: bytes) -> None:
        """Takes bytes of the other side in whatever pieces they come."""
        self._lines.feed(data)

    def next_event(self) -> Event | None:
        """The other side's next event, or None: more bytes are needed, or it is our turn.

        :raises ProtocolViolation: the other side broke the protocol; the connection must end, and every
            further call raises again, so that no rest of the broken input is ever taken for an event
        """
        if self._violation is not None:
            raise self._violation
        try:
            return self._read_event()
        except ProtocolViolation as exc:
            self._violation = exc
            raise

    def _read_event(self) -> Event | None:
        while self._may_read():
            line = self._lines.take()
            if line is None:
                return None
            event = (
                self._heard_from_client(line) if self._side is Side.SERVER else self._heard_from_server(line)
            )
            if event is not None:
                self._move(event)
                return event
        return None

    def send(self, event: Event) -> bytes:
        """The bytes of an event of our side.

        :raises OutOfTurn: the table does not allow it now
        :raises InvalidInput: its text cannot travel
        """
        if isinstance(event, CLIENT_EVENTS) is (self._side is Side.SERVER):
            raise OutOfTurn(f"{type(event).__name__} is not for the {self._side.value} to say")
        data = _encode(event)
        self._move(event)
        return data

    def _may_read(self) -> bool:
        if self._side is Side.CLIENT:
            return self.state is not State.CLOSED
        if self.full:
            return False
        return self.state in (State.GREETED, State.ASKED, State.INTRODUCED, State.TALKING)

    def _move(self, event: Event) -> None:
        state = TABLE.get((self.state, type(event)))
        if state is None or (isinstance(event, Acknowledged) and not self.owed):
            raise OutOfTurn(f"{type(event).__name__} while {self.state.value}")
        if isinstance(event, Message):
            self.owed += 1
        elif isinstance(event, Acknowledged | NotSent):
            # A refusal when no message waits for an answer is the last word.
            state = state if self.owed else State.CLOSED
            self.owed = max(0, self.owed - 1)
        self.state = state

    def _heard_from_client(self, line: bytes) -> Event | None:
        if self.state is State.GREETED:
            if _HTTP.match(line):
                raise ProtocolViolation("this is not a web server")
            token = decode(line).strip()
            return Token(token) if token else NoToken()
        if self.state is State.ASKED:
            return Nickname(decode(line))
        return self._heard_message_line(decode(line))

    def _heard_message_line(self, line: str) -> Message | None:
        if line:
            self._message.append(line)
            self._message_size += len(line.encode("utf-8")) + 1
            if self._message_size > MESSAGE_LIMIT + 1 or len(self._message) > MESSAGE_LINES:
                raise ProtocolViolation(
                    f"a message is longer than {MESSAGE_LIMIT} bytes or {MESSAGE_LINES} lines"
                )
            return None
        text = "\n".join(self._message)
        self._message.clear()
        self._message_size = 0
        return Message(text if text.strip() else "")

    def _heard_from_server(self, line: bytes) -> Event | None:
        text = decode(line)
        if text.startswith(_NOT_SENT):
            return _decode_not_sent(text)
        return _READERS[self.state](text)


def _decode_not_sent(text: str) -> NotSent:
    match = _NOT_SENT_LINE.fullmatch(text)
    if match is None:
        return NotSent(text.removeprefix(_NOT_SENT))
    after = match["after"]
    return NotSent(match["reason"], int(after) if after else None)


def _expect(prefix: str, event: Event) -> Callable[[str], Event]:
    def read(text: str) -> Event:
        if not text.startswith(prefix):
            raise ProtocolViolation(f"the server did not say {prefix!r}")
        return event

    return read


def _decode_account(text: str) -> Introduced | TokenUnknown:
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        raise ProtocolViolation("the server's account is not JSON") from None
    if answer is None:
        return TokenUnknown()
    if not isinstance(answer, dict):
        raise ProtocolViolation("the server's account is not a JSON object")
    nickname, token = answer.get("nickname"), answer.get("account_hash")
    if not isinstance(nickname, str) or not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise ProtocolViolation("the server's account lacks a nickname or a usable token")
    # JSON can name half a surrogate pair, which no encoder of the caller's would take.
    return Introduced(Account(nickname.encode("utf-8", "replace").decode(), token))


def _read_answer(text: str) -> Acknowledged | None:
    # A server may say other things here; only this one line means "stored".
    return Acknowledged() if text.startswith("Message send. ") else None


def _out_of_turn(text: str) -> Event:
    raise ProtocolViolation("the server spoke out of turn")


_READERS: dict[State, Callable[[str], Event | None]] = {
    State.CONNECTED: _expect("Hello ", Greeting()),
    State.GREETED: _out_of_turn,
    State.TOKEN_GIVEN: _decode_account,
    State.NEWCOMER: _expect("Enter preferred nickname", NicknameAsked()),
    State.ASKED: _out_of_turn,
    State.NICKNAME_GIVEN: _decode_account,
    State.INTRODUCED: _expect("Welcome to chat!", Welcome()),
    State.TALKING: _read_answer,
}


def _encode(event: Event) -> bytes:
    match event:
        case Token(value) if not _TOKEN.fullmatch(value):
            raise InvalidInput("a token is 1 to 256 printable ASCII characters without blanks")
        case Token(value) | Nickname(value):
            return check_line(value)
        case NoToken():
            return b"\n"
        case Message(text):
            return message_bytes(text)
        case Introduced(account):
            record = {"nickname": account.nickname, "account_hash": account.token}
            return encode(json.dumps(record, ensure_ascii=False))
        case NotSent(reason, retry_after):
            again = "" if retry_after is None else f" Try again in {retry_after} s."
            return encode(f"{_NOT_SENT}{reason}.{again}")
        case _:
            return encode(_FIXED[type(event)])


_FIXED: dict[type, str] = {
    Greeting: _GREETING,
    NicknameAsked: _NICKNAME_ASKED,
    TokenUnknown: _NULL,
    Welcome: _WELCOME,
    Acknowledged: _ACKNOWLEDGED,
}


def check_line(value: str) -> bytes:
    """A nickname for the wire.

    :raises InvalidInput: it is not one line, too long for one or holds what is not text
    """
    if "\n" in value or "\r" in value:
        raise InvalidInput("a nickname is one line")
    line = _utf8(value) + b"\n"
    if len(line) > LINE_LIMIT:
        raise InvalidInput(f"a nickname of {len(line) - 1} bytes does not fit into a line of {LINE_LIMIT}")
    return line


def message_bytes(text: str) -> bytes:
    """A message for the wire: blank inner lines go, since an empty line ends it.

    :raises InvalidInput: it holds what is not text
    """
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    return b"".join(_utf8(line) + b"\n" for line in normal.split("\n") if line.strip()) + b"\n"


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidInput("the text holds bytes that are not UTF-8") from None
