"""All that the screen knows of the chat: places, people, the connections; told by the events of a session."""

import re
from dataclasses import dataclass, field

from minechat.client.session import (
    GENERAL,
    Happened,
    Heard,
    Message,
    PeopleChanged,
    Place,
    PlacesChanged,
    SessionEvent,
    Skipped,
    StateChanged,
)
from minechat.text import safe
from minechat.ui.conversation import Conversation
from minechat.ui.entry import note
from minechat.ui.told import happened, names_its_room

#: Who spoke last, for completion.
MOST_SPEAKERS = 200


@dataclass(slots=True)
class Changes:
    """What an event changed and has to be drawn anew."""

    timeline: bool = False
    lists: bool = False
    status: bool = False
    bell: bool = False


@dataclass(slots=True)
class Board:
    """The chat of one person.

    :param looking: the current place is in sight and its end too, so what comes is read at once
    """

    nickname: str
    language: str = "en"
    marks: dict[str, int] = field(default_factory=dict)
    places: dict[str, Conversation] = field(default_factory=dict)
    current: str = GENERAL
    people: frozenset[str] = frozenset()
    links: dict[str, StateChanged] = field(default_factory=dict)
    speakers: dict[str, None] = field(default_factory=dict)
    looking: bool = True
    changes: Changes = field(default_factory=Changes)
    _mentioned: tuple[str, re.Pattern[str]] | None = None

    @property
    def here(self) -> Conversation:
        """The current place."""
        return self.place(self.current)

    @property
    def connected(self) -> bool:
        """Whether something can be said."""
        state = self.links.get("speak", self.links.get(""))
        return state is not None and state.state == "connected"

    def place(self, name: str) -> Conversation:
        """A place by its name, new where nothing is known of it."""
        if name not in self.places:
            self.places[name] = Conversation(name, mark=self.marks.get(name, 0), names_us=self.mentions)
            self.changes.lists = True
        return self.places[name]

    def order(self) -> list[Conversation]:
        """The places as they stand in the list: rooms first, private conversations by their last message."""
        return sorted(self.places.values(), key=lambda place: (place.is_private, not place.known))

    def turn_to(self, name: str, draft: str) -> None:
        """Another place is the current one.

        :param draft: what was begun in the one that is left
        """
        self.here.draft = draft
        self.here.close()
        self.current = name
        self.here.open()
        self.changes.lists = True

    def apply(self, event: SessionEvent) -> None:
        """Takes in something that happened."""
        if isinstance(event, Heard):
            for message in event.messages:
                self._hear(message)
        elif isinstance(event, StateChanged):
            self.links[event.link] = event
            self.changes.status = True
        elif isinstance(event, PlacesChanged):
            self._set_places(event.places)
        elif isinstance(event, PeopleChanged):
            self.people = event.people
            self.changes.lists = True
        elif isinstance(event, Skipped):
            self.place(event.place).skip(event.after, event.before, seen=False)
            self.changes.lists = self.changes.timeline = True
        else:
            self._happen(event)

    def take_changes(self) -> Changes:
        """What has changed since this was last asked."""
        changes, self.changes = self.changes, Changes()
        return changes

    def read(self) -> None:
        """The current place was read to its end."""
        here = self.here
        if here.unread:
            self.changes.lists = self.changes.status = True
        if here.read():
            self.marks[here.name] = here.mark

    def mentions(self, text: str) -> bool:
        """Whether our nickname stands in a text as a word of its own; blanks and ``_`` are alike."""
        if self._mentioned is None or self._mentioned[0] != self.nickname:
            parts = re.split(r"[\s_]+", self.nickname.strip())
            name = r"[\s_]+".join(map(re.escape, parts))
            self._mentioned = (self.nickname, re.compile(rf"(?<!\w){name}(?!\w)", re.IGNORECASE))
        return bool(self.nickname) and self._mentioned[1].search(text) is not None

    def _hear(self, message: Message) -> None:
        place = self.place(message.place)
        here = message.place == self.current
        new = place.hear(message, seen=here and self.looking)
        changes = self.changes
        changes.timeline |= here
        changes.lists |= not here or not self.looking
        changes.bell |= new is not None and (new.mention or place.is_private)
        if message.nick is not None and new is not None:
            self._spoke(message.nick)

    def _spoke(self, nick: str) -> None:
        self.speakers.pop(nick, None)
        self.speakers[nick] = None
        if len(self.speakers) > MOST_SPEAKERS:
            del self.speakers[next(iter(self.speakers))]

    def _set_places(self, places: tuple[Place, ...]) -> None:
        names = {place.name for place in places}
        for place in places:
            known = self.place(place.name)
            known.topic, known.role, known.invite_only = place.topic, place.role, place.invite_only
            known.mute = place.mute
            known.last, known.known = max(known.last, place.last), True
        for name in [name for name in self.places if name not in names and not self._keep(name)]:
            del self.places[name]
        self.places = {
            name: self.places[name] for name in [p.name for p in places if p.name in self.places]
        } | {name: place for name, place in self.places.items() if name not in names}
        self.changes = Changes(timeline=True, lists=True, status=True, bell=self.changes.bell)

    def _keep(self, name: str) -> bool:
        place = self.places[name]
        return name == self.current or place.is_private or bool(place.pending) or bool(place.draft)

    def _happen(self, event: Happened) -> None:
        place = self.place(event.place) if event.place in self.places else self.here
        line = safe(happened(event, self.language, self.nickname))
        if event.place not in self.places and not names_its_room(event, self.nickname):
            line = f"{safe(event.place)}: {line}"
        place.add(note(line, event.time))
        self.changes.timeline = True
        self.changes.bell |= event.event == "invited"
