"""What a server is told at its start: addresses, the database, and what one peer may take of it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the server; None means no limit. Times in seconds, sizes in bytes, windows of ten minutes.

    :param connections: open connections of all ports together; further bounded by the descriptor limit
    :param connections_per_source: open connections of one address (IPv6: one /64)
    :param new_connections: connections one source may begin in ten minutes
    :param boot_wait: time after the start in which ``new_connections`` is not counted: everybody comes back
    :param early_drop: share of ``connections`` from which on strangers are turned away at random
    :param handshake: time in which the TLS handshake of a new connection must be over, and after it the
        opening of a WebSocket
    :param unfinished: time from the first byte of a line to its newline; between two lines there is no limit
    :param line: one line of the speak port, its newline included
    :param message: one message, its newlines included
    :param message_lines: lines of one message
    :param message_burst: messages an account may send at once, before ``message_rate`` a second
    :param byte_rate: bytes of messages an account may send in a second
    :param ping_rate: empty messages a connection may send in a second
    :param dump: bytes taken from what a dead connection left behind, for one account
    :param registrations: named accounts of one source in ten minutes
    :param registrations_in_all: named accounts of all sources in ten minutes
    :param wrong_tokens: tokens nobody has that one source may try in a minute
    :param nameless: accounts without a name remembered for one source, and in all
    :param send_queue: bytes that may wait for one reader before it is dropped
    :param send_queues: bytes that may wait for all readers together before the largest queue is dropped
    :param send_stall: time in which a reader with something waiting must take some of it
    :param frame: one message of a WebSocket
    :param fragments: parts that it may come in
    :param request_rate: frames a client of RIFT may send in a second, after ``request_burst``
    :param history_rate: pages of history an account may ask for in a second, after ``history_burst``
    :param ping_interval: time of silence after which a client of RIFT is asked whether it lives
    :param ping_timeout: time for its answer
    :param logins: logins that one connection may try in a minute
    :param login_penalty: time that each failed login adds to what its source owes; who owes more than
        ``login_penalty_from`` is refused until it owes less, and nobody owes more than ``login_penalty_most``
    :param account_failures: failed logins that an account bears in an hour before it refuses more
    :param hashes: passwords hashed at once; ``hashes_waiting`` more may wait for their turn
    :param rooms_created: rooms that one account may have made or own
    :param rooms_joined: rooms that one account may be a member of
    :param sessions: connections to RIFT that one account may have
    :param new_correspondents: people whom an account may write privately for the first time, or invite
        before it has talked with them, in a minute
    :param deeds: rooms made, topics set and deeds of moderation of one account, in a minute
    """

    connections: int | None = 4096
    connections_per_source: int | None = 64
    new_connections: int | None = 600
    boot_wait: float = 120.0
    early_drop: float = 0.75
    handshake: float = 10.0
    unfinished: float = 20.0
    line: int = 4096
    message: int = 4096
    message_lines: int = 100
    message_burst: int = 5
    message_rate: float | None = 2.0
    byte_rate: float | None = 10 * 1024
    ping_rate: float | None = 20.0
    dump: int | None = 16 * 1024
    registrations: int | None = 20
    registrations_in_all: int | None = 60
    wrong_tokens: int | None = 12
    nameless: int = 100
    nameless_in_all: int = 10_000
    send_queue: int = 256 * 1024
    send_queues: int = 64 * 1024 * 1024
    send_stall: float = 10.0
    frame: int = 64 * 1024
    fragments: int = 8
    request_rate: float | None = 10.0
    request_burst: int = 30
    history_rate: float | None = 2.0
    history_burst: int = 16
    ping_interval: float = 20.0
    ping_timeout: float = 20.0
    logins: int | None = 3
    login_penalty: float | None = 5.0
    login_penalty_from: float = 15.0
    login_penalty_most: float = 600.0
    account_failures: int | None = 100
    hashes: int = 2
    hashes_waiting: int = 20
    rooms_created: int = 20
    rooms_joined: int = 100
    sessions: int = 10
    new_correspondents: int | None = 5
    deeds: int | None = 30


PROFILES = {
    "default": Limits(),
    "classroom": Limits(
        connections_per_source=1000,
        new_connections=20_000,
        registrations=400,
        registrations_in_all=1200,
        wrong_tokens=240,
        nameless=1000,
        login_penalty=0.1,
    ),
    "off": Limits(
        connections=None,
        connections_per_source=None,
        new_connections=None,
        message_rate=None,
        byte_rate=None,
        ping_rate=None,
        dump=None,
        registrations=None,
        registrations_in_all=None,
        wrong_tokens=None,
        request_rate=None,
        history_rate=None,
        logins=None,
        login_penalty=None,
        account_failures=None,
        new_correspondents=None,
        deeds=None,
    ),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one server.

    :param host: the address to listen on
    :param read_port: the listen port; 0 takes a free one
    :param write_port: the speak port; 0 takes a free one
    :param rift_port: the port of RIFT over WebSocket; 0 takes a free one, None opens none
    :param rift_port_or_free: take a free port for it when that one is taken
    :param origins: web pages whose scripts may connect to it, as ``https://chat.example``; a client that is
        no browser names none and may always
    :param database: URL of the storage, ``sqlite:///path``
    :param characters: whether fictional characters keep the chat alive
    :param announce_joins: whether a new account is announced in the chat
    :param certificate: file of the TLS certificate chain of both ports, PEM; None speaks plainly
    :param key: file of its private key, PEM
    :param self_signed: whether both are made at the start where they are missing
    :param metrics_port: port of /health, /ready and /metrics on 127.0.0.1; 0 takes a free one, None opens
        none
    :param metrics_port_or_free: take a free port for them when that one is taken
    :param admin_socket: path of the unix socket for the owner's orders; None opens none
    """

    host: str = "127.0.0.1"
    read_port: int = 5000
    write_port: int = 5050
    rift_port: int | None = None
    rift_port_or_free: bool = False
    origins: tuple[str, ...] = ()
    database: str = "sqlite:///minechat.db"
    characters: bool = False
    limits: Limits = field(default_factory=Limits)
    announce_joins: bool = False
    certificate: str | None = None
    key: str | None = None
    self_signed: bool = False
    metrics_port: int | None = None
    metrics_port_or_free: bool = False
    admin_socket: str | None = None
