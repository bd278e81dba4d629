"""Sessions: all of an account or an address are ended at once, the others stay."""

from collections.abc import Callable

from minechat.errors import Refused
from minechat.server.sessions import Session, Sessions

REASON = Refused("your token was replaced")


class Live:
    """Connections and visits that note why they were closed."""

    def __init__(self) -> None:
        self.sessions = Sessions()
        self.closed: list[str] = []

    def visit(self, who: int, name: str, source: str = "192.0.2.1") -> Session:
        return Session(who, name, source, lambda reason: self.closed.append(f"{name}: {reason}"))

    def connection(self, source: str) -> Session:
        return Session(None, "", source, lambda reason: self.closed.append(f"{source}: {reason}"))


def test_every_visit_of_an_account_is_ended_and_nobody_elses() -> None:
    live = Live()
    for visit in (live.visit(1, "Eva"), live.visit(1, "Eva"), live.visit(2, "Vlad")):
        live.sessions.attach(visit)
    assert live.sessions.end_account(1, REASON) == 2
    assert live.closed == ["Eva: your token was replaced"] * 2
    assert live.sessions.end_account(1, REASON) == 0
    assert live.sessions.people() == {(2, "Vlad", "192.0.2.1"): 1}


def test_every_connection_of_an_address_is_ended_whoever_is_on_it() -> None:
    live = Live()
    for source in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        live.sessions.attach(live.connection(source))
    live.sessions.attach(live.visit(1, "Eva"))
    assert live.sessions.end_address("192.0.2.1", REASON) == 2
    assert live.closed == ["192.0.2.1: your token was replaced"] * 2
    assert live.sessions.addresses() == {"192.0.2.2": 1}


def test_what_has_left_is_not_ended_and_leaves_nothing_behind() -> None:
    live = Live()
    detach = [live.sessions.attach(one) for one in (live.visit(1, "Eva"), live.connection("192.0.2.1"))]
    for leave in detach * 2:
        leave()
    assert live.sessions.end_account(1, REASON) == live.sessions.end_address("192.0.2.1", REASON) == 0
    assert live.closed == []
    assert (live.sessions._accounts, live.sessions._addresses) == ({}, {})


def test_one_that_leaves_while_all_are_ended_disturbs_nobody() -> None:
    sessions = Sessions()
    leaves: list[Callable[[], None]] = []

    def everybody_leaves(_: Refused) -> None:
        for leave in leaves:
            leave()

    for _ in range(3):
        leaves.append(sessions.attach(Session(1, "Eva", "", everybody_leaves)))
    assert sessions.end_account(1, REASON) == 3
    assert sessions.end_account(1, REASON) == 0
