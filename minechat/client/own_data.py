"""What a server keeps of oneself, entry by entry, as sentences for a person."""

from collections.abc import Callable

from minechat.client.transcript import STAMP, stamp
from minechat.text import safe

Entry = dict[str, object]

#: What each kind of sanction made of somebody.
_SUFFERED = {"mute": "muted in", "ban": "banned from"}


def entry_text(entry: Entry, form: str = STAMP) -> str:
    """``[stamp] you said in general: hello``, without the newline; line ends are visible symbols.

    What a server of another version keeps, or keeps in another way, is told by its names and values.

    :param entry: an object of ``my_data``, with a ``kind``
    :param form: the stamp, as strftime takes it
    """
    try:
        text = _SENTENCES[_text(entry, "kind")](entry, form)
    except (KeyError, TypeError):
        text = _as_it_is(entry)
    time = _moment(entry, "time", form)
    return safe(text if time is None else f"[{time}] {text}")


def _account(entry: Entry, form: str) -> str:
    password = "a password is set" if entry["password"] else "no password is set"
    return f"you registered as {_text(entry, 'username')}; {password}"


def _session(entry: Entry, form: str) -> str:
    return "you logged in, and that session is remembered"


def _membership(entry: Entry, form: str) -> str:
    return f"you are in {_text(entry, 'room')} as {_text(entry, 'role')}"


def _room_made(entry: Entry, form: str) -> str:
    return f"you made the room {_text(entry, 'room')}"


def _sanction(entry: Entry, form: str) -> str:
    what = _SUFFERED[_text(entry, "what")]
    until = _moment(entry, "until", form)
    end = "for ever" if until is None else f"until {until}"
    by = _after(" by ", entry, "by")
    where = _text(entry, "room") or "the server"
    return f"you were {what} {where}{by}, {end}{_after(': ', entry, 'reason')}"


def _invitation(entry: Entry, form: str) -> str:
    return f"{_text(entry, 'by')} invited you to {_text(entry, 'room')}"


def _block(entry: Entry, form: str) -> str:
    return f"you blocked {_text(entry, 'username')}"


def _message(entry: Entry, form: str) -> str:
    return f"you said in {_text(entry, 'room')}: {_text(entry, 'text')}"


def _private_message(entry: Entry, form: str) -> str:
    return f"{_text(entry, 'from')} said to {_text(entry, 'to')}: {_text(entry, 'text')}"


def _deed(entry: Entry, form: str) -> str:
    by = _text(entry, "by") or "the server's owner"
    whom, room = _after(" ", entry, "username"), _after(", in ", entry, "room")
    return f"on record: {_text(entry, 'what')}{whom}, by {by}{room}{_after(': ', entry, 'detail')}"


_SENTENCES: dict[str, Callable[[Entry, str], str]] = {
    "account": _account,
    "session": _session,
    "membership": _membership,
    "room_made": _room_made,
    "sanction": _sanction,
    "invitation": _invitation,
    "block": _block,
    "message": _message,
    "private_message": _private_message,
    "deed": _deed,
}


def _as_it_is(entry: Entry) -> str:
    others = ", ".join(f"{name} {value}" for name, value in entry.items() if name not in ("kind", "time"))
    return f"{entry.get('kind')}: {others}"


def _text(entry: Entry, name: str) -> str:
    """A value that must be text.

    :raises KeyError: there is none
    :raises TypeError: it is something else
    """
    value = entry[name]
    if not isinstance(value, str):
        raise TypeError
    return value


def _after(words: str, entry: Entry, name: str) -> str:
    """A text that may be empty, behind words of ours."""
    value = _text(entry, name)
    return f"{words}{value}" if value else ""


def _moment(entry: Entry, name: str, form: str) -> str | None:
    value = entry.get(name)
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return stamp(value, form) if is_number else None  # type: ignore[arg-type]
