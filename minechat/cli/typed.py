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
class ClientOptions(Options):
    """What every command takes that goes to a server.

    :param tls: whether to speak TLS; also true where nobody said so, but whom to trust
    :param tls_fingerprint: 64 hexadecimal digits in upper case
    """

    timeout: float
    tls: bool | None
    tls_ca: str | None
    tls_fingerprint: str | None

    def __post_init__(self) -> None:
        if self.tls is None:
            object.__setattr__(self, "tls", bool(self.tls_ca or self.tls_fingerprint))


@dataclass(frozen=True, kw_only=True)
class ChatOptions(ClientOptions):
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
    keepalive: float
    retry_delay: float
    characters: bool
    limits: str

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "embedded", self.embedded or self.host is None)


@dataclass(frozen=True, kw_only=True)
class RegistrationOptions(ClientOptions):
    """Options of ``registration``."""

    host: str
    port: int
    username: str | None
    token_path: str
    force: bool


@dataclass(frozen=True, kw_only=True)
class AuthorizationOptions(ClientOptions):
    """Options of ``authorization``; ``message`` holds each -m in its order."""

    host: str
    port: int
    token: str | None = field(repr=False)
    token_path: str
    token_stdin: bool
    message: tuple[str, ...]
    lines: bool
    username: str | None


@dataclass(frozen=True, kw_only=True)
class LimitOptions(Options):
    """Limits of a server with a value of their own; infinity is no limit, None is what the profile says."""

    limit_connections: float | None
    limit_connections_per_source: float | None
    limit_new_connections: float | None
    limit_boot_wait: float | None
    limit_early_drop: float | None
    limit_unfinished: float | None
    limit_line: int | None
    limit_message: int | None
    limit_message_lines: int | None
    limit_message_burst: int | None
    limit_message_rate: float | None
    limit_byte_rate: float | None
    limit_ping_rate: float | None
    limit_dump: float | None
    limit_registrations: float | None
    limit_registrations_in_all: float | None
    limit_wrong_tokens: float | None
    limit_nameless: int | None
    limit_nameless_in_all: int | None
    limit_send_queue: int | None
    limit_send_queues: int | None
    limit_send_stall: float | None


@dataclass(frozen=True, kw_only=True)
class ServerOptions(LimitOptions):
    """Options of ``server``; port 0 lets the system choose.

    :param metrics_port: None where --no-metrics is given
    :param admin_socket: None for the place beside the database
    """

    host: str
    read_port: int
    write_port: int
    database: str
    characters: bool
    limits: str
    announce_joins: bool
    allow_plain: bool
    tls_cert: str | None
    tls_key: str | None
    tls_self_signed: bool
    metrics_port: int | None
    admin_socket: str | None


@dataclass(frozen=True, kw_only=True)
class TaskOptions(Options):
    """What every task on a server takes: its database, and the socket of the server that may run on it.

    :param admin_socket: None for the place beside the database
    """

    database: str
    admin_socket: str | None


@dataclass(frozen=True, kw_only=True)
class BackupOptions(TaskOptions):
    """Options of ``server backup``."""

    file: str


@dataclass(frozen=True, kw_only=True)
class RestoreOptions(TaskOptions):
    """Options of ``server restore``."""

    file: str
    verify: bool


@dataclass(frozen=True, kw_only=True)
class TokenOptions(TaskOptions):
    """Options of ``server token``; ``new`` replaces the token."""

    nick: str
    new: bool


@dataclass(frozen=True, kw_only=True)
class BanOptions(TaskOptions):
    """Options of ``server ban``; ``for_seconds`` None is for ever. ``whom`` is a nickname or an address."""

    whom: str
    for_seconds: float | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class UnbanOptions(TaskOptions):
    """Options of ``server unban``."""

    whom: str


@dataclass(frozen=True, kw_only=True)
class RenameOptions(TaskOptions):
    """Options of ``server rename``."""

    nick: str
    to: str


@dataclass(frozen=True, kw_only=True)
class AnnounceOptions(TaskOptions):
    """Options of ``server announce``."""

    text: str


@dataclass(frozen=True, kw_only=True)
class ListOptions(TaskOptions):
    """Options of ``server list``."""

    what: str


@dataclass(frozen=True, kw_only=True)
class TopOptions(TaskOptions):
    """Options of ``server top``; ``count`` None is until Ctrl-C."""

    every: float
    count: int | None


#: Which options a command has.
OPTIONS: dict[str, type[Options]] = {
    "chat": ChatOptions,
    "registration": RegistrationOptions,
    "authorization": AuthorizationOptions,
    "server": ServerOptions,
    "server backup": BackupOptions,
    "server restore": RestoreOptions,
    "server list": ListOptions,
    "server ban": BanOptions,
    "server unban": UnbanOptions,
    "server rename": RenameOptions,
    "server token": TokenOptions,
    "server announce": AnnounceOptions,
    "server top": TopOptions,
    "server check": ServerOptions,
}
