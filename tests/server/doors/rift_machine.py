"""RIFT as a state machine for hypothesis: any command in any state in any order, judged by a model."""

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from minechat.protocol.rift.command_table import BY_WORD, ROWS
from minechat.protocol.rift.states import State
from tests.server.doors.rift_client import PASSWORD
from tests.server.doors.rift_house import SESSIONS, House, frame_of
from tests.server.doors.rift_payloads import (
    BENT,
    COMMANDS,
    DEEDS,
    FEATURE_LISTS,
    GARBAGE,
    KNOWN_COMMANDS,
    PAYLOADS,
    PEOPLE,
)
from tests.server.doors.rift_reads import Reader
from tests.server.doors.rift_world import Seat
from tests.server.people import cheap_hashes

#: Open connections; when one more comes the oldest goes.
MOST = 7
#: Which of the connections in question; the first ones are there in every run.
WHICH = st.integers(0, MOST - 1)
#: Who has an account from the start.
FIRST = PEOPLE[:3]
#: Where there is a disk in memory, databases are there: what a disk does is for others to try.
MEMORY = next((path for path in ("/dev/shm",) if os.access(path, os.W_OK)), None)
#: Whether a request bears an id.
NAMED = st.sampled_from((True, True, True, False))


@dataclass
class Walked:
    """What examples did so far.

    :ivar seen: what was answered, by command and answer
    """

    steps: int = 0
    seen: Counter[tuple[str, str]] = field(default_factory=Counter)


class RiftMachine(RuleBasedStateMachine):
    """One example: a server of its own, with people who come, ask, and go.

    Each command of the table has a rule of its own name, for whom it is there for: below.

    :cvar walked: what all examples did
    """

    walked: ClassVar[Walked] = Walked()

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(dir=MEMORY)
        self._house = House(Path(self._folder.name), self.walked.seen)
        self._world = Reader(PEOPLE, SESSIONS)
        self._count = 0
        self._broken = False

    @initialize(features=st.tuples(*[FEATURE_LISTS] * len(FIRST)), again=FEATURE_LISTS)
    def begin(self, features: tuple[list[str], ...], again: list[str]) -> None:
        """People with accounts, each on a connection, one on two, and a room that all are in."""
        seats = [self._run(self._house.open()) for _ in FIRST]
        for seat, name, understood in zip(seats, FIRST, features, strict=True):
            self._ask(seat, "register", {"username": name, "password": PASSWORD})
            self._ask(seat, "auth", {"username": name, "password": PASSWORD, "features": understood})
        for number, seat in enumerate(seats):
            self._ask(seat, "join_room" if number else "create_room", {"room": "tea"})
        self._ask(seats[1], "create_room", {"room": "den", "invite_only": True})
        self._ask(seats[1], "invite", {"room": "den", "username": FIRST[0]})
        self.come_in(FIRST[0], again, -1)

    @rule(who=st.sampled_from(PEOPLE), features=FEATURE_LISTS, back=st.integers(-1, 1))
    def come_in(self, who: str, features: list[str], back: int) -> None:
        """Somebody logs in once more, by the password or by one of the last sessions."""
        way = {"session": f"$session {who} {back}"}
        if back < 0:
            way = {"username": who, "password": f"$password {who} 0"}
        self._ask(self._stranger(), "auth", {**way, "features": features})

    @rule(commands=st.lists(st.tuples(WHICH, KNOWN_COMMANDS), min_size=1, max_size=10))
    def talk(self, commands: list[tuple[int, tuple[str, dict[str, Any]]]]) -> None:
        """A few commands of whoever is there, as hypothesis keeps to few rules in one example."""
        for which, command in commands:
            self._ask(self._known(which), *command)

    @rule(commands=st.lists(DEEDS, min_size=2, max_size=6), whom=st.sampled_from(FIRST))
    def moderate(self, commands: list[tuple[str, dict[str, Any]]], whom: str) -> None:
        """What only few may do, by one of them where one is there: others are tried by every rule."""
        for word, payload in commands:
            tea = self._world.rooms.get("tea")
            able = [seat for seat in self._world.seats if tea is not None and tea.model.role(seat.name) > 1]
            self._ask(able[0] if able else self._known(0), word, payload | {"room": "tea", "username": whom})

    @rule(which=WHICH, how=st.sampled_from(("abort", "close", "binary", "too long")))
    def break_off(self, which: int, how: str) -> None:
        """A connection ends in the midst of everything."""
        seats = self._house.seats
        if seats:
            self._leave(seats[which % len(seats)], how)

    @rule(which=WHICH, everywhere=st.booleans())
    def log_out_and_return(self, which: int, everywhere: bool) -> None:
        """Somebody logs out, and tries the session that was ended by that."""
        seat = self._known(which)
        self._ask(seat, "log_out", {"everywhere": everywhere})
        if seat.session is not None:
            self._ask(self._stranger(), "auth", {"session": seat.session})

    @rule(which=WHICH, command=COMMANDS, named=NAMED)
    def out_of_turn(self, which: int, command: tuple[str, dict[str, Any]], named: bool) -> None:
        """A command in a state that it is not for."""
        seat = self._stranger() if BY_WORD[command[0]].state is State.KNOWN else self._known(which)
        self._ask(seat, *command, named=named)

    @rule(which=WHICH, command=BENT, named=NAMED)
    def bent(self, which: int, command: tuple[str, dict[str, Any]], named: bool) -> None:
        """A command with a field that is missing, or holds what it cannot hold."""
        seat = self._known(which) if BY_WORD[command[0]].state is State.KNOWN else self._stranger()
        self._ask(seat, *command, named=named)

    @rule(which=WHICH, text=st.sampled_from(GARBAGE), is_known=st.booleans())
    def garbage(self, which: int, text: str, is_known: bool) -> None:
        """What is no command at all."""
        self._say(self._known(which) if is_known else self._stranger(), "garbage", text)

    @rule(which=WHICH, back=st.integers(0, 3), is_other=st.sampled_from((False, False, True)))
    def send_again(self, which: int, back: int, is_other: bool) -> None:
        """A message that was stored is sent once more by its id, or another one by the same id."""
        seat = self._known(which)
        ids = [key for name, key in self._world.said if name == seat.name]
        if ids:
            key = ids[-1 - back % len(ids)]
            room, line = self._world.said[seat.name, key]
            where = {"room": room.name} if room.name else {"to": self._world.peer(seat.name, room)}
            word = "room_message" if room.name else "private_message"
            self._ask(seat, word, {"text": line.text + "!" * is_other, "id": key, **where})

    @rule(which=WHICH, to=st.sampled_from(FIRST))
    def send_elsewhere(self, which: int, to: str) -> None:
        """A message is sent again on another connection, as by a client that takes the first one for lost."""
        seat = self._known(which)
        others = [one for one in self._world.seats if one.account is seat.account and one is not seat]
        said = {"to": to, "text": "hi", "id": f"elsewhere {self._count}"}
        for one in (seat, *others[:1]):
            self._ask(one, "private_message", said)

    @invariant()
    def the_server_lives(self) -> None:
        self.walked.steps += 1  # asked once behind each step
        self._house.check()

    def teardown(self) -> None:
        """Everybody has heard what was said to them, and somebody who comes now is served."""
        try:
            if not self._broken:
                for known in list(self._world.seats):
                    self._ask(known, "get_online_users", {})
                if not self._world.accounts["dan"].is_registered:
                    self._ask(self._stranger(), "register", {"username": "dan", "password": PASSWORD})
                fresh = self._stranger()
                self._ask(fresh, "auth", {"username": "dan", "password": "$password dan 0"})
                self._ask(fresh, "room_message", {"text": "the last one", "id": "last"})
                self._house.check()
        finally:
            self._house.close()
            self._folder.cleanup()

    # How a rule does it.

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        try:
            return self._house.run(work)
        except BaseException:
            self._broken = True
            raise

    def _ask(self, seat: Seat, word: str, payload: dict[str, Any], *, named: bool = True) -> None:
        self._count += 1
        payload = self._world.filled(payload)
        # Without an id nothing tells an answer to a private message from what other connections are told.
        if "id" not in payload and (named or word == "private_message"):
            payload["id"] = f"{word} {self._count}"
        self._say(seat, word, frame_of(word, payload))

    def _say(self, seat: Seat, word: str, text: str) -> None:
        expected = self._world.expect(seat, text)
        self._run(self._house.exchange(seat, word, text, expected))
        if expected.closes:
            self._world.over(seat)

    def _stranger(self) -> Seat:
        """A connection on which nobody has logged in."""
        for seat in self._house.seats:
            if seat.state is State.NEW:
                return seat
        while len(self._house.seats) >= MOST:
            self._leave(self._house.seats[0], "close")
        fresh: Seat = self._run(self._house.open())
        return fresh

    def _known(self, which: int) -> Seat:
        """One of those who have logged in; somebody does when there is nobody."""
        if not self._world.seats:
            self._ask(self._stranger(), "auth", {"username": FIRST[0], "password": f"$password {FIRST[0]} 0"})
        return self._world.seats[which % len(self._world.seats)]

    def _leave(self, seat: Seat, how: str) -> None:
        self._world.over(seat)
        self._run(self._house.leave(seat, how))


