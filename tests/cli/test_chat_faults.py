"""Faults of this machine: full disks, signals, closed pipes and terminals, odd clocks and encodings."""

import json
import os
import re
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.cli.watched import Chat, Stage, until

OURS = re.compile(
    r"(chat\.py: |connected to |connection lost: |a chat of your own is open on |(.*; )?trying again in ).*\n"
)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def numbered(first: int, last: int) -> bytes:
    return b"".join(b"Vlada: %06d\n" % number for number in range(first, last))


def numbers(records: bytes) -> list[int]:
    return [int(number) for number in re.findall(rb"^\[.*?\] Vlada: (\d{6})$", records, re.MULTILINE)]


def only_our_lines(told: str) -> bool:
    return OURS.sub("", told) == ""


# --- the history ---


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no file system of one's own: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.needs("mount", "umount")
def test_a_full_disk_stops_the_history_and_nothing_else(stage: Stage, small_disk: Path) -> None:
    history, ballast = small_disk / "history.log", small_disk / "ballast"
    ballast.write_bytes(b"x" * 56 * 1024)
    port = stage.port()
    chat = stage.chat(port, "-F", history)
    connection = port.accept()
    for start in range(0, 1000, 50):
        connection.sendall(numbered(start, start + 50))
        chat.until_shown(b"%06d\n" % (start + 49))
    until(lambda: numbers(chat.shown) == list(range(1000)))
    ballast.unlink()
    connection.sendall(numbered(1000, 1010))
    until(lambda: b"001009" in history.read_bytes())
    records = history.read_bytes()
    kept = numbers(records)
    (missing,) = [
        int(count) for count in re.findall(rb"^--- \[?.* (\d+) records are missing here", records, re.M)
    ]
    assert records.count(b"\n") == len(kept) + 1  # no half line: what is no message is the gap record
    assert len(kept) + missing == 1010
    assert kept == list(range(len(kept) - 10)) + list(range(1000, 1010))
    assert chat.told.count("No space left on device") == 1
    assert only_our_lines(chat.told)


def test_a_file_that_may_not_grow_stops_the_history_and_nothing_else(stage: Stage) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    port = stage.port()
    # Python writes bytecode without looking how much of it was written: the limit would leave cut files
    # in the cache of every other run.
    bare = {"PYTHONDONTWRITEBYTECODE": "1"}
    chat = stage.chat(port, "--count", 500, preexec_fn=limit, environment=bare)
    connection = port.accept()
    for start in range(0, 500, 50):
        connection.sendall(numbered(start, start + 50))
        chat.until_shown(b"%06d\n" % (start + 49))
    assert chat.code() == 0
    assert numbers(chat.shown) == list(range(500))
    kept = numbers(chat.history)
    assert kept == list(range(len(kept)))
    assert chat.history.endswith(b"\n")
    assert chat.told.count("cannot be written") == 1
    assert only_our_lines(chat.told)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_loses_nothing_that_was_received(stage: Stage, number: signal.Signals, code: int) -> None:
    port = stage.port()
    chat = stage.chat(port)
    connection = port.accept()
    for start in range(0, 3000, 30):
        connection.sendall(numbered(start, start + 30))
    chat.until_shown(b"002999\n")
    chat.signal(number)
    assert chat.code() == code
    assert numbers(chat.history) == list(range(3000))
    assert chat.history == chat.shown
    assert only_our_lines(chat.told)


def test_kill_leaves_an_exact_prefix_that_the_next_start_mends(stage: Stage) -> None:
    port = stage.port()
    chat = stage.chat(port, "-q")
    connection = port.accept()
    with suppress(OSError):
        for start in range(0, 100_000, 500):
            connection.sendall(numbered(start, start + 500))
            if start == 20_000:
                chat.process.kill()
    chat.code()
    found = chat.history
    whole = found[: found.rfind(b"\n") + 1]
    assert numbers(whole) == list(range(whole.count(b"\n")))
    # A kill between two writes leaves no half line; one in the middle of a write does.
    (stage.folder / "history.log").write_bytes(whole + b"[22.11.2026 14:05] Vlada: 09\xd0")
    again = stage.chat(port, "--count", 1)
    port.accept().sendall(b"Eva: first\n")
    assert again.code() == 0
    assert again.history.startswith(whole + b"[22.11.2026 14:05] Vlada: 09 [truncated]\n[")
    assert again.history.endswith(b"] Eva: first\n")


