"""A lot at once: pipelined messages, a tight loop of pings; answered one by one, and others feel nothing."""

import re
import resource
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import BufferedReader
from pathlib import Path

import pytest

from minechat.server.handle import Server
from tests.server.raw import GREETING, NICKNAME, SENT, WELCOME, ports_told

DEADLINE = 20.0
FREE_PORTS = ("--read-port", "0", "--write-port", "0", "--metrics-port", "0", "--no-rift")


@contextmanager
def logged_in(port: int, nick: bytes) -> Iterator[tuple[socket.socket, BufferedReader]]:
    with (
        socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as sock,
        sock.makefile("rb") as lines,
    ):
        sock.sendall(b"\n" + nick + b"\n")
        assert [lines.readline(), lines.readline()] == [GREETING, NICKNAME]
        assert lines.readline().startswith(b"{")
        assert lines.readline() == WELCOME
        yield sock, lines


def sending(sock: socket.socket, data: bytes) -> threading.Thread:
    """Sends without reading; the server pauses us when too much waits."""
    thread = threading.Thread(target=sock.sendall, args=(data,))
    thread.start()
    return thread


def test_ten_thousand_pipelined_messages_are_answered_and_heard_in_order(process_server: Server) -> None:
    count = 10_000
    with (
        socket.create_connection(("127.0.0.1", process_server.read_port), timeout=DEADLINE) as listening,
        listening.makefile("rb") as heard,
        logged_in(process_server.write_port, b"Anna") as (sock, lines),
    ):
        thread = sending(sock, b"".join(b"%d\n\n" % number for number in range(count)))
        for number in range(count):
            assert lines.readline() == SENT
            assert heard.readline().endswith(b" Anna: %d\n" % number)
        thread.join()


def test_a_tight_loop_of_pings_is_answered_one_by_one_while_others_talk(process_server: Server) -> None:
    count = 90_000
    with (
        logged_in(process_server.write_port, b"Flood") as (flooder, answers),
        logged_in(process_server.write_port, b"Other") as (other, lines),
    ):
        thread = sending(flooder, b"\n" * count)
        for _ in range(20):
            other.sendall(b"hello\n\n")
            assert lines.readline() == SENT
        assert answers.read(len(SENT) * count) == SENT * count
        thread.join()


def test_what_reset_connections_left_holds_nobody_up(process_server: Server) -> None:
    flooders = [socket.create_connection(("127.0.0.1", process_server.write_port)) for _ in range(4)]
    with logged_in(process_server.write_port, b"Other") as (other, lines):
        for flooder in flooders:
            flooder.sendall(b"\n\n")
            flooder.setblocking(False)
            with pytest.raises(BlockingIOError):  # until the server takes no more, for nobody reads
                while True:
                    flooder.send(b"\n" * 65536)
        for flooder in flooders:
            flooder.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            flooder.close()
        end = time.monotonic() + 2  # it takes the server longer than that to go through all they left
        while (start := time.monotonic()) < end:
            other.sendall(b"\n")
            assert lines.readline() == SENT
            assert time.monotonic() - start < 0.3


@contextmanager
def serving(folder: Path, *start: str) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A server without limits, its listen port and its speak port."""
    command = [*start, sys.executable, "-m", "minechat", "server", *FREE_PORTS, "--limits", "off"]
    with subprocess.Popen(
        [*command, "--database", f"sqlite:///{folder}/chat.db"], stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        yield server, ports_told(server.stderr)
        server.kill()


def test_lines_without_an_end_are_cut_off_at_once_and_cost_no_memory(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "minechat", "server", *FREE_PORTS]
    with subprocess.Popen(
        [*command, "--database", f"sqlite:///{tmp_path}/chat.db"], stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        ports = ports_told(server.stderr)
        before = most_memory(server.pid)
        for port in ports * 20:
            assert endless_line(port) < 1.0
        assert most_memory(server.pid) - before <= 2 << 20
        server.terminate()
        assert complaints(server.stderr.read()) == []


def complaints(log: str) -> list[str]:
    """What a log tells beyond the start and the stop."""
    return [line for line in log.splitlines() if " info " not in line]


def endless_line(port: int) -> float:
    """Sends up to 1 GiB without a newline; the seconds until the server ended it."""
    start = time.monotonic()
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as sock:
        with pytest.raises(ConnectionError):
            for _ in range(1 << 14):
                sock.sendall(b"A" * (1 << 16))
        return time.monotonic() - start


def most_memory(pid: int) -> int:
    """The most bytes that were resident at one time."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) * 1024


def test_a_flood_of_connections_never_uses_up_the_descriptors(tmp_path: Path) -> None:
    few = ("sh", "-c", 'ulimit -n 256; exec "$@"', "sh")
    with serving(tmp_path, *few) as (server, ports), ExitStack() as clients:
        for _ in range(3):
            for number in range(400):
                client = clients.enter_context(socket.socket())
                client.setblocking(False)
                client.connect_ex(("127.0.0.1", ports[number % 2]))
            last = clients.enter_context(socket.create_connection(("127.0.0.1", ports[1]), DEADLINE))
            last.recv(1)  # answered or turned away, but after all the others
        server.terminate()
        assert server.stderr is not None
        assert complaints(server.stderr.read()) == []


def test_a_stopping_server_is_done_with_a_client_in_time_whatever_others_left(tmp_path: Path) -> None:
    with serving(tmp_path) as (server, ports), ExitStack() as clients:
        for _ in range(24):
            flooder = clients.enter_context(socket.create_connection(("127.0.0.1", ports[1])))
            flooder.sendall(b"\n\n")
            flooder.settimeout(0.05)
            with pytest.raises(TimeoutError):  # until the server takes no more, for nobody reads
                while True:
                    flooder.sendall(b"x\n\n" * 20_000)
        calm, lines = clients.enter_context(logged_in(ports[1], b"Calm"))
        server.terminate()
        start = time.monotonic()
        with suppress(ConnectionError):  # it may have been slow to say the last: then nobody hears it
            calm.sendall(b"still here\n\n")
            while lines.readline() == SENT:
                calm.sendall(b"still here\n\n")
            lines.read()
        assert time.monotonic() - start < 2
        assert server.wait(10) is not None


def resident(pid: int) -> int:
    """Bytes of memory that a process holds now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * resource.getpagesize()


def test_a_reader_that_never_reads_is_dropped_and_the_others_hear_everything(
    process_server: Server, server_process: subprocess.Popen[str]
) -> None:
    count = 8_000
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    with (
        deaf,
        socket.create_connection(("127.0.0.1", process_server.read_port), timeout=DEADLINE) as listening,
        listening.makefile("rb") as heard,
        logged_in(process_server.write_port, b"Anna") as (sock, lines),
    ):
        deaf.settimeout(DEADLINE)
        deaf.connect(("127.0.0.1", process_server.read_port))
        before = resident(server_process.pid)
        thread = sending(sock, b"".join(b"%d %s\n\n" % (number, b"x" * 1000) for number in range(count)))
        for number in range(count):
            assert lines.readline() == SENT
            assert heard.readline().split()[2] == b"%d" % number
        thread.join()
        assert resident(server_process.pid) - before < 4 << 20
        received = 0
        with suppress(ConnectionResetError):
            while piece := deaf.recv(1 << 20):
                received += len(piece)
        assert received < count * 1000
