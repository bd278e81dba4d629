"""A look at a server: who is there, most connections first, and never more than fits into one answer."""

import json

from minechat.errors import Refused
from minechat.server.figures import Figures
from minechat.server.look import NAMED, look
from minechat.server.sessions import Session, Sessions


def ignore(_: Refused) -> None:
    """Nobody is closed here."""


def test_people_and_addresses_are_counted() -> None:
    sessions = Sessions()
    for session in (
        Session(1, "Brave Eva", "192.0.2.1", ignore),
        Session(2, "Calm Vlad", "192.0.2.2", ignore),
        Session(1, "Brave Eva", "192.0.2.1", ignore),
        Session(None, "", "192.0.2.1", ignore),
        Session(None, "", "192.0.2.2", ignore),
    ):
        sessions.attach(session)
    figures = Figures(messages=5, deliveries=10)
    figures.dropped["queue"] += 2
    for delay in (0.001, 0.002, 0.009):
        figures.commit.add(delay)
    seen = look(figures, sessions, ports={"read": 1, "write": 1, "rift": 4}, queued=7)
    eva = {"number": 1, "nickname": "Brave Eva", "address": "192.0.2.1", "connections": 2}
    assert seen["people"][0] == eva and seen["people_in_all"] == 2
    assert seen["addresses_in_all"] == 2 and seen["connections"] == 6
    assert (seen["readers"], seen["rift"], seen["queued"]) == (1, 4, 7)
    assert (seen["messages"], seen["deliveries"]) == (5, 10)
    assert seen["commit"] == {"p50": 0.002, "p99": 0.009} and seen["fan_out"] == {"p50": 0.0, "p99": 0.0}
    assert seen["dropped"] == {"queue": 2}


def test_a_crowd_fits_into_one_line() -> None:
    sessions = Sessions()
    for number in range(3 * NAMED):
        sessions.attach(Session(number, "я" * 45, f"2001:db8:{number:x}::/64", ignore))
        sessions.attach(Session(None, "", f"2001:db8:{number:x}::/64", ignore))
    seen = look(Figures(), sessions, ports={"read": 0, "write": 0}, queued=0)
    assert len(seen["people"]) == len(seen["addresses"]) == NAMED
    assert seen["people_in_all"] == seen["addresses_in_all"] == 3 * NAMED
    assert seen["rift"] is None
    assert len(json.dumps(seen)) < 60 * 1024
