"""Draws the results: what a delivery costs on each server, one row a server, on a logarithmic scale."""

import math
import statistics
from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from .results import Results

#: The same dark card as the README's other picture: it reads on a light page and on a dark one.
GROUND, INK, FAINT, GRID = "#14161b", "#d7dae0", "#8b919d", "#2e323b"
MODES = {"one": ("one message in flight", "#61afef"), "many": ("64 in flight", "#98c379")}
LABELS = {
    "minechat": "minechat (on the disk first)",
    "floor": "floor: C, only joins and sends",
    "redis": "redis pub/sub",
    "nats": "nats-server",
    "inspircd": "InspIRCd",
    "ngircd": "ngIRCd",
    "mosquitto": "mosquitto",
    "naive": "naive asyncio streams",
}
AXIS = f'fill="{FAINT}" font-size="12" text-anchor="middle"'
WIDTH, LEFT, RIGHT, TOP, ROW = 812, 250, 40, 96, 42


def picture(results: Results) -> str:
    """The SVG of what was measured with the fewest readers."""
    readers = results.counts()[0]
    servers = [name for name in LABELS if results.cpu(name, readers, "one")]
    height = TOP + ROW * len(servers) + 68
    title = f"Server processor time per delivered line, {readers:,} readers"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" role="img" aria-label="{title}">',
        f'<rect width="100%" height="100%" rx="9" fill="{GROUND}"/>',
        f'<g style="font:14px \'DejaVu Sans\',Verdana,sans-serif" fill="{INK}">',
        f'<text x="24" y="34" font-size="16" font-weight="bold">{title}</text>',
        *_legend(),
        *_all_rows(results, readers, servers),
        *_footnotes(results, height - 34),
        "</g>",
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _legend() -> Iterator[str]:
    x = 24
    for words, colour in MODES.values():
        yield f'<circle cx="{x + 5}" cy="57" r="5" fill="{colour}"/>'
        yield f'<text x="{x + 16}" y="62">{words}</text>'
        x += 40 + 8 * len(words)
    yield f'<text x="{x}" y="62" fill="{FAINT}">microseconds, logarithmic; further left is cheaper</text>'


def _all_rows(results: Results, readers: int, servers: Sequence[str]) -> Iterator[str]:
    every = [
        value
        for name in servers
        for mode in MODES
        for value in results.cpu(name, readers, mode).values()
        if value
    ]
    least, most = 0.9 * min(every), max(every)
    bottom = TOP + ROW * len(servers)

    def place(value: float) -> float:
        share = math.log(max(value, least) / least) / math.log(most / least)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT - 60), 1)

    for line in _steps(least, most):
        yield f'<path d="M{place(line)} {TOP - 8}V{bottom - 8}" stroke="{GRID}"/>'
        yield f'<text x="{place(line)}" y="{bottom + 8}" {AXIS}>{line:g}</text>'
    for row, name in enumerate(servers):
        y = TOP + ROW * row + 8
        weight = ' font-weight="bold"' if name == "minechat" else ""
        yield f'<text x="24" y="{y + 5}" font-size="13"{weight}>{escape(LABELS[name])}</text>'
        for below, (mode, (_, colour)) in enumerate(MODES.items()):
            values = results.cpu(name, readers, mode).values()
            if values:
                yield from _mark(
                    list(map(place, values)), statistics.median(values), y - 7 + 14 * below, colour
                )


def _mark(places: Sequence[float], value: float, y: int, colour: str) -> Iterator[str]:
    """A dot at the median, a line from the least to the most, the figure beside it."""
    middle = statistics.median(places)
    yield f'<path d="M{min(places)} {y}H{max(places)}" stroke="{colour}" stroke-width="2" opacity=".6"/>'
    yield f'<circle cx="{middle}" cy="{y}" r="5" fill="{colour}"/>'
    yield f'<text x="{max(places) + 10}" y="{y + 4}" font-size="12" fill="{colour}">{_short(value)}</text>'


def _steps(least: float, most: float) -> Iterator[float]:
    """1 and 3 of each power of ten between the two."""
    for power in range(-3, 4):
        for digit in (1, 3):
            step = digit * 10.0**power
            if least <= step <= most:
                yield round(step, 3)


def _footnotes(results: Results, y: int) -> Iterator[str]:
    rounds = 1 + max(visit.round for visit in results.visits)
    how = f"Medians and extremes of interleaved rounds ({rounds}); lines of 80 bytes over loopback."
    for line, text in enumerate((how, f"{results.date}; {results.machine}.")):
        yield f'<text x="24" y="{y + 18 * line}" fill="{FAINT}" font-size="12">{escape(text)}</text>'


def _short(value: float) -> str:
    return f"{value:.2f}" if value < 1 else f"{value:.1f}"
