"""The results as tables, for the terminal or as Markdown for the README."""

import statistics
from collections.abc import Callable, Collection, Iterator, Sequence

from .results import Results, Visit
from .targets import Verdict, judged

WORDS = {"one": "one in flight", "many": "64 in flight", "paced": "paced 20/s"}


def printed(results: Results, *, markdown: bool) -> str:
    """Everything that was measured, and each target with what was reached."""
    counts = results.counts()
    versions = "".join(f", {name} {version}" for name, version in results.versions.items())
    parts = [f"{results.date}; {results.machine}{versions}.", ""]
    for readers in counts:
        head, rows = _costs(results, readers)
        title = (
            f"{readers:,} readers: microseconds of server processor time per delivery, median (min to max)"
        )
        parts += [f"**{title}**" if markdown else title, "", *_table(head, rows, markdown), ""]
    parts += [f"Failed: {failure}" for failure in results.failures]
    if results.commits:
        parts += [f"One commit of SQLite alone at this pace: {_spread(results.commits, 1e-3)} ms.", ""]
    parts += _table(
        ("target", "median (min to max)", "at most", ""), map(_verdict, judged(results)), markdown
    )
    return "\n".join(parts)


def _costs(results: Results, readers: int) -> tuple[list[str], list[list[str]]]:
    modes = [mode for mode in WORDS if any(results.cpu(name, readers, mode) for name in results.servers())]
    head = ["server", *(WORDS[mode] for mode in modes)]
    if "paced" in modes:
        head += ["p50 ms", "p99 ms"]
    head.append("bytes a reader")
    rows = []
    for name in results.servers():
        row = [name, *(_spread(results.cpu(name, readers, mode).values()) for mode in modes)]
        if "paced" in modes:
            row += [
                _spread(results.over_rounds(name, readers, _wait(which)).values(), 1e-3)
                for which in ("p50", "p99")
            ]
        row.append(_spread(results.over_rounds(name, readers, lambda visit: visit.memory).values()))
        rows.append(row)
    return head, rows + [[name, "not installed", *[""] * (len(head) - 2)] for name in results.missing]


def _wait(which: str) -> Callable[[Visit], float | None]:
    def value(visit: Visit) -> float | None:
        return getattr(visit.modes["paced"], which) if "paced" in visit.modes else None

    return value


def _verdict(verdict: Verdict) -> list[str]:
    # One digit more, or a ratio just above its limit would look like the limit.
    return [
        verdict.what,
        _spread(verdict.values, digits=4),
        f"{verdict.limit:g}",
        "met" if verdict.met else "MISSED",
    ]


def _spread(values: Collection[float], scale: float = 1.0, digits: int = 3) -> str:
    if not values:
        return ""
    middle, least, most = (
        _short(scale * one, digits) for one in (statistics.median(values), min(values), max(values))
    )
    return middle if len(values) == 1 else f"{middle} ({least} to {most})"


def _short(value: float, digits: int) -> str:
    """So many digits that count, and no exponent."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.{digits}g}"


def _table(
    head: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]], markdown: bool
) -> Iterator[str]:
    lines = [list(head), *map(list, rows)]
    if markdown:
        lines.insert(1, ["---"] * len(head))
        yield from (f"| {' | '.join(line)} |" for line in lines)
        return
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    yield from (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
