"""The file of remembered sessions: who one was on which server, and what one has read there; no passwords."""

import errno
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from minechat.client.private import NotPrivate, read, write_all, written
from minechat.errors import SessionsUnusable
from minechat.system import lock, open_private, unlock

VERSION = 1
#: More than a thousand sessions; a larger file is something else.
_MOST = 1 << 20
#: Places whose marks are kept for one session: far more than an account may join.
_MOST_MARKS = 500
#: Seconds to wait for another client that is writing.
_WAIT = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """One session.

    :param session: what the server knows us by
    :param marks: the number of the last message read in each place
    """

    username: str
    session: str = field(repr=False)
    marks: Mapping[str, int] = field(default_factory=dict)


class Sessions:
    """The sessions in a file, by the server's address and the name there.

    Each change reads the file anew under a lock, so that two clients keep each other's entries. After any
    crash the file is whole, and it is private from the first system call.

    :param path: the file; it and its folder are made when there is something to remember
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def find(self, server: str, username: str | None = None) -> Remembered | None:
        """The session of this name on a server, or the last one that was used there.

        :param server: its address, as ``localhost:8765``
        :raises SessionsUnusable: the file cannot be read, or others can read it too
        """
        entries, last = _entries(self._read(), server)
        if username is None:
            return entries.get(last) or next(iter(entries.values()), None)
        return entries.get(_key(username))

    def keep(self, server: str, remembered: Remembered) -> None:
        """Remembers a session in place of an earlier one of the same name, as the last one used.

        Marks that are there already stay where they are further on.

        :raises SessionsUnusable: it is not kept
        """

        def change(content: dict[str, Any]) -> None:
            there = content["servers"].setdefault(server, {"accounts": {}})
            there["last"] = _key(remembered.username)
            _put(there["accounts"], remembered)

        self._change(change)

    def mark(self, server: str, remembered: Remembered) -> None:
        """Keeps how far was read; a session that was forgotten meanwhile stays forgotten.

        :raises SessionsUnusable: it is not kept
        """

        def change(content: dict[str, Any]) -> None:
            accounts = content["servers"].get(server, {}).get("accounts", {})
            there = _remembered(accounts.get(_key(remembered.username)))
            if there is not None and there.session == remembered.session:
                _put(accounts, remembered)

        self._change(change)

    def forget(self, server: str, username: str, session: str | None = None) -> None:
        """Removes what is remembered of a name; no harm where there is nothing.

        :param session: only if it is this one: another client may have come in anew
        :raises SessionsUnusable: it is not removed
        """

        def change(content: dict[str, Any]) -> None:
            accounts = content["servers"].get(server, {}).get("accounts", {})
            there = _remembered(accounts.get(_key(username)))
            if there is not None and session in (None, there.session):
                del accounts[_key(username)]
            if not accounts:
                content["servers"].pop(server, None)

        self._change(change)

    def _change(self, change: Callable[[dict[str, Any]], None]) -> None:
        with self._named():
            _make_folder(os.path.dirname(self.path))
            with _locked(f"{self.path}.lock"):
                content = self._read()
                change(content)
                with written(self.path, replace=True) as fd:
                    write_all(fd, (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode("utf-8"))

    def _read(self) -> dict[str, Any]:
        with self._named():
            data = read(self.path, _MOST + 1)
        if data is None or not data.strip():
            return {"v": VERSION, "servers": {}}
        try:
            content = json.loads(data.decode("utf-8")) if len(data) <= _MOST else None
        except (ValueError, RecursionError):
            content = None
        if not _is_whole(content):
            raise SessionsUnusable(f"the file {self.path!r} holds no sessions; move it away or name another")
        assert isinstance(content, dict)
        return content

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except NotPrivate as problem:
            raise SessionsUnusable(f"the file of sessions {self.path!r} is not private: {problem}") from None
        except OSError as error:
            reason = error.strerror or str(error)
            raise SessionsUnusable(f"the file of sessions {self.path!r} cannot be used: {reason}") from None


def _put(accounts: dict[str, Any], remembered: Remembered) -> None:
    key = _key(remembered.username)
    earlier = _remembered(accounts.get(key))
    marks = _further(earlier.marks if earlier else {}, remembered.marks)
    accounts[key] = {"username": remembered.username, "session": remembered.session, "marks": marks}


def _key(username: str) -> str:
    """One key for all spellings that a server takes for the same name as well."""
    return username.replace(" ", "_").casefold()


def _is_whole(content: object) -> bool:
    """Whether the file is one of ours; entries in it that are damaged count as missing."""
    match content:
        case {"v": 1, "servers": dict() as servers}:
            return all(
                isinstance(there, dict) and isinstance(there.get("accounts"), dict)
                for there in servers.values()
            )
    return False


def _entries(content: dict[str, Any], server: str) -> tuple[dict[str, Remembered], str]:
    there = content["servers"].get(server, {"accounts": {}})
    found = {key: _remembered(entry) for key, entry in there["accounts"].items()}
    return {key: entry for key, entry in found.items() if entry is not None}, str(there.get("last"))


def _remembered(entry: object) -> Remembered | None:
    match entry:
        case {"username": str() as username, "session": str() as session, **others}:
            return Remembered(username=username, session=session, marks=_marks(others.get("marks")))
    return None


def _marks(marks: object) -> dict[str, int]:
    if not isinstance(marks, dict):
        return {}
    return {place: seq for place, seq in marks.items() if type(seq) is int and seq > 0}


def _further(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Of each place the greater number, those of ``other`` last; too many lose the first."""
    both = {place: seq for place, seq in one.items() if place not in other}
    both.update({place: max(seq, one.get(place, 0)) for place, seq in other.items() if seq > 0})
    return dict(list(both.items())[-_MOST_MARKS:])


def _make_folder(path: str) -> None:
    if path and not os.path.isdir(path):
        os.makedirs(path, 0o700, exist_ok=True)


@contextmanager
def _locked(path: str) -> Iterator[None]:
    """A lock of its own file: the file of sessions is another one after each change."""
    fd = open_private(path, os.O_RDWR | os.O_CREAT)
    try:
        if not lock(fd, wait=_WAIT):
            raise OSError(errno.EAGAIN, "another program keeps it locked")
        yield
        unlock(fd)
    finally:
        os.close(fd)
