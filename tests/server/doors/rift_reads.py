"""What those who ask a server of RIFT must be told: lists, pages and finds, as a model knows them."""

import re
from functools import partial
from typing import Any

from minechat.protocol.rift import commands as c
from tests.server.doors.rift_expected import ROLE_WORDS, World
from tests.server.doors.rift_world import Denied, Expected, Line, Room, Seat, is_told_muted, same_line


class Reader(World):
    """The rest of the commands: those that change nothing."""

    def _get_online_users(self, seat: Seat, one: c.GetOnlineUsers) -> Expected:
        room = None if one.room is None else self._allowed(seat, one.room, "members")
        here = {other.name for other in self.seats}
        if room is not None:
            here = {name for name in here if room.model.role(name)}
        return Expected("online_users", check=partial(_are_online, seat, here))

    def _list_rooms(self, seat: Seat, one: c.ListRooms) -> Expected:
        own = {room.name for room in self.rooms.values() if room.model.role(seat.name)}
        public = {room.name for room in self.rooms.values() if not room.model.invite_only}
        expected = own if one.mine else own | public
        is_all = not one.after and one.limit >= len(expected)
        muted = {room.name for room in self.rooms.values() if is_told_muted(seat, room)}
        return Expected("rooms", check=partial(_are_rooms, expected, is_all, muted))

    def _get_members(self, seat: Seat, one: c.GetMembers) -> Expected:
        room = self._allowed(seat, one.room, "members")
        roles = {name: ROLE_WORDS[role] for name, role in room.model.roles.items()}
        if room.name == "general":
            roles = {other.name: "member" for other in self.seats}
        is_exact = "presence" not in seat.features and not one.after and one.limit >= len(roles)
        return Expected("members", check=partial(_are_members, room, roles, is_exact))

    def _get_audit(self, seat: Seat, one: c.GetAudit) -> Expected:
        room = self._allowed(seat, one.room, "audit")
        return Expected("audit", check=lambda payload: _equal(payload["room"], room.name))

    def _get_history(self, seat: Seat, one: c.GetHistory) -> Expected:
        if one.room is not None:
            room: Room | None = self._allowed(seat, one.room, "read")
        else:
            peer = self._person(one.user or "")
            if peer is None:
                raise Denied("no_user")
            room = self.conversations.get(frozenset((seat.name, peer.name)))
        lines = [] if room is None else [line for line in room.log if _is_for(seat, line)]
        return Expected("history", check=partial(_is_page, one, lines))

    def _get_conversations(self, seat: Seat, one: c.GetConversations) -> Expected:
        peers = {
            name
            for pair, room in self.conversations.items()
            if seat.name in pair
            for name in pair - {seat.name}
            if any(_is_for(seat, line) for line in room.log)
        }
        return Expected("conversations", check=partial(_are_peers, peers, one.limit))

    def _search(self, seat: Seat, one: c.Search) -> Expected:
        if one.room is not None:
            rooms = [self._allowed(seat, one.room, "search")]
        elif one.user is not None:
            peer = self._person(one.user)
            if peer is None:
                raise Denied("no_user")
            rooms = self._talks_with(seat, peer.name)
        else:
            own = [room for room in self.rooms.values() if room.model.role(seat.name)]
            rooms = [*own, *self._talks_with(seat, None)]
        if not re.search(r"\w", one.query):
            raise Denied("empty")
        if one.before is not None:
            raise Denied("bad_frame")
        lines = [line for room in rooms for line in room.log if _is_for(seat, line)]
        return Expected("found", check=partial(_are_found, one, lines))

    def _talks_with(self, seat: Seat, name: str | None) -> list[Room]:
        return [
            room
            for pair, room in self.conversations.items()
            if seat.name in pair and (name is None or pair == {seat.name, name})
        ]

    def _get_my_data(self, seat: Seat, one: c.GetMyData) -> Expected:
        if one.after:
            raise Denied("bad_frame")
        return Expected("my_data")


def _is_for(seat: Seat, line: Line) -> bool:
    return not line.hidden or line.username == seat.name


def _equal(found: Any, expected: Any) -> None:
    assert found == expected, f"{found} and not {expected}"


def _are_online(seat: Seat, here: set[str], payload: dict[str, Any]) -> None:
    # Who is told of comings and goings sees here what was told so far.
    if "presence" not in seat.features:
        _equal(payload["users"], sorted(here))


def _are_rooms(expected: set[str], is_all: bool, muted: set[str], payload: dict[str, Any]) -> None:
    found = {info["room"] for info in payload["rooms"]}
    assert found == expected if is_all else found <= expected, f"{found} and not {expected}"
    _equal({info["room"] for info in payload["rooms"] if "mute" in info}, found & muted)


def _are_members(room: Room, roles: dict[str, str], is_exact: bool, payload: dict[str, Any]) -> None:
    found = {one["username"]: one["role"] for one in payload["members"]}
    assert not is_exact or found == roles, f"{found} and not {roles}"
    for one in payload["members"]:
        _equal(one["muted"], one["username"] in room.model.muted)


def _is_page(one: c.GetHistory, lines: list[Line], payload: dict[str, Any]) -> None:
    """As many messages as fit, from the right end, and whether that is all."""
    if one.after is not None:
        rest = [line for line in lines if line.seq > one.after]
    else:
        rest = [line for line in lines if one.before is None or line.seq < one.before]
    found = payload["messages"]
    count = len(found)
    page = rest[:count] if one.after is not None else rest[len(rest) - count :]
    assert count <= one.limit
    assert bool(found) is bool(rest)
    assert all(map(same_line, found, page)), f"{found} and not {page}"
    _equal(payload["more"], count < len(rest))


def _are_peers(peers: set[str], limit: int, payload: dict[str, Any]) -> None:
    found = [one["username"] for one in payload["conversations"]]
    assert len(set(found)) == len(found) == min(limit, len(peers)), f"{found} and not {peers}"
    assert set(found) <= peers


def _are_found(one: c.Search, lines: list[Line], payload: dict[str, Any]) -> None:
    for row in payload["messages"]:
        assert any(same_line(row, line) for line in lines), f"{row} is not for who asked"
    if one.query == "hi" and one.limit == 100:
        _equal(len(payload["messages"]), sum(line.text == "hi" for line in lines))
