"""One look at a running server for its owner: who is connected, what was counted, how long things take."""

import time
from typing import Any

from minechat.server.figures import Delays, Figures
from minechat.server.sessions import Sessions

#: Accounts, and addresses, that one look names; those with the most connections.
NAMED = 50


def look(figures: Figures, sessions: Sessions, *, readers: int, queued: int) -> dict[str, Any]:
    """What ``minechat server top`` shows. Counters are those since the start; delays in seconds.

    :param readers: connections that hear the chat
    :param queued: bytes that wait for them
    """
    people, sources = sessions.people(), sessions.sources()
    return {
        "clock": time.monotonic(),
        "readers": readers,
        "connections": sources.total(),
        "people": [[number, name, count] for (number, name), count in people.most_common(NAMED)],
        "people_in_all": len(people),
        "addresses": [list(one) for one in sources.most_common(NAMED)],
        "addresses_in_all": len(sources),
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
