"""/metrics: Prometheus reads it, it holds what was counted, and nobody's name or address."""

from prometheus_client.parser import text_string_to_metric_families

from minechat.server.exposition import Now, exposition
from minechat.server.figures import Figures

NOW = Now(connections={"read": 3, "write": 2}, queued=17, database=4096, space=10_000, ready=True)


def read(figures: Figures, now: Now = NOW) -> dict[str, float]:
    text = exposition(figures, lambda: now)().decode()
    return {
        sample.name
        + "".join(f"{{{key}={value}}}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_it_holds_what_was_counted() -> None:
    figures = Figures(messages=5, deliveries=15, log_lost=2)
    figures.dropped["queue"] += 1
    figures.refused["connections_per_source"] += 7
    for seconds in (0.1, 0.2, 0.4):
        figures.commit.add(seconds)
    found = read(figures)
    assert (
        found.items()
        >= {
            "minechat_ready": 1,
            "minechat_connections{port=read}": 3,
            "minechat_connections{port=write}": 2,
            "minechat_messages_total": 5,
            "minechat_deliveries_total": 15,
            "minechat_queue_bytes": 17,
            "minechat_readers_dropped_total{reason=queue}": 1,
            "minechat_refusals_total{limit=connections_per_source}": 7,
            "minechat_commit_delay_seconds{quantile=0.5}": 0.2,
            "minechat_commit_delay_seconds{quantile=0.99}": 0.4,
            "minechat_commit_delay_seconds{quantile=1}": 0.4,
            "minechat_commit_delay_seconds_count": 3,
            "minechat_fan_out_delay_seconds_count": 0,
            "minechat_loop_lag_seconds_count": 0,
            "minechat_database_bytes": 4096,
            "minechat_disk_free_bytes": 10_000,
            "minechat_log_events_lost_total": 2,
        }.items()
    )
    assert round(found["minechat_commit_delay_seconds_sum"], 6) == 0.7
    assert any(name.startswith("minechat_build_info{") for name in found)
    assert found["process_open_fds"] > 0


def test_it_is_read_anew_each_time() -> None:
    figures = Figures()
    pages = exposition(figures, lambda: NOW)
    assert b"minechat_messages_total 0.0\n" in pages()
    figures.messages += 1
    assert b"minechat_messages_total 1.0\n" in pages()


def test_two_servers_in_one_process_do_not_meet() -> None:
    assert read(Figures(messages=1))["minechat_messages_total"] == 1
    assert read(Figures(messages=2))["minechat_messages_total"] == 2
