"""The live view of a server as a picture for Rich: figures above, people and addresses below."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, Group, JustifyMethod, RenderResult
from rich.table import Table
from rich.text import Text

from minechat.cli.tasks.rates import Look, by_reason, delay, per_second, rate, size
from minechat.text import safe, safe_nick

#: Columns between two cells of a row.
_GAP = 2


class Panel:
    """One look, as large as the terminal is at the moment it is drawn."""

    def __init__(self, now: Look, before: Look | None) -> None:
        self._figures = figures(now, before)
        self._now = now

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        stamp = datetime.now().strftime("%H:%M:%S")
        head = [_row("minechat server", stamp), *(_row(*line) for line in self._figures)]
        # Two tables, each with an empty line and its heads above.
        room = max(2, (options.size.height - len(head) - 4) // 2)
        width = options.max_width
        yield Group(*head, _people(self._now, room, width), _addresses(self._now, room, width))


def figures(now: Look, before: Look | None) -> list[tuple[str, str]]:
    """What there is to tell besides names, each with its heading."""
    dropped, refused = by_reason(now["dropped"]), by_reason(now["refused"])
    return [
        ("here", _here(now)),
        ("messages", rate(per_second("messages", now, before))),
        ("deliveries", rate(per_second("deliveries", now, before))),
        ("fan-out", _quantiles(now["fan_out"])),
        ("commit", _quantiles(now["commit"])),
        ("waiting", size(now["queued"])),
        ("dropped", dropped),
        ("refused", refused),
    ]


def _here(now: Look) -> str:
    """How many are on each port; of RIFT only where there is one, and the server tells of it."""
    readers, rift = now["readers"], now.get("rift")
    told = f"{readers} to watch, {now['connections'] - readers - (rift or 0)} to post"
    return told if rift is None else f"{told}, {rift} for RIFT"


def _quantiles(delays: dict[str, float]) -> str:
    return f"p50 {delay(delays['p50'])}, p99 {delay(delays['p99'])}" if any(delays.values()) else "–"


def _row(head: str, text: str) -> Text:
    # Text, never markup: a stranger's brackets are letters.
    line = Text(no_wrap=True, overflow="ellipsis")
    return line.append(f"{head:<10} ", style="bold").append(safe(text))


def _people(now: Look, room: int, width: int) -> Table:
    rows = [
        (safe_nick(one["nickname"]), safe(one["address"]), str(one["connections"])) for one in now["people"]
    ]
    return _table(("logged in", "address", "times"), rows, now["people_in_all"], room, width)


def _addresses(now: Look, room: int, width: int) -> Table:
    rows = [(safe(one["address"]), str(one["connections"])) for one in now["addresses"]]
    return _table(("address", "connections"), rows, now["addresses_in_all"], room, width)


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], in_all: int, room: int, width: int) -> Table:
    shown = rows if in_all <= room else rows[: room - 1]
    table = Table(box=None, pad_edge=False, title=" ", title_style="", header_style="bold")
    for number, head in enumerate(heads):
        right = number == len(heads) - 1
        most = None if number else _left(heads, shown, width)
        justify: JustifyMethod = "right" if right else "left"
        table.add_column(head, no_wrap=True, overflow="ellipsis", justify=justify, max_width=most)
    for row in shown:
        table.add_row(*map(Text, row))
    if in_all > len(shown):
        table.add_row(Text(f"… and {in_all - len(shown)} more"), *[Text("")] * (len(heads) - 1))
    return table


def _left(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> int:
    """Columns for the first cell of a row: a long name is cut before the address that can be banned."""
    others = list(zip(heads, *rows, strict=True))[1:]
    return max(1, width - sum(_GAP + max(map(cell_len, cells)) for cells in others))


def line(now: Look, before: Look | None) -> str:
    """One look on one line, where no terminal is."""
    stamp = datetime.now().strftime("%H:%M:%S")
    told = [f"{head} {text}" for head, text in figures(now, before)]
    return "; ".join(
        [stamp, *told, f"logged in {now['people_in_all']}", f"addresses {now['addresses_in_all']}"]
    )


def record(now: Look, before: Look | None) -> dict[str, Any]:
    """One look for programs; what happens a second is null in the first."""
    return {
        "time": datetime.now().astimezone().isoformat(timespec="milliseconds"),
        "messages_per_second": per_second("messages", now, before),
        "deliveries_per_second": per_second("deliveries", now, before),
        **now,
    }
