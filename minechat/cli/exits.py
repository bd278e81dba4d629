"""Exit codes: what each one means, and which error leads to which."""

from minechat.errors import (
    ConnectionLost,
    InvalidInput,
    LocalError,
    MessageTooLong,
    MinechatError,
    NetworkError,
    NotStored,
    OutcomeUnknown,
    Refused,
    TimedOut,
    UnknownToken,
    Unreachable,
    WrongPassword,
)

DONE = 0
UNEXPECTED = 1
USAGE = 2
NETWORK = 3
TOKEN_REFUSED = 4
REFUSED_FOR_NOW = 5
REFUSED = 6
PARTLY_SENT = 8

EXITS: dict[int, str] = {
    DONE: "done; also when the pipe we write to was closed",
    UNEXPECTED: "unexpected: a bug, please report it",
    USAGE: "usage or configuration, empty input, a file of ours that cannot be used",
    NETWORK: "network: unreachable, refused, lost, timed out, TLS not trusted; outcome of a message unknown",
    TOKEN_REFUSED: "the server does not know the token, the password is wrong, or the session has ended",
    REFUSED_FOR_NOW: "refused for now: the error says when to try again",
    REFUSED: "refused for good: too long, not allowed by the server, taken, or not there",
    PARTLY_SENT: "partly sent: the error says which messages were",
    129: "ended by SIGHUP (the terminal was closed); a server with a certificate or under systemd reloads",
    130: "ended by Ctrl-C",
    143: "ended by SIGTERM",
}


class UsageError(MinechatError):
    """Options or settings that cannot be used; the message names the value and its origin.

    ``program`` and ``as_json`` tell how to report it: there are no options yet that could.
    """

    program = "minechat"
    as_json = False


class PartlySent(MinechatError):
    """Some messages were acknowledged before one failed; the message says which."""


# The first class that fits decides, so the narrow ones stand before the wide ones.
_CODES: tuple[tuple[type[MinechatError], int], ...] = (
    (PartlySent, PARTLY_SENT),
    (NetworkError, NETWORK),
    (UnknownToken, TOKEN_REFUSED),
    (WrongPassword, TOKEN_REFUSED),
    (MessageTooLong, REFUSED),
    (InvalidInput, USAGE),
    (LocalError, USAGE),
    (UsageError, USAGE),
)

_RETRYABLE = (Unreachable, TimedOut, ConnectionLost, NotStored)


def exit_code(error: BaseException) -> int:
    """The exit code an error ends a command with; 1 for what nobody expected."""
    if isinstance(error, Refused):
        return REFUSED if error.retry_after is None else REFUSED_FOR_NOW
    return next((code for kind, code in _CODES if isinstance(error, kind)), UNEXPECTED)


def retryable(error: BaseException) -> bool:
    """Whether the same command may succeed later without sending anything twice."""
    if isinstance(error, OutcomeUnknown):
        return False
    return isinstance(error, _RETRYABLE) or (isinstance(error, Refused) and error.retry_after is not None)


def error_code(error: BaseException) -> str:
    """The name of an error for programs: ``HostUnknown`` is ``host_unknown``."""
    if not isinstance(error, MinechatError):
        return "unexpected"
    name = type(error).__name__
    return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name).lstrip("_")
