"""A random walk of clients of RIFT: any command in any state, and bytes that are none; each is judged."""

import json
from collections import Counter
from contextlib import suppress
from random import Random
from typing import Any

from websockets.exceptions import ConnectionClosed

from minechat.protocol.rift.codes import CODES
from minechat.protocol.rift.command_table import BY_WORD, ROWS
from minechat.protocol.rift.reply_table import BY_REPLY
from minechat.protocol.rift.states import State
from tests.server.doors.rift_client import ALL, PASSWORD, Frame, Rift

#: What is good comes more often than what is not, or nobody would get far.
ROOMS = (
    *("tea",) * 12,
    *("general", "tech", "чай") * 2,
    *("random", "Tea", "attic", "", "..", "@1:2", "x" * 64, "x" * 65, "a b", 7),
)
TEXTS = (
    *("hi",) * 12,
    *("привет\nмир", " ", "x" * 4096, "x" * 4097, "\x1b[31m", "'; drop table message; --", "%_", None),
)
LINES = (*("tea",) * 8, "x" * 390, "x" * 391, "two\nlines", None)
GARBAGE = (
    "",
    "{",
    "null",
    '{"type": 1}',
    '{"type": "fly"}',
    '{"type": "room_message", "payload": {"text": "\\udc00"}}',
    '{"type": "get_token", "payload": {"a": 1, "a": 2}}',
    '{"type": "get_token", "payload": {"a": 1e999}}',
    '{"type": "get_history", "payload": {"room": "general", "after": 10000000000000000000000}}',
    "[" * 2000,
    '{"type": "search", "payload": {"query": NaN}}',
)
#: What else a field may hold; those of names hold names.
VALUES: dict[str, tuple[Any, ...]] = {
    "room": ROOMS,
    "user": ("walker0", "walker1", "nobody", *(None,) * 4),
    "text": TEXTS,
    "topic": LINES,
    "reason": LINES,
    "query": (*TEXTS, '"*', "NEAR(", "-"),
    "role": (*("owner", "moderator", "member") * 3, "god", None),
    "seconds": (*(0.01, 3600) * 3, None, 0, -1, "1"),
    "limit": (*(1, 50, 100, None) * 3, 0, 101, "5"),
    "before": (*(1, 5, 2**63 - 1) * 2, *(None,) * 6, 0, -1, "x"),
    "after": (*("", 0, 1, 5) * 2, *(None,) * 6, -1, "x", 2**63 - 1),
    "mine": (True, False, 1, None),
    "invite_only": (True, False, False, "yes", None),
    "everywhere": (True, False, None),
}


#: Who logs out often gets nowhere.
WORDS = [row.word for row in ROWS for _ in range(1 if row.word == "log_out" else 4)]


