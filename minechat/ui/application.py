"""The application: one screen, painted at most twenty times a second, whatever arrives."""

import asyncio
from math import ceil
from time import monotonic
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.timer import Timer

from minechat.client.session import GENERAL, Session, StateChanged
from minechat.text import safe_nick
from minechat.ui import keys, sight
from minechat.ui.actions import KeyedApp
from minechat.ui.asking import Question
from minechat.ui.bar import Bar
from minechat.ui.board import Board
from minechat.ui.box import MOST_BYTES, Box
from minechat.ui.commands import available
from minechat.ui.completion import Known
from minechat.ui.conversation import Conversation
from minechat.ui.deeds import Deeds
from minechat.ui.layout import Layout
from minechat.ui.listing import Listing
from minechat.ui.outbox import Outbox
from minechat.ui.past import Past
from minechat.ui.preferences import Preferences
from minechat.ui.sides import Sides
from minechat.ui.themes import PALETTES, Looks
from minechat.ui.timeline import Timeline
from minechat.ui.words import Words

#: Seconds between two paintings, and between two bells.
FRAME, BELL = 0.05, 3.0


class ChatApp(KeyedApp):
    """The full screen of a session."""

    CSS = """
    Screen { layout: vertical; background: $background; color: $foreground; }
    #middle { height: 1fr; width: 100%; }
    #rooms, #people { width: 20; display: none; }
    #rooms.beside, #people.beside { display: block; }
    #rooms.alone, #people.alone { display: block; width: 100%; }
    Timeline.covered { display: none; }
    """
    AUTO_FOCUS = "#box"
    BINDINGS: ClassVar[list[BindingType]] = [*keys.bindings()]

    def __init__(self, session: Session, preferences: Preferences) -> None:
        keys.teach_terminal_keys()
        super().__init__()
        palette = PALETTES[preferences.theme]
        self.register_theme(palette.theme)
        self.theme = palette.theme.name
        self.bare = preferences.theme == "none"
        self._session = session
        self.words = words = Words(preferences.language)
        self.board = Board(
            session.nickname, preferences.language, marks=session.marks, current=preferences.place
        )
        self.board.here.open()
        self.outbox = Outbox(session, words, self.dirty)
        self._past = Past(session, self._loaded)
        self.deeds = Deeds(self, session, words)
        self._new_here = False
        self._frame: Timer | None = None
        self._painted = self._rang = self._attempt = 0.0
        self._make_widgets(Looks(preferences.theme), preferences)

    def _make_widgets(self, looks: Looks, preferences: Preferences) -> None:
        words = self.words
        self.timeline = Timeline(Layout(words, preferences.timestamp_format), looks)
        self.question = Question(looks)
        self.box = Box(self._known, self.deeds.enter, self.act, self.question.takes, words("hint_box"))
        self._rooms = Listing(looks, self.act, id="rooms", edge="right")
        self._people = Listing(looks, self.act, id="people", edge="left")
        self.sides = Sides(self._rooms, self._people, self.timeline)
        self._top, self._status = Bar(looks, id="top"), Bar(looks, id="status")

    def compose(self) -> ComposeResult:
        """From the top: where we are, the timeline between two lists, the connection, the box."""
        yield self._top
        with Horizontal(id="middle"):
            yield self._rooms
            yield self.timeline
            yield self._people
        yield self._status
        yield self.box
        yield self.question

    def on_mount(self) -> None:
        """Shows what there is, then begins to listen."""
        self.timeline.show(self.board.here)
        self.paint()
        self.set_interval(1.0, self._tick)
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self.start(self._listen())
        self.start(self.outbox.work())

    async def _listen(self) -> None:
        async for event in self._session.events():
            self.board.apply(event)
            if isinstance(event, StateChanged):
                self._connection_changed(event)
            self.dirty()
            await asyncio.sleep(0)  # many events may be there at once, and keys wait

    def _connection_changed(self, state: StateChanged) -> None:
        self._attempt = monotonic() + state.delay
        self.board.nickname = self._session.nickname
        self.outbox.set_online(self.board.connected)
        self._welcome()
        if self.board.connected:
            self._past.again()

    # Painting

    def dirty(self) -> None:
        """Something has changed: it is painted soon, with all that changes until then."""
        if self._frame is None and self.is_running:
            self._frame = self.set_timer(max(0.001, self._painted + FRAME - monotonic()), self.paint)

    def paint(self) -> None:
        """Draws anew what has changed."""
        self._frame, self._painted = None, monotonic()
        board = self.board
        board.looking = self.timeline.follows and self.app_focus and self.timeline.display
        if board.looking:
            board.read()
        changes = board.take_changes()
        self.timeline.changed()
        if changes.lists:
            self._rooms.show(sight.room_items(board), self.words("rooms_title"))
            self._people.show(sight.people_items(board), self.words("people_title"))
        self._top.show(*sight.top(board, self.words))
        self._paint_status()
        if changes.bell and monotonic() - self._rang > BELL:
            self._rang = monotonic()
            self.bell()

    def _paint_status(self) -> None:
        self._status.show(
            *sight.status(
                self.board,
                self.words,
                unsent=len(self.outbox),
                scrolled=not self.timeline.follows,
                left_seconds=max(0, ceil(self._attempt - monotonic())),
                silence=self.outbox.silence,
                used=self.box.bytes,
                width=self.size.width,
            )
        )

    def _tick(self) -> None:
        self._paint_status()

    # What its person does

    def go_to(self, name: str, *, carry: bool = False) -> None:
        """Shows another place; what is in the box stays with the one that is left.

        :param carry: it was written for the place that is gone to
        """
        if not carry:
            self.deeds.forget_moves()
        board = self.board
        self.sides.uncover()
        self.box.focus()
        if name == board.current:
            self.timeline.go_to_end()
            return
        written = self.box.text if carry else ""
        board.turn_to(name, draft="" if carry else self.box.text)
        if not written:
            self.box.put(board.here.draft)
        elif board.here.draft:
            self.box.recall.add(board.here.draft)
        self.timeline.show(board.here)
        self.paint()

    async def ask(self, question: str, yes: str, no: str) -> bool:
        """A question of yes or no, in place of the box."""
        text = self.words("yes_no", question=question, yes=self.words(yes), no=self.words(no))
        self.box.display = False
        try:
            return await self.question.ask(text)
        finally:
            self._back_to_box()

    async def ask_secrets(self, questions: list[str]) -> list[str] | None:
        """Things that are typed unseen; None when one of them was not given."""
        self.box.display = False
        try:
            return await self.question.ask_secrets(questions)
        finally:
            self._back_to_box()

    def _back_to_box(self) -> None:
        self.box.display = True
        self.box.focus()

    @on(Box.Refused)
    def _paste_refused(self, event: Box.Refused) -> None:
        self.deeds.complain(self.words("paste_too_long", size=event.size, most=MOST_BYTES))

    @on(Box.AtEnd)
    def _box_at_end(self, event: Box.AtEnd) -> None:
        if event.home:
            self.timeline.go_to_start()
        else:
            self.timeline.go_to_end()

    @on(Box.Changed)
    def _typed(self) -> None:
        self.dirty()

    @on(Listing.Chosen)
    def _chosen(self, event: Listing.Chosen) -> None:
        own = event.key.casefold() == self.board.nickname.casefold()
        if event.listing is self._rooms:
            self.go_to(event.key)
        elif not own:
            self.deeds.go(f"@{event.key}")

    @on(Timeline.Moved)
    def _moved(self) -> None:
        self.board.changes.lists = True
        self.dirty()

    @on(Timeline.Wants)
    def _wants(self, event: Timeline.Wants) -> None:
        self.start(self._past.load(event.conversation, older=event.older))

    def _loaded(self, place: Conversation) -> None:
        if place.name == GENERAL and place.at_start and not place.entries:
            self._new_here = True
            self._welcome()
        self.dirty()

    def _welcome(self) -> None:
        """Greets a newcomer once, by name: who we are may be known later than what was said."""
        if self._new_here and self.board.nickname:
            self._new_here = False
            sentence = "welcome" if "list_rooms" in self._session.abilities else "welcome_one_room"
            self.deeds.tell([self.words(sentence, nick=safe_nick(self.board.nickname))])

    def on_app_blur(self) -> None:
        """What comes while one looks elsewhere is new when one comes back."""
        self.board.here.look_away()
        self.board.looking = False

    def on_app_focus(self) -> None:
        """What is in sight is read now."""
        self.dirty()

    def on_resize(self, event: events.Resize) -> None:
        """The lists stand beside the timeline where there is room."""
        self.sides.fit(event.size.width)
        self.board.changes.lists = True
        self.dirty()

    async def on_event(self, event: events.Event) -> None:
        """Letters of a Russian keyboard with Ctrl or Alt are taken by their place on it."""
        if isinstance(event, events.Key) and (key := keys.latin(event.key)) != event.key:
            event = events.Key(key, None)
        if _is_text(event) and isinstance(self.focused, Listing):
            self._leave_list()
        await super().on_event(event)

    def _leave_list(self) -> None:
        """What is written is meant for the box, whatever had the keys until now; nothing of it is lost."""
        if self.question.is_open:
            self.screen.set_focus(self.question)
            return
        self.sides.uncover()
        self.screen.set_focus(self.box)

    def _known(self) -> Known:
        board = self.board
        spoke = [nick for nick in reversed(board.speakers) if nick != board.nickname]
        people = dict.fromkeys([*spoke, *sorted(board.people - {board.nickname})])
        places = board.order()
        return Known(
            people=list(people),
            rooms=[place.name for place in places if not place.is_private],
            talks=[place.name for place in places if place.is_private],
            commands=available(self._session.abilities),
        )


def _is_text(event: events.Event) -> bool:
    return isinstance(event, events.Paste) or (isinstance(event, events.Key) and event.is_printable)
