"""What a server is told at its start: addresses, the database, the limits."""

from dataclasses import dataclass, field

from minechat.server.limits import Limits


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
