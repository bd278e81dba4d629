"""The verdicts of the fan-out benchmark: ratios round by round, judged on their median."""

import pytest

from benchmarks.fanout.results import Figure, Results, Visit
from benchmarks.fanout.targets import Verdict, judged


def figure(cpu: float, p99: float = 1000.0) -> Figure:
    return Figure(cpu, seconds=1.0, deliveries=1000, load_cpu=0.1, p50=p99 / 2, p99=p99)


def results_of(**costs: list[float]) -> Results:
    """Results with these costs of 64 in flight, round by round; one in flight and paced cost ten times."""
    results = Results("2026-01-01", "a machine", commits=[500.0] * 3)
    for server, rounds in costs.items():
        for number, cpu in enumerate(rounds):
            modes = {"many": figure(cpu), "one": figure(10 * cpu), "paced": figure(10 * cpu, p99=1000 * cpu)}
            results.visits.append(Visit(server, 1000, number, memory=100.0, idle=0.001, modes=modes))
    return results


def verdict(results: Results, what: str) -> Verdict:
    (found,) = [one for one in judged(results) if one.what.startswith(what)]
    return found


def test_a_ratio_is_taken_within_each_round_and_judged_on_its_median() -> None:
    results = results_of(minechat=[0.3, 2.0, 0.4], floor=[0.2, 2.0, 0.2])
    found = verdict(results, "64 in flight: ours / floor")
    assert found.values == pytest.approx([1.5, 1.0, 2.0])
    assert found.met
    one_good_round = results_of(minechat=[0.1, 0.4, 0.4], floor=[0.2, 0.2, 0.2])
    assert not verdict(one_good_round, "64 in flight: ours / floor").met


def test_the_best_peer_is_the_cheapest_one_and_never_a_yardstick() -> None:
    results = results_of(minechat=[0.2], floor=[0.1], naive=[0.1], redis=[0.4], nats=[0.25])
    assert verdict(results, "one in flight: ours / best peer").what.endswith("(nats)")
    assert verdict(results, "one in flight: ours / best peer").values == pytest.approx([0.8])


def test_the_longest_waits_are_judged_against_the_best_peer_and_one_commit() -> None:
    found = verdict(results_of(minechat=[3.0], redis=[2.0], nats=[4.0]), "p99")
    assert found.values == pytest.approx([3000 / (2000 + 500)])
    assert not found.met


def test_what_was_not_measured_is_not_judged() -> None:
    whats = [one.what for one in judged(results_of(minechat=[0.2], floor=[0.2]))]
    assert not any("redis" in what or "best peer" in what for what in whats)


def test_a_round_in_which_the_other_failed_gives_no_ratio() -> None:
    results = results_of(minechat=[0.2, 0.4, 0.3], floor=[0.2, 0.2, 0.1])
    results.visits = [one for one in results.visits if (one.server, one.round) != ("floor", 0)]
    assert verdict(results, "64 in flight: ours / floor").values == pytest.approx([2.0, 3.0])


def test_results_survive_being_kept() -> None:
    results = results_of(minechat=[0.3], floor=[0.2])
    assert Results.from_json(results.as_json()) == results


def test_the_port_of_rift_is_judged_against_both_ways_of_the_library() -> None:
    results = results_of(rift=[0.1, 0.2, 0.1], broadcast=[1.0] * 3, loop=[2.0] * 3)
    assert verdict(results, "one in flight: rift / broadcast").values == pytest.approx([0.1, 0.2, 0.1])
    assert verdict(results, "64 in flight: rift / loop").met
    assert not verdict(results_of(rift=[0.9], broadcast=[1.0]), "one in flight: rift / broadcast").met
