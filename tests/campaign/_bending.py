"""Frames of RIFT bent in every way that its table of commands gives: each with how it must be answered."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from minechat.protocol.rift.command_table import BY_WORD
from minechat.protocol.rift.reply_table import BY_REPLY

#: Words of databases and of their patterns; none may be more than text.
INJECTED = tuple(
    f"{head}{middle}{tail}"
    for head in ("'", '"', "1", "tea'", "%", "_", "')", "';", "\\'", "`", "1)", "*", "a' ", 'tea")')
    for middle in (
        " OR 1=1",
        " OR ''='",
        "; DROP TABLE message",
        "; UPDATE member SET role = 3",
        " UNION SELECT text, 1, 2 FROM message",
        " UNION SELECT password FROM account",
        "/**/or/**/1",
        " AND randomblob(1000000000)",
        " ORDER BY 9999",
        "; ATTACH DATABASE 'x' AS y",
        " LIKE '%'",
        " ESCAPE '\\'",
    )
    for tail in ("", "--", " -- -")
)[:504]
PATTERNS = (
    "%",
    "_",
    "%%%",
    "_" * 64,
    "*",
    '"*',
    "NEAR(",
    "a* OR b*",
    "-a",
    "^a",
    "{a b}",
    "col:a",
    "\\",
    "[a-z]",
)
ROOMS = (
    "tea",
    "tea",
    "attic",
    "general",
    "tech",
    "random",
    "TEA",
    "@1:2",
    "@2:3",
    "@",
    "..",
    "nowhere",
    "своя",
)
PEOPLE = ("olga", "maria", "pavel", "Olga", "nobody", "system", "server", "")
TEXTS = ("hi", "привет", "a\nb", "\u202e", "e\u0301" * 40, "😀", "x" * 4096, " ")
#: What no field is, or only by chance.
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 3, 1.5, -0.0, 2**31, 2**63 - 1, -(2**63), 2**63, 10**40, 1e308),
    *([], {}, [[]], ["owner"], {"role": "owner"}, "", "owner", "moderator", "true", "1"),
    *("x" * 65, "x" * 257, "x" * 513, "x" * 5000, "\x1b[2J", "\x7f", "\u2028"),
)
EXTRA = (
    "role",
    "is_admin",
    "admin",
    "by",
    "account_id",
    "sender",
    "from",
    "type",
    "origin",
    "hidden",
    "__proto__",
)
NUMBERS = ("NaN", "Infinity", "-Infinity", "1e999", "-1e999", "9" * 5000, "-" + "9" * 4299, "9" * 65)
#: Broken in JSON's own terms, so that no command may come of it.
NEVER = frozenset({"bad_frame", "too_long"})
#: What ends the connection, and what costs the server a hash, is left to other criteria.
WORDS = [word for word in BY_WORD if word not in ("log_out", "change_password", "register", "auth")]
#: What a stranger may ask anything of comes more often than what reads much.
COSTLY = frozenset({"get_my_data", "search", "create_room", "get_token"})


@dataclass(frozen=True, slots=True)
class Bent:
    """:param codes: with one of these it must be refused; None: as the command's row says, or refused"""

    kind: str
    data: bytes
    word: str | None
    codes: frozenset[str] | None = None

    def judge(self, answer: dict[str, Any]) -> str | None:
        """What is wrong with an answer."""
        payload = answer.get("payload", {})
        if answer["type"] == "error":
            code = payload["code"]
            return None if (code in self.codes if self.codes else code != "internal") else code
        if self.codes is not None:
            return str(answer["type"])
        rows = [BY_WORD[self.word]] if self.word in BY_WORD else list(BY_WORD.values())
        right = {BY_REPLY[one].word for row in rows for one in row.answers}
        return None if answer["type"] in right else str(answer["type"])


