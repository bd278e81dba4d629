"""Every sentence the commands say, in one place, so that another language can follow."""

from minechat.events import Account, Connected, LinesSkipped, Lost, Retrying

TOO_MANY_FILES = "too many open files (the limit of this shell); raise it with: ulimit -n 1024"
TOKEN_VISIBLE = (
    "other users of this machine can see a token on the command line; --token-path and --token-stdin hide it"
)
NO_SERVER_HERE = "start chat.py or minechat server, or name another server with --host"

ASK_NICKNAME = "Nickname: "
ASK_TOKEN = "Token: "  # noqa: S105 - a question, not a secret
ASK_MESSAGE = "> "


def unexpected(kind: str, message: str) -> str:
    """A bug: what nobody expected."""
    what = f"{kind}: {message}" if message else kind
    return f"unexpected {what}; this is a bug, please report it with the output of the same command and -vv"


def state(state: Connected | Lost | Retrying | LinesSkipped) -> str:
    """What became of the connection, for stderr."""
    match state:
        case Connected(address):
            return f"connected to {address}"
        case Lost(reason, partial):
            return f"connection lost: {reason}{_partial(partial)}"
        case Retrying(reason, delay):
            return f"{reason}; trying again in {delay:.1f} s"
        case LinesSkipped(count):
            return _skipped(count)


def state_in_history(state: Lost | LinesSkipped) -> str:
    """What the history says about lines that it lacks from here on."""
    if isinstance(state, Lost):
        return f"connection lost: {state.reason}{_partial(state.partial)}"
    return _skipped(state.count)


def _partial(size: int) -> str:
    return f" ({size} bytes of an unfinished line were left out)" if size else ""


def _skipped(count: int) -> str:
    return f"{count} over-long {'line was' if count == 1 else 'lines were'} left out"


def opened_here(read_port: int, write_port: int, *, wanted: bool) -> str:
    """The embedded server is open: how the other scripts reach it, with ports only where they must be told."""
    ports = "" if wanted else f" --port {write_port}"
    reach = f"registration.py{ports} and authorization.py{ports}"
    return f"a chat of your own is open on 127.0.0.1:{read_port}; {reach} reach it from another terminal"


def joined_here(read_port: int) -> str:
    """A server of ours runs on this machine already."""
    return f"joining the chat that is open on 127.0.0.1:{read_port}"


def token_travels_plain(host: str) -> str:
    """A token leaves this machine unencrypted."""
    return f"the token travels to {host} unencrypted: whoever is on the way can read it"


def registered(account: Account, path: str) -> str:
    """An account was made; the token itself is data and goes to stdout."""
    return f"registered as {account.nickname}; the token is saved in {path}"


def token_not_saved(reason: str) -> str:
    """The account exists and its token is only on stdout."""
    return f"{reason}; keep the token printed above, it is not saved"


def sent(count: int) -> str:
    """So many messages were acknowledged."""
    return "sent" if count == 1 else f"{count} messages sent"


def partly_sent(sent: int, total: int | None, reason: str) -> str:
    """Some messages were acknowledged before one was not."""
    of = "" if total is None else f" of {total}"
    which = "message 1 was sent" if sent == 1 else f"messages 1 to {sent}{of} were sent"
    return f"{which}, number {sent + 1} was not: {reason}"
