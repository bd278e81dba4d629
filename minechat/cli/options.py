"""What an option is, and the options that several commands share."""

from dataclasses import dataclass

from minechat.cli.kinds import Kind

PREFIX = "MINECHAT_"
PLAIN = frozenset(
    {"HOST", "READ_PORT", "WRITE_PORT", "SEND_PORT", "HISTORY", "TOKEN", "TOKEN_PATH", "NICKNAME"}
)
"""Settings taken from the environment without the prefix too: long known to scripts for minechat.

Any other plain name may be meant for another program: DATABASE_URL, and USERNAME, which Windows and
several desktops set to the name of the account.
"""


@dataclass(frozen=True, slots=True)
class Option:
    """One option.

    :param field: the field of the command's options that it fills
    :param flags: its spellings; the first long one is its name; none for an operand, which stands alone
    :param kind: what it takes
    :param help: one line
    :param settings: its names in the environment, in ``.env`` and in a configuration file; the first counts
    :param default: the text taken when nobody gives one; None for none, and for every secret
    :param value: what stands for the value in the help
    :param example: a value for ``.env.example`` where the default would say nothing
    :param usual: what holds without it, where that hangs on another option
    """

    field: str
    flags: tuple[str, ...]
    kind: Kind
    help: str
    settings: tuple[str, ...] = ()
    default: str | None = None
    value: str = ""
    example: str = ""
    usual: str = ""

    @property
    def name(self) -> str:
        return next((flag for flag in self.flags if flag.startswith("--")), self.value)


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its first line of help, three examples and its options.

    :param module: where its ``main`` is, in ``minechat.cli``
    """

    summary: str
    examples: tuple[str, str, str]
    options: tuple[Option, ...]
    module: str = ""


COMMON = (
    Option("help", ("-h", "--help"), Kind.SHOW, "show this help and leave"),
    Option("version", ("--version",), Kind.SHOW, "show the version and leave"),
    Option("quiet", ("-q", "--quiet"), Kind.FLAG, "say only what went wrong"),
    Option(
        "verbose",
        ("-v", "--verbose"),
        Kind.TALLY,
        "tell each setting and where it came from; twice, the traceback of a bug too",
    ),
    Option("color", ("--color",), Kind.COLOR, "colour: auto, always or never", default="auto", value="WHEN"),
    Option("json", ("--json",), Kind.FLAG, "write results and errors as JSON, one object a line"),
    Option("config", ("--config",), Kind.TEXT, "read settings from this file too", value="FILE"),
)

TIMEOUT = Option(
    "timeout",
    ("--timeout",),
    Kind.SECONDS,
    "how many seconds to wait for a connection and for each answer",
    ("TIMEOUT",),
    "10",
    "SECONDS",
)
TO_HOST = Option(
    "host",
    ("-H", "--host"),
    Kind.HOST,
    "the server's name or address",
    ("HOST",),
    "127.0.0.1",
    "HOST",
    "minechat.dvmn.org",
)
TLS = (
    Option(
        "tls",
        ("--tls",),
        Kind.SWITCH,
        "speak TLS with the server, whose certificate this system must trust",
        ("TLS",),
    ),
    Option(
        "tls_ca",
        ("--tls-ca",),
        Kind.TEXT,
        "speak TLS and trust the authorities in this file (PEM) in place of the system's",
        ("TLS_CA",),
        value="FILE",
    ),
    Option(
        "tls_fingerprint",
        ("--tls-fingerprint",),
        Kind.FINGERPRINT,
        "speak TLS and trust the one certificate that has this fingerprint, as its owner told it",
        ("TLS_FINGERPRINT",),
        value="SHA256",
    ),
)
POST = (
    TO_HOST,
    Option(
        "port",
        ("-P", "--port", "--send_port"),
        Kind.PORT,
        "the port for posting",
        ("WRITE_PORT", "SEND_PORT"),
        "5050",
        "PORT",
    ),
    TIMEOUT,
    *TLS,
)
TOKEN = Option(
    "token",
    ("-T", "--token"),
    Kind.TEXT,
    "the token; on the command line other users of this machine can see it",
    ("TOKEN",),
    value="TOKEN",
)
TOKEN_PATH = Option(
    "token_path",
    ("--token-path", "--token_path"),
    Kind.TEXT,
    "the file that keeps the token",
    ("TOKEN_PATH",),
    "token.txt",
    "FILE",
)
LANGUAGE = Option(
    "language",
    ("--language",),
    Kind.LANGUAGE,
    "the language of the screen: auto, en or ru",
    ("LANGUAGE",),
    "auto",
    "LANGUAGE",
)
THEME = Option(
    "theme",
    ("--theme",),
    Kind.THEME,
    "colours of the screen: auto, dark, light or none",
    ("THEME",),
    "auto",
    "THEME",
)
DATABASE = Option(
    "database",
    ("--database",),
    Kind.TEXT,
    "where the server keeps accounts and messages",
    ("DATABASE_URL",),
    "sqlite:///minechat.db",
    "URL",
)

ADMIN_SOCKET = Option(
    "admin_socket",
    ("--admin-socket",),
    Kind.TEXT,
    "the unix socket for its owner's orders; beside the database by default",
    ("ADMIN_SOCKET",),
    value="FILE",
)


def username(help_text: str) -> Option:
    flags = ("-U", "--username", "--nickname")
    return Option("username", flags, Kind.TEXT, help_text, ("USERNAME", "NICKNAME"), value="NAME")


WRITE_PORT = Option(
    "write_port",
    ("--write-port",),
    Kind.FREE_PORT,
    "the port for posting",
    ("WRITE_PORT", "SEND_PORT"),
    "5050",
    "PORT",
)


def characters(default: str) -> Option:
    text = "let fictional characters talk on our own server"
    return Option("characters", ("--characters",), Kind.SWITCH, text, ("CHARACTERS",), default)


def limits(default: str) -> Option:
    text = "limits of our own server: default, classroom (many behind one address) or off (loopback only)"
    return Option("limits", ("--limits",), Kind.LIMITS, text, ("LIMITS",), default, "PROFILE")
