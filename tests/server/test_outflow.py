"""The log never waits and loses nothing uncounted: floods, full disks, closed streams, pipes nobody reads."""

import logging
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from minechat.server import log
from minechat.server.figures import Figures
from minechat.server.log import TextFormatter
from minechat.server.outflow import Outflow, Sparing, outflow
from tests.cli.watched import until


def record(name: str, **fields: object) -> logging.LogRecord:
    return logging.makeLogRecord({"levelname": "INFO", "event": name, "fields": fields})


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def left_out(line: str) -> int:
    found = re.search(r"left_out=(\d+)", line)
    return int(found[1]) if found else 0


def test_of_one_class_one_line_a_second_and_the_next_tells_how_many_were_left_out() -> None:
    clock = Clock()
    sparing = Sparing(clock)
    assert [sparing.admits(record("refused", number=number)) for number in range(58)] == [True] + [False] * 57
    assert sparing.admits(record("another"))
    clock.now = 1.0
    last = record("refused")
    assert sparing.admits(last)
    assert last.__dict__["left_out"] == 57
    assert sparing.due() == []


def test_what_was_left_out_last_is_told_when_nothing_follows() -> None:
    clock = Clock()
    sparing = Sparing(clock)
    for number in range(5):
        sparing.admits(record("refused", number=number))
    assert sparing.due() == []
    clock.now = 1.0
    (last,) = sparing.due()
    assert (last.__dict__["fields"]["number"], last.__dict__["left_out"]) == (4, 3)
    assert not sparing.admits(record("refused"))  # that was a line of this second


@pytest.fixture
def flow(tmp_path: Path) -> Iterator[Callable[..., Outflow]]:
    opened: list[Outflow] = []

    def start(fd: int, figures: Figures | None = None, waiting: int = 1024, interval: float = 0.0) -> Outflow:
        handler = Outflow(
            fd, Sparing(interval=interval), figures or Figures(), waiting=waiting, pause=interval or 0.05
        )
        handler.setFormatter(TextFormatter())
        handler.start()
        opened.append(handler)
        return handler

    yield start
    for handler in opened:
        handler.finish(0.0)
        logging.Handler.close(handler)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for fd in (reader, writer):
        with suppress(OSError):  # the test may have closed it
            os.close(fd)


def drained(fd: int) -> str:
    data = b""
    while select.select((fd,), (), (), 0)[0] and (more := os.read(fd, 1 << 16)):
        data += more
    return data.decode()


def test_lines_and_what_they_left_out_add_up_to_the_events(
    flow: Callable[..., Outflow], pipe: tuple[int, int]
) -> None:
    handler = flow(pipe[1], interval=0.02)
    for number in range(10_000):
        handler.handle(record("registered", nick=f"\x1b[2J\n{number}"))
    handler.finish()
    lines = drained(pipe[0]).splitlines()
    assert len(lines) + sum(map(left_out, lines)) == 10_000
    assert all(line.isprintable() for line in lines)


def filled(fd: int) -> None:
    """Fills a pipe to its last byte."""
    os.set_blocking(fd, False)
    for size in (65536, 1):
        try:
            while True:
                os.write(fd, b"\n" * size)
        except BlockingIOError:
            pass
    os.set_blocking(fd, True)


def test_a_pipe_nobody_reads_holds_up_nobody_and_what_is_lost_is_told_when_somebody_reads(
    flow: Callable[..., Outflow], pipe: tuple[int, int]
) -> None:
    filled(pipe[1])
    figures = Figures()
    handler = flow(pipe[1], figures, waiting=10)
    slowest = 0.0
    for number in range(5_000):
        start = time.perf_counter()
        handler.handle(record("event", number=number))
        slowest = max(slowest, time.perf_counter() - start)
    assert slowest < 0.5
    assert figures.log_lost in (4_989, 4_990)  # the thread has one in its hands, or not yet
    lines: list[str] = []

    def told(text: str) -> bool:
        lines.extend(filter(None, drained(pipe[0]).split("\n")))
        return any(text in line for line in lines)

    until(lambda: told("number=9"))
    handler.handle(record("event", number="after"))
    until(lambda: told("number=after"))
    lost = [int(found[1]) for line in lines if (found := re.search(r"warning log_lost events=(\d+)$", line))]
    assert sum(lost) == figures.log_lost
    assert len(lines) - len(lost) + figures.log_lost == 5_000 + 1


