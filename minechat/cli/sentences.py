"""Every sentence the commands say, in one place, so that another language can follow."""

from minechat.events import Connected, LinesSkipped, Lost, Retrying

TOO_MANY_FILES = "too many open files (the limit of this shell); raise it with: ulimit -n 1024"
NO_SERVER_HERE = "start chat.py or minechat server, or name another server with --host"

ASK_NICKNAME = "Nickname: "
ASK_TOKEN = "Token: "  # noqa: S105 - a question, not a secret
ASK_MESSAGE = "> "
SENT = "sent"
STANDARD_INPUT = "standard input"
PROMPT = "the prompt"
NO_NICKNAME = "there is no nickname to register; give one with --username"
NO_NICKNAME_TYPED = "no nickname was typed; nothing was registered"
NOT_A_NICKNAME = "a nickname is one line without control characters"
NO_TOKEN_TYPED = "there is no token on standard input; nothing was sent"  # noqa: S105 - no secret
NOT_A_TOKEN = "a token is one word of at most 256 ASCII characters"  # noqa: S105 - no secret
NOTHING_TO_SEND = "standard input is empty; there is nothing to send"
INPUT_NOT_UTF8 = "standard input is not UTF-8 text"
INPUT_HOLDS_NUL = "standard input is not text: it holds NUL bytes"

NO_TERMINAL_FOR_SCREEN = "--tui needs a terminal for input and output; leave it out to write lines"


def unexpected(kind: str, message: str) -> str:
    """A bug: what nobody expected."""
    what = f"{kind}: {message}" if message else kind
    return f"unexpected {what}; this is a bug, please report it with the output of the same command and -vv"


def unusable(problem: str, origin: str) -> str:
    """A value that cannot be used, found out in time."""
    return f"{problem} ({origin}); nothing was sent"


def setting(name: str, value: str, origin: str) -> str:
    """A setting as it counts."""
    return f"{name} is {value} ({origin})"


def not_installed(library: str, program: str) -> str:
    """The script was started by a Python that lacks its libraries."""
    return f"{program}: {library} is not installed for this Python; run it with: uv run {program}"


def state(state: Connected | Lost | Retrying | LinesSkipped) -> str:
    """What became of the connection, for stderr."""
    match state:
        case Connected(address):
            return f"connected to {address}"
        case Lost(reason, partial):
            return f"connection lost: {reason}{_partial(partial)}"
        case Retrying("", delay):
            return f"trying again in {delay:.1f} s"
        case Retrying(reason, delay):
            return f"{_aside(reason)}; trying again in {delay:.1f} s"
        case LinesSkipped(count):
            return _skipped(count)


def state_in_history(state: Lost | LinesSkipped) -> str:
    """What the history says about lines that it lacks from here on."""
    if isinstance(state, Lost):
        return f"connection lost: {state.reason}{_partial(state.partial)}"
    return _skipped(state.count)


def _aside(reason: str) -> str:
    """A reason that ends in a question, as a part of a longer sentence."""
    what, semicolon, question = reason.partition("; ")
    return f"{what} ({question})" if semicolon and question.endswith("?") else reason


def _partial(size: int) -> str:
    return f" ({size} bytes of an unfinished line were left out)" if size else ""


def _skipped(count: int) -> str:
    return f"{count} over-long {'line was' if count == 1 else 'lines were'} left out"


def opened_here(read_port: int, write_port: int, *, wanted: bool) -> str:
    """The embedded server is open: how the other scripts reach it, with a port where they need one."""
    ports = "" if wanted else f" --port {write_port}"
    reach = f"registration.py{ports} and authorization.py{ports}"
    return f"a chat of your own is open on 127.0.0.1:{read_port}; {reach} reach it from another terminal"


def token_visible() -> str:
    """A token was given as an argument."""
    return "other users of this machine can see a token given with -T; --token-path and --token-stdin hide it"


def token_travels_plain(host: str) -> str:
    """A token leaves this machine unencrypted."""
    return f"the token travels to {host} unencrypted: whoever is on the way can read it"


def token_shadowed(origin: str, path: str) -> str:
    """A token of a setting counts though a token file was named."""
    return f"the token is {origin}, not the one in {path}"


def no_token(path: str) -> str:
    """No option, setting or file gives a token, and no nickname is there to register."""
    return f"there is no token, nor a file {path}; run registration.py first, or give --username to register"


def registered(nickname: str, path: str) -> str:
    """An account was made; the token itself is data and goes to stdout."""
    return f"registered as {nickname}; the token is saved in {path}"


