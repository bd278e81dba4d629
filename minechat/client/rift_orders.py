"""Commands of RIFT by name and fields, judged before anything is sent."""

from typing import Any

from minechat.errors import BadFrame, EmptyMessage, InvalidInput, MessageTooLong
from minechat.protocol.rift.command_table import BY_COMMAND, BY_WORD
from minechat.protocol.rift.commands import Command, PrivateMessage, RoomMessage
from minechat.protocol.rift.fields import TEXT
from minechat.protocol.rift.frames import encode_command, parse
from minechat.protocol.rift.states import State

_SAID = (RoomMessage, PrivateMessage)
#: What can be ordered: all but saying something, which a session keeps in order, and coming in.
NAMES = frozenset(
    row.word for row in BY_WORD.values() if row.state is State.KNOWN and row.command not in _SAID
)
_ERRORS: dict[str, type[InvalidInput]] = {"empty": EmptyMessage, "too_long": MessageTooLong}


def order(name: str, fields: dict[str, Any]) -> Command:
    """A command by its name on the wire.

    :raises InvalidInput: there is none, or its fields are not what they must be
    """
    if name not in NAMES:
        raise InvalidInput(f"there is no order {name!r}")
    try:
        command = BY_WORD[name].command(**fields)
    except TypeError as exc:
        raise InvalidInput(f"{name}: {exc}") from None
    return checked(command)


def checked(command: Command) -> Command:
    """The command, if a server may take it.

    :raises EmptyMessage, MessageTooLong, InvalidInput: it may not
    """
    if not all(_is_text(value) for value in map(command.__getattribute__, command.__slots__)):
        raise InvalidInput("U+0000 or half a surrogate pair is not text")
    try:
        parse(encode_command(command))
    except BadFrame as exc:
        raise _ERRORS.get(exc.code, InvalidInput)(_problem(command, exc)) from None
    except TypeError:
        raise InvalidInput("this is nothing that JSON can hold") from None
    return command


def _problem(command: Command, error: BadFrame) -> str:
    """What a person reads, who never wrote the name of a command; a server's words name the field."""
    if isinstance(command, _SAID) and error.code == "empty":
        return "the message is empty"
    if isinstance(command, _SAID) and error.code == "too_long":
        return f"the message is {len(command.text.encode())} bytes long; {TEXT} fit in one"
    return str(error) if isinstance(command, _SAID) else f"{BY_COMMAND[type(command)].word}: {error}"


def _is_text(value: Any) -> bool:
    try:
        return not isinstance(value, str) or b"\0" not in value.encode()
    except UnicodeEncodeError:
        return False
