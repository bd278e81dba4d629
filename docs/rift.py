"""Writes or checks the tables of docs/rift.md, made from those of the code.

Run: ``uv run python docs/rift.py --write`` or ``--check``.
"""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

from minechat.cli.tables import filled
from minechat.protocol.rift import command_table, reply_table
from minechat.protocol.rift.codes import CODES
from minechat.protocol.rift.commands import FEATURES
from minechat.protocol.rift.shape import RENAMED
from minechat.protocol.rift.states import State
from minechat.server.rights import AGAINST, NEEDED

PAGE = Path(__file__).resolve().parent / "rift.md"
JSON_TYPES = {str: "text", int: "whole number", float: "number", bool: "true or false"}
#: What the server does with a feature, for who names it.
ABOUT_FEATURES = {
    "acks": "Each message is answered by `message_stored`; private messages reach people who are away.",
    "rooms": "Messages of all one's rooms are heard, and what happens in them is told by `room_event`.",
    "presence": "Who comes and who goes is told by `presence`.",
    "sessions": "`auth_success` brings a session, to be kept in place of a password.",
}


def tables() -> dict[str, str]:
    """Each generated part of the page by its mark."""
    return {
        "features": _table(
            ("feature", "what it brings"), ([f"`{one}`", ABOUT_FEATURES[one]] for one in FEATURES)
        ),
        "states": _table(("state", "then"), _states()),
        "commands": _table(
            ("type", "payload", "who may", "answer", "what it does"), map(_command, command_table.ROWS)
        ),
        "replies": _table(("type", "payload", "sent to", "what it tells"), map(_reply, reply_table.ROWS)),
        "values": _table(("name", "fields"), map(_value, _values())),
        "codes": _table(("code", "meaning"), ([f"`{code}`", meaning] for code, meaning in CODES.items())),
        "rights": _table(("role", "may"), _rights()),
    }


def page(text: str) -> str:
    """The page with its tables as the code has them."""
    for mark, table in tables().items():
        text = filled(text, mark, table)
    return text


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n" + "".join(f"| {' | '.join(line)} |\n" for line in lines) + "\n"


def _states() -> list[list[str]]:
    return [[f"`{state.name}`", f"{state.value[0].upper()}{state.value[1:]}."] for state in State]


def _command(row: command_table.Row) -> list[str]:
    own = [one for one in fields(row.command) if one.name != "id"]
    payload = "<br>".join(f"{_named(one)}: {row.fields[one.name].about}" for one in own)
    answers = ", ".join(_answer(answer) for answer in row.answers)
    return [f"`{row.word}`", payload or "nothing", _who(row), answers, row.about]


def _named(one: Field[Any]) -> str:
    """A field, and what holds where it is left out."""
    if one.default is MISSING:
        return f"`{one.name}`"
    if one.default in (None, "", ()):
        return f"`{one.name}` (may be left out)"
    return f"`{one.name}` (else `{str(one.default).lower()}`)"


def _who(row: command_table.Row) -> str:
    if row.state is State.NEW:
        return "who has not logged in"
    if row.deed is None:
        return "everybody"
    role = NEEDED[row.deed].word
    return {"stranger": "everybody"}.get(role, role)


def _answer(answer: Any) -> str:
    row = reply_table.BY_REPLY[answer]
    return f"`{row.word}`" + (f" (with `{row.feature}`)" if row.feature else "")


def _reply(row: reply_table.Row) -> list[str]:
    to = f"who named `{row.feature}`" if row.feature else "whoever it concerns"
    return [f"`{row.word}`", _payload(row.reply), to, row.about]


def _payload(kind: Any) -> str:
    hints = get_type_hints(kind)
    own = [
        one for one in fields(kind) if one.name != "id" or "id" not in hints or not issubclass(kind, _REPLY)
    ]
    return "<br>".join(_typed(RENAMED.get(one.name, one.name), hints[one.name]) for one in own) or "nothing"


_REPLY = reply_table.r.Reply


def _typed(name: str, hint: Any) -> str:
    options = get_args(hint)
    missing = type(None) in options
    kind = options[0] if missing else hint
    return f"`{name}`{' (may be missing)' if missing else ''}: {_json_type(kind)}"


def _json_type(kind: Any) -> str:
    if get_origin(kind) is tuple:
        return f"list of {_json_type(get_args(kind)[0])}"
    if is_dataclass(kind):
        return f"*{_title(kind)}*"
    return JSON_TYPES.get(kind, "object")


def _title(kind: Any) -> str:
    return {"RoomInfo": "room", "AuditEntry": "deed", "Entry": "message"}.get(
        kind.__name__, kind.__name__.lower()
    )


def _values() -> list[Any]:
    """The kinds of objects inside payloads, in the order in which they are first met."""
    met: dict[Any, None] = {}
    kinds: list[Any] = [row.reply for row in reply_table.ROWS]
    for kind in kinds:
        for hint in get_type_hints(kind).values():
            inner = next(iter(get_args(hint)), hint)
            if is_dataclass(inner) and inner not in met:
                met[inner] = None
                kinds.append(inner)
    return list(met)


def _value(kind: Any) -> list[str]:
    return [f"*{_title(kind)}*", _payload(kind)]


def _rights() -> list[list[str]]:
    rows = []
    for role in sorted(set(NEEDED.values())):
        may = [f"`{row.word}`" for row in command_table.ROWS if row.deed and NEEDED[row.deed] is role]
        rows.append([{"stranger": "everybody"}.get(role.word, role.word), ", ".join(may)])
    lesser = ", ".join(f"`{row.word}`" for row in command_table.ROWS if row.deed in AGAINST)
    return [*rows, ["only against somebody of a lesser role", lesser]]


def main(arguments: list[str]) -> int:
    if arguments not in (["--write"], ["--check"]):
        print("usage: python docs/rift.py --write|--check", file=sys.stderr)
        return 2
    text = PAGE.read_text(encoding="utf-8")
    if page(text) == text:
        return 0
    print(f"{PAGE.name}: its tables are stale")
    if arguments == ["--check"]:
        return 1
    PAGE.write_text(page(text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