def token_not_saved(nickname: str, reason: str) -> str:
    """The account exists and its token is only on stdout."""
    return f"registered as {nickname}, but {reason}; keep the token printed above, it is not saved"


def welcome(nickname: str) -> str:
    """The prompt is about to open."""
    return f"you are {nickname}; Enter sends, Alt-Enter begins a new line, Ctrl-D leaves"


def kept_above(reason: str) -> str:
    """A message was refused at the prompt, and is too long to stand there again."""
    return f"{reason}; Up brings it back"


def sent(count: int, nickname: str) -> str:
    """So many messages were acknowledged."""
    return f"sent as {nickname}" if count == 1 else f"{count} messages sent as {nickname}"


def refused(reason: str, retry_after: float | None) -> str:
    """The server's words, and when to try again where that helps."""
    return f"refused: {reason}" + ("" if retry_after is None else f"; try again in {retry_after:g} s")


def partly_sent(sent: int, total: int | None, reason: str) -> str:
    """Some messages were acknowledged before one failed: which, and what became of the others."""
    return f"{_were_sent(sent)}, message {sent + 1} failed: {reason}{_nothing_from(sent + 2, total)}"


def sent_untold(sent: int, total: int | None, reason: str) -> str:
    """Messages were acknowledged, and the last of them could not be told on stdout."""
    return f"{_were_sent(sent)}, but {reason}{_nothing_from(sent + 1, total)}"


def _were_sent(count: int) -> str:
    return "message 1 was sent" if count == 1 else f"messages 1 to {count} were sent"


def _nothing_from(number: int, total: int | None) -> str:
    return "" if total is None or total < number else f"; nothing was sent from message {number} on"


def stopped(number: int) -> str:
    """A signal came while a message waited for its acknowledgement."""
    before = {1: "", 2: "; message 1 was sent"}.get(number, f"; messages 1 to {number - 1} were sent")
    return f"stopped: it is unknown whether message {number} was sent{before}"


def too_much_input(limit: int) -> str:
    """A message on standard input is so long that it was not read to its end."""
    return f"standard input holds a message longer than {limit} bytes, more than a message can be"


def cannot_read_input(reason: str) -> str:
    """The system refuses to read standard input."""
    return f"cannot read standard input: {reason}"


def cannot_write_output(reason: str) -> str:
    """The system refuses to write to standard output."""
    return f"cannot write to standard output: {reason}"


def certificate_made(certificate: str, key: str) -> str:
    """The first start of a server that signs its own certificate."""
    return f"made a certificate: {certificate}, its key: {key} (keep it private, and keep both)"


def for_friends(host: str, read_port: int, write_port: int, fingerprint: str) -> str:
    """How friends reach a server whose certificate only its fingerprint vouches for: commands to paste."""
    trust = f"--tls-fingerprint {fingerprint}"
    return (
        f"friends watch with: uv run chat.py --host {host} --port {read_port} {trust}\n"
        f"they post likewise: uv run authorization.py --host {host} --port {write_port} {trust}"
    )


def for_this_machine(host: str, read_port: int, write_port: int, fingerprint: str) -> str:
    """The same for a server that only its own machine reaches."""
    trust = f"--tls-fingerprint {fingerprint}"
    return (
        f"watch on this machine with: uv run chat.py --host {host} --port {read_port} {trust}\n"
        f"post on it likewise: uv run authorization.py --host {host} --port {write_port} {trust}\n"
        "nobody else can reach it; for friends start it with --host 0.0.0.0, or an address of this machine"
    )


def serving(host: str, read_port: int, write_port: int, rift_port: int | None) -> str:
    """Where a server listens; an IPv6 address in brackets."""
    rift = "" if rift_port is None else f", port {rift_port} for RIFT"
    return f"listening on {host}: port {read_port} to watch, port {write_port} to register and post{rift}"


def rift_elsewhere(wanted: int, port: int) -> str:
    """The default port of RIFT is taken."""
    return f"port {wanted} is taken; RIFT is on port {port}"


def metrics_elsewhere(wanted: int, port: int) -> str:
    """The default port of the status pages is taken."""
    return f"port {wanted} is taken; /health, /ready and /metrics are on 127.0.0.1, port {port}"


def connected(readers: int, writers: int, rift: int | None) -> str:
    """How many are there, for a service manager; None where there is no port for RIFT."""
    return f"{readers} watching, {writers} to post" + ("" if rift is None else f", {rift} for RIFT")


def backed_up(database: str, file: str) -> str:
    """A backup is whole and on the disk."""
    return f"{database} is backed up in {file}"


def restored(file: str, database: str) -> str:
    """A database was made from a backup."""
    return f"{database} is restored from {file}"
