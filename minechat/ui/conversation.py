"""What is known of one place: a window of its messages, what is on its way, what was not read yet."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from minechat.client.session import History, Message, Mute
from minechat.ui.entry import Entry, Kind, said

#: The most entries that are kept of the place one looks at, and of any other.
WINDOW, KEPT = 2_000, 200


@dataclass(slots=True, eq=False)
class Conversation:
    """One place.

    The window is a stretch of the timeline without holes. ``at_start``: nothing comes before it;
    ``at_end``: what is said now belongs behind it, else one has scrolled back so far that its newer end
    was dropped.

    :param mark: the number of the last message that was read
    :param last: the number of the last message there is, as far as we know
    :param follows: the end is what its reader looks at, so the oldest may go when it grows
    """

    name: str
    topic: str = ""
    role: str | None = None
    invite_only: bool = False
    mute: Mute | None = None
    known: bool = False
    mark: int = 0
    last: int = 0
    unread: int = 0
    mentions: int = 0
    draft: str = ""
    entries: list[Entry] = field(default_factory=list)
    pending: list[Entry] = field(default_factory=list)
    at_start: bool = False
    at_end: bool = True
    follows: bool = True
    loading: bool = False
    most: int = KEPT
    #: Tells whether a text names its reader.
    names_us: Callable[[str], bool] = lambda _text: False
    #: What comes after this number is below the unread line.
    line_after: int | None = None

    @property
    def is_private(self) -> bool:
        """Whether it is a talk with one person."""
        return self.name.startswith("@")

    def rows(self) -> list[Entry]:
        """All that can be shown, in order."""
        return [*self.entries, *self.pending] if self.at_end else self.entries

    def first_seq(self) -> int | None:
        """The smallest number in the window."""
        return next((entry.seq for entry in self.entries if entry.seq is not None), None)

    def last_seq(self) -> int | None:
        """The greatest number in the window."""
        return next((entry.seq for entry in reversed(self.entries) if entry.seq is not None), None)

    def hear(self, message: Message, *, seen: bool) -> Entry | None:
        """Takes in something just said; what it is, if it is new to us.

        :param seen: its reader is looking, so it counts as read
        """
        seq = message.seq
        if seq is not None:
            if self.at_end and seq <= (self.last_seq() or 0):
                self._arrived(message)
                return None
            self.last = max(self.last, seq)
        entry = self._entry(message)
        new = not message.mine and (seq is None or seq > self.mark)
        if new and not seen:
            self.unread += 1
            self.mentions += entry.mention or self.is_private
        self._arrived(message)
        if self.at_end:
            self._append(entry)
        return entry if new else None

    def earlier(self, page: History) -> None:
        """Puts an older page before the window."""
        first = self.first_seq()
        older = [
            self._entry(message)
            for message in page.messages
            if first is None or (message.seq is not None and message.seq < first)
        ]
        self.entries[:0] = older
        self.at_start = not page.more
        self._drop_arrived(older)
        if page.messages and page.messages[-1].seq is not None:
            self.last = max(self.last, page.messages[-1].seq)
        if len(self.entries) > self.most:
            del self.entries[self.most :]
            self.at_end = self.follows = False
        self._draw_unread_line()

    def later(self, page: History) -> None:
        """Puts a newer page behind the window."""
        known = self.last_seq() or 0
        newer = [self._entry(said) for said in page.messages if said.seq is not None and said.seq > known]
        self.entries += newer
        self._drop_arrived(newer)
        self.at_end = not page.more and self.last <= (self.last_seq() or 0)
        over = len(self.entries) - self.most
        if over > 0:
            del self.entries[:over]
            self.at_start = False
        self._draw_unread_line()

    def skip(self, after: int, before: int, *, seen: bool) -> None:
        """Notes that the messages between two numbers will not be told."""
        self.last = max(self.last, before - 1)
        unread = max(0, before - 1 - max(after, self.mark))
        if not seen:
            self.unread += unread
        if self.follows:
            self.restart()
        elif self.at_end:
            self.at_end = False
            self.entries = [entry for entry in self.entries if entry.seq is None or entry.seq <= after]

    def restart(self) -> None:
        """Forgets the window; it begins anew at the end of the timeline."""
        self.entries.clear()
        self.at_start, self.at_end, self.follows = False, True, True

    def add(self, entry: Entry) -> None:
        """Puts a note of the screen at the end; it is lost where that is not in the window."""
        if self.at_end:
            self._append(entry)

    def open(self) -> None:
        """Its reader comes: more of it is kept, and the unread line is drawn."""
        self.most = WINDOW
        if self.unread:
            self.line_after = self.mark
            self._draw_unread_line()

    def look_away(self) -> None:
        """Its reader looks elsewhere: what comes from now on is below the unread line."""
        self.line_after = self.mark or self.last_seq() or 0
        self._draw_unread_line()

    def close(self) -> None:
        """Its reader goes: little of it is kept."""
        self.line_after = None
        self._draw_unread_line()
        if not self.at_end:
            self.restart()
        self.most, self.follows = KEPT, True
        self._trim()

    def read(self) -> bool:
        """All of it was read; whether the mark moved."""
        self.unread = self.mentions = 0
        moved = self.last > self.mark
        self.mark = max(self.mark, self.last)
        return moved

    def was_sent(self, entry: Entry, seq: int | None) -> None:
        """A message of ours is stored; it stays among those on their way until it is heard."""
        entry.sending, entry.seq = None, seq
        if seq is not None and any(known.seq == seq for known in reversed(self.entries)):
            self._remove_pending(entry)

    def was_not_sent(self, entry: Entry) -> None:
        """A message of ours was not taken; it stays where it is, with the reason."""
        self._remove_pending(entry)
        self.add(entry)

    def was_meant_for(self, entry: Entry, place: "Conversation") -> None:
        """A message of ours on its way stands in another place from now on."""
        self._remove_pending(entry)
        place.pending.append(entry)

    def _entry(self, message: Message) -> Entry:
        return said(message, mention=not message.mine and self.names_us(message.text))

    def _arrived(self, message: Message) -> None:
        """Ends the way of a message of ours that is in the chat now."""
        if not message.mine:
            return
        plain = " ".join(message.text.split())
        for entry in self.pending:
            if entry.seq == message.seq is not None or " ".join(entry.text.split()) == plain:
                self._remove_pending(entry)
                return

    def _drop_arrived(self, entries: list[Entry]) -> None:
        """Ends the way of what is stored and has come with a page before it was heard."""
        seqs = {entry.seq for entry in entries}
        self.pending = [entry for entry in self.pending if entry.seq is None or entry.seq not in seqs]

    def _remove_pending(self, entry: Entry) -> None:
        if entry in self.pending:
            self.pending.remove(entry)

    def _append(self, entry: Entry) -> None:
        line = self.line_after
        if line is not None and entry.kind is Kind.SAID and not entry.mine and not self._has_line():
            self.entries.append(_unread_line(entry))
        self.entries.append(entry)
        self._trim()

    def _has_line(self) -> bool:
        return any(entry.kind is Kind.UNREAD for entry in reversed(self.entries))

    def _trim(self) -> None:
        """Lets the far end go where the window has grown too large; a tenth at once, because it costs."""
        over = len(self.entries) - self.most
        if over <= self.most // 10:
            return
        if self.follows:
            del self.entries[:over]
            self.at_start = self.first_seq() is None  # without numbers nothing can be asked for again
        else:
            del self.entries[self.most :]
            self.at_end = False

    def _draw_unread_line(self) -> None:
        lines = [index for index, entry in enumerate(self.entries) if entry.kind is Kind.UNREAD]
        for index in reversed(lines):
            del self.entries[index]
        if self.line_after is None:
            return
        place = _first_after(self.entries, self.line_after)
        if place is None or (place == 0 and not self.at_start and self._begins_after_the_line()):
            return
        self.entries.insert(place, _unread_line(self.entries[place]))

    def _begins_after_the_line(self) -> bool:
        first = self.first_seq()
        return first is not None and self.line_after is not None and first > self.line_after + 1


def _first_after(entries: Iterable[Entry], seq: int) -> int | None:
    """Where the first message of others after a number stands."""
    for index, entry in enumerate(entries):
        if entry.seq is not None and entry.seq > seq and not entry.mine:
            return index
    return None


def _unread_line(entry: Entry) -> Entry:
    return Entry(Kind.UNREAD, "", entry.time)
