"""The talk of RIFT: its states, and one table that judges both sides."""

from enum import Enum

from minechat.errors import BadFrame, OutOfTurn
from minechat.protocol.rift import command_table, reply_table
from minechat.protocol.rift.codes import CODES
from minechat.protocol.rift.commands import Auth, Command, Register
from minechat.protocol.rift.frames import encode, encode_command, parse, parse_reply
from minechat.protocol.rift.replies import AuthFail, AuthSuccess, Error, RegisterFail, RegisterSuccess, Reply
from minechat.protocol.rift.shape import Unknown
from minechat.protocol.rift.states import State
from minechat.protocol.rift.strict import FRAME_LIMIT

__all__ = ["TABLE", "Side", "State", "Talk", "Unknown", "refusal"]

_ONLY_AT_THE_DOOR = (RegisterSuccess, RegisterFail, AuthSuccess, AuthFail)

#: What may happen in which state, and where it leads. Anything else is out of turn.
TABLE: dict[tuple[State, type], State] = {
    (State.NEW, Register): State.REGISTERING,
    (State.NEW, Auth): State.ENTERING,
    # A frame that cannot be read or may not come yet, or a server that cannot go on.
    (State.NEW, AuthFail): State.CLOSED,
    (State.NEW, RegisterFail): State.NEW,  # to a frame that called itself so and holds something else
    (State.REGISTERING, RegisterSuccess): State.NEW,
    (State.REGISTERING, RegisterFail): State.NEW,
    (State.REGISTERING, AuthFail): State.CLOSED,
    (State.ENTERING, AuthSuccess): State.KNOWN,
    (State.ENTERING, AuthFail): State.CLOSED,
    **{(State.KNOWN, row.command): State.KNOWN for row in command_table.ROWS if row.state is State.KNOWN},
    **{
        (State.KNOWN, row.reply): State.KNOWN
        for row in reply_table.ROWS
        if row.reply not in _ONLY_AT_THE_DOOR
    },
    **{(state, Unknown): state for state in State if state is not State.CLOSED},  # of a later server
}


class Side(Enum):
    CLIENT = "client"
    SERVER = "server"


class Talk:
    """One connection of RIFT, seen from one side; pure: whole frames in, values out, and back.

    :ivar features: what the client said it understands
    :param side: whose values ``send`` takes; ``hear`` gives the other side's
    :param frame: the most bytes of a client's frame
    """

    __slots__ = ("_frame", "_side", "features", "state")

    def __init__(self, side: Side, frame: int = FRAME_LIMIT) -> None:
        self._side = side
        self._frame = frame
        self.state = State.NEW
        self.features: frozenset[str] = frozenset()

    @property
    def listens(self) -> bool:
        """Whether the server may take a client's next frame: it owes no answer that decides who is there."""
        return self.state in (State.NEW, State.KNOWN)

    def hear(self, data: str | bytes) -> Command | Reply:
        """The other side's frame. With BadFrame nothing has changed, and ``refusal`` is the answer to it.

        :raises BadFrame: it cannot be read, or may not come now
        """
        heard = parse(data, self._frame) if self._side is Side.SERVER else parse_reply(data)
        state = TABLE.get((self.state, type(heard)))
        if state is None:
            word = _word_of(heard)
            raise BadFrame(_out_of_turn(self.state, word), "out_of_turn", request=heard.id, to=word)
        self._move(heard, state)
        return heard

    def send(self, value: Command | Reply) -> bytes:
        """The frame of a value of our side.

        :raises OutOfTurn: the table does not allow it now, or the client did not ask for the like
        """
        if isinstance(value, Command) is (self._side is Side.SERVER):
            raise OutOfTurn(f"{type(value).__name__} is not for the {self._side.value} to say")
        state = TABLE.get((self.state, type(value)))
        if state is None or not self.asked_for(value) or getattr(value, "code", "internal") not in CODES:
            raise OutOfTurn(f"{type(value).__name__} while {self.state.value}")
        data = encode(value) if isinstance(value, Reply) else encode_command(value)
        self._move(value, state)
        return data

    def asked_for(self, value: Command | Reply) -> bool:
        """Whether the client named the feature that a reply belongs to, if it belongs to one."""
        row = reply_table.BY_REPLY.get(type(value)) if isinstance(value, Reply) else None
        return row is None or row.feature is None or row.feature in self.features

    def close(self) -> None:
        """Nobody says anything more."""
        self.state = State.CLOSED

    def refuse(
        self, reason: str, code: str, *, to: str = "", request: str | None = None, wait: float | None = None
    ) -> Reply:
        """How a refusal is worded in this state.

        :param to: the type of the frame that is refused; "" where that is not known, or none is
        :param request: the id that it bears
        :param wait: seconds after which trying again makes sense
        """
        kind = refusal(self.state, to)
        return kind(error=reason, code=code, id=request, retry_after=wait)

    def _move(self, value: Command | Reply, state: State) -> None:
        if isinstance(value, Auth):
            self.features = frozenset(value.features)
        self.state = state


def refusal(state: State, to: str = "") -> type[RegisterFail | AuthFail | Error]:
    """Which reply refuses a frame of this type in this state; ``AuthFail`` ends the talk."""
    if state is State.KNOWN:
        return Error
    if state is State.REGISTERING or (state is State.NEW and to == "register"):
        return RegisterFail
    return AuthFail


def _word_of(heard: Command | Reply) -> str:
    if isinstance(heard, Command):
        return command_table.BY_COMMAND[type(heard)].word
    return heard.word if isinstance(heard, Unknown) else reply_table.BY_REPLY[type(heard)].word


def _out_of_turn(state: State, word: str) -> str:
    return f"{word} comes before you have logged in" if state is State.NEW else f"{word} is not for now"
