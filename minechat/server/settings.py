"""What a server is told at its start: addresses, the database, and what one peer may take of it."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of the server; None means no limit. Times in seconds, sizes in bytes.

    :param connections: open connections of all ports together; further bounded by the descriptor limit
    :param connections_per_source: open connections of one address (IPv6: one /64)
    :param registrations: named accounts of one source in ten minutes
    :param registrations_in_all: named accounts of all sources in ten minutes
    :param message_burst: messages an account may send at once, before ``message_rate`` a second
    :param byte_rate: bytes of messages an account may send in a second
    :param ping_rate: empty messages a connection may send in a second
    :param dump: bytes taken from what a dead connection left behind, for one account
    :param send_queue: bytes that may wait for one reader before it is dropped
    """

    connections: int | None = 4096
    connections_per_source: int | None = 64
    registrations: int | None = 20
    registrations_in_all: int | None = 60
    message_burst: int = 5
    message_rate: float | None = 2.0
    byte_rate: float | None = 10 * 1024
    ping_rate: float | None = 20.0
    dump: int | None = 16 * 1024
    send_queue: int = 256 * 1024


PROFILES = {
    "default": Limits(),
    "classroom": Limits(connections_per_source=1000, registrations=400, registrations_in_all=1200),
    "off": Limits(
        connections_per_source=None,
        registrations=None,
        registrations_in_all=None,
        message_rate=None,
        byte_rate=None,
        ping_rate=None,
        dump=None,
    ),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of one server.

    :param host: the address to listen on
    :param read_port: the listen port; 0 takes a free one
    :param write_port: the speak port; 0 takes a free one
    :param database: URL of the storage, ``sqlite:///path``
    :param characters: whether fictional characters keep the chat alive
    :param announce_joins: whether a new account is announced in the chat
    """

    host: str = "127.0.0.1"
    read_port: int = 5000
    write_port: int = 5050
    database: str = "sqlite:///minechat.db"
    characters: bool = False
    limits: Limits = field(default_factory=Limits)
    announce_joins: bool = False
