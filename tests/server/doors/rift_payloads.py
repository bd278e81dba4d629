"""What clients of RIFT send in any order: payloads for every command, and frames that are none."""

from dataclasses import MISSING, fields
from typing import Any

from hypothesis import strategies as st

from minechat.protocol.rift.command_table import BY_WORD, ROWS, Row
from minechat.protocol.rift.commands import FEATURES
from minechat.protocol.rift.fields import Check, Unfit
from tests.server.doors.rift_client import PASSWORD

Payloads = st.SearchStrategy[dict[str, Any]]

#: The first ones have an account from the start; the last one may get one.
PEOPLE = ("ann", "bob", "eve", "dan")
PASSWORDS = (PASSWORD, "battery staple")
FEATURE_LISTS = st.tuples(*[st.booleans()] * len(FEATURES)).map(
    lambda wanted: [one for one, is_wanted in zip(FEATURES, wanted, strict=True) if is_wanted]
)
#: Names that no room can have, of those that clients ask for.
BAD_ROOMS = ("..", "@1:2", "a b")
#: A topic that cannot be seen as it is.
BAD_TOPIC = "tea\u202etree"
_NAMES = st.sampled_from((*PEOPLE * 3, "Ann", "nobody", "a:b", "x" * 64))
_ROOMS = st.sampled_from(
    (*("tea",) * 12, *("den",) * 5, *("general", "чай") * 2, "tech", "Tea", "x" * 64, *BAD_ROOMS)
)
_TEXTS = st.sampled_from(
    (*("hi",) * 4, "привет\nмир", "x" * 4096, "\x1b[31m", "'; drop table message; --", "%_")
)
_LINES = st.sampled_from(("", "green", "чай", "x" * 200))
_NUMBERS = st.sampled_from((0, 1, 2, 5, 2**63 - 1))
#: A secret is known when it is sent: the world finds the one that is meant. See ``World.filled``.
_SECRETS = {
    what: st.builds(f"${what} {{}} {{}}".format, st.sampled_from(PEOPLE), st.integers(0, 3))
    for what in ("session", "token", "password")
}

#: What each field may hold so that the command can be read.
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "room": _ROOMS,
    **dict.fromkeys(("user", "username", "to"), _NAMES),
    "text": _TEXTS,
    "topic": _LINES | st.sampled_from((BAD_TOPIC, "x" * 390)),
    "reason": _LINES,
    "query": st.sampled_from(("hi", "при", "x", 'hi"*', "NEAR(hi", "-", "%_")),
    "role": st.sampled_from(("owner", "moderator", "member")),
    "seconds": st.sampled_from((3600, 86400.5)),
    "limit": st.sampled_from((100, 50, 2, 1)),
    "before": _NUMBERS,
    "after": _NUMBERS,
    **dict.fromkeys(("mine", "invite_only", "everywhere"), st.booleans()),
    "password": st.sampled_from((*PASSWORDS * 2, "short", "x" * 129)),
    "new": st.sampled_from((*PASSWORDS * 2, "short", "x" * 129)),
    "old": _SECRETS["password"] | st.just("wrong horse"),
}
#: Where a field is not what others of its name are.
_OF_WORD: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "register": {"username": st.sampled_from(("dan", "dan", "ann", "ANN", "a:b"))},
    "list_rooms": {"after": st.sampled_from(("", "den", "чай"))},
    "get_members": {"after": st.sampled_from(("", "bob"))},
    "search": {"before": st.sampled_from((None, None, "no such page"))},
    "get_my_data": {"after": st.sampled_from(("", "", "no such page"))},
}
#: Commands about a room or a person, and fields of which only one of two may be there.
_EXCLUDING = ("get_history", "search")
_EXCLUSIVE = ("room", "user", "after", "before")


def _payloads(row: Row) -> Payloads:
    required, optional = {}, {}
    for one in fields(row.command):
        if one.name != "id":
            values = {**_VALUES, **_OF_WORD.get(row.word, {})}[one.name]
            is_required = one.default is MISSING or (
                row.word == "get_history" and one.name in ("room", "user")
            )
            (required if is_required else optional)[one.name] = values
    payloads = st.fixed_dictionaries(required, optional=optional)
    # Most of them keep to what excludes each other, or few would get an answer.
    return payloads if row.word not in _EXCLUDING else payloads.flatmap(_without_some)


