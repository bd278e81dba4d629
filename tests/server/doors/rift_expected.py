"""What each command of RIFT must be answered, and what comes of it for everybody, as a model knows it."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from minechat.protocol.rift import commands as c
from tests.server.community import Model
from tests.server.doors.rift_payloads import BAD_ROOMS, BAD_TOPIC
from tests.server.doors.rift_said import Speech
from tests.server.doors.rift_world import (
    Account,
    Denied,
    Expected,
    Room,
    Seat,
    deny,
    holds,
    is_told_muted,
    judge_password,
)

#: Sessions that are kept of an account.
KEPT = 20
ROLE_WORDS = ("stranger", "member", "moderator", "owner")


class World(Speech):
    """A method for each command, named as it is on the wire.

    :param most: connections of one account; the oldest gives way
    """

    def __init__(self, people: tuple[str, ...], most: int) -> None:
        super().__init__(people)
        self._most = most

    # Who is it?

    def _register(self, seat: Seat, one: c.Register) -> Expected:
        judge_password(one.password)
        account = self.accounts.get(one.username.casefold())
        if account is None:
            raise Denied("bad_name")
        if account.is_registered:
            raise Denied("taken")
        account.is_registered = True
        self._set_password(account, one.password)
        return Expected("register_success")

    def _auth(self, seat: Seat, one: c.Auth) -> Expected:
        account = self._proven(one)
        if account is None:
            raise Denied("wrong_password")
        seat.account, seat.features, seat.session = account, frozenset(one.features), one.session
        seat.by_token = one.token is not None and "sessions" not in one.features
        before = self._of(account)
        self.seats.append(seat)
        ended = before[: max(0, len(before) + 1 - self._most)]
        return Expected(
            "auth_success",
            check=partial(self._check_welcome, seat),
            ended=self._end(ended, "too_many"),
        )

    def _proven(self, one: c.Auth) -> Account | None:
        if one.username is not None:
            found = self._person(one.username)
            return found if found is not None and found.password == one.password else None
        for account in self.accounts.values():
            if one.session in account.sessions or (one.token is not None and one.token == account.token):
                return account
        return None

    def _check_welcome(self, seat: Seat, payload: dict[str, Any]) -> None:
        assert seat.account is not None
        assert ("session" in payload) is ("sessions" in seat.features), payload
        if seat.features:
            assert payload["username"] == seat.name
            assert payload["has_password"] is True
        if "sessions" in seat.features and seat.session is None:
            seat.session = payload["session"]
            seat.account.give("session", seat.session)
            seat.account.sessions = [*seat.account.sessions, seat.session][-KEPT:]
        assert payload.get("session", seat.session) == seat.session

    def _set_password(self, account: Account, password: str) -> None:
        account.password = password
        account.give("password", password)

    def _end(self, seats: Sequence[Seat], code: str) -> dict[Seat, str]:
        for seat in seats:
            self.over(seat)
        return dict.fromkeys(seats, code)

    def _change_password(self, seat: Seat, one: c.ChangePassword) -> Expected:
        account = seat.account
        assert account is not None
        judge_password(one.new)
        if one.old != account.password:
            raise Denied("wrong_password")
        self._set_password(account, one.new)
        account.sessions = [token for token in account.sessions if token == seat.session]
        return Expected("done", ended=self._end(self._others(seat), "ended"))

    def _get_token(self, seat: Seat, one: c.GetToken) -> Expected:
        ended = [other for other in self._others(seat) if other.by_token]
        return Expected("token", check=partial(self._take_token, seat), ended=self._end(ended, "ended"))

    def _take_token(self, seat: Seat, payload: dict[str, Any]) -> None:
        assert seat.account is not None
        assert payload["token"] != seat.account.token
        seat.account.token = payload["token"]
        seat.account.give("token", payload["token"])

    def _log_out(self, seat: Seat, one: c.LogOut) -> Expected:
        account, others = seat.account, self._others(seat)
        assert account is not None
        account.sessions = [
            token for token in account.sessions if token != seat.session and not one.everywhere
        ]
        same = [other for other in others if seat.session is not None and other.session == seat.session]
        ended = [other for other in (others if one.everywhere else same) if not other.by_token]
        return Expected("done", ended=self._end(ended, "ended"), closes=True)

    # Rooms and who is what in them.

    def _create_room(self, seat: Seat, one: c.CreateRoom) -> Expected:
        if one.room in BAD_ROOMS or one.topic == BAD_TOPIC:
            raise Denied("bad_name")
        key = one.room.casefold()
        if key in self.rooms:
            raise Denied("taken")
        model = Model(key, one.invite_only, roles={seat.name: 3})
        room = self.rooms[key] = Room(one.room, model, one.topic)
        seat.own.add(room)
        return self._seen(seat, room)

    def _join_room(self, seat: Seat, one: c.JoinRoom) -> Expected:
        room = self._room(one.room)
        deny(room.model.try_("join", seat.name, seat.name))
        seat.own.add(room)
        return self._seen(seat, room)

    def _seen(self, seat: Seat, room: Room) -> Expected:
        info = {"room": room.name, "topic": room.topic, "last": len(room.log)}
        info["role"] = ROLE_WORDS[room.model.role(seat.name)]
        if room.name != "general":
            info["members"] = len(room.model.roles)
        muted = is_told_muted(seat, room)

        def check(payload: dict[str, Any]) -> None:
            holds(payload["info"], **info)
            assert ("mute" in payload["info"]) is muted

        return Expected("room", check=check)

    def _leave_room(self, seat: Seat, one: c.LeaveRoom) -> Expected:
        room = self._room(one.room)
        deny(room.model.try_("leave", seat.name, seat.name))
        self._lost(room, seat.name)
        if room.model.ended or (room.model.invite_only and not room.model.roles):
            del self.rooms[room.name.casefold()]
        return Expected("done")

    def _set_topic(self, seat: Seat, one: c.SetTopic) -> Expected:
        room = self._room(one.room)
        refusal = room.model.refusal("topic", seat.name)
        deny("bad_name" if one.topic == BAD_TOPIC and refusal != "no_room" else refusal)
        room.topic = one.topic
        return Expected("done")

    def _invite(self, seat: Seat, one: c.Invite) -> Expected:
        return self._deed(seat, one, "invite")

    def _mute(self, seat: Seat, one: c.Mute) -> Expected:
        return self._deed(seat, one, "mute")

    def _unmute(self, seat: Seat, one: c.Unmute) -> Expected:
        return self._deed(seat, one, "unmute")

    def _unban(self, seat: Seat, one: c.Unban) -> Expected:
        return self._deed(seat, one, "unban")

    def _set_role(self, seat: Seat, one: c.SetRole) -> Expected:
        return self._deed(seat, one, one.role)

    def _deed(self, seat: Seat, one: Any, deed: str) -> Expected:
        self._done_to(seat, one.room, deed, one.username)
        return Expected("done")

    def _kick(self, seat: Seat, one: c.Kick | c.Ban, deed: str = "kick") -> Expected:
        room = self._done_to(seat, one.room, deed, one.username)
        self._lost(room, one.username.casefold())
        return Expected("done")

    def _ban(self, seat: Seat, one: c.Ban) -> Expected:
        return self._kick(seat, one, "ban")