def test_two_chats_on_one_file_keep_every_line_whole(stage: Stage) -> None:
    port = stage.port()
    chats = [stage.chat(port, "-q", "--count", 5000) for _ in range(2)]
    connections = [port.accept() for _ in chats]
    for start in range(0, 5000, 100):
        for connection in connections:
            connection.sendall(numbered(start, start + 100))
    assert [chat.code() for chat in chats] == [0, 0]
    assert sorted(numbers(chats[0].history)) == sorted(list(range(5000)) * 2)
    assert chats[0].history.count(b"\n") == 10_000


def test_bad_history_paths_end_before_anything_is_asked(stage: Stage) -> None:
    port = stage.port()
    folder = stage.folder
    (folder / "target").write_bytes(b"precious")
    (folder / "link").symlink_to(folder / "target")
    os.mkfifo(folder / "pipe")
    names = ["link", "pipe", ".", "no/such/folder", "/dev/zero"]
    chats = [stage.chat(port, "-F", name) for name in names]
    assert [chat.code() for chat in chats] == [2] * len(names)
    assert [chat.told.count("\n") for chat in chats] == [1] * len(names)
    assert all(
        repr(name) in chat.told and "(-F)" in chat.told for name, chat in zip(names, chats, strict=True)
    )
    assert (folder / "target").read_bytes() == b"precious"
    port.patience(0)
    with pytest.raises(BlockingIOError):
        port.accept()


# --- Ctrl-C ---


def connected(stage: Stage) -> Chat:
    port = stage.port()
    chat = stage.chat(port)
    port.accept()
    chat.until_told("connected")
    return chat


@pytest.fixture
def black_hole() -> Iterator[int]:
    """A port where a connection is never made: its queue is full, so nothing answers."""
    with socket.socket() as listening, socket.socket() as first, socket.socket() as second:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for filler in (first, second):
            filler.setblocking(False)
            filler.connect_ex(listening.getsockname())
        yield listening.getsockname()[1]


def asking(port: int) -> int:
    """How many sockets of this machine wait for an answer of this port (Linux: SYN_SENT is 02)."""
    return len(re.findall(rf":{port:04X} 02 ", Path("/proc/net/tcp").read_text()))


def connecting(stage: Stage, black_hole: int) -> Chat:
    before = asking(black_hole)
    chat = stage.chat(black_hole)
    until(lambda: asking(black_hole) > before)
    return chat


#: The clients as they are, with a resolver that hangs.
HANGING = """
import sys, threading, time
from minechat.cli import prepare
prepare()
import minechat.client.connection, socket
def hang(*args, **named):
    print("resolving", file=sys.stderr, flush=True)
    time.sleep(3600)
socket.getaddrinfo = hang
from minechat.cli.chat import main
sys.argv[0] = "chat.py"
raise SystemExit(main())
"""


def resolving(stage: Stage) -> Chat:
    chat = stage.run("--host", "chat.example", "-P", 5000, command=("-c", HANGING))
    chat.until_told("resolving")
    return chat


def stopped_terminal(stage: Stage) -> Chat:
    port = stage.port()
    chat = stage.chat(port, terminal=True, collect=False)
    connection = port.accept()
    connection.settimeout(0.2)
    with suppress(TimeoutError):
        while True:
            connection.sendall(numbered(0, 1000))
    return chat


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("where", ["connected", "connecting", "resolving", "stopped terminal"])
def test_ctrl_c_ends_it_at_once_wherever_it_is(stage: Stage, black_hole: int, where: str, times: int) -> None:
    match where:
        case "connected":
            chat = connected(stage)
        case "connecting":
            chat = connecting(stage, black_hole)
        case "resolving":
            chat = resolving(stage)
        case _:
            chat = stopped_terminal(stage)
    began = time.monotonic()
    for _ in range(times):
        chat.signal(signal.SIGINT)
    until(lambda: not chat.running)
    assert time.monotonic() - began <= 1.0
    if where == "stopped terminal":
        os.close(chat.screen)
        chat.screen = -1
    # The second may come when Python is already gone: for a shell that is 130 as well.
    assert chat.code() in ((130,) if times == 1 else (130, -signal.SIGINT))
    assert only_our_lines(chat.told.replace("resolving\n", ""))


# --- deadlines ---


