"""What the keys of the application do; the table of keys names each of these."""

from minechat.ui import keys
from minechat.ui.asking import Question
from minechat.ui.board import Board
from minechat.ui.box import Box
from minechat.ui.deeds import Deeds
from minechat.ui.outbox import Outbox
from minechat.ui.quiet import QuietApp
from minechat.ui.sides import Sides
from minechat.ui.timeline import Timeline
from minechat.ui.words import Words


class KeyedApp(QuietApp):
    """The actions of a screen that a key may call; the screen itself is ``ChatApp``."""

    board: Board
    box: Box
    deeds: Deeds
    outbox: Outbox
    question: Question
    sides: Sides
    timeline: Timeline
    words: Words

    def go_to(self, name: str) -> None:
        """Shows another place."""
        raise NotImplementedError

    async def ask(self, question: str, yes: str, no: str) -> bool:
        """A question of yes or no."""
        raise NotImplementedError

    async def act(self, key: str) -> bool:
        """Does what a key is for, in its turn; whether it is for anything."""
        action = keys.ACTIONS.get(key)
        if action is not None:
            await self.run_action(action)
        return action is not None

    def action_screens(self, screens: int) -> None:
        """Scrolls by screens."""
        self.timeline.scroll_screens(screens)

    def action_lines(self, lines: int) -> None:
        """Scrolls by lines."""
        self.timeline.scroll_by(lines)

    def action_start(self) -> None:
        """To the first message that is loaded."""
        self.timeline.go_to_start()

    def action_end(self) -> None:
        """To the end."""
        self.timeline.go_to_end()

    def action_turn(self, by: int) -> None:
        """To the next place in the list, or the one before."""
        names = [place.name for place in self.board.order()]
        self.go_to(names[(names.index(self.board.current) + by) % len(names)])

    def action_number(self, number: int) -> None:
        """To a place by its number in the list."""
        places = self.board.order()
        if number <= len(places):
            self.go_to(places[number - 1].name)

    def action_unread(self) -> None:
        """To the next place with something new, those with a mention first."""
        places = self.board.order()
        here = next(index for index, place in enumerate(places) if place.name == self.board.current)
        around = [place for place in places[here + 1 :] + places[:here] if place.unread]
        if around:
            self.go_to(next((place for place in around if place.mentions), around[0]).name)

    def action_around(self) -> None:
        """The focus goes round: box, rooms, people."""
        stops = [self.box, *self.sides.shown()]
        now = stops.index(self.focused) if self.focused in stops else -1
        stops[(now + 1) % len(stops)].focus()

    def action_box(self) -> None:
        """Back to the box."""
        if self.question.is_open:
            self.question.refuse()
            return
        self.sides.uncover()
        self.box.focus()

    def action_help(self) -> None:
        """All keys; the commands are told by a command."""
        self.sides.uncover()
        self.deeds.keys()

    def action_rooms(self) -> None:
        """Shows or hides the rooms."""
        self._toggle("rooms")

    def action_people(self) -> None:
        """Shows or hides the people."""
        self._toggle("people")

    def action_redraw(self) -> None:
        """Draws all of the screen anew."""
        self.refresh(layout=True)
        self.screen.refresh(layout=True)

    def action_leave(self) -> None:
        """Leaves; asks where something would be lost. Asked twice, it leaves."""
        unsent = len(self.outbox)
        if self.question.is_open or not (unsent or self._written()):
            self.exit(0)
            return
        question = self.words.count("question_unsent", unsent) if unsent else self.words("question_quit")
        self.start(self._leave_if(question))

    async def _leave_if(self, question: str) -> None:
        if await self.ask(question, "yes_quit", "no_quit"):
            self.exit(0)

    def _written(self) -> bool:
        """Whether a message was begun, here or in another place."""
        drafts = [place.draft for place in self.board.places.values() if place is not self.board.here]
        return any(text.strip() for text in [self.box.text, *drafts])

    def _toggle(self, name: str) -> None:
        self.sides.toggle(name)
        if self.sides.covering is not None:
            self.sides.covering.focus()
        else:
            self.box.focus()