class Walker:
    """One client after the other under one account; another comes when the server closes one.

    :ivar seen: what was answered, by command and answer
    """

    def __init__(self, port: int, number: int, people: int, random: Random) -> None:
        self._port = port
        self._random = random
        self._password = PASSWORD
        self.name = f"walker{number}"
        others = [f"walker{one}" for one in range(people)]
        self._names = [*others * 3, "nobody", "", "a:b", "Walker0", 3]
        self._client: Rift | None = None
        self._known = False
        self._features: tuple[str, ...] = ()
        self._count = 0
        self.seen: Counter[tuple[str, str]] = Counter()

    async def begin(self) -> None:
        """Has an account."""
        client = await Rift.open(self._port)
        await client.register(self.name)
        await client.socket.close()

    async def step(self) -> None:
        """One frame, and what must follow it."""
        if self._client is None:
            self._client, self._known = await Rift.open(self._port), False
        if not self._known and self._random.random() < 0.6:
            await self._enter(self._client)
        elif self._random.random() < 0.1:
            await self._say_garbage(self._client)
        else:
            word = self._random.choice(WORDS)
            await self._ask(self._client, word, self._payload(word))

    async def end(self) -> None:
        if self._client is not None:
            await self._client.socket.close()

    async def _enter(self, client: Rift) -> None:
        self._features = tuple(one for one in ALL if self._random.random() < 0.5)
        await client.send("auth", username=self.name, password=self._password, features=self._features)
        frame = await client.receive()
        assert frame["type"] == "auth_success", frame
        self._known = True
        self.seen["auth", "auth_success"] += 1

    async def _say_garbage(self, client: Rift) -> None:
        await client.socket.send(self._random.choice(GARBAGE))
        frame = await self._next(client, lambda one: one["type"] in ("error", "auth_fail"))
        await self._judge(client, "garbage", frame)

    async def _ask(self, client: Rift, word: str, payload: dict[str, Any]) -> None:
        self._count += 1
        request = f"{self.name} {self._count}"
        if not self._known:
            self._features = ()
        await client.send(word, id=request, **payload)
        silent = word == "room_message" and "acks" not in self._features and self._known
        # The answer to a message that is stored may be nothing: then the next answer is that to a question.
        if silent:
            await client.send("list_rooms", id="after " + request)
        frame = await self._next(client, lambda one: one["payload"].get("id", "").endswith(request))
        if silent and frame["payload"]["id"] != request:
            self.seen[word, "nothing"] += 1
            return
        await self._judge(client, word, frame)
        if silent and self._client is not None:
            await self._next(client, lambda one: one["payload"].get("id") == "after " + request)

    async def _next(self, client: Rift, fits: Any) -> Frame:
        while True:
            frame = await client.receive()
            frame.setdefault("payload", {})
            if fits(frame):
                return frame

    async def _judge(self, client: Rift, word: str, frame: Frame) -> None:
        """Whether an answer is one of the documented ones for this command in this state."""
        kind, payload = frame["type"], frame["payload"]
        self.seen[word, payload.get("code", kind)] += 1
        assert payload.get("code", "internal") in CODES, frame
        assert payload.get("code") != "internal", frame
        if not self._known:
            expected = {"register_fail", "register_success", "auth_fail"}
            assert kind in (expected if word == "register" else {"auth_fail", "auth_success"}), (word, frame)
            assert kind != "auth_success" or word == "auth"
            self._known = kind == "auth_success"
        else:
            answers = BY_WORD[word].answers if word in BY_WORD else ()
            assert kind in {"error", *(BY_REPLY[one].word for one in answers)}, (word, frame)
            assert BY_WORD.get(word) is None or BY_WORD[word].state is State.KNOWN or kind == "error"
        if kind == "auth_fail" or (word == "log_out" and kind == "done"):
            await self._gone(client)

    async def _gone(self, client: Rift) -> None:
        rest, code = await client.closed()
        assert code == 1000, (rest, code)
        self._client = None

    def _payload(self, word: str) -> dict[str, Any]:
        some = {name: self._value(word, name) for name in BY_WORD[word].fields if self._random.random() < 0.9}
        return {name: value for name, value in some.items() if value is not None}

    def _value(self, word: str, name: str) -> Any:
        choose = self._random.choice
        if word in ("change_password", "auth", "register"):
            return (
                choose(("wrong horse battery", "x", 5))
                if name in ("old", "password", "new")
                else choose(self._names)
            )
        return choose(VALUES.get(name, self._names))


async def walk(port: int, people: int, steps: int, seed: int) -> Counter[tuple[str, str]]:
    """So many steps of so many people together; returns what was answered.

    :raises AssertionError: something that no document knows
    """
    random = Random(seed)
    walkers = [Walker(port, number, people, random) for number in range(people)]
    for walker in walkers:
        await walker.begin()
    for _ in range(steps):
        walker = random.choice(walkers)
        try:
            await walker.step()
        except ConnectionClosed as end:
            # Another connection of the account logged out everywhere; no other end is expected.
            raise AssertionError(f"{walker.name} was closed: {end}") from end
    for walker in walkers:
        with suppress(ConnectionClosed):
            await walker.end()
    return sum((walker.seen for walker in walkers), Counter())


def main_text(seen: Counter[tuple[str, str]]) -> str:
    """What was answered how often, for people."""
    return json.dumps(
        {f"{word}: {answer}": count for (word, answer), count in sorted(seen.items())}, indent=1
    )