def _rule_of(word: str) -> Callable[..., None]:
    """The rule of a command: in the state that it is for."""
    is_for_known = BY_WORD[word].state is State.KNOWN

    def ask(self: RiftMachine, which: int, payload: dict[str, Any], named: bool) -> None:
        seat = self._known(which) if is_for_known else self._stranger()
        self._ask(seat, word, payload, named=named)

    ask.__name__ = ask.__qualname__ = word
    ruled: Callable[..., None] = rule(which=WHICH, payload=PAYLOADS[word], named=NAMED)(ask)
    return ruled


for _row in ROWS:
    setattr(RiftMachine, _row.word, _rule_of(_row.word))


def walk(examples: int, steps: int, walked: Walked | None = None, *, number: int | None = None) -> Walked:
    """So many examples of at most so many steps; returns what they did.

    :param walked: what was done before, to be added to
    :param number: other examples for each seed, and a failure as it is met; without one the same examples
        each time, and of a failure the shortest that is found, which takes minutes
    :raises Exception: an answer is not what the model says, none came, or the server failed; the steps that
        led there are in its notes
    """
    walked = walked or Walked()
    machine = type("RiftMachine", (RiftMachine,), {"walked": walked})
    is_shrunk = number is None
    with cheap_hashes():
        run_state_machine_as_test(
            machine if is_shrunk else seed(number)(machine),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                derandomize=is_shrunk,
                phases=[Phase.generate, Phase.shrink] if is_shrunk else [Phase.generate],
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    return walked
