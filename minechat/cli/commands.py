"""The options of each command, as data: spellings, settings, defaults and help in one table."""

from minechat.cli.kinds import Kind
from minechat.cli.limits import LIMITS
from minechat.cli.options import (
    ADMIN_SOCKET,
    DATABASE,
    POST,
    TIMEOUT,
    TLS,
    TOKEN_PATH,
    WRITE_PORT,
    Command,
    Option,
    characters,
    limits,
    username,
)
from minechat.cli.tasks.commands import TASKS

CHAT = Command(
    "Watch the chat and keep its history. Without a host, open a server of our own here.",
    ("%(prog)s", "%(prog)s --host chat.example --last 20", "%(prog)s --count 1 --json --no-history"),
    (
        Option(
            "host",
            ("-H", "--host"),
            Kind.HOST,
            "the server's name or address; without one, a server of our own opens here",
            ("HOST",),
            None,
            "HOST",
            "minechat.dvmn.org",
        ),
        Option(
            "port",
            ("-P", "--port", "--read_port"),
            Kind.FREE_PORT,
            "the port for watching",
            ("READ_PORT",),
            "5000",
            "PORT",
        ),
        Option(
            "history",
            ("-F", "--history", "--log-path", "--log_path"),
            Kind.TEXT,
            "the file that keeps the history",
            ("HISTORY",),
            "history.log",
            "FILE",
        ),
        Option("history", ("--no-history",), Kind.NOTHING, "keep no history"),
        Option(
            "last",
            ("--last",),
            Kind.NUMBER,
            "first show the last N records of the history",
            default="0",
            value="N",
        ),
        Option("count", ("--count",), Kind.POSITIVE, "leave after N messages", value="N"),
        Option("for_seconds", ("--for",), Kind.SECONDS, "leave after so many seconds", value="SECONDS"),
        Option(
            "retry",
            ("--retry",),
            Kind.RETRIES,
            "give up after N failed attempts in a row",
            default="forever",
            value="N",
        ),
        Option(
            "timestamp_format",
            ("--timestamp-format",),
            Kind.STAMP,
            "the stamp of each record, as strftime takes it",
            ("TIMESTAMP_FORMAT",),
            "%d.%m.%Y %H:%M",
            "FORMAT",
        ),
        Option(
            "fsync",
            ("--fsync",),
            Kind.SWITCH,
            "force each batch of the history to the disk",
            ("FSYNC",),
            "off",
        ),
        TIMEOUT,
        *TLS,
        Option(
            "keepalive",
            ("--keepalive",),
            Kind.SECONDS,
            "find a dead connection after about this time of silence",
            ("KEEPALIVE",),
            "60",
            "SECONDS",
        ),
        Option(
            "retry_delay",
            ("--retry-delay",),
            Kind.SECONDS,
            "the longest wait in seconds before the first new attempt; later ones wait up to nine times it",
            ("RETRY_DELAY",),
            "5",
            "SECONDS",
        ),
        Option("embedded", ("--embedded",), Kind.FLAG, "open a server of our own here though a host is set"),
        WRITE_PORT,
        DATABASE,
        characters("on"),
        limits("classroom"),
    ),
)

REGISTRATION = Command(
    "Register a nickname; print its token and save it.",
    (
        "%(prog)s -U Vasya",
        "%(prog)s --host chat.example -U Vasya --token-path vasya.txt",
        "%(prog)s -U Vasya --force --json",
    ),
    (
        *POST,
        username("the nickname to register; asked for on a terminal"),
        TOKEN_PATH,
        Option("force", ("--force",), Kind.FLAG, "replace the token that the file holds"),
    ),
)

AUTHORIZATION = Command(
    "Post messages: from the command line, from standard input or from a prompt.",
    (
        "%(prog)s",
        '%(prog)s -m "Hello, everyone"',
        "tail -f news.txt | %(prog)s --host chat.example --lines",
    ),
    (
        *POST,
        Option(
            "token",
            ("-T", "--token"),
            Kind.TEXT,
            "the token; on the command line other users of this machine can see it",
            ("TOKEN",),
            value="TOKEN",
        ),
        TOKEN_PATH,
        Option("token_stdin", ("--token-stdin",), Kind.FLAG, "read the token from standard input"),
        Option(
            "message",
            ("-m", "--message"),
            Kind.TEXTS,
            "post this; may be given several times",
            value="TEXT",
        ),
        Option("lines", ("--lines",), Kind.FLAG, "post each line of standard input as it arrives"),
        username("with no token anywhere: register this nickname, save its token, then post"),
    ),
)

SERVER = Command(
    "Serve a chat: one port to watch, one port to post.",
    (
        "%(prog)s",
        "%(prog)s --characters --limits classroom",
        "%(prog)s --host 192.0.2.7 --allow-plain --database sqlite:////var/lib/minechat/chat.db",
    ),
    (
        Option(
            "host",
            ("-H", "--host"),
            Kind.HOST,
            "the address to listen on",
            ("SERVER_HOST",),
            "127.0.0.1",
            "HOST",
        ),
        Option(
            "read_port",
            ("--read-port",),
            Kind.FREE_PORT,
            "the port for watching",
            ("READ_PORT",),
            "5000",
            "PORT",
        ),
        WRITE_PORT,
        DATABASE,
        characters("off"),
        limits("default"),
        Option(
            "announce_joins",
            ("--announce-joins",),
            Kind.SWITCH,
            "tell the chat who comes to post",
            ("ANNOUNCE_JOINS",),
            "off",
        ),
        Option(
            "allow_plain",
            ("--allow-plain",),
            Kind.FLAG,
            "listen beyond this machine though tokens travel there unencrypted",
        ),
        Option(
            "tls_cert",
            ("--tls-cert",),
            Kind.TEXT,
            "file of the TLS certificate and its chain, PEM",
            ("TLS_CERT",),
            value="FILE",
        ),
        Option("tls_key", ("--tls-key",), Kind.TEXT, "file of its key, PEM", ("TLS_KEY",), value="FILE"),
        Option(
            "tls_self_signed",
            ("--tls-self-signed",),
            Kind.FLAG,
            "make a certificate at the first start and show its fingerprint",
        ),
        Option(
            "metrics_port",
            ("--metrics-port",),
            Kind.FREE_PORT,
            "the port of /health, /ready and /metrics on 127.0.0.1; 0 takes a free one",
            ("METRICS_PORT",),
            "9464",
            "PORT",
        ),
        Option(
            "metrics_port", ("--no-metrics",), Kind.NOTHING, "open no port for /health, /ready and /metrics"
        ),
        ADMIN_SOCKET,
        *LIMITS,
    ),
)

COMMANDS: dict[str, Command] = {
    "chat": CHAT,
    "registration": REGISTRATION,
    "authorization": AUTHORIZATION,
    "server": SERVER,
    "server check": Command(
        "Try the configuration, the database, the ports and the certificate, without starting.",
        ("%(prog)s", "%(prog)s --host 192.0.2.7 --tls-cert chat.pem --tls-key chat.key", "%(prog)s --json"),
        SERVER.options,
        "tasks.check",
    ),
    **TASKS,
}