def test_the_deadline_and_the_keepalive_are_those_of_the_options(stage: Stage, black_hole: int) -> None:
    deaf = stage.chat(black_hole, "--timeout", "0.2", "--retry", 0)
    port = stage.port()
    stage.chat(port, "--keepalive", 7)
    number = port.accept().getpeername()[1]
    assert deaf.code() == 3
    assert "no connection within 0.2 s" in deaf.told
    # Of our end (Linux): the timer that runs, 02 for keepalive, and its hundredths of a second.
    table = Path("/proc/net/tcp")
    timer = re.compile(rf" 0100007F:{number:04X} .{{13}} 01 \S+ 02:([0-9A-F]{{8}}) ")
    until(lambda: timer.search(table.read_text()))
    (left,) = timer.findall(table.read_text())
    assert 0 < int(left, 16) <= 700


@pytest.mark.needs("strace")
@pytest.mark.parametrize("forced", [True, False])
def test_the_history_is_forced_to_the_disk_where_that_is_wanted(stage: Stage, forced: bool) -> None:
    calls = stage.folder / "calls"
    port = stage.port()
    chat = stage.chat(
        port,
        *("--count", 1, "--fsync" if forced else "--no-fsync"),
        before=("strace", "-f", "-qq", "-e", "trace=fsync,fdatasync", "-o", str(calls)),
    )
    port.accept().sendall(numbered(0, 1))
    assert chat.code() == 0
    assert ("sync(" in calls.read_text()) == forced


# --- who reads our output ---


def test_a_pipe_that_takes_one_line_ends_it_quietly(stage: Stage) -> None:
    port = stage.port()
    chat = stage.chat(port, collect=False)
    connection = port.accept()
    connection.sendall(numbered(0, 1))
    assert numbers(os.read(chat.stdout, 1000)) == [0]
    chat.hang_up()
    connection.sendall(numbered(1, 50))
    assert chat.code() == 0
    assert numbers(chat.history) == list(range(50))
    assert chat.told == f"connected to 127.0.0.1:{port.number}\n"


def test_a_terminal_that_goes_away_ends_it_quietly_and_without_a_spin(stage: Stage) -> None:
    port = stage.port()
    chat = stage.chat(port, terminal=True, collect=False)
    connection = port.accept()
    connection.sendall(numbered(0, 1))
    assert b"000000" in os.read(chat.stdout, 1000)
    used = chat.cpu()
    chat.hang_up()
    connection.sendall(numbered(1, 50))
    assert chat.code() == 0
    assert numbers(chat.history) == list(range(50))
    assert chat.cpu() - used < 0.5
    assert only_our_lines(chat.told)


def test_nobody_has_to_read_what_is_told(stage: Stage) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    port = stage.port()
    chat = stage.chat(port, "--count", 2, stderr=writing)
    os.close(writing)
    port.accept().sendall(numbered(0, 1))
    chat.until_shown(b"000000\n")
    port.accepted[0].close()
    port.accept().sendall(numbered(1, 2))
    assert chat.code() == 0
    assert numbers(chat.history) == [0, 1]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_behind_stdout_is_one_line(stage: Stage) -> None:
    port = stage.port()
    with open("/dev/full", "wb") as full:
        chat = stage.chat(port, "-q", stdout=full)
    port.accept().sendall(numbered(0, 1))
    assert chat.code() == 2
    assert chat.told == "chat.py: cannot write to standard output: No space left on device\n"
    assert numbers(chat.history) == [0]


# --- time ---


def test_a_pause_of_the_process_repeats_nothing(stage: Stage) -> None:
    port = stage.port()
    chat = stage.chat(port, "--keepalive", 1)
    connection = port.accept()
    connection.sendall(numbered(0, 100))
    chat.until_shown(b"000099\n")
    chat.signal(signal.SIGSTOP)
    os.waitid(os.P_PID, chat.process.pid, os.WSTOPPED | os.WNOWAIT)
    connection.sendall(numbered(100, 200))
    connection.close()
    chat.signal(signal.SIGCONT)
    port.accept().sendall(numbered(200, 300))
    chat.until_shown(b"000299\n")
    until(lambda: b"000299" in chat.history)
    assert numbers(chat.history) == list(range(300))
    assert chat.history.count(b"--- ") == 1


