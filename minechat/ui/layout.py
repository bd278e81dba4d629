"""An entry as lines: stamp, nickname and text in columns, each piece with the name of its look."""

from dataclasses import dataclass
from datetime import datetime

from minechat.ui.columns import clip, columns, fenced, is_simple, pad, paragraphs, wrap
from minechat.ui.entry import Entry, Kind, Sending
from minechat.ui.words import Words

#: From this width on nicknames have a column of their own.
WIDE = 60
#: The most columns of that column, and the share of the width it may take.
NICK_COLUMNS, NICK_SHARE = 16, 5
#: Between nickname and text: what is special about a message is told by a sign, not only by a look.
PLAIN, MENTION, SENDING, FAILED = "│", "»", "…", "✗"
NO_NICK = "*"


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line. ``look``: a name of ``themes.LOOKS``, or ``nick:`` and a nickname."""

    text: str
    look: str = "text"


@dataclass(frozen=True, slots=True)
class Line:
    """One line.

    :param used: its columns
    :param simple: every terminal agrees on them
    """

    pieces: tuple[Piece, ...]
    used: int
    simple: bool = True


class Layout:
    """Lays entries out for a width; remembers with each entry what came out."""

    def __init__(self, words: Words, stamp: str, width: int = 80) -> None:
        self._words = words
        self._stamp = stamp
        self.set_width(width)

    def set_width(self, width: int) -> None:
        """Another width, in columns."""
        self._width = max(width, 8) - 1  # the first column divides it from what stands beside
        self._wide = width >= WIDE
        self._nick = max(8, min(NICK_COLUMNS, width // NICK_SHARE))
        stamp = self._time(0.0)
        self._format = self._stamp if self._wide or columns(stamp) <= 5 else "%H:%M"
        self._stamp_columns = columns(self._time(0.0))
        self._key = (self._width, self._stamp_columns)

    def lines(self, entry: Entry, before: Entry | None) -> list[Line]:
        """Its lines, at least one; above them the day, where the entry before is of another one."""
        day = _day(entry.time)
        key = (
            *self._key,
            day if before is None or _day(before.time) != day else None,
            entry.sending,
            entry.reason,
        )
        if entry.laid_for != key:
            entry.laid_for = key
            dated = [self._rule(self._date(entry.time), "day")] if key[2] is not None else []
            entry.laid = [*dated, *self._body(entry)]
        return entry.laid  # type: ignore[return-value]  # only this class fills it

    def _body(self, entry: Entry) -> list[Line]:
        if entry.kind is Kind.UNREAD:
            return [self._rule(self._words("unread_line"), "unread")]
        if entry.kind is Kind.SAID:
            return self._said(entry)
        look = "error" if entry.kind is Kind.ERROR else "note"
        sign = "!" if entry.kind is Kind.ERROR else "·"
        return self._columned(entry, Piece("", look), sign, look)

    def _said(self, entry: Entry) -> list[Line]:
        nick = entry.nick or NO_NICK
        look = "mention" if entry.mention else "mine" if entry.mine else f"nick:{nick}"
        text = "text"
        sign = MENTION if entry.mention else PLAIN
        if entry.sending is not None:
            sign = FAILED if entry.sending is Sending.FAILED else SENDING
            text = "pending"
        return self._columned(entry, Piece(nick, look), sign, text)

    def _columned(self, entry: Entry, nick: Piece, sign: str, look: str) -> list[Line]:
        """Stamp, nickname, sign and text; the lines that follow begin under the text."""
        head = self._wide_head(entry, nick, sign) if self._wide else self._narrow_head(entry, nick, sign)
        indent = self._stamp_columns + 1 + (self._nick + 3 if self._wide else 2)
        first = sum(columns(piece.text) for piece in head)
        room = max(4, self._width - indent)
        texts = self._texts(entry, look)
        lines: list[Line] = []
        for text, its_look in texts:
            start = first - indent if not lines else 0
            for row in _wrapped(text, room, start):
                lead = head if not lines else self._hang(indent, sign)
                lines.append(_line([*lead, Piece(row, its_look)]))
        return lines

    def _texts(self, entry: Entry, look: str) -> list[tuple[str, str]]:
        """The lines of an entry with their looks, and what became of it."""
        shown = paragraphs(entry.text) if entry.kind is Kind.SAID else entry.text.split("\n")
        texts = [(text, look) for text in shown]
        if entry.sending is Sending.WAITING:
            texts.append((entry.reason or self._words("waiting"), "note"))
        elif entry.sending is Sending.FAILED:
            texts.append((self._words("not_sent", reason=entry.reason), "error"))
        return texts

    def _wide_head(self, entry: Entry, nick: Piece, sign: str) -> list[Piece]:
        name = pad(nick.text, self._nick, right=True)
        blanks = len(name) - len(name.lstrip(" ")) if nick.text else len(name)
        return [
            Piece(pad(self._time(entry.time), self._stamp_columns) + " " + name[:blanks], "stamp"),
            Piece(name[blanks:], nick.look),
            Piece(f" {sign} ", _sign_look(sign)),
        ]

    def _narrow_head(self, entry: Entry, nick: Piece, sign: str) -> list[Piece]:
        shown = " " if sign == PLAIN else sign
        stamp = Piece(pad(self._time(entry.time), self._stamp_columns), "stamp")
        most = max(4, self._width - self._stamp_columns - 8)
        name = [Piece(clip(nick.text, most) + ": ", nick.look)] if nick.text else []
        return [stamp, Piece(shown + (" " if not name else ""), _sign_look(sign)), *name]

    def _hang(self, indent: int, sign: str) -> list[Piece]:
        if not self._wide:
            return [Piece(" " * indent)]
        bar = PLAIN if sign in (PLAIN, MENTION, SENDING, FAILED) else " "
        return [Piece(" " * (indent - 2)), Piece(f"{bar} ", "sign")]

    def _rule(self, text: str, look: str) -> Line:
        """A line across the screen with a word in it."""
        word = clip(f" {text} ", self._width)
        rest = max(0, self._width - columns(word))
        left = min(4, rest)
        return _line([Piece("─" * left + word + "─" * (rest - left), look)])

    def _time(self, time: float) -> str:
        return _at(time).strftime(getattr(self, "_format", self._stamp))

    def _date(self, time: float) -> str:
        at = _at(time)
        weekday, month = self._words.list("weekdays")[at.weekday()], self._words.list("months")[at.month - 1]
        return self._words("date", weekday=weekday, day=at.day, month=month, year=at.year)


def _wrapped(text: str, room: int, start: int) -> list[str]:
    """A text wrapped to ``room`` columns, its first line beginning ``start`` columns late."""
    if start <= 0:
        return wrap(text, room)
    first = wrap(text, room - start) if room - start >= min(12, room) else [""]
    if len(first) == 1 and first[0]:
        return first
    rest = text[len(first[0]) :].lstrip(" ")
    return [first[0], *(wrap(rest, room) if rest else [])]


def _line(pieces: list[Piece]) -> Line:
    pieces = [Piece(" "), *pieces]
    used = sum(columns(piece.text) for piece in pieces)
    simple = all(is_simple(piece.text) for piece in pieces)
    if not simple:
        pieces = [Piece(fenced(piece.text), piece.look) for piece in pieces]
    return Line(tuple(pieces), used, simple)


def _sign_look(sign: str) -> str:
    return {MENTION: "mention", FAILED: "error", "!": "error"}.get(sign, "sign")


def _at(time: float) -> datetime:
    try:
        return datetime.fromtimestamp(time).astimezone()
    except (OverflowError, ValueError, OSError):  # a number of a server that means harm
        return datetime.fromtimestamp(0).astimezone()


def _day(time: float) -> int:
    return _at(time).toordinal()
