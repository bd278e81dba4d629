"""The picture of a server: everything fits at any size, and strangers' names are letters."""

import io
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from minechat.cli.tasks.panel import Panel, line, record


def look(people: int = 2, name: str = "Brave Вася") -> dict[str, Any]:
    return {
        "clock": 10.0,
        "connections": 12,
        "readers": 9,
        "rift": 2,
        "people": [
            {"number": one, "nickname": name, "address": "192.0.2.1", "connections": 1}
            for one in range(min(people, 50))
        ],
        "people_in_all": people,
        "addresses": [{"address": "2001:db8:1234:5678::/64", "connections": 12}],
        "addresses_in_all": 1,
        "messages": 100,
        "deliveries": 900,
        "fan_out": {"p50": 0.0003, "p99": 0.0012},
        "commit": {"p50": 0.0011, "p99": 0.005},
        "queued": 2048,
        "dropped": {"queue": 3},
        "refused": {},
    }


def drawn(panel: Panel, columns: int, rows: int) -> list[str]:
    screen = io.StringIO()
    console = Console(file=screen, width=columns, height=rows, no_color=True, legacy_windows=False)
    console.print(panel)
    return screen.getvalue().rstrip("\n").split("\n")


def test_it_tells_who_is_here_and_what_happens() -> None:
    before = look() | {"clock": 8.0, "messages": 80, "deliveries": 700}
    shown = "\n".join(drawn(Panel(look(), before), 80, 30))
    for told in (
        "9 to watch, 1 to post, 2 for RIFT",
        "10.0/s",
        "100/s",
        "p50 0.3 ms, p99 1.2 ms",
        "p50 1.1 ms, p99 5.0 ms",
        "2.0 KiB",
        "queue 3",
        "Brave Вася",
        "192.0.2.1",
        "2001:db8:1234:5678::/64",
    ):
        assert told in shown


@pytest.mark.parametrize(("columns", "rows"), [(40, 20), (20, 10), (80, 24), (200, 60)])
def test_it_fits_at_any_size(columns: int, rows: int) -> None:
    shown = drawn(Panel(look(people=700, name="Inspiring " + "漢" * 32), None), columns, rows)
    assert max(map(cell_len, shown)) <= columns
    if rows >= 20:
        assert len(shown) <= rows
        assert any("more" in one for one in shown)


def test_a_long_name_is_cut_before_its_address() -> None:
    shown = drawn(Panel(look(people=1, name="Inspiring " + "漢" * 32), None), 40, 24)
    heads, person = shown[-5], shown[-4]
    assert heads.split() == ["logged", "in", "address", "times"]
    assert person.endswith("…  192.0.2.1      1") and cell_len(person) == 40


def test_a_strangers_name_is_neither_markup_nor_a_command_to_the_terminal() -> None:
    for name in ("Brave [red]Вася[/nope]", "Brave \x1b[2J\x9b1m\u202eVasya", ":smile:", "a\nb"):
        shown = "\n".join(drawn(Panel(look(people=1, name=name), None), 80, 24))
        assert "\x9b" not in shown and "\u202e" not in shown and "\x1b[2J" not in shown
        if name.isprintable():
            assert name in shown
        assert name not in line(look(name=name), None)


def test_without_a_port_for_rift_nothing_is_told_of_it() -> None:
    without = look()
    del without["rift"]  # a server of before
    for now in (look() | {"rift": None}, without):
        assert "9 to watch, 3 to post;" in line(now, None) and "RIFT" not in line(now, None)


def test_lines_and_records_hold_the_same() -> None:
    told = line(look(), None)
    assert told.isprintable() and "messages –" in told and "dropped queue 3" in told
    kept = record(look(), look() | {"clock": 9.0, "messages": 90})
    assert (kept["messages_per_second"], kept["deliveries_per_second"]) == (10.0, 0.0)
    assert kept["people"] == look()["people"] and "time" in kept
