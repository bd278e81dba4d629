"""What a session tells, as lines: messages for stdout, states and what happened for whoever watches."""

import json
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping

from minechat.cli.rift_typed import Typed
from minechat.cli.rift_words import RiftWords
from minechat.client.session import (
    GENERAL,
    Happened,
    Heard,
    Message,
    Mute,
    PeopleChanged,
    Place,
    PlacesChanged,
    Session,
    SessionEvent,
    Skipped,
    StateChanged,
)
from minechat.client.transcript import json_line, text_line
from minechat.errors import MinechatError, Refused
from minechat.text import exact_json, safe
from minechat.ui.told import happened, is_us, names_its_room, silenced

#: Begins each line that nobody said; no message can begin so.
SYSTEM = "--- "
#: The most people whose names are kept for Tab: those who spoke last.
_SPEAKERS = 200

Show = Callable[[str], Awaitable[None]]


class Lines:
    """Follows a session and shows each message once.

    :param place: where its person is: whose past is shown first
    :param marks: the number of the last message of each place that was read before
    :param only: show the messages of this place alone; None for all
    :param show: takes messages, one block of lines at a time, each with its newline
    :param tell: takes one line about the chat, without its newline
    :ivar places: rooms and conversations by name, as far as the session has told them
    :ivar people: who is online
    :ivar said_here: what this terminal shows already, since it was typed there
    """

    def __init__(
        self,
        session: Session,
        words: RiftWords,
        *,
        place: str,
        address: str,
        form: str,
        last: int,
        show: Show,
        tell: Show,
        marks: Mapping[str, int] | None = None,
        only: str | None = None,
        as_json: bool = False,
        utf8: bool = True,
    ) -> None:
        self.place = place
        self.places: dict[str, Place] = {}
        self.people: frozenset[str] = frozenset()
        self.speakers: list[str] = []
        self.said_here = Typed()
        self._session = session
        self._words = words
        self._address = address
        self._form = form
        self._last = last
        self._show = show
        self._tell = tell
        self._marks = marks or {}
        self._only = only
        self._json = as_json
        self._literal = exact_json if utf8 else json.dumps
        self._shown: dict[str, int] = {}
        self._begun = False
        self._lost_to = ""
        #: The mutes that were told.
        self._mutes: dict[str, Mute | None] = {}

    @property
    def read(self) -> dict[str, int]:
        """The number of the last message of each place that was shown."""
        return dict(self._shown)

    async def follow(self, count: int | None = None) -> None:
        """Shows what the session tells until it ends, or until so many messages were shown.

        :raises StdoutClosed, OutputUnusable: as ``show``
        :raises MinechatError: the session ended, and why
        """
        left = count
        async for event in self._session.events():
            shown = await self._event(event, left)
            if left is not None:
                left -= shown
                if left <= 0:
                    return

    async def past(self, place: str, count: int) -> int:
        """Shows the last messages of a place; returns how many.

        :raises MinechatError: as ``Session.history``
        """
        found: list[Message] = []
        before: int | None = None
        while len(found) < count:
            page = await self._session.history(place, before=before, limit=min(count - len(found), 100))
            found[:0] = page.messages
            before = page.messages[0].seq if page.messages else None
            if not page.more or before is None:
                break
        await self.show(found)
        return len(found)

    async def show(self, messages: Iterable[Message]) -> None:
        """Shows messages as they are, and notes how far was read."""
        lines = []
        for message in messages:
            lines.append(f"{self._line(message)}\n")
            self._read(message)
        if lines:
            await self._show("".join(lines))

    async def tell(self, sentence: str, **values: object) -> None:
        """One line about the chat."""
        await self.say_line(self._words(sentence, **values))

    async def say_line(self, text: str) -> None:
        """The same for a text that is at hand; it is made safe here."""
        await self._tell(SYSTEM + safe(text))

    async def _event(self, event: SessionEvent, left: int | None) -> int:
        """Returns how many messages were shown."""
        match event:
            case Heard(messages=messages):
                return await self._heard(messages, left)
            case StateChanged():
                await self._state(event)
            case PlacesChanged(places=places):
                await self._listed(places)
            case PeopleChanged(people=people):
                self.people = people
            case Skipped(place=place, after=after, before=before) if self._wanted(place):
                await self.say_line(self._words.count("skipped", before - after - 1, place=place))
            case Happened(place=place) if self._wanted(place):
                await self._happened(event)
        return 0

    async def _happened(self, event: Happened) -> None:
        me = self._session.nickname
        where = "" if names_its_room(event, me) else f"{event.place}: "
        await self.say_line(where + happened(event, self._words.language, me))
        if event.event == "muted" and is_us(event.nick, me):
            self._mutes[event.place] = Mute(until=event.until, reason=event.reason)

    async def _heard(self, messages: Iterable[Message], left: int | None) -> int:
        news = [m for m in messages if self._wanted(m.place) and not self._is_shown(m)]
        if left is not None:
            del news[left:]
        await self.show(news)
        return len(news)

    def _wanted(self, place: str) -> bool:
        return self._only is None or place == self._only

    def _is_shown(self, message: Message) -> bool:
        typed = message.mine and self.said_here.taken(message.place, message.text)
        if message.seq is not None and message.seq <= self._shown.get(message.place, 0):
            return True
        if typed:
            self._read(message)
        return typed

    def _read(self, message: Message) -> None:
        if message.nick is not None and not message.mine:
            self.speakers = [message.nick, *(n for n in self.speakers if n != message.nick)][:_SPEAKERS]
        if message.seq is not None:
            last = max(message.seq, self._shown.get(message.place, 0))
            self._shown[message.place] = last

    def _line(self, message: Message) -> str:
        if self._json:
            return json_line(message, literal=self._literal)
        return text_line(message, self._form)

    async def _state(self, event: StateChanged) -> None:
        why = self._words.told(event.reason, event.code)
        match event.state:
            case "connected":
                await self.tell("connected", address=self._address)
                if not self._begun:
                    self._begun = True
                    await self._begin()
            case "lost":
                self._lost_to = event.reason
                await self.tell("lost", reason=why)
            case "waiting" if event.reason and event.reason != self._lost_to:
                await self.tell("waiting", reason=why, delay=event.delay)
            case "waiting":
                await self.tell("waiting_again", delay=event.delay)
            case "ended":
                await self.tell("ended_state", reason=why)

    async def _begin(self) -> None:
        """Goes into the place and shows its past; who stays for all places is only told what fails."""
        try:
            if self.place != GENERAL and not self.place.startswith("@"):
                await self._session.order("join_room", room=self.place)
            await self.past(self.place, self._last)
        except MinechatError as error:
            if self._only is not None and isinstance(error, Refused):
                raise
            await self.say_line(self._words.why(error))

    async def _listed(self, places: Iterable[Place]) -> None:
        first = not self.places
        self.places = {place.name: place for place in places}
        told, self._mutes = self._mutes, {place.name: place.mute for place in self.places.values()}
        for name, mute in self._mutes.items():
            if mute is not None and mute != told.get(name) and mute.holds(time.time()) and self._wanted(name):
                await self.say_line(f"{name}: {silenced(mute, self._words.language)}")
        for place in self.places.values() if first else ():
            mark = self._marks.get(place.name, 0)
            if mark and place.name != self.place and self._wanted(place.name) and place.last > mark:
                await self.tell("unread", place=place.name, count=place.last - mark)
