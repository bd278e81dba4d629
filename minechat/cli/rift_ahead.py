"""Lines that were typed behind one that leads to another room, before anybody saw that it led nowhere."""

from enum import Enum, auto

from minechat.ui.calls import command_name
from minechat.ui.commands import BY_NAME

_LEADING = frozenset({"join", "create", "create-closed", "go"})


class Meant(Enum):
    """For where a line was typed."""

    HERE = auto()
    ELSEWHERE = auto()  # all of it, before it was known that one is not there
    PERHAPS_ELSEWHERE = auto()  # it was begun before


class Ahead:
    """How many of the next lines are such ones."""

    def __init__(self) -> None:
        self._lines = 0
        self._begun = False

    def __bool__(self) -> bool:
        return self._begun or self._lines > 0

    def led_nowhere(self, lines: int, *, begun: bool) -> None:
        """A line has failed that was to lead elsewhere.

        :param lines: what was typed behind it by now
        :param begun: another line was begun behind them
        """
        self._lines, self._begun = lines, begun

    def led(self) -> None:
        """A line has led where it should: what is typed behind it is meant for there."""
        self._lines, self._begun = 0, False

    def next(self) -> Meant:
        """For where the next line was typed."""
        if self._lines:
            self._lines -= 1
            return Meant.ELSEWHERE
        begun, self._begun = self._begun, False
        return Meant.PERHAPS_ELSEWHERE if begun else Meant.HERE


def leads(line: str) -> bool:
    """Whether a line asks to be led to another place, well or badly; an unknown command may be meant so."""
    words = line[1:].split(None, 1)
    if not line.startswith("/") or line.startswith("//") or not words:
        return False
    slash = BY_NAME.get(command_name(words[0]))
    return slash is None or slash.name in _LEADING
