"""One look at a running server for its owner: who is connected, what was counted, how long things take."""

import time
from collections.abc import Mapping
from typing import Any

from minechat.server.figures import Delays, Figures
from minechat.server.sessions import Sessions

#: Accounts, and addresses, that one look names; those with the most connections.
NAMED = 50


def look(figures: Figures, sessions: Sessions, *, ports: Mapping[str, int], queued: int) -> dict[str, Any]:
    """What ``minechat server top`` shows. Counters are those since the start; delays in seconds.

    :param ports: open connections by port, as ``Server.connections`` has them
    :param queued: bytes that wait for readers
    """
    people, addresses = sessions.people(), sessions.addresses()
    return {
        "clock": time.monotonic(),
        "connections": sum(ports.values()),
        "readers": ports["read"],
        "rift": ports.get("rift"),
        "people": [
            {"number": number, "nickname": name, "address": source, "connections": count}
            for (number, name, source), count in people.most_common(NAMED)
        ],
        "people_in_all": len(people),
        "addresses": [
            {"address": source, "connections": count} for source, count in addresses.most_common(NAMED)
        ],
        "addresses_in_all": len(addresses),
        "messages": figures.messages,
        "deliveries": figures.deliveries,
        "fan_out": _quantiles(figures.fan_out),
        "commit": _quantiles(figures.commit),
        "queued": queued,
        "dropped": dict(figures.dropped),
        "refused": dict(figures.refused),
    }


def _quantiles(delays: Delays) -> dict[str, float]:
    half, most = delays.quantiles(0.5, 0.99)
    return {"p50": half, "p99": most}
