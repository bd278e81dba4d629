"""A session in memory: a chat with rooms, a history, a connection that comes and goes as it is told."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

from minechat.client.feed import Feed
from minechat.client.session import (
    Happened,
    Heard,
    History,
    Message,
    PeopleChanged,
    Place,
    PlacesChanged,
    SessionEvent,
    StateChanged,
)
from minechat.errors import InvalidInput, Refused, Unreachable
from minechat.protocol.rift import replies

ALL = frozenset(
    "history whisper get_online_users list_rooms join_room leave_room create_room set_topic get_members"
    " invite kick mute unmute ban unban set_role get_audit search get_conversations block_user unblock_user"
    " get_my_data change_password get_token log_out".split()
)
#: The time of the first message of each place; each further one comes a minute later.
FIRST = 1_790_000_000.0


class StagedSession:
    """What a screen is given in tests. What happens is told by its methods, and happens at once."""

    def __init__(
        self,
        nickname: str = "me",
        places: Sequence[str] = ("general", "random", "tech"),
        *,
        abilities: frozenset[str] = ALL,
        numbered: bool = True,
    ) -> None:
        self.nickname = nickname
        self.abilities = abilities
        self.marks: dict[str, int] = {}
        self.places = {name: Place(name=name) for name in places}
        self.messages: dict[str, list[Message]] = {name: [] for name in places}
        self.said: list[tuple[str, str]] = []
        self.orders: list[tuple[str, dict[str, Any]]] = []
        self.answers: dict[str, Any] = {}
        self.pages = 0
        self.connected = False
        self.holding: asyncio.Event | None = None
        #: What the answers to orders wait for.
        self.answering: asyncio.Event | None = None
        self.refusal: Exception | None = None
        #: What the next messages to a place are refused with.
        self.refusals: dict[str, list[Exception]] = {}
        self.tries: list[tuple[str, str, str | None]] = []
        self._numbered = numbered
        self._feed = Feed()
        self._keys = itertools.count()

    def events(self) -> AsyncIterator[SessionEvent]:
        return self._feed.events()

    async def say(self, place: str, text: str, *, key: str | None = None) -> Message:
        if not self.connected:
            raise Unreachable("there is no connection")
        if self.holding is not None:
            await self.holding.wait()
        self.tries.append((place, text, key))
        if refusals := self.refusals.get(place):
            raise refusals.pop(0)
        if self.refusal is not None:
            raise self.refusal
        self.said.append((place, text))
        message = self.store(place, self.nickname, text)
        self._feed.tell_messages([message])
        return message

    async def history(
        self, place: str, *, before: int | None = None, after: int | None = None, limit: int = 50
    ) -> History:
        await asyncio.sleep(0)
        if not self.connected:
            raise Unreachable("there is no connection")
        self.pages += 1
        kept = self.messages.get(place, [])
        if after is not None:
            page = kept[after : after + limit]
            return History(messages=tuple(page), more=after + limit < len(kept))
        end = len(kept) if before is None else before - 1
        start = max(0, end - limit)
        return History(messages=tuple(kept[start:end]), more=start > 0)

    async def order(self, name: str, **fields: Any) -> Any:
        if name not in self.abilities:
            raise InvalidInput("this chat has no such order")
        if not self.connected:
            raise Unreachable("there is no connection")
        self.orders.append((name, fields))
        if self.answering is not None:
            await self.answering.wait()
        answer = self.answers.get(name, replies.Done())
        if isinstance(answer, Exception):
            raise answer
        return answer

    # What happens

    def connect(self) -> None:
        """The connection is there."""
        self.connected = True
        self.tell(StateChanged(state="connected"))
        self.tell(PlacesChanged(places=tuple(self.places.values())))
        self.tell(PeopleChanged(people=frozenset({self.nickname, "Vasya", "Anna"})))

    def lose(self, reason: str = "the connection was lost", delay: float = 5.0) -> None:
        """The connection goes."""
        self.connected = False
        self.tell(StateChanged(state="lost", reason=reason))
        self.tell(StateChanged(state="waiting", reason=reason, delay=delay))

    def store(self, place: str, nick: str, text: str, time: float | None = None) -> Message:
        """Somebody said something before, or while nobody heard it."""
        kept = self.messages.setdefault(place, [])
        message = Message(
            place=place,
            nick=nick,
            text=text,
            time=FIRST + 60 * len(kept) if time is None else time,
            seq=len(kept) + 1 if self._numbered else None,
            mine=nick == self.nickname,
            key=str(next(self._keys)),
        )
        kept.append(message)
        if place in self.places:
            self.places[place] = replace(self.places[place], last=message.seq or 0)
        return message

    def hear(self, place: str, nick: str, *texts: str) -> None:
        """Somebody says something now."""
        self._feed.tell_messages([self.store(place, nick, text) for text in texts])

    def tell(self, event: SessionEvent) -> None:
        """Anything else happens."""
        if isinstance(event, Heard):
            self._feed.tell_messages(event.messages)
        else:
            self._feed.tell(event)

    def tell_harm(self, text: str) -> None:
        """A text stands wherever a server may put one: topic, room, person, reason."""
        places = [*self.places.values(), Place(name=text, topic=text), Place(name=f"@{text}")]
        self.tell(PlacesChanged(places=tuple(replace(place, topic=text) for place in places)))
        self.tell(PeopleChanged(people=frozenset({self.nickname, text})))
        self.tell(Happened(place="general", event=text, nick=text, by=text, reason=text, detail=text))
        self.tell(StateChanged(state="connected", reason=text))

    def close(self, failure: Exception | None = None) -> None:
        """The session ends."""
        self._feed.end(failure)


REFUSED = Refused("you are muted here", code="muted")