class Bending:
    """An endless supply, the same for the same seed.

    :param people: who is in the rooms besides those who are always asked about
    """

    def __init__(self, seed: int, people: tuple[str, ...]) -> None:
        self._random = Random(seed)
        self._people = (*PEOPLE, *people)
        ways: dict[Callable[[], Bent], int] = {
            self._valid: 20,
            self._odd: 20,
            self._injected: 20,
            self._extra: 10,
            self._half_letter: 6,
            self._number: 6,
            self._twice: 6,
            self._deep: 4,
            self._cut: 8,
            self._many: 0,
        }
        self._ways = list(ways)
        self._weights = list(ways.values())

    def next(self) -> Bent:
        if self._random.random() < 0.0005:
            return self._many()
        (way,) = self._random.choices(self._ways, self._weights)
        return way()

    def _word(self) -> str:
        word = self._random.choice(WORDS)
        return self._random.choice(WORDS) if word in COSTLY else word

    def _payload(self, word: str) -> dict[str, Any]:
        payload = {
            name: value for name in BY_WORD[word].fields if (value := self._value(word, name)) is not None
        }
        if self._random.random() < 0.5:
            payload["id"] = f"{self._random.getrandbits(64):x}"
        return payload

    def _value(self, word: str, name: str) -> Any:
        choose = self._random.choice
        if name == "room":
            return None if word in ("search", "get_history") and choose((0, 1)) else choose(ROOMS)
        if name in ("username", "to", "user"):
            return None if name == "user" and choose((0, 1)) else choose(self._people)
        if name in ("text", "topic", "reason", "query"):
            return choose(TEXTS)
        if name == "role":
            return choose(("owner", "moderator", "member"))
        if name in ("before", "after", "seconds", "limit"):
            return choose((None, None, 1, 50, 2**63 - 1) if name != "limit" else (None, 1, 100))
        return choose((None, True, False))

    def _valid(self) -> Bent:
        word = self._word()
        return self._bent("valid", word, self._payload(word))

    def _odd(self) -> Bent:
        word = self._word()
        payload = self._payload(word)
        payload[self._random.choice((*BY_WORD[word].fields, "id"))] = self._random.choice(ODD)
        return self._bent("odd values", word, payload)

    def _injected(self) -> Bent:
        word = self._word()
        payload = self._payload(word)
        field = self._random.choice((*BY_WORD[word].fields, "id"))
        payload[field] = self._random.choice(INJECTED if self._random.random() < 0.8 else PATTERNS)
        return self._bent("SQL and patterns", word, payload)

    def _extra(self) -> Bent:
        word = self._word()
        payload = self._payload(word)
        for key in self._random.sample(EXTRA, 2):
            payload.setdefault(key, self._random.choice(ODD))
        frame = {"type": word, "payload": payload}
        if self._random.random() < 0.3:
            frame[self._random.choice(("role", "user", "admin", "id"))] = "owner"
            return Bent("more keys", json.dumps(frame).encode(), word, NEVER)
        return Bent("more keys", json.dumps(frame).encode(), word)

    def _half_letter(self) -> Bent:
        letter = self._random.choice(("\\ud800", "\\udfff", "\\u0000", "\\udc00\\ud800"))
        return self._with("half letters and U+0000", f'"a{letter}b"')

    def _number(self) -> Bent:
        return self._with("numbers", self._random.choice(NUMBERS))

    def _twice(self) -> Bent:
        word = self._word()
        text = json.dumps({"type": word, "payload": self._payload(word)})
        if self._random.random() < 0.5:
            text = text.replace('"payload": {', '"payload": {"role": "member", "role": "owner", ', 1)
            text = text.replace(", }", "}")
        else:
            text = text.replace('{"type"', '{"type": "get_token", "type"', 1)
        return Bent("keys twice", text.encode(), word, NEVER)

    def _deep(self) -> Bent:
        levels = self._random.choice((9, 10, 100, 5000))
        opening, closing = self._random.choice((("[", "]"), ('{"a":', "}")))
        return self._with("depth", opening * levels + "1" + closing * levels)

    def _cut(self) -> Bent:
        word = self._word()
        text = json.dumps({"type": word, "payload": self._payload(word)})
        for _ in range(self._random.randint(1, 3)):
            at = self._random.randrange(len(text))
            text = text[:at] + chr(self._random.randrange(1, 0x300)) + text[at + self._random.randrange(3) :]
        return Bent("letters at random", text.encode(), None)

    def _many(self) -> Bent:
        return Bent("size", self._random.choice(LARGE), None, NEVER)

    def _with(self, kind: str, value: str) -> Bent:
        """A good command with something in a field of it that JSON does not know."""
        word = self._word()
        payload = self._payload(word)
        payload[self._random.choice((*BY_WORD[word].fields, "id", "more"))] = "@here@"
        text = json.dumps({"type": word, "payload": payload}).replace('"@here@"', value)
        return Bent(kind, text.encode(), word, NEVER)

    def _bent(self, kind: str, word: str, payload: dict[str, Any]) -> Bent:
        return Bent(kind, json.dumps({"type": word, "payload": payload}).encode(), word)


def _keys(count: int) -> bytes:
    return (
        b'{"type": "list_rooms", "payload": {"limit": 0, '
        + b",".join(b'"%x":0' % one for one in range(count))
        + b"}}"
    )


#: Frames as large as may be taken, each of another kind of values; none may hold up the loop.
LARGE = (
    _keys(7000),
    b"[" * 65_536,
    b'{"a":' * 10_000,
    b'{"type": "search", "payload": {"query": 1, "a": [' + b"0," * 32_000 + b"0]}}",
    b'{"type": "search", "payload": {"query": 1, "a": [' + b"[]," * 21_000 + b"0]}}",
    b'{"type": "search", "payload": {"query": "' + b"\\ud83d\\ude00" * 5_000 + b'\\ud800"}}',
    b'{"type": "search", "payload": {"query": ' + b"9" * 65_000 + b"}}",
    b'{"type": "search", "payload": {"a": 0.' + b"9" * 65_000 + b', "query": 1}}',
    b'{"type": "search", "payload": {"query": 1, "a": [' + b",".join([b"9" * 4299] * 15) + b"]}}",
    b'{"type": "room_message", "payload": {"text": "' + b"\xd0\xb0" * 32_000 + b'"}}',
    b'{"type": "room_message", "payload": {"text": "' + b'\\"' * 32_000 + b'"}}',
)
