"""The options of the server's commands as typed, frozen values, which no client loads."""

from dataclasses import dataclass

from minechat.cli.typed import Options


@dataclass(frozen=True, kw_only=True)
class LimitOptions(Options):
    """Limits of a server with a value of their own; infinity is no limit, None is what the profile says."""

    limit_connections: float | None
    limit_connections_per_source: float | None
    limit_new_connections: float | None
    limit_boot_wait: float | None
    limit_early_drop: float | None
    limit_handshake: float | None
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
    limit_frame: int | None
    limit_fragments: int | None
    limit_request_rate: float | None
    limit_request_burst: int | None
    limit_history_rate: float | None
    limit_history_burst: int | None
    limit_ping_interval: float | None
    limit_ping_timeout: float | None
    limit_logins: float | None
    limit_login_penalty: float | None
    limit_login_penalty_from: float | None
    limit_login_penalty_most: float | None
    limit_account_failures: float | None
    limit_hashes: int | None
    limit_hashes_waiting: int | None
    limit_rooms_created: int | None
    limit_rooms_joined: int | None
    limit_sessions: int | None
    limit_new_correspondents: float | None
    limit_deeds: float | None


@dataclass(frozen=True, kw_only=True)
class ServerOptions(LimitOptions):
    """Options of ``server``; port 0 lets the system choose.

    :param rift_port: None where --no-rift is given
    :param origin_allowed: web pages whose scripts may connect to RIFT
    :param metrics_port: None where --no-metrics is given
    :param admin_socket: None for the place beside the database
    """

    host: str
    read_port: int
    write_port: int
    rift_port: int | None
    origin_allowed: tuple[str, ...]
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
class PasswordOptions(TaskOptions):
    """Options of ``server password``."""

    nick: str


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
class RoleOptions(TaskOptions):
    """Options of ``server role``; ``role`` is owner, moderator or member."""

    nick: str
    room: str
    role: str


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
    "server": ServerOptions,
    "server backup": BackupOptions,
    "server restore": RestoreOptions,
    "server list": ListOptions,
    "server ban": BanOptions,
    "server unban": UnbanOptions,
    "server rename": RenameOptions,
    "server token": TokenOptions,
    "server password": PasswordOptions,
    "server role": RoleOptions,
    "server announce": AnnounceOptions,
    "server top": TopOptions,
    "server check": ServerOptions,
}
