"""The options of each command of a client as typed, frozen values, each field with its origin."""

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

    def is_default(self, name: str) -> bool:
        """Whether nobody gave this field a value."""
        return self.origins[name].startswith("the default")


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
    tui: bool
    token: str | None = field(repr=False)
    token_path: str
    language: str
    theme: str

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
class RiftOptions(ClientOptions):
    """Options of ``rift``; times in seconds.

    :param token_path: None where nobody comes in by a token of the speak port
    :param to: whom ``message`` goes to privately; None for the room
    :param session_path: None for the user's state folder
    """

    host: str
    port: int
    username: str | None
    register: bool
    password_stdin: bool
    token_path: str | None
    room: str
    message: tuple[str, ...]
    to: str | None
    lines: bool
    plain: bool
    last: int
    count: int | None
    for_seconds: float | None
    export: str | None
    export_mine: str | None
    forget: bool
    session_path: str | None
    language: str
    theme: str
    timestamp_format: str
    keepalive: float
    retry_delay: float


def options_type(command: str) -> type[Options]:
    """Which options a command has.

    :raises KeyError: there is no such command
    """
    if command in _CLIENTS:
        return _CLIENTS[command]
    # Making these classes takes longer than all else that a one-line post does before it connects.
    from minechat.cli.typed_server import OPTIONS  # noqa: PLC0415

    return OPTIONS[command]


_CLIENTS: dict[str, type[Options]] = {
    "chat": ChatOptions,
    "registration": RegistrationOptions,
    "authorization": AuthorizationOptions,
    "rift": RiftOptions,
}
