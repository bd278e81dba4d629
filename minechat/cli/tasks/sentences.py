"""Every sentence of the owner's orders, in one place, so that another language can follow."""

NO_SUCH_TOKEN = (
    "tokens are kept as hashes only, so none can be shown; --new makes another, and the old one ends"  # noqa: S105 - no secret
)
NO_SERVER = "no server runs on this database; this takes one that runs: minechat server"
LOOPBACK_BANNED = "that is an address of this very machine: its own people and proxies are shut out too"

EMPTY = {
    "accounts": "there are no accounts",
    "bans": "nobody is banned",
    "audit": "the owner has ordered nothing yet",
}
_UNKNOWN = "; whether the order was carried out is not known"


def nothing_here(origin: str) -> str:
    """Neither a server nor a database."""
    return f"there is no server and no database ({origin}); name its database with --database"


def unreachable(path: str, reason: str) -> str:
    """A server runs, and we may not order."""
    return f"cannot give orders on {path!r}: {reason}; do it as the user the server runs as, or as root"


def gone(path: str, *, changes: bool) -> str:
    """The server ended since the last order; who only looked wants to know no more."""
    return f"the server on {path!r} is gone" + ("; nothing was ordered" if changes else "")


def silent(path: str, *, changes: bool) -> str:
    """No answer came in time."""
    return f"no answer on {path!r}{_UNKNOWN if changes else ''}"


def cut_off(path: str, *, changes: bool) -> str:
    """The connection broke before the answer."""
    return f"the server on {path!r} left without an answer{_UNKNOWN if changes else ''}"


def banned(whom: str, until: str | None, closed: int) -> str:
    """A ban holds."""
    return f"{whom} is banned {'for ever' if until is None else f'until {until}'}{_closed(closed)}"


def unbanned(whom: str) -> str:
    """A ban ended."""
    return f"{whom} may come in again"


def renamed(was: str, now: str, closed: int) -> str:
    """An account has another nickname."""
    return f"{was} is {now} now{_closed(closed)}"


def appointed(nickname: str, room: str, role: str) -> str:
    """Somebody has a role in a room."""
    return f"{nickname} is {role} of {room} now"


def renewed(nickname: str, closed: int) -> str:
    """The new token is on stdout."""
    return f"{nickname} has a new token, and the old one has ended{_closed(closed)}"


def password_made(nickname: str, closed: int) -> str:
    """The new password is on stdout."""
    return f"{nickname} has a new password, to be changed by /password; all sessions ended{_closed(closed)}"


def announced(text: str) -> str:
    """Everybody who listens has heard it."""
    return f"said: {text}"


def _closed(count: int) -> str:
    return "" if not count else f"; {count} {'connection was' if count == 1 else 'connections were'} closed"
