"""How long to wait before each next attempt: a pure generator of delays with full jitter and a budget."""

from collections import deque
from collections.abc import Iterator
from random import Random


def delays(
    random: Random | None = None,
    *,
    first: float = 5.0,
    factor: float = 1.618,
    cap: float = 45.0,
    attempts: int = 20,
    window: float = 300.0,
) -> Iterator[float]:
    """Seconds before the second attempt, before the third, and so on for ever.

    Delay n is uniform between 0 and ``first * factor**n``, at most ``cap``: full jitter, so that clients
    who lost one server together do not come back together. Chance alone may draw many short delays in
    a row; so a delay is raised as far as it must be for no more than ``attempts`` attempts, the first
    one included, to start within any ``window`` seconds, while later delays of ``cap`` can still make
    up for the rest. Where ``attempts * cap >= window``, no delay is over ``cap``.
    """
    random = random or Random()
    recent: deque[float] = deque(maxlen=attempts - 1)
    ceiling = min(first, cap)
    while True:
        makeup = cap * (attempts - 1 - len(recent))
        delay = max(random.uniform(0.0, ceiling), window - sum(recent) - makeup)
        recent.append(delay)
        yield delay
        ceiling = min(ceiling * factor, cap)


def scaled(first: float, random: Random | None = None) -> Iterator[float]:
    """The delays for another longest first wait, in seconds: cap and window shrink or grow with it."""
    return delays(random, first=first, cap=9 * first, window=60 * first)