@pytest.mark.needs("faketime")
def test_a_clock_that_jumps_moves_the_stamps_and_not_the_waits(stage: Stage) -> None:
    days = ["1970-01-01 00:00:10", "2027-11-22 12:00:00"]
    chats = []
    for number, day in enumerate(days):
        folder = stage.folder / str(number)
        folder.mkdir()
        (folder / "clock").write_text(day)
        environment = {"FAKETIME_TIMESTAMP_FILE": str(folder / "clock"), "FAKETIME_NO_CACHE": "1"}
        environment |= {"DONT_FAKE_MONOTONIC": "1", "TZ": "XXX-05:30", "LD_PRELOAD": faketime_library()}
        port = stage.port()
        chat = stage.run(
            *("--host", "127.0.0.1", "-P", port.number, "--json", "--retry-delay", "0.02", "--count", "3"),
            folder=folder,
            environment=environment,
        )
        chats.append((chat, port, folder))
    for chat, port, folder in chats:
        connection = port.accept()
        connection.sendall(numbered(0, 1))
        chat.until_shown(b"000000")
        (folder / "clock").write_text("2001-02-03 04:05:06")
        connection.close()
        began = time.monotonic()
        connection = port.accept()
        connection.sendall(numbered(1, 3))
        assert chat.code() == 0
        assert time.monotonic() - began < 5
        times = [json.loads(line)["time"] for line in chat.shown.splitlines()]
        assert times[0][:4] in ("1970", "2027")
        assert times[1].startswith("2001-02-03T04:05:06")
        assert all(one.endswith("+05:30") for one in times)


def faketime_library() -> str:
    """Where the library of faketime is, as the tool itself says."""
    shown = subprocess.run(
        ["faketime", "-f", "+0", "printenv", "LD_PRELOAD"], capture_output=True, text=True, check=True
    )
    return shown.stdout.strip()


# --- encodings and a bare environment ---


@pytest.mark.parametrize("json_lines", [False, True], ids=["lines", "JSON"])
def test_no_encoding_stops_it(stage: Stage, json_lines: bool) -> None:
    encodings: list[dict[str, str]] = [
        {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PYTHONIOENCODING": "latin-1"},
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "ascii:strict"},
    ]
    text = "Вася: é\U0001f600 ok"
    port = stage.port()
    options = ["--count", 1, "--no-history", *(["--json"] if json_lines else [])]
    chats = [stage.chat(port, *options, environment=environment) for environment in encodings]
    for _ in chats:
        port.accept().sendall(text.encode() + b"\n")
    assert [chat.code() for chat in chats] == [0] * len(chats)
    assert all(only_our_lines(chat.told) for chat in chats)
    assert all(b" ok" in chat.shown for chat in chats)
    assert all(chat.shown.decode("latin-1").isascii() for chat in chats if b"\xe9" not in chat.shown)
    if json_lines:
        assert {json.loads(chat.shown)["nick"] for chat in chats} == {"Вася"}
        assert {json.loads(chat.shown)["text"] for chat in chats} == {"é\U0001f600 ok"}


def close(*descriptors: int) -> Callable[[], None]:
    def closing() -> None:
        for descriptor in descriptors:
            os.close(descriptor)

    return closing


def test_closed_streams_are_no_files_of_ours(stage: Stage) -> None:
    port = stage.port()
    chats = [
        stage.chat(port, "--count", 3, preexec_fn=close(*closed)) for closed in [(0,), (1,), (2,), (0, 1, 2)]
    ]
    for _ in chats:
        port.accept().sendall(numbered(0, 3))
    assert [chat.code() for chat in chats] == [0] * 4
    assert sorted(numbers(chats[0].history)) == sorted(list(range(3)) * 4)
    assert chats[0].history.count(b"\n") == 12
    assert all(only_our_lines(chat.told) for chat in chats)


def limited(descriptors: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))


def test_too_few_descriptors_are_one_line(stage: Stage) -> None:
    starved = stage.chat(stage.port(), preexec_fn=limited(4))
    server = stage.run("--port", 0, "--write-port", 0, preexec_fn=limited(8))
    for chat in (starved, server):
        assert chat.code() == 2
        assert chat.told.startswith("chat.py: ")
        assert chat.told.count("\n") == 1


def test_eight_descriptors_are_enough_to_watch(stage: Stage) -> None:
    port = stage.port()
    chat = stage.chat(port, "--count", 1, preexec_fn=limited(8))
    port.accept().sendall(numbered(0, 1))
    assert chat.code() == 0
    assert only_our_lines(chat.told)


def test_no_home_and_no_folder(stage: Stage) -> None:
    port = stage.port()
    gone = stage.folder / "gone"
    gone.mkdir()

    def leave() -> None:
        os.environ.pop("HOME", None)
        (gone / ".env").unlink()
        gone.rmdir()

    lost = stage.run("--host", "127.0.0.1", "-P", port.number, folder=gone, preexec_fn=leave)
    kept = stage.chat(port, "--count", 1, environment={"HOME": ""})
    port.accept().sendall(numbered(0, 1))
    assert kept.code() == 0
    assert lost.code() == 2
    assert lost.told.count("\n") == 1
    assert "'history.log'" in lost.told
