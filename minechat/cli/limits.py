"""The limits of a server as options: each of them overrides what the profile of --limits says."""

import math
from typing import TYPE_CHECKING, Any

from minechat.cli.kinds import Kind
from minechat.cli.options import Option

if TYPE_CHECKING:
    from minechat.cli.typed_server import ServerOptions
    from minechat.server.settings import Limits


def _limit(field: str, spelling: str, kind: Kind, usual: str, help_text: str) -> Option:
    flag, value = spelling.split()
    setting = flag.removeprefix("--").upper().replace("-", "_")
    return Option(
        f"limit_{field}", (flag,), kind, help_text, (setting,), value=value, example=usual, usual=usual
    )


#: Without a default: that is what the profile says.
LIMITS = (
    _limit(
        "connections", "--max-connections N", Kind.LIMIT, "4096", "open connections of all ports together"
    ),
    _limit(
        "connections_per_source",
        "--max-connections-per-address N",
        Kind.LIMIT,
        "64",
        "open connections of one address; IPv6 counts by /64",
    ),
    _limit(
        "new_connections",
        "--max-new-connections N",
        Kind.LIMIT,
        "600",
        "connections one address may begin in ten minutes",
    ),
    _limit(
        "boot_wait",
        "--boot-wait SECONDS",
        Kind.SECONDS,
        "120",
        "after a start, do not count new connections for so long: everybody comes back",
    ),
    _limit(
        "early_drop",
        "--early-drop SHARE",
        Kind.AMOUNT,
        "0.75",
        "from this share of all connections on, turn strangers away at random; 1 never",
    ),
    _limit(
        "handshake",
        "--handshake-timeout SECONDS",
        Kind.SECONDS,
        "10",
        "close a connection whose TLS handshake takes so long",
    ),
    _limit(
        "unfinished",
        "--unfinished-timeout SECONDS",
        Kind.SECONDS,
        "20",
        "close a client whose line stays unfinished for so long",
    ),
    _limit("line", "--max-line BYTES", Kind.POSITIVE, "4096", "bytes of one line a client sends"),
    _limit("message", "--max-message BYTES", Kind.POSITIVE, "4096", "bytes of one message"),
    _limit("message_lines", "--max-message-lines N", Kind.POSITIVE, "100", "lines of one message"),
    _limit("message_burst", "--message-burst N", Kind.POSITIVE, "5", "messages an account may post at once"),
    _limit(
        "message_rate",
        "--message-rate N",
        Kind.LIMIT,
        "2",
        "messages an account may post in a second after that",
    ),
    _limit(
        "byte_rate",
        "--byte-rate BYTES",
        Kind.LIMIT,
        "10240",
        "bytes of messages an account may post in a second",
    ),
    _limit(
        "ping_rate", "--ping-rate N", Kind.LIMIT, "20", "empty messages a connection may send in a second"
    ),
    _limit(
        "dump",
        "--max-left-behind BYTES",
        Kind.LIMIT,
        "16384",
        "bytes taken for one account from connections that died",
    ),
    _limit(
        "registrations",
        "--max-registrations N",
        Kind.LIMIT,
        "20",
        "accounts one address may register in ten minutes",
    ),
    _limit(
        "registrations_in_all",
        "--max-registrations-in-all N",
        Kind.LIMIT,
        "60",
        "accounts all addresses together may register in ten minutes",
    ),
    _limit(
        "wrong_tokens",
        "--max-wrong-tokens N",
        Kind.LIMIT,
        "12",
        "tokens nobody has that one address may try in a minute",
    ),
    _limit(
        "nameless",
        "--max-nameless N",
        Kind.POSITIVE,
        "100",
        "accounts without a name remembered for one address",
    ),
    _limit(
        "nameless_in_all",
        "--max-nameless-in-all N",
        Kind.POSITIVE,
        "10000",
        "accounts without a name remembered in all",
    ),
    _limit(
        "send_queue",
        "--max-queue BYTES",
        Kind.POSITIVE,
        "262144",
        "bytes that may wait for one reader before it is dropped",
    ),
    _limit(
        "send_queues",
        "--max-queues BYTES",
        Kind.POSITIVE,
        "67108864",
        "bytes that may wait for all readers together before the largest queue is dropped",
    ),
    _limit(
        "send_stall",
        "--max-stall SECONDS",
        Kind.SECONDS,
        "10",
        "drop a reader that takes nothing of what waits for so long",
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
