"""What Windows lacks, in one guarded place: private files, locks, keep-alive, signals, limits."""

import errno
import importlib
import os
import select
import shlex
import signal
import socket
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

#: Where a system has no limit on descriptors, or does not tell it.
NO_LIMIT = 1 << 20
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a symbolic link",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_ERRNOS = {stat.S_IFDIR: errno.EISDIR, stat.S_IFLNK: errno.ELOOP}


def _module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


_fcntl = _module("fcntl")
_resource = _module("resource")
_pwd = _module("pwd")
_termios = _module("termios")


def open_private(path: str, flags: int) -> int:
    """Opens a regular file (or the null device) that nobody else may read; an opener for ``open``.

    A file it creates has mode 0600 from the first system call, whatever the umask. A symbolic link is
    never followed, and nothing else than a regular file is even opened: opening a pipe may wait for
    ever, and opening a device may do something.

    :raises OSError: ``strerror`` says what stands there, in words for a user
    """
    try:
        status = _status(path)
        if status is not None:
            _refuse_irregular(path, status)
        never_wait = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
        fd = os.open(path, flags | never_wait | getattr(os, "O_BINARY", 0), 0o600)
    except ValueError:
        raise OSError(errno.EINVAL, "this cannot be the name of a file") from None
    except FileNotFoundError:
        raise FileNotFoundError(errno.ENOENT, _why_missing(path, flags)) from None
    try:
        _refuse_irregular(path, os.fstat(fd))
    except BaseException:
        os.close(fd)
        raise
    return fd


def _status(path: str) -> os.stat_result | None:
    try:
        return os.lstat(path)
    except FileNotFoundError:
        return None


def _refuse_irregular(path: str, status: os.stat_result) -> None:
    kind = stat.S_IFMT(status.st_mode)
    if kind == stat.S_IFREG or (kind == stat.S_IFCHR and os.path.samestat(status, os.stat(os.devnull))):
        return
    target = f" to {os.readlink(path)!r}, and links are not followed" if kind == stat.S_IFLNK else ""
    words = f"it is {_KINDS.get(kind, 'not a file')}{target}"
    raise OSError(_ERRNOS.get(kind, errno.ENXIO), words)


def _why_missing(path: str, flags: int) -> str:
    if not path:
        return "the name is empty"
    return "the folder it belongs in does not exist" if flags & os.O_CREAT else "it does not exist"


def lock(fd: int, *, wait: float = 0.0, shared: bool = False) -> bool:
    """Takes the lock on a file; False when another holder keeps it for ``wait`` seconds.

    Asks again and again, since a wait inside the system call could not be given up. True without a
    lock where the system or the file system has none.

    :param shared: together with all who take it shared, else alone
    """
    if _fcntl is None:
        return True
    deadline = time.monotonic() + wait
    delay = 0.0005
    while not _lock_now(fd, shared):
        if time.monotonic() >= deadline:
            return False
        time.sleep(delay)
        delay = min(delay * 2, 0.02)
    return True


def _lock_now(fd: int, shared: bool) -> bool:
    try:
        _fcntl.flock(fd, (_fcntl.LOCK_SH if shared else _fcntl.LOCK_EX) | _fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS):
            raise
    return True


def unlock(fd: int) -> None:
    """Gives the lock back; no harm where none is held."""
    if _fcntl is not None:
        with suppress(OSError):
            _fcntl.flock(fd, _fcntl.LOCK_UN)


