"""Frames of RIFT to values and back: the client's side and the server's, by the two tables."""

import json
from dataclasses import MISSING, fields
from typing import Any

from minechat.errors import BadFrame
from minechat.protocol.rift import command_table, reply_table
from minechat.protocol.rift.commands import Command
from minechat.protocol.rift.fields import ID_FIELD, Unfit
from minechat.protocol.rift.replies import Reply
from minechat.protocol.rift.shape import Unknown, from_json, to_json
from minechat.protocol.rift.strict import FRAME_LIMIT, loads

#: Bytes of one frame of a server, as a client takes it.
REPLY_LIMIT = 1024 * 1024
_ENVELOPE = {"type", "payload"}


def shown(name: str) -> str:
    """A name of a person as RIFT writes it: ``_`` for blanks, since its ``/pm`` ends a name at a blank."""
    return name.replace(" ", "_")


# What the client says.


def parse(data: str | bytes, limit: int = FRAME_LIMIT) -> Command:
    """A client's frame as what it asks for.

    :raises BadFrame: with the request's id and type where those could be read
    """
    word, payload = _opened(data, limit)
    row = command_table.BY_WORD.get(word)
    id_ = _id_of(payload)
    if row is None:
        raise BadFrame("there is no such command", "unknown_command", request=id_)
    try:
        return _command(row, payload)
    except BadFrame as reason:
        raise BadFrame(str(reason), reason.code, request=id_, to=word) from None


def encode_command(command: Command) -> bytes:
    """The frame of a command; its fields are not judged.

    Fields that are as they would be without saying so are left out.
    """
    row = command_table.BY_COMMAND[type(command)]
    payload = {
        one.name: to_json(value)
        for one in fields(command)
        if (value := getattr(command, one.name)) != one.default or one.default is MISSING
    }
    return _bytes({"type": row.word, "payload": payload})


def _command(row: command_table.Row, payload: dict[str, Any]) -> Command:
    values = {}
    for one in fields(row.command):
        check = ID_FIELD if one.name == "id" else row.fields[one.name]
        value = payload.get(one.name)
        if value is None:  # null says no more than a field that is not there
            if one.default is MISSING:
                raise BadFrame(f"{one.name} is missing")
            continue
        try:
            values[one.name] = check.read(value)
        except Unfit as reason:
            raise BadFrame(f"{one.name} {reason}", reason.code) from None
    command = row.command(**values)
    if (wrong := row.judge(command)) is not None:
        raise BadFrame(wrong)
    return command


def _id_of(payload: dict[str, Any]) -> str | None:
    try:
        return None if (value := payload.get("id")) is None else ID_FIELD.read(value)
    except Unfit:
        return None


# What the server says.


def encode(reply: Reply) -> bytes:
    """The frame of a reply. Fields that are None are left out, and a payload of nothing else too.

    :raises KeyError: it has no row in the table
    """
    row = reply_table.BY_REPLY[type(reply)]
    payload = to_json(reply)
    return _bytes({"type": row.word, "payload": payload} if payload else {"type": row.word})


def parse_reply(data: str | bytes, limit: int = REPLY_LIMIT) -> Reply:
    """A server's frame as what it tells; ``Unknown`` where it is of a type that we do not know.

    :raises BadFrame: it is no frame, or one of a known type with other fields
    """
    word, payload = _opened(data, limit)
    row = reply_table.BY_WORD.get(word)
    if row is None:
        return Unknown(word=word, payload=payload, id=_id_of(payload))
    try:
        reply: Reply = from_json(row.reply, {**row.older, **payload})
    except ValueError as reason:
        raise BadFrame(f"{word}: {reason}", request=_id_of(payload), to=word) from None
    return reply


# Both.


def _opened(data: str | bytes, limit: int) -> tuple[str, dict[str, Any]]:
    """The type and the payload of a frame.

    :raises BadFrame: it has no type, or something else is wrong with it
    """
    frame = loads(data, limit)
    word, payload = frame.get("type"), frame.get("payload", {})
    if not isinstance(word, str):
        raise BadFrame("the frame has no type")
    if not isinstance(payload, dict):
        raise BadFrame("the payload is not a JSON object")
    if not frame.keys() <= _ENVELOPE:
        raise BadFrame("the frame has more than a type and a payload", request=_id_of(payload))
    return word, payload


def _bytes(frame: dict[str, Any]) -> bytes:
    # Half a surrogate pair reaches nobody: it becomes "?".
    text = json.dumps(frame, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode("utf-8", "replace")
