"""The limits of a server as options: each of them overrides what the profile of --limits says."""

import math
from typing import TYPE_CHECKING, Any

from minechat.cli.kinds import Kind
from minechat.cli.options import Option

if TYPE_CHECKING:
    from minechat.cli.typed_server import ServerOptions
    from minechat.server.settings import Limits


def _limit(field: str, name: str, kind: Kind, usual: str, help_text: str, value: str = "N") -> Option:
    setting = name.upper().replace("-", "_")
    return Option(
        f"limit_{field}", (f"--{name}",), kind, help_text, (setting,), value=value, example=usual, usual=usual
    )


#: Without a default: that is what the profile says.
LIMITS = (
    _limit("connections", "max-connections", Kind.LIMIT, "4096", "open connections of all ports together"),
    _limit(
        "connections_per_source",
        "max-connections-per-address",
        Kind.LIMIT,
        "64",
        "open connections of one address; IPv6 counts by /64",
    ),
    _limit(
        "new_connections",
        "max-new-connections",
        Kind.LIMIT,
        "600",
        "connections one address may begin in ten minutes",
    ),
    _limit(
        "boot_wait",
        "boot-wait",
        Kind.SECONDS,
        "120",
        "after a start, do not count new connections for so long: everybody comes back",
        "SECONDS",
    ),
    _limit(
        "early_drop",
        "early-drop",
        Kind.AMOUNT,
        "0.75",
        "from this share of all connections on, turn strangers away at random; 1 never",
        "SHARE",
    ),
    _limit(
        "unfinished",
        "unfinished-timeout",
        Kind.SECONDS,
        "20",
        "close a client whose line stays unfinished for so long",
        "SECONDS",
    ),
    _limit("line", "max-line", Kind.POSITIVE, "4096", "bytes of one line a client sends", "BYTES"),
    _limit("message", "max-message", Kind.POSITIVE, "4096", "bytes of one message", "BYTES"),
    _limit("message_lines", "max-message-lines", Kind.POSITIVE, "100", "lines of one message"),
    _limit("message_burst", "message-burst", Kind.POSITIVE, "5", "messages an account may post at once"),
    _limit(
        "message_rate", "message-rate", Kind.LIMIT, "2", "messages an account may post in a second after that"
    ),
    _limit(
        "byte_rate",
        "byte-rate",
        Kind.LIMIT,
        "10240",
        "bytes of messages an account may post in a second",
        "BYTES",
    ),
    _limit("ping_rate", "ping-rate", Kind.LIMIT, "20", "empty messages a connection may send in a second"),
    _limit(
        "dump",
        "max-left-behind",
        Kind.LIMIT,
        "16384",
        "bytes taken for one account from connections that died",
        "BYTES",
    ),
    _limit(
        "registrations",
        "max-registrations",
        Kind.LIMIT,
        "20",
        "accounts one address may register in ten minutes",
    ),
    _limit(
        "registrations_in_all",
        "max-registrations-in-all",
        Kind.LIMIT,
        "60",
        "accounts all addresses together may register in ten minutes",
    ),
    _limit(
        "wrong_tokens",
        "max-wrong-tokens",
        Kind.LIMIT,
        "12",
        "tokens nobody has that one address may try in a minute",
    ),
    _limit(
        "nameless", "max-nameless", Kind.POSITIVE, "100", "accounts without a name remembered for one address"
    ),
    _limit(
        "nameless_in_all",
        "max-nameless-in-all",
        Kind.POSITIVE,
        "10000",
        "accounts without a name remembered in all",
    ),
    _limit(
        "send_queue",
        "max-queue",
        Kind.POSITIVE,
        "262144",
        "bytes that may wait for one reader before it is dropped",
        "BYTES",
    ),
    _limit(
        "send_queues",
        "max-queues",
        Kind.POSITIVE,
        "67108864",
        "bytes that may wait for all readers together before the slowest is dropped",
        "BYTES",
    ),
    _limit(
        "send_stall",
        "max-stall",
        Kind.SECONDS,
        "10",
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
