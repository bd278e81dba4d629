"""What a session asks a server for by itself: who is there, which rooms are ours, and what was missed."""

import asyncio
from functools import partial

from minechat.client import rift_messages as m
from minechat.client.rift import Rift
from minechat.client.rift_picture import Picture
from minechat.errors import ProtocolViolation, Refused
from minechat.protocol.rift import commands as c
from minechat.protocol.rift import replies as r

#: Messages, or rooms, in one page.
PAGE = 100
#: Pages of rooms, far more than an account may join; and of people, far more than a screen shows.
_PAGES = 20
#: Why there is no history for us, such as after a kick.
_NOT_FOR_US = {"not_member", "no_room", "no_user", "not_allowed", "banned"}
#: The longest pause that a busy server may ask for before the same question comes again, in seconds.
_PAUSE = 60.0


async def follow(wire: Rift, picture: Picture, work: asyncio.Event, catch_up: int) -> None:
    """Lists places and people, fetches what was missed page by page, and goes on when there is more to do.

    :param work: set when there may be
    :param catch_up: the most messages of one place that are fetched
    """
    await _people(wire, picture)
    await _list(wire, picture)
    while True:
        work.clear()
        while picture.stale or picture.behind(catch_up) is not None:
            if picture.stale:
                await _list(wire, picture)
            elif (missing := picture.behind(catch_up)) is not None:
                await _fetch(wire, picture, *missing)
        await work.wait()


async def _people(wire: Rift, picture: Picture) -> None:
    after: str | None = ""
    for number in range(_PAGES):
        take = partial(picture.people, more=number > 0)
        page = await _asked(wire, c.GetOnlineUsers(after=after or ""), take)
        assert isinstance(page, r.OnlineUsers)
        after = page.after
        if after is None:
            break


async def _list(wire: Rift, picture: Picture) -> None:
    picture.listing()
    rooms: list[r.RoomInfo] = []
    after: str | None = ""
    for _ in range(_PAGES):
        page = await _asked(wire, c.ListRooms(mine=True, after=after or "", limit=PAGE))
        assert isinstance(page, r.RoomList)
        rooms += page.rooms
        after = page.after
        if after is None:
            break
    else:
        raise ProtocolViolation("a list of rooms without an end")

    def listed(reply: r.Reply) -> None:
        assert isinstance(reply, r.Conversations)
        picture.listed(rooms, reply.conversations)

    await _asked(wire, c.GetConversations(limit=PAGE), listed)


async def _fetch(wire: Rift, picture: Picture, place: str, after: int) -> None:
    user = place[1:] if place.startswith("@") else None
    room = place if user is None else None
    take = partial(_take, picture, place)
    try:
        await _asked(wire, c.GetHistory(room=room, user=user, after=after, limit=PAGE), take)
    except Refused as exc:
        if exc.code not in _NOT_FOR_US:
            raise  # the next connection asks again
        # What waits is told as it is.
        picture.page(place, (), more=False)


def _take(picture: Picture, place: str, reply: r.Reply) -> None:
    assert isinstance(reply, r.History)
    messages = [m.entry(one, picture.nickname) for one in reply.messages]
    picture.page(place, messages, more=reply.more)


def _ignore(reply: r.Reply) -> None:
    pass


async def _asked(wire: Rift, command: c.Command, take: m.Take = _ignore) -> r.Reply:
    """The answer; a server that has no time now is asked again.

    :raises Refused: the server says no for good
    """
    while True:
        try:
            return await wire.ask(command, take=take)
        except Refused as exc:
            if wire.over or exc.retry_after is None:
                raise
            await asyncio.sleep(min(exc.retry_after, _PAUSE))
