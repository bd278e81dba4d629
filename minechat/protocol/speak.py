"""The talk of port 5050: its states, and one table that judges both sides."""

from collections.abc import Callable
from enum import Enum

from minechat.errors import OutOfTurn, ProtocolViolation
from minechat.protocol.lines import LineBuffer, begins_as_http, decode
from minechat.protocol.phrases import (
    LINE_LIMIT,
    NOT_SENT,
    check_line,
    decode_account,
    decode_answer,
    decode_not_sent,
    encode_turn,
    expect,
    message_bytes,
)
from minechat.protocol.turns import (
    CLIENT_EVENTS,
    Acknowledged,
    Event,
    Greeting,
    Introduced,
    Message,
    Nickname,
    NicknameAsked,
    NoToken,
    NotSent,
    Token,
    TokenUnknown,
    Welcome,
)

__all__ = [
    "CLIENT_EVENTS",
    "LINE_LIMIT",
    "MESSAGE_LIMIT",
    "MESSAGE_LINES",
    "PIPELINE",
    "TABLE",
    "Acknowledged",
    "Event",
    "Greeting",
    "Introduced",
    "Message",
    "Nickname",
    "NicknameAsked",
    "NoToken",
    "NotSent",
    "Side",
    "State",
    "Talk",
    "Token",
    "TokenUnknown",
    "Welcome",
    "check_line",
    "message_bytes",
]

MESSAGE_LIMIT = 4096
MESSAGE_LINES = 100
#: Messages of one connection that may wait for their answers.
PIPELINE = 16


class Side(Enum):
    CLIENT = "client"
    SERVER = "server"


class State(Enum):
    __hash__ = object.__hash__  # members are one of a kind; Enum's own is Python code, run twice a message

    CONNECTED = "the server owes its greeting"
    GREETED = "the client owes a token, or an empty line to register"
    TOKEN_GIVEN = "the server owes the account, or null"  # noqa: S105 - a state, no secret
    NEWCOMER = "the server owes the question for a nickname"
    ASKED = "the client owes a nickname"
    NICKNAME_GIVEN = "the server owes the account"
    INTRODUCED = "the server owes its welcome; the client may speak already"
    TALKING = "the client speaks; the server owes one answer for each message"
    CLOSED = "nobody says anything more"


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
    (State.NEWCOMER, NotSent): State.CLOSED,
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


#: In these states the client has the word, or may speak though the server has it.
_CLIENTS_WORD = frozenset(state for state, event in TABLE if issubclass(event, CLIENT_EVENTS))


class Talk:
    """One connection of port 5050, seen from one side; pure: bytes in, events out, and back.

    :param side: whose events ``send`` takes; ``next_event`` yields the other side's
    :param line: the most bytes of one line that is read, its newline included
    :param message: the most bytes of one message that is read, the newlines inside it included
    :param message_lines: the most lines of one message that is read
    :param pipeline: messages that may wait for their answers; beyond them no more are read
    """

    __slots__ = (
        "_limits",
        "_lines",
        "_message",
        "_message_size",
        "_side",
        "_violation",
        "owed",
        "state",
    )

    def __init__(
        self,
        side: Side,
        *,
        line: int = LINE_LIMIT,
        message: int = MESSAGE_LIMIT,
        message_lines: int = MESSAGE_LINES,
        pipeline: int = PIPELINE,
    ) -> None:
        self._side = side
        self._lines = LineBuffer(line)
        self._limits = (message, message_lines, pipeline)
        self._message: list[str] = []
        self._message_size = 0
        self._violation: ProtocolViolation | None = None
        self.state = State.CONNECTED
        #: Messages not yet answered.
        self.owed = 0

    @property
    def full(self) -> bool:
        """True while so many messages wait for their answers that no more are read."""
        return self.owed >= self._limits[2]

    @property
    def buffered(self) -> int:
        """Bytes received and not yet read as events."""
        return len(self._lines)

    @property
    def unfinished(self) -> bool:
        """True while a line or a message has begun and not ended."""
        return bool(self._lines) or bool(self._message)

    @property
    def in_a_line(self) -> bool:
        """True while a line has begun whose newline has not come."""
        return self._lines.in_a_line

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
        if not self._may_read():
            return None
        server = self._side is Side.SERVER
        while (line := self._lines.take()) is not None:
            event = self._heard_from_client(line) if server else self._heard_from_server(line)
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
        data = encode_turn(event)
        self._move(event)
        return data

    def _may_read(self) -> bool:
        if self._side is Side.CLIENT:
            return self.state is not State.CLOSED
        return self.state in _CLIENTS_WORD and not self.full

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
            if begins_as_http(line):
                raise ProtocolViolation("this is not a web server")
            token = decode(line).strip()
            return Token(token) if token else NoToken()
        if self.state is State.ASKED:
            return Nickname(decode(line))
        return self._heard_message_line(decode(line)) if line else self._message_ended()

    def _heard_message_line(self, line: str) -> Message | None:
        if not line:
            return self._message_ended()
        self._message.append(line)
        self._message_size += (len(line) if line.isascii() else len(line.encode())) + 1
        size, lines, _ = self._limits
        if self._message_size > size + 1 or len(self._message) > lines:
            raise ProtocolViolation(f"a message is longer than {size} bytes or {lines} lines")
        return None

    def _message_ended(self) -> Message:
        text = "\n".join(self._message)
        self._message.clear()
        self._message_size = 0
        return Message(text if text.strip() else "")

    def _heard_from_server(self, line: bytes) -> Event | None:
        text = decode(line)
        if text.startswith(NOT_SENT):
            return decode_not_sent(text)
        return _READERS[self.state](text)


def _out_of_turn(text: str) -> Event:
    raise ProtocolViolation("the server spoke out of turn")


_READERS: dict[State, Callable[[str], Event | None]] = {
    State.CONNECTED: expect("Hello ", Greeting()),
    State.GREETED: _out_of_turn,
    State.TOKEN_GIVEN: decode_account,
    State.NEWCOMER: expect("Enter preferred nickname", NicknameAsked()),
    State.ASKED: _out_of_turn,
    State.NICKNAME_GIVEN: decode_account,
    State.INTRODUCED: expect("Welcome to chat!", Welcome()),
    State.TALKING: decode_answer,
}