@pytest.mark.parametrize("started", [True, False])
def test_a_server_that_never_started_tells_only_what_went_wrong(pipe: tuple[int, int], started: bool) -> None:
    with outflow(pipe[1], TextFormatter(), logging.INFO, Figures()) as handler:
        log.event("opened")
        log.event("failed", logging.ERROR)
        assert not select.select((pipe[0],), (), (), 0.02)[0]
        if started:
            handler.start()
    told = [line.split()[2] for line in drained(pipe[0]).splitlines()]
    assert told == (["opened", "failed"] if started else ["failed"])


def test_a_stream_that_takes_nothing_is_given_up_at_the_end(pipe: tuple[int, int]) -> None:
    filled(pipe[1])
    handler = Outflow(pipe[1], Sparing(), Figures())
    handler.setFormatter(TextFormatter())
    handler.start()
    handler.handle(record("stopping"))
    start = time.monotonic()
    handler.finish(0.1)
    assert time.monotonic() - start < 2
    os.write(pipe[1], b"this goes nowhere and waits for nobody" * 10_000)
    logging.Handler.close(handler)
    drained(pipe[0])


def test_a_stream_that_would_block_is_waited_for(flow: Callable[..., Outflow], pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[1], False)
    figures = Figures()
    handler = flow(pipe[1], figures)
    for number in range(900):
        handler.handle(record("event", number=number, filler="x" * 200))
    lines = ""

    def everything() -> bool:
        nonlocal lines
        lines += drained(pipe[0])
        return lines.count("\n") == 900

    until(everything, lambda: lines[-300:])
    assert figures.log_lost == 0


def test_a_closed_stream_costs_lines_and_nothing_else(
    flow: Callable[..., Outflow], pipe: tuple[int, int]
) -> None:
    os.close(pipe[0])
    figures = Figures()
    handler = flow(pipe[1], figures)
    for _ in range(3):
        handler.handle(record("event"))
    until(lambda: figures.log_lost == 3)


def test_a_full_disk_tears_no_line_that_follows(flow: Callable[..., Outflow], tmp_path: Path) -> None:
    """RLIMIT_FSIZE cuts a write as a full disk does; the limit goes up as if space returned."""
    code = (
        "import logging, os, resource, signal, sys\n"
        "from minechat.server.figures import Figures\n"
        "from minechat.server.log import TextFormatter\n"
        "from minechat.server.outflow import Outflow, Sparing, outflow\n"
        "from tests.server.test_outflow import record\n"
        "from tests.cli.watched import until\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "fd = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_APPEND)\n"
        "hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))\n"
        "figures = Figures()\n"
        "handler = Outflow(fd, Sparing(interval=0.0), figures)\n"
        "handler.setFormatter(TextFormatter())\n"
        "handler.start()\n"
        "for number in range(20):\n"
        "    handler.handle(record('event', number=number, filler='x' * 60))\n"
        "until(lambda: figures.log_lost and handler._queue.empty())\n"
        "lost = figures.log_lost\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))\n"
        "handler.handle(record('event', number='after'))\n"
        "handler.finish()\n"
        "print(lost)\n"
    )
    path = tmp_path / "log"
    run = subprocess.run(
        [sys.executable, "-B", "-c", code, str(path)], capture_output=True, text=True, timeout=30
    )
    assert run.stderr == ""
    lines = path.read_text().splitlines()
    whole = [line for line in lines if re.fullmatch(r"\S+ info event number=\d+ filler=x{60}", line)]
    torn, told, after = lines[len(whole) :]
    assert len(whole) + int(run.stdout) == 20
    assert torn.startswith(whole[0][:20])
    assert told.endswith(f"warning log_lost events={int(run.stdout)}")
    assert after.endswith("number=after")


def test_an_idle_log_sleeps(flow: Callable[..., Outflow], pipe: tuple[int, int]) -> None:
    handler = flow(pipe[1], interval=0.01)
    handler.handle(record("event"))
    until(lambda: drained(pipe[0]))
    naps: list[float | None] = []
    get = handler._queue.get

    def counted(block: bool = True, timeout: float | None = None) -> logging.LogRecord | None:
        naps.append(timeout)
        return get(block, timeout)

    handler._queue.get = counted  # type: ignore[method-assign]  # counts how often the thread wakes
    until(lambda: None in naps)
    assert naps.index(None) <= 10
