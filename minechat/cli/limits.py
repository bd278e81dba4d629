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
    _limit("frame", "--max-frame BYTES", Kind.POSITIVE, "65536", "bytes of one message of a WebSocket"),
    _limit("fragments", "--max-fragments N", Kind.POSITIVE, "8", "parts that such a message may come in"),
    _limit(
        "request_rate", "--request-rate N", Kind.LIMIT, "10", "frames a client of RIFT may send in a second"
    ),
    _limit(
        "request_burst", "--request-burst N", Kind.POSITIVE, "30", "frames it may send at once before that"
    ),
    _limit(
        "history_rate",
        "--history-rate N",
        Kind.LIMIT,
        "2",
        "pages of history an account may ask for in a second",
    ),
    _limit(
        "history_burst", "--history-burst N", Kind.POSITIVE, "16", "pages it may ask for at once before that"
    ),
    _limit(
        "ping_interval",
        "--ping-interval SECONDS",
        Kind.SECONDS,
        "20",
        "ask a silent client of RIFT after so long whether it lives",
    ),
    _limit("ping_timeout", "--ping-timeout SECONDS", Kind.SECONDS, "20", "and wait so long for its answer"),
    _limit("logins", "--max-logins N", Kind.LIMIT, "3", "logins one connection may try in a minute"),
    _limit(
        "login_penalty",
        "--login-penalty SECONDS",
        Kind.LIMIT,
        "5",
        "time that each failed login adds to what its address owes",
    ),
    _limit(
        "login_penalty_from",
        "--login-penalty-from SECONDS",
        Kind.SECONDS,
        "15",
        "refuse logins of an address that owes more",
    ),
    _limit(
        "login_penalty_most",
        "--login-penalty-most SECONDS",
        Kind.SECONDS,
        "600",
        "the most that an address can owe",
    ),
    _limit(
        "account_failures",
        "--max-account-failures N",
        Kind.LIMIT,
        "100",
        "failed logins an account bears in an hour",
    ),
    _limit("hashes", "--max-hashes N", Kind.POSITIVE, "2", "passwords hashed at once"),
    _limit("hashes_waiting", "--max-hashes-waiting N", Kind.POSITIVE, "20", "passwords that may wait for it"),
    _limit(
        "rooms_created",
        "--max-rooms-created N",
        Kind.POSITIVE,
        "20",
        "rooms one account may have made or own",
    ),
    _limit("rooms_joined", "--max-rooms-joined N", Kind.POSITIVE, "100", "rooms one account may be in"),
    _limit("sessions", "--max-sessions N", Kind.POSITIVE, "10", "connections to RIFT of one account"),
    _limit(
        "new_correspondents",
        "--max-new-correspondents N",
        Kind.LIMIT,
        "5",
        "people an account may write privately for the first time, or invite, in a minute",
    ),
    _limit(
        "deeds",
        "--max-deeds N",
        Kind.LIMIT,
        "30",
        "rooms made, topics set and deeds of moderation of one account in a minute",
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
