"""The limits of a server as options: each of them overrides what the profile of --limits says."""

import math
from typing import TYPE_CHECKING, Any

from minechat.cli.kinds import Kind
from minechat.cli.options import Option

if TYPE_CHECKING:
    from minechat.cli.typed_server import ServerOptions
    from minechat.server.settings import Limits


def _limit(field: str, name: str, kind: Kind, help_text: str, value: str = "N") -> Option:
    setting = name.upper().replace("-", "_")
    return Option(f"limit_{field}", (f"--{name}",), kind, help_text, (setting,), value=value)


#: Without a default: that is what the profile says.
LIMITS = (
    _limit("connections", "max-connections", Kind.LIMIT, "open connections of all ports together"),
    _limit(
        "connections_per_source",
        "max-connections-per-address",
        Kind.LIMIT,
        "open connections of one address; IPv6 counts by /64",
    ),
    _limit(
        "new_connections",
        "max-new-connections",
        Kind.LIMIT,
        "connections one address may begin in ten minutes",
    ),
    _limit(
        "boot_wait",
        "boot-wait",
        Kind.SECONDS,
        "after a start, do not count new connections for so long: everybody comes back",
        "SECONDS",
    ),
    _limit(
        "early_drop",
        "early-drop",
        Kind.AMOUNT,
        "from this share of all connections on, turn strangers away at random; 1 never",
        "SHARE",
    ),
    _limit(
        "unfinished",
        "unfinished-timeout",
        Kind.SECONDS,
        "close a client whose line stays unfinished for so long",
        "SECONDS",
    ),
    _limit("line", "max-line", Kind.POSITIVE, "bytes of one line a client sends", "BYTES"),
    _limit("message", "max-message", Kind.POSITIVE, "bytes of one message", "BYTES"),
    _limit("message_lines", "max-message-lines", Kind.POSITIVE, "lines of one message"),
    _limit("message_burst", "message-burst", Kind.POSITIVE, "messages an account may post at once"),
    _limit("message_rate", "message-rate", Kind.LIMIT, "messages an account may post in a second after that"),
    _limit(
        "byte_rate",
        "byte-rate",
        Kind.LIMIT,
        "bytes of messages an account may post in a second",
        "BYTES",
    ),
    _limit("ping_rate", "ping-rate", Kind.LIMIT, "empty messages a connection may send in a second"),
    _limit(
        "dump",
        "max-left-behind",
        Kind.LIMIT,
        "bytes taken for one account from connections that died",
        "BYTES",
    ),
    _limit(
        "registrations",
        "max-registrations",
        Kind.LIMIT,
        "accounts one address may register in ten minutes",
    ),
    _limit(
        "registrations_in_all",
        "max-registrations-in-all",
        Kind.LIMIT,
        "accounts all addresses together may register in ten minutes",
    ),
    _limit(
        "wrong_tokens",
        "max-wrong-tokens",
        Kind.LIMIT,
        "tokens nobody has that one address may try in a minute",
    ),
    _limit("nameless", "max-nameless", Kind.POSITIVE, "accounts without a name remembered for one address"),
    _limit(
        "nameless_in_all",
        "max-nameless-in-all",
        Kind.POSITIVE,
        "accounts without a name remembered in all",
    ),
    _limit(
        "send_queue",
        "max-queue",
        Kind.POSITIVE,
        "bytes that may wait for one reader before it is dropped",
        "BYTES",
    ),
    _limit(
        "send_queues",
        "max-queues",
        Kind.POSITIVE,
        "bytes that may wait for all readers together before the slowest is dropped",
        "BYTES",
    ),
    _limit(
        "send_stall",
        "max-stall",
        Kind.SECONDS,
        "drop a reader that takes nothing of what waits for so long",
        "SECONDS",
    ),
)


def chosen(options: "ServerOptions") -> "Limits":
    """The limits of the profile, each replaced that has a value of its own."""
    from dataclasses import replace  # noqa: PLC0415 - only a server asks

    from minechat.server.settings import PROFILES  # noqa: PLC0415

    own: dict[str, Any] = {}
    for option in LIMITS:
        value = getattr(options, option.field)
        if value is not None:
            own[option.field.removeprefix("limit_")] = None if value == math.inf else value
    return replace(PROFILES[options.limits], **own)
