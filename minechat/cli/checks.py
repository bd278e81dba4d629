"""What no single option can decide: combinations of settings that are refused."""

import re
from typing import TYPE_CHECKING

from minechat.cli.exits import UsageError
from minechat.cli.typed import AuthorizationOptions, ChatOptions, ClientOptions, Options, RiftOptions

if TYPE_CHECKING:
    from minechat.cli.typed_server import ServerOptions

#: What a port is for, in words.
_PURPOSES = {
    "port": "watching",
    "read_port": "watching",
    "write_port": "posting",
    "rift_port": "RIFT",
    "metrics_port": "metrics",
}
#: The origin of a web page as browsers send it (RFC 6454): no path, no slash at the end.
_ORIGIN = re.compile(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(:[1-9][0-9]{0,4})?", re.ASCII)


def check(options: Options) -> None:
    """Refuses combinations that cannot work or are not safe.

    :raises UsageError: one line that names the value and its origin
    """
    if not isinstance(options, ClientOptions):
        from minechat.cli.typed_server import ServerOptions  # noqa: PLC0415 - no client loads it

        if isinstance(options, ServerOptions):
            _check_server(options)
        return
    _check_tls(options)
    match options:
        case ChatOptions():
            _check_chat(options)
        case AuthorizationOptions():
            _check_authorization(options)
        case RiftOptions():
            _check_rift(options)


def _check_tls(options: ClientOptions) -> None:
    given = [name for name in ("tls_ca", "tls_fingerprint") if getattr(options, name) is not None]
    origins = [options.origin(name) for name in given]
    if given and not options.tls:
        # Only whoever types --no-tls over settings means it: a token must not travel plainly by a slip.
        if not options.origin("tls").startswith("-") or any(origin.startswith("-") for origin in origins):
            raise UsageError(
                f"TLS is off ({options.origin('tls')}) though it is said whom to trust ({origins[0]}); "
                "leave one out"
            )
    elif len(given) == 2:
        raise UsageError(
            f"a fingerprint asks no authority ({origins[0]} and {origins[1]}); leave one of them out"
        )


def _check_chat(options: ChatOptions) -> None:
    lines = {
        "--json": options.json,
        "--count": options.count,
        "--for": options.for_seconds,
        "--last": options.last,
    }
    for_lines = next((name for name, value in lines.items() if value), None)
    if options.tui and for_lines is not None:
        raise UsageError(f"--tui is a screen and {for_lines} is for lines; leave one of them out")
    if options.json and options.last:
        raise UsageError("--last shows records as the history holds them, which --json cannot; leave one out")
    if options.embedded:
        asked = [options.origin(name) for name in ("tls", "tls_ca", "tls_fingerprint")]
        flag = next((origin for origin in asked if options.tls and origin.startswith("-")), None)
        if flag is not None:
            raise UsageError(f"a server opened here speaks no TLS ({flag}); name another with --host")
        _check_ports(options, "port", "write_port")
    elif options.port == 0:
        raise UsageError(f"no server listens on port 0 ({options.origin('port')}); use 1 to 65535")


def _check_authorization(options: AuthorizationOptions) -> None:
    if options.token_stdin and options.origin("token").startswith("-"):
        raise UsageError(
            f"the token is given twice ({options.origin('token')} and --token-stdin); leave one out"
        )


def _check_rift(options: RiftOptions) -> None:
    """Of what names another thing to do there can be one."""
    deeds = [
        option
        for option, asked in (
            ("--message", options.message),
            ("--lines", options.lines),
            ("--export", options.export),
            ("--export-mine", options.export_mine),
            ("--forget", options.forget),
        )
        if asked
    ]
    if len(deeds) > 1:
        raise UsageError(f"{deeds[0]} and {deeds[1]} are two things to do; leave one of them out")
    ways = [
        option
        for option, taken in (
            ("--register", options.register),
            ("--password-stdin", options.password_stdin),
            ("--forget", options.forget),
        )
        if taken
    ]
    if options.token_path is not None and ways:
        raise UsageError(f"--token-path and {ways[0]} are two ways to come in; leave one of them out")
    if options.register and options.forget:
        raise UsageError("--register makes an account and --forget ends a session; leave one of them out")
    watching = [name for name, value in (("--count", options.count), ("--for", options.for_seconds)) if value]
    if watching and deeds and not options.lines:
        raise UsageError(f"{watching[0]} is for watching and {deeds[0]} is not; leave one of them out")


def _check_ports(options: "ChatOptions | ServerOptions", *fields: str) -> None:
    # 0 lets the system choose, twice if need be; who left a port to us gets a free one.
    seen: dict[int, str] = {}
    for field in fields:
        port: int | None = getattr(options, field)
        if not port or (field in ("rift_port", "metrics_port") and options.is_default(field)):
            continue
        if port in seen:
            one = seen[port]
            raise UsageError(
                f"{port} cannot be the port for {_PURPOSES[one]} and for {_PURPOSES[field]} "
                f"({options.origin(one)} and {options.origin(field)}); change one"
            )
        seen[port] = field


def _check_origins(options: "ServerOptions") -> None:
    for origin in options.origin_allowed:
        if not _ORIGIN.fullmatch(origin):
            where = options.origin("origin_allowed")
            raise UsageError(
                f"{origin[:80]!r} is not the origin of a web page ({where}); "
                "use https://name or https://name:port in lower case, without a path"
            )


def _check_server(options: "ServerOptions") -> None:
    _check_ports(options, "read_port", "write_port", "rift_port", "metrics_port")
    _check_origins(options)
    if options.tls_key is not None and not (options.tls_cert or options.tls_self_signed):
        raise UsageError(f"a key without its certificate ({options.origin('tls_key')}); give --tls-cert too")
    if loopback(options.host):
        return
    where = f"{options.host!r} can be reached from other machines ({options.origin('host')})"
    if options.limits == "off":
        raise UsageError(f"{where}; --limits off is for 127.0.0.1 only")
    if not (options.allow_plain or options.tls_cert or options.tls_self_signed):
        raise UsageError(f"{where}; tokens travel there unencrypted, so it takes --allow-plain")


def loopback(host: str) -> bool:
    """Whether an address can be reached from this machine alone; a name other than localhost cannot tell."""
    from ipaddress import ip_address  # noqa: PLC0415 - only a server asks

    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
