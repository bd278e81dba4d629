"""The options of each command as typed, frozen values, each field with its origin."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Options:
    """What every command takes.

    :param program: how the program was called, for messages: ``chat.py``
    :param color: auto, always or never; NO_COLOR and TERM=dumb already turned auto into never
    :param warnings: lines to be shown before anything else
    """

    program: str
    color: str
    json: bool
    quiet: bool
    verbose: int
    config: str | None
    warnings: tuple[str, ...] = ()
    origins: Mapping[str, str] = field(default_factory=dict, repr=False)

    def origin(self, name: str) -> str:
        """Where a field's value came from: ``--host``, ``HOST in .env``, ``the default of --port``."""
        return self.origins[name]


@dataclass(frozen=True, kw_only=True)
class ChatOptions(Options):
    """Options of ``chat``; times in seconds. ``embedded`` is also true when no host was named."""

    host: str | None
    port: int
    write_port: int
    database: str
    history: str | None
    last: int
    count: int | None
    for_seconds: float | None
    retry: int | None
    timestamp_format: str
    embedded: bool
    fsync: bool
    timeout: float
    keepalive: float
    retry_delay: float
    characters: bool
    limits: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "embedded", self.embedded or self.host is None)


@dataclass(frozen=True, kw_only=True)
class RegistrationOptions(Options):
    """Options of ``registration``."""

    host: str
    port: int
    timeout: float
    username: str | None
    token_path: str
    force: bool


@dataclass(frozen=True, kw_only=True)
class AuthorizationOptions(Options):
    """Options of ``authorization``; ``message`` holds each -m in its order."""

    host: str
    port: int
    timeout: float
    token: str | None = field(repr=False)
    token_path: str
    token_stdin: bool
    message: tuple[str, ...]
    lines: bool
    username: str | None


@dataclass(frozen=True, kw_only=True)
class ServerOptions(Options):
    """Options of ``server``; port 0 lets the system choose."""

    host: str
    read_port: int
    write_port: int
    database: str
    characters: bool
    limits: str
    announce_joins: bool
    allow_plain: bool
