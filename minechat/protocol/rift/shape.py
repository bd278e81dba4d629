"""Frozen values to JSON and back by the types of their fields."""

import types
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from minechat.protocol.rift.replies import Reply

#: Fields whose name on the wire is a word of Python.
RENAMED = {"sender": "from"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown(Reply):
    """A frame of a type that this version does not know."""

    word: str
    payload: dict[str, Any]


def to_json(value: Any) -> Any:
    """A value as JSON knows it; fields of a dataclass that are None are left out."""
    if is_dataclass(value):
        pairs = [(one.name, getattr(value, one.name)) for one in fields(value)]
        return {RENAMED.get(name, name): to_json(one) for name, one in pairs if one is not None}
    return [to_json(one) for one in value] if isinstance(value, tuple) else value


def from_json(kind: Any, value: Any) -> Any:
    """A value of a type out of JSON; keys that it does not have are ignored.

    :param kind: str, int, float, bool, a dict, a dataclass, a tuple of these of any length, or one or None
    :raises ValueError: it is of another type, or lacks a field that has no default and cannot be None
    """
    options = get_args(kind) if get_origin(kind) in (Union, types.UnionType) else (kind,)
    if value is None and types.NoneType in options:
        return None
    kind = options[0]
    if is_dataclass(kind):
        return _from_object(kind, value)
    if get_origin(kind) is tuple:
        return tuple(from_json(get_args(kind)[0], one) for one in _of_type(list, value))
    if kind is float and type(value) is int:
        return float(value)
    return _of_type(get_origin(kind) or kind, value)


def _of_type(kind: type, value: Any) -> Any:
    if type(value) is not kind:  # not isinstance: a bool is no number
        raise ValueError(f"{type(value).__name__} in place of {kind.__name__}")
    return value


def _from_object(kind: Any, value: Any) -> Any:
    found = _of_type(dict, value)
    values = {}
    for name, hint, needed in _fields(kind):
        key = RENAMED.get(name, name)
        if key in found or needed:
            try:
                values[name] = from_json(hint, found.get(key))
            except ValueError as reason:
                raise ValueError(f"{key}: {reason}") from None
    return kind(**values)


@cache
def _fields(kind: Any) -> tuple[tuple[str, Any, bool], ...]:
    """Each field of a dataclass: its name, its type, and whether it has no default."""
    hints = get_type_hints(kind)
    return tuple((one.name, hints[one.name], one.default is MISSING) for one in fields(kind))
