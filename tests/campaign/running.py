"""Running: posts outlive the log, the loop is never held up, what broke ends, no nickname forges a line."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.campaign.criteria import criterion
from tests.cli.test_server import SENT, Person
from tests.cli.test_server_faults import COMMAND, DYING, FREE, noise, page, posts, started, write_port
from tests.cli.watched import Stage
from tests.hostile import corpus
from tests.server.test_outflow import filled, left_out

#: Seconds the loop may be held up.
LAG = 0.1
#: What measures how late this machine wakes a process that does nothing else.
IDLE = """
import sys, time
worst = 0.0
while True:
    due = time.monotonic() + 0.1
    time.sleep(0.1)
    worst = max(worst, time.monotonic() - due)
    print(worst, flush=True)
"""


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    stage = Stage(folder)
    try:
        yield stage
    finally:
        stage.close()


@criterion("posts go on while the log's disk is full", small=100, full=20_000)
def full_log(size: int, folder: Path) -> str:
    full = os.open("/dev/full", os.O_WRONLY)
    try:
        return _posted(folder, size, stderr=full)
    finally:
        os.close(full)


@criterion("posts go on when stderr is closed", small=100, full=20_000)
def closed_log(size: int, folder: Path) -> str:
    return _posted(folder, size, before=("sh", "-c", 'exec "$@" 2>&-', "sh"))


@criterion("posts go on when nobody reads stderr", small=100, full=20_000)
def unread_log(size: int, folder: Path) -> str:
    reader, writer = os.pipe()
    filled(writer)
    try:
        return _posted(folder, size, stderr=writer)
    finally:
        os.close(reader)
        os.close(writer)


def _posted(folder: Path, size: int, **how: object) -> str:
    with staged(folder) as stage:
        server = stage.run(*FREE, "--limits", "off", "--json", command=COMMAND, **how)
        port = write_port(server.process.pid)
        noise(port, size // 10)
        posts(port, size)
        server.signal(signal.SIGTERM)
        assert server.code() == 143, "it did not end as asked"
    return f"{size} posts acknowledged, {size // 10} events logged into nothing"


@criterion("the loop is held up for 100 ms at most under load", small=2, full=60, timed=True)
def lag(seconds: int, folder: Path) -> str:
    """Twenty post without a pause to a hundred readers; the machine's own lateness is measured beside it."""
    with staged(folder) as stage, ExitStack() as crowd:
        server = stage.run(*FREE, "--limits", "off", "--json", command=COMMAND)
        told = started(server)
        read_port, port = told["read_port"], told["write_port"]
        assert isinstance(read_port, int)
        assert isinstance(port, int)
        for _ in range(100):
            reader = crowd.enter_context(socket.create_connection(("127.0.0.1", read_port), 10))
            threading.Thread(target=_read, args=(reader,), daemon=True).start()
        idle = subprocess.Popen([sys.executable, "-c", IDLE], stdout=subprocess.PIPE, text=True)
        end = time.monotonic() + seconds
        threads = [threading.Thread(target=_post_until, args=(port, end)) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        figures = page(told["metrics_port"], "/metrics")
        idle.terminate()
        machine = max(float(line) for line in idle.communicate()[0].splitlines())
    (worst,) = re.findall(r'^minechat_loop_lag_seconds\{quantile="1"\} (\S+)$', figures, re.M)
    (stored,) = re.findall(r"^minechat_messages_total (\S+)$", figures, re.M)
    figure = f"{float(worst) * 1000:.0f} ms at {float(stored) / seconds:.0f} messages/s to 100 readers"
    assert float(worst) <= LAG + machine, f"{figure}; the machine itself: {machine * 1000:.0f} ms"
    return f"{figure}; the machine itself {machine * 1000:.0f} ms"


def _read(reader: socket.socket) -> None:
    try:
        while reader.recv(1 << 16):
            pass
    except OSError:
        pass  # closed at the end


def _post_until(port: int, end: float) -> None:
    person = Person(port)
    person.register("Eva")
    while time.monotonic() < end:
        person.post("x" * 60)
        assert person.answers.readline() == SENT
    person.close()


@criterion("a part that dies ends the process within a second", small=1, full=20)
def dying(size: int, folder: Path) -> str:
    slowest = 0.0
    for number in range(size):
        (folder / str(number)).mkdir()
        with staged(folder / str(number)) as stage:
            server = stage.run("server", *FREE, "--json", command=("-c", DYING))
            started(server)
            at = time.monotonic()
            server.signal(signal.SIGUSR1)  # on which the part dies
            assert server.code() == 1, "it ended as if nothing was wrong"
            slowest = max(slowest, time.monotonic() - at)
            assert server.told.count("Traceback (most recent call last)") == 1
    assert slowest <= 1, f"{slowest:.2f} s"
    return f"{size} of {size} ended, the slowest after {slowest:.2f} s"


@criterion("hostile nicknames: log records are events, no raw control bytes", small=200, full=10_000)
def nicknames(size: int, folder: Path) -> str:
    hostile = [line.replace(b"\n", b" ")[:200] for line in corpus.load().hostile_lines]
    with staged(folder) as stage:
        server = stage.run(*FREE, "--limits", "off", command=COMMAND)
        server.until_told("started")
        port = int(re.findall(r"port (\d+) to register", server.told)[0])
        named = sum(
            _registers(port, hostile[number % len(hostile)] + b"%d" % number) for number in range(size)
        )
        server.signal(signal.SIGTERM)
        assert server.code() == 143
        log = server.told
    lines = [line for line in log.splitlines() if " account_registered " in line]
    counted = len(lines) + sum(map(left_out, lines))
    assert counted == named, f"{counted} logged of {named}"
    raw = [char for char in log if (ord(char) < 32 and char != "\n") or 127 <= ord(char) < 160]
    assert not raw, f"{len(raw)} raw control characters"
    return f"{named} accounts = {len(lines)} lines and {counted - len(lines)} left out, 0 raw control bytes"


def _registers(port: int, nick: bytes) -> bool:
    """Registers with this line; whether the server gave an account with a name."""
    with socket.create_connection(("127.0.0.1", port), 10) as client, client.makefile("rb") as answers:
        answers.readline()
        client.sendall(b"\n" + nick + b"\n")
        answers.readline()
        answer = answers.readline()
        return answer.startswith(b"{") and not json.loads(answer)["nickname"].endswith(" ")
