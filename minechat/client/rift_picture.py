"""What a session knows of the chat: its places, how far each was told, and who is there."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from minechat.client import rift_messages as m
from minechat.client.feed import Feed
from minechat.client.rift_sequence import Sequence
from minechat.client.session import GENERAL, Message, Mute, PeopleChanged, Place, PlacesChanged
from minechat.errors import ProtocolViolation
from minechat.protocol.rift import replies as r

#: More places than any server lets one account have; more people than it lets in.
MOST_PLACES, MOST_PEOPLE = 1000, 20_000


@dataclass(slots=True)
class _Known:
    place: Place
    sequence: Sequence


class Picture:
    """Takes the frames of a server in their order and tells a feed what they mean.

    :param marks: how far each place was told before
    :param work: called when there is something to ask the server for: ``stale`` or ``behind``
    :ivar nickname: who we are
    :ivar stale: whether the list of rooms must be asked for again
    """

    def __init__(self, feed: Feed, marks: Mapping[str, int], work: Callable[[], None]) -> None:
        self._feed = feed
        self._marks = {m.key(place): seq for place, seq in marks.items()}
        self._work = work
        self._known: dict[str, _Known] = {}
        self._people: dict[str, str] = {}
        self._listed = False
        #: What was told of each room since the list was asked for: in that, the list may be older.
        self._newer: dict[str, dict[str, Any]] = {}
        self.nickname = ""
        self.stale = False

    def disconnected(self) -> None:
        """The connection is lost; what was told stays known."""
        self._listed = self.stale = False
        for known in self._known.values():
            known.sequence.disconnected()

    # What the server says unasked.

    def hear(self, reply: r.Reply) -> None:
        """A frame that answers no request.

        :raises ProtocolViolation: it goes beyond what any server may
        """
        if isinstance(reply, r.NewMessage | r.PrivateMessageArrived | r.PrivateMessageSent):
            self.said(m.message(reply, self.nickname))
        elif isinstance(reply, r.Presence):
            self._moved(reply)
        elif isinstance(reply, r.RoomEvent):
            self._happened(reply)

    def said(self, message: Message) -> None:
        """A message, live or just stored."""
        if message.seq is None:
            self._feed.tell_messages((message,))
            return
        known = self._known.get(m.key(message.place))
        if known is None:
            known = self._found(message)
        self._feed.tell_messages(known.sequence.hear(message))
        if known.sequence.behind:
            self._work()

    def _found(self, message: Message) -> _Known:
        """A place that nobody had listed: a conversation begins, or somebody made us a member."""
        known = self._add(Place(name=message.place))
        if self._listed:
            if known.sequence.told is None:
                known.sequence.told = (message.seq or 1) - 1
            known.sequence.listed(known.sequence.told)
            self._changed()
            if not message.place.startswith("@"):
                self._outdated()
        return known

    def _moved(self, reply: r.Presence) -> None:
        for name in reply.offline:
            self._people.pop(m.key(name), None)
        for name in reply.online:
            self._people[m.key(name)] = name
        self._tell_people()

    def _tell_people(self) -> None:
        if len(self._people) > MOST_PEOPLE:
            raise ProtocolViolation("more people than any server has")
        self._feed.tell(PeopleChanged(people=frozenset(self._people.values())))

    def _happened(self, reply: r.RoomEvent) -> None:
        known = self._known.get(m.key(reply.room))
        if known is not None and reply.event == "topic":
            self._update(known, topic=reply.topic or "")
        ours = reply.username is not None and m.key(reply.username) == m.key(self.nickname)
        if ours:
            self._happened_to_us(reply, known)
        self._feed.tell(m.happened(reply, time.time()))
        if ours and known is not None and reply.event in ("muted", "unmuted"):
            # Behind what happened, which tells it already.
            mute = Mute(until=reply.until, reason=reply.reason) if reply.event == "muted" else None
            self._update(known, mute=mute)

    def _happened_to_us(self, reply: r.RoomEvent, known: _Known | None) -> None:
        if reply.event == "role" and known is not None:
            self._update(known, role=reply.role)
        elif reply.event in ("left", "kicked", "banned"):
            self.left(reply.room)
        elif reply.event == "joined":
            self._outdated()

    def _update(self, known: _Known, **changes: Any) -> None:
        known.place = replace(known.place, **changes)
        self._newer.setdefault(m.key(known.place.name), {}).update(changes)
        self._changed()

    # What it says when it was asked.

    def listing(self) -> None:
        """The list of rooms is asked for now."""
        self.stale = False
        self._newer.clear()

    def people(self, reply: r.Reply, *, more: bool = False) -> None:
        """Everybody who is there, or with ``more`` others than were told before."""
        assert isinstance(reply, r.OnlineUsers)
        found = {m.key(name): name for name in reply.users}
        self._people = self._people | found if more else found
        self._tell_people()

    def listed(self, rooms: Iterable[r.RoomInfo], conversations: Iterable[r.Conversation]) -> None:
        """All rooms of ours, and private conversations: the latest ones, others stay known."""
        self._listed = True
        found = {m.key(info.room): info for info in rooms}
        for gone in [one for one in self._known if one not in found and not one.startswith("@")]:
            del self._known[gone]
        for name, info in found.items():
            self._at(replace(m.room(info), **self._newer.get(name, {})))
        for one in conversations:
            self._at(Place(name=m.conversation(one.username), last=one.last))
        for known in self._known.values():  # conversations that the list has no room for
            self._feed.tell_messages(known.sequence.listed(known.sequence.told or 0))
        self._changed()
        self._work()

    def joined(self, info: r.RoomInfo) -> None:
        """A room that we are a member of now."""
        self._at(m.room(info))
        self._changed()

    def left(self, room: str) -> None:
        """A room that we are no member of any more."""
        self._newer.pop(m.key(room), None)
        if self._known.pop(m.key(room), None) is not None:
            self._changed()

    def _at(self, place: Place) -> None:
        known = self._known.get(m.key(place.name)) or self._add(place)
        known.place = place
        self._feed.tell_messages(known.sequence.listed(place.last))

    def _add(self, place: Place) -> _Known:
        if len(self._known) >= MOST_PLACES:
            raise ProtocolViolation("more rooms and conversations than any server gives")
        one = m.key(place.name)
        sequence = Sequence(self._marks.pop(one, None), gapless=not place.name.startswith("@"))
        self._known[one] = known = _Known(place, sequence)
        return known

    def _outdated(self) -> None:
        self.stale = True
        self._work()

    def _changed(self) -> None:
        rooms: list[Place] = []
        conversations: list[Place] = []
        for known in self._known.values():
            place = replace(known.place, last=max(known.place.last, known.sequence.told or 0))
            (conversations if place.name.startswith("@") else rooms).append(place)
        rooms.sort(key=lambda place: (place.name != GENERAL, m.key(place.name)))
        self._feed.tell(PlacesChanged(places=(*rooms, *conversations)))

    # What is missing.

    def behind(self, most: int) -> tuple[str, int] | None:
        """A place whose history must be asked for, and after which number; None when there is none.

        :param most: messages; what is missing beyond them is passed over
        """
        for known in self._known.values():
            if known.sequence.behind:
                skipped = known.sequence.shorten(most, known.place.name)
                if skipped is not None:
                    self._feed.tell(skipped)
                return known.place.name, known.sequence.told or 0
        return None

    def page(self, place: str, messages: Iterable[Message], *, more: bool) -> None:
        """A page of the history that was missing.

        :raises ProtocolViolation: it promises more and brings nothing
        """
        known = self._known.get(m.key(place))
        if known is not None:
            self._feed.tell_messages(known.sequence.page(messages, more=more))
