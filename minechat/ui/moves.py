"""Ways to another room that a server was asked for, and what is typed behind them before it has answered."""

from dataclasses import dataclass, field

from minechat.ui.calls import Call
from minechat.ui.commands import SAY

#: Orders after which one goes to the room they were about.
LEADING = frozenset({"join_room", "create_room"})
#: Commands of the screen that are about the place one is in.
_ABOUT_PLACE = frozenset({SAY.name, "history", "export"})


@dataclass(slots=True, eq=False)
class Move:
    """A room that we are not in yet, and may never be.

    :param room: its name as it was typed
    :ivar calls: commands typed behind it, each with its line, as many as messages may wait in the outbox
    :ivar arrived: whether we are in it by now
    """

    room: str
    calls: list[tuple[str, Call]] = field(default_factory=list)
    arrived: bool = False


class Moves:
    """The ways that are followed, in their order: what is typed belongs to where the last one leads."""

    def __init__(self) -> None:
        self._open: list[Move] = []

    @property
    def last(self) -> Move | None:
        """The one that what is typed now stands behind."""
        return self._open[-1] if self._open else None

    def begin(self, room: str) -> Move:
        """Another room is asked for."""
        move = Move(room)
        self._open.append(move)
        return move

    def forget(self) -> None:
        """Somebody went elsewhere meanwhile, and wants to be led nowhere any more."""
        self._open.clear()

    def arrived(self, move: Move) -> bool:
        """A way led to its room; whether to go there."""
        move.arrived = True
        if move not in self._open:
            return False
        del self._open[: self._open.index(move) + 1]
        return True

    def strayed(self, move: Move) -> bool:
        """A way led nowhere; whether what is being written was meant for its room."""
        was_last = self.last is move
        if move in self._open:
            self._open.remove(move)
        return was_last


def is_about_place(call: Call) -> bool:
    """Whether a call is about the place one is in, and not about one that it names."""
    return call.slash.name in _ABOUT_PLACE or (call.slash.here and "room" not in call.arguments)
