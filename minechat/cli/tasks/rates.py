"""From two looks at a server to what happens a second, and figures as people read them."""

from collections.abc import Mapping
from typing import Any

Look = dict[str, Any]
_SIZES = ("B", "KiB", "MiB", "GiB")


def per_second(field: str, now: Look, before: Look | None) -> float | None:
    """How fast a counter grows; None with one look only, or when another server answered the second time."""
    if before is None or now["clock"] <= before["clock"] or now[field] < before[field]:
        return None
    rate: float = (now[field] - before[field]) / (now["clock"] - before["clock"])
    return rate


def rate(value: float | None) -> str:
    """``12.5/s``."""
    return "–" if value is None else f"{value:.1f}/s" if value < 100 else f"{value:.0f}/s"


def delay(seconds: float) -> str:
    """``1.2 ms``, ``340 ms``, ``2.5 s``."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{seconds * 1000:.1f} ms" if seconds < 0.1 else f"{seconds * 1000:.0f} ms"


def size(count: float) -> str:
    """``512 B``, ``1.5 MiB``."""
    for unit in _SIZES:
        if count < 1024 or unit == _SIZES[-1]:
            break
        count /= 1024
    return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"


def by_reason(counts: Mapping[str, int]) -> str:
    """``queue 3, stall 1``; the most frequent first."""
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return ", ".join(f"{reason} {count}" for reason, count in ordered) or "none"