def sync_folder(path: str) -> None:
    """Makes the names in a folder durable, as fsync(2) asks for after a file is created or renamed.

    Nothing where folders cannot be opened or synced.
    """
    if not hasattr(os, "O_DIRECTORY"):
        return
    fd = os.open(path or os.curdir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(fd)


def private_mode_problem(status: os.stat_result) -> str | None:
    """What makes a file less than private, in words for its user; None when nothing does, or on Windows."""
    if not hasattr(os, "geteuid"):
        return None
    if status.st_uid != os.geteuid():
        return f"it belongs to another user (uid {status.st_uid})"
    if status.st_mode & 0o077:
        return f"other users may read it (mode {stat.S_IMODE(status.st_mode):04o})"
    return None


def make_private_command(path: str, status: os.stat_result) -> str:
    """The shell command that mends what ``private_mode_problem`` found."""
    name = shlex.quote(path)
    mode = f"chmod 600 {name}"
    if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
        return f"sudo chown {os.geteuid()} {name} && {mode}"
    return mode


def keepalive(sock: socket.socket, idle: float) -> None:
    """Has the kernel notice a dead peer: first probe after ``idle`` seconds of silence, then three more.

    Data that nobody acknowledges for ``idle`` seconds ends the connection too, where TCP_USER_TIMEOUT
    (RFC 5482) exists.
    """
    seconds = min(max(1, round(idle)), 32767)
    options = {
        "TCP_KEEPIDLE": seconds,
        "TCP_KEEPALIVE": seconds,  # the same on macOS
        "TCP_KEEPINTVL": max(1, round(idle / 6)),
        "TCP_KEEPCNT": 3,
        "TCP_USER_TIMEOUT": round(idle * 1000),
    }
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in options.items():
        if hasattr(socket, name):
            # A kernel may know the name and not the option; the connection works without.
            with suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def can_hide() -> bool:
    """Whether ``unseen`` hides anything here."""
    return _termios is not None


def key_by_key(fd: int) -> list[Any] | None:
    """A terminal gives single keys from now on, unseen; what was typed before and was not read is dropped.

    :returns: how it was set before; None where it is no terminal
    """
    try:
        before: list[Any] = _termios.tcgetattr(fd)
        _termios.tcsetattr(fd, _termios.TCSAFLUSH, _by_keys(before))
    except (AttributeError, OSError, ValueError, getattr(_termios, "error", OSError)):
        return None
    return before


@contextmanager
def unseen(fd: int) -> Iterator[None]:
    """A terminal takes lines in the block without showing them; nothing happens to what is no terminal."""
    with _terminal(fd, lines=True):
        yield


@contextmanager
def held(fd: int) -> Iterator[None]:
    """Keys that are typed inside the block wait unseen, as they are, for whoever reads the terminal next.

    Ctrl-C is a signal all the same. Nothing happens to what is no terminal.
    """
    with _terminal(fd, lines=False):
        yield


@contextmanager
def _terminal(fd: int, *, lines: bool) -> Iterator[None]:
    """A terminal without echo; by lines that Enter ends, or by single keys."""
    try:
        before = _termios.tcgetattr(fd)
    except (AttributeError, OSError, ValueError, getattr(_termios, "error", OSError)):
        yield
        return
    within = [*before] if lines else _by_keys(before)
    if lines:
        within[0] |= _termios.ICRNL
        within[3] = (within[3] | _termios.ICANON) & ~_termios.ECHO
    # What was typed ahead, and shown, is not taken for a secret.
    _termios.tcsetattr(fd, _termios.TCSAFLUSH if lines else _termios.TCSADRAIN, within)
    try:
        yield
    finally:
        _termios.tcsetattr(fd, _termios.TCSADRAIN, before)


def _by_keys(settings: list[Any]) -> list[Any]:
    """The same settings, without lines and echo."""
    within = [*settings]
    within[0] &= ~_termios.ICRNL
    within[3] &= ~(_termios.ICANON | _termios.ECHO | _termios.IEXTEN)
    within[6] = [*settings[6]]
    within[6][_termios.VMIN], within[6][_termios.VTIME] = 1, 0
    return within


def is_readable(fd: int) -> bool:
    """Whether reading would not wait; False where that cannot be told, as of a console of Windows."""
    try:
        return bool(select.select([fd], [], [], 0)[0])
    except (OSError, ValueError):
        return False


def in_foreground(fd: int) -> bool:
    """Whether this process may read from its terminal: a job in the background would be stopped."""
    group_of: Any = getattr(os, "tcgetpgrp", None)
    our_group: Any = getattr(os, "getpgrp", None)
    if group_of is None or our_group is None:
        return True
    try:
        return bool(group_of(fd) == our_group())
    except OSError:
        return False


def signals() -> tuple[signal.Signals, ...]:
    """The signals that ask a program to end, as far as they exist here."""
    names = ("SIGINT", "SIGTERM", "SIGHUP")
    return tuple(getattr(signal, name) for name in names if hasattr(signal, name))


def user_name(uid: int | None) -> str:
    """What a user is called here, ``uid N`` where that has no name; empty where nobody can tell."""
    if uid is None or _pwd is None:
        return ""
    try:
        return str(_pwd.getpwuid(uid).pw_name)
    except KeyError:
        return f"uid {uid}"


def raise_descriptor_limit() -> int:
    """Raises the soft limit of open files to the hard one; returns the limit that holds now."""
    if _resource is None:
        return NO_LIMIT
    soft, hard = _resource.getrlimit(_resource.RLIMIT_NOFILE)
    # macOS calls the hard limit infinite and then refuses it.
    with suppress(ValueError, OSError):
        _resource.setrlimit(_resource.RLIMIT_NOFILE, (hard, hard))
        soft = hard
    return NO_LIMIT if soft == _resource.RLIM_INFINITY else int(soft)


def notify(address: str, *assignments: str) -> None:
    """Tells a service manager how we are, as sd_notify(3) does: ``READY=1``.

    :param address: of its socket; one that starts with ``@`` is abstract, an empty one is nobody
    """
    family = getattr(socket, "AF_UNIX", None)
    if not address or family is None:
        return
    with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as sender:
        sender.setblocking(False)
        sender.sendto("\n".join(assignments).encode(), "\0" + address[1:] if address[0] == "@" else address)
