"""Hypothesis' commands and replies of RIFT, made from the dataclasses themselves."""

import dataclasses
import types
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from minechat.protocol.rift import command_table, reply_table
from minechat.protocol.rift.commands import FEATURES, Auth
from minechat.protocol.rift.fields import LONGEST, PAGE, TEXT
from minechat.protocol.rift.strict import LARGEST

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40)
NAMES = TEXTS.filter(str.strip)
LINES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)
WHOLE = st.integers(1, LARGEST)
#: What each field of a command may be.
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "id": st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), min_size=1, max_size=64),
    "username": NAMES,
    "to": NAMES,
    "user": NAMES,
    "room": NAMES,
    "text": NAMES.filter(lambda text: len(text.encode()) <= TEXT),
    "query": NAMES,
    "topic": LINES,
    "reason": LINES,
    "session": NAMES,
    "token": NAMES,
    "features": st.sets(st.sampled_from(FEATURES)).map(
        lambda some: tuple(one for one in FEATURES if one in some)
    ),
    "limit": st.integers(1, PAGE),
    "seconds": st.floats(0.001, LONGEST),
    "role": st.sampled_from(["owner", "moderator", "member"]),
}


def commands() -> st.SearchStrategy[Any]:
    """Any command that a server takes."""
    return st.one_of([_command(row) for row in command_table.ROWS])


def _command(row: command_table.Row) -> st.SearchStrategy[Any]:
    made = st.builds(row.command, **{one.name: _field(row, one) for one in dataclasses.fields(row.command)})
    return made.map(_in_one_way).filter(lambda command: row.judge(command) is None)


def _in_one_way(command: Any) -> Any:
    """Who comes in does so in one way of three; chance would seldom find one."""
    if not isinstance(command, Auth):
        return command
    if command.session is not None:
        return dataclasses.replace(command, username=None, password=None, token=None)
    if command.token is not None:
        return dataclasses.replace(command, username=None, password=None)
    name, password = command.username or "ann", command.password or ""
    return dataclasses.replace(command, username=name, password=password)


def _field(row: command_table.Row, one: Any) -> st.SearchStrategy[Any]:
    hint = get_type_hints(row.command)[one.name]
    if one.name in ("after", "before") and (hint is str or str in get_args(hint)):
        value: st.SearchStrategy[Any] = TEXTS
    else:
        value = FIELDS[one.name] if one.name in FIELDS else _of(hint)
    return st.one_of(st.none(), value) if types.NoneType in get_args(hint) else value


def replies() -> st.SearchStrategy[Any]:
    """Any reply."""
    return st.one_of([_of(row.reply) for row in reply_table.ROWS])


def _of(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type."""
    if get_origin(hint) in (Union, types.UnionType):
        return st.one_of([_of(one) for one in get_args(hint)])
    if get_origin(hint) is tuple:
        return st.lists(_of(get_args(hint)[0]), max_size=3).map(tuple)
    if get_origin(hint) is dict:
        return st.dictionaries(TEXTS, st.one_of(TEXTS, WHOLE, st.booleans()), max_size=3)
    if dataclasses.is_dataclass(hint):
        return st.builds(hint, **{name: _of(one) for name, one in get_type_hints(hint).items()})
    return {
        str: TEXTS,
        int: WHOLE,
        float: st.floats(0, 1e12),
        bool: st.booleans(),
        types.NoneType: st.none(),
    }[hint]