def _without_some(payload: dict[str, Any]) -> Payloads:
    """With a room or a user, and with one end of a page."""
    keeps = st.tuples(st.sampled_from(("room", "user")), st.sampled_from(("after", "before")))
    return keeps.map(
        lambda kept: {key: value for key, value in payload.items() if key in kept or key not in _EXCLUSIVE}
    )


_WAYS: tuple[Payloads, ...] = (
    st.sampled_from(PEOPLE).flatmap(
        lambda name: st.fixed_dictionaries(
            {"username": st.just(name), "password": st.integers(0, 3).map(f"$password {name} {{}}".format)}
        )
    ),
    st.fixed_dictionaries({"username": _NAMES, "password": st.sampled_from(PASSWORDS)}),
    st.fixed_dictionaries({"session": _SECRETS["session"]}),
    st.fixed_dictionaries({"token": _SECRETS["token"]}),
)
_WITH_FEATURES = st.fixed_dictionaries({}, optional={"features": FEATURE_LISTS})

#: Payloads of every command, most of which somebody may have carried out.
PAYLOADS: dict[str, Payloads] = {row.word: _payloads(row) for row in ROWS if row.word != "auth"} | {
    "auth": st.tuples(st.one_of(_WAYS), _WITH_FEATURES).map(lambda both: both[0] | both[1])
}
#: Any command, with its payload.
COMMANDS = st.sampled_from(sorted(PAYLOADS)).flatmap(lambda word: st.tuples(st.just(word), PAYLOADS[word]))
#: Any of those that leave the connection as it is.
KNOWN_COMMANDS = COMMANDS.filter(lambda both: both[0] not in ("register", "auth", "log_out"))
#: What is done to somebody in a room; what undoes something more often, as there must be something to undo.
_DEEDS = ("invite", "kick", "mute", "ban", "set_role", *("unmute", "unban") * 2)
DEEDS = st.sampled_from(_DEEDS).flatmap(lambda word: st.tuples(st.just(word), PAYLOADS[word]))

_ODD = (7, -1, 101, 0, 1.5, 2**63, True, "", " ", "god", "two\nlines", [], {}, ["x"], "x" * 33)
_LONG = ("x" * 65, "x" * 201, "x" * 257, "x" * 391, "x" * 513, "x" * 1025, "ы" * 2049)


def _is_unfit(check: Check, value: Any) -> bool:
    try:
        check.read(value)
    except Unfit:
        return True
    return False


def _bent(word: str, payload: dict[str, Any]) -> Payloads:
    """One field missing, or what none can be; or one more, which nobody minds."""
    checks = BY_WORD[word].fields
    ways = [st.just(payload | {"by": "ann"})]
    for name in payload:
        ways.append(st.just({key: value for key, value in payload.items() if key != name}))
    for name, check in checks.items():
        odd = [value for value in (*_ODD, *_LONG) if _is_unfit(check, value)]
        ways.append(st.sampled_from(odd).map(lambda value, name=name: payload | {name: value}))
    return st.one_of(ways)


#: Any command, a field of which is bent.
BENT = COMMANDS.flatmap(lambda both: st.tuples(st.just(both[0]), _bent(*both)))
GARBAGE = (
    "",
    "{",
    "null",
    "[]",
    '{"type": 1}',
    '{"type": "fly"}',
    '{"type": "fly", "payload": {"id": "1"}}',
    '{"type": "get_token", "payload": []}',
    '{"type": "get_token", "by": "ann"}',
    '{"type": "get_token", "payload": {"id": ""}}',
    '{"type": "register", "payload": {}}',
    '{"type": "auth"}',
    '{"type": "room_message", "payload": {"text": "\\udc00"}}',
    '{"type": "room_message", "payload": {"text": "a\\u0000b"}}',
    '{"type": "get_token", "payload": {"a": 1, "a": 2}}',
    '{"type": "get_token", "payload": {"a": 1e999}}',
    '{"type": "get_history", "payload": {"room": "general", "after": 10000000000000000000000}}',
    "[" * 2000,
    '{"type": "search", "payload": {"query": NaN}}',
)
