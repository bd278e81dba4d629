"""Lengths of time as people type them: 90s, 10m, 2h, 7d, forever."""

import re

FOREVER = "forever"
_SPAN = re.compile(r"([0-9]{1,6})([smhd])", re.ASCII)
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(text: str) -> float | None:
    """How many seconds that is; None is for ever.

    :raises ValueError: it is no length of time
    """
    if text == FOREVER:
        return None
    found = _SPAN.fullmatch(text)
    if found is None or not int(found[1]):
        raise ValueError(text)
    return int(found[1]) * _UNITS[found[2]]
