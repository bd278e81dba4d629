"""What those who say something on RIFT must be answered, and who must hear it, as a model knows it."""

from functools import partial

from minechat.protocol.rift import commands as c
from tests.server.community import Model
from tests.server.doors.rift_world import Account, Denied, Expected, Ground, Line, Room, Seat, holds


class Speech(Ground):
    """Messages, and whose are not heard: a method for each command, named as it is on the wire."""

    def _room_message(self, seat: Seat, one: c.RoomMessage) -> Expected:
        earlier = self.said.get((seat.name, one.id or ""))
        try:
            room = self._where(seat, one.room)
        except Denied:
            if earlier is None:
                raise
            # Closed by now, or not for its author: what was stored was stored.
            return self._again(
                seat, earlier, one.text, is_there=earlier[0].name.casefold() == one.room.casefold()
            )
        if earlier is not None:
            return self._again(seat, earlier, one.text, is_there=earlier[0] is room)
        line = self._kept(seat, room, one)
        rest = {"username": line.username, "text": line.text, "seq": line.seq, "id": line.id}
        for other in self.seats:
            if other is not seat and self._hears(other, room):
                other.due.append(("new_message", {"room": room.name, **rest}))
        return self._stored(seat, room, line)

    def _where(self, seat: Seat, name: str) -> Room:
        """A room in which somebody may speak; a client that knows of no rooms joins it by that."""
        room = self._room(name)
        refusal = room.model.refusal("say", seat.name)
        if refusal == "not_member" and "rooms" not in seat.features:
            refusal = room.model.try_("join", seat.name, seat.name)
            seat.own.add(room)
        if refusal:
            raise Denied(refusal)
        return room

    def _kept(
        self, seat: Seat, room: Room, one: c.RoomMessage | c.PrivateMessage, *, hidden: bool = False
    ) -> Line:
        line = Line(seat.name, one.text, len(room.log) + 1, one.id, hidden)
        room.log.append(line)
        room.model.said = True
        if one.id is not None:
            self.said[seat.name, one.id] = room, line
        return line

    def _again(self, seat: Seat, earlier: tuple[Room, Line], text: str, *, is_there: bool) -> Expected:
        room, line = earlier
        if not is_there or line.text != text:
            raise Denied("id_reused")
        return self._stored(seat, room, line)

    def _stored(self, seat: Seat, room: Room, line: Line) -> Expected:
        if "acks" not in seat.features:
            return Expected("")
        return Expected("message_stored", check=partial(holds, room=room.name, seq=line.seq))

    def _private_message(self, seat: Seat, one: c.PrivateMessage) -> Expected:
        whom = self._person(one.to)
        earlier = self.said.get((seat.name, one.id or ""))
        try:
            other, room = self._reached(seat, whom)
        except Denied:
            if earlier is None:
                raise
            pair = self.conversations.get(frozenset((seat.name, "" if whom is None else whom.name)))
            is_there = earlier[0] in self.conversations.values() and (whom is None or earlier[0] is pair)
            return self._whispered(earlier, one, one.to if whom is None else whom.name, is_there=is_there)
        if earlier is not None:
            return self._whispered(earlier, one, other.name, is_there=earlier[0] is room)
        line = self._kept(seat, room, one, hidden=seat.name in other.blocked)
        self._deliver(seat, other, line)
        return self._whispered((room, line), one, other.name)

    def _reached(self, seat: Seat, whom: Account | None) -> tuple[Account, Room]:
        if whom is None or not (self._of(whom) or ("acks" in seat.features and whom.sessions)):
            raise Denied("offline")
        if whom is seat.account:
            raise Denied("not_allowed")
        pair = frozenset((seat.name, whom.name))
        return whom, self.conversations.setdefault(pair, Room("", Model("")))

    def _deliver(self, seat: Seat, whom: Account, line: Line) -> None:
        rest = {"text": line.text, "is_private": True, "seq": line.seq, "id": line.id}
        for other in self.seats:
            if other.account is whom and not line.hidden:
                other.due.append(("private_message", {"from": line.username, **rest}))
            elif other in self._others(seat):
                other.due.append(("private_message_sent", {"to": whom.name, **rest}))

    def _whispered(
        self, said: tuple[Room, Line], one: c.PrivateMessage, to: str, *, is_there: bool = True
    ) -> Expected:
        line = said[1]
        if not is_there or line.text != one.text:
            raise Denied("id_reused")
        check = partial(holds, to=to, text=line.text, is_private=True, seq=line.seq)
        return Expected("private_message_sent", check=check)

    def _block_user(self, seat: Seat, one: c.BlockUser) -> Expected:
        self._blocks(seat, one.username).add(one.username.casefold())
        return Expected("done")

    def _unblock_user(self, seat: Seat, one: c.UnblockUser) -> Expected:
        self._blocks(seat, one.username).discard(one.username.casefold())
        return Expected("done")

    def _blocks(self, seat: Seat, name: str) -> set[str]:
        whom = self._person(name)
        if whom is None or whom is seat.account:
            raise Denied("no_user" if whom is None else "not_allowed")
        assert seat.account is not None
        return seat.account.blocked
