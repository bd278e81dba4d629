"""What a campaign measures: criteria with a size, each of which gives its figure or says what broke."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

#: Does a criterion at a size inside an empty folder; returns its figure, raises AssertionError when missed.
Measure = Callable[[int, Path], str]


@dataclass(frozen=True)
class Criterion:
    """One criterion.

    :param name: what it promises, as one line
    :param small: its size in every landing
    :param full: its size in a whole campaign
    :param needs: tools without which it is skipped, with the reason
    :param timed: it judges times that others on this machine can spoil: a small size is tried twice
    """

    name: str
    measure: Measure
    small: int
    full: int
    needs: tuple[str, ...] = ()
    timed: bool = False


CRITERIA: list[Criterion] = []


class Wrong(AssertionError):
    """What no stall of a machine explains, such as something lost or a right gained: one such is a miss."""


def criterion(
    name: str, *, small: int, full: int, needs: tuple[str, ...] = (), timed: bool = False
) -> Callable[[Measure], Measure]:
    """Registers a function as the measure of a criterion."""

    def register(measure: Measure) -> Measure:
        CRITERIA.append(Criterion(name, measure, small, full, needs, timed))
        return measure

    return register
