"""The server as a process when things go wrong around it: the log, the ports, a part of it, its terminal."""

import http.client
import json
import os
import re
import signal
import socket
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from minechat.server.selfsigned import ensure
from tests.cli.test_server import SENT, Person
from tests.cli.watched import Chat, Stage, until
from tests.server.test_outflow import filled

FREE = ("--read-port", 0, "--write-port", 0, "--no-rift", "--metrics-port", 0)
COMMAND = ("-m", "minechat", "server")


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def lines(server: Chat) -> list[dict[str, object]]:
    """What a server with --json has logged."""
    return [json.loads(line) for line in server.told.splitlines() if line.startswith("{")]


def started(server: Chat) -> dict[str, object]:
    def found() -> list[dict[str, object]]:
        told = server.told
        whole = told[: told.rfind("\n") + 1].splitlines()
        logged = [json.loads(line) for line in whole if line.startswith("{")]
        return [one for one in logged if one.get("event") == "started"]

    until(found, lambda: server.told)
    return found()[0]


def page(port: object, path: str) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
        return str(answer.read().decode())


def posts(port: object, count: int) -> None:
    """Somebody registers and posts, and each post is acknowledged."""
    assert isinstance(port, int)
    person = Person(port)
    try:
        person.register("Eva")
        for number in range(count):
            person.post(f"m{number}")
            assert person.answers.readline() == SENT
    finally:
        person.close()


def ports_of(process: int) -> list[int]:
    """Ports a process listens on, for a server that has nowhere to tell them; the lowest first."""
    inodes = set()
    for fd in Path(f"/proc/{process}/fd").iterdir():
        with suppress(FileNotFoundError):  # a file that was read for a moment
            with_inode = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(fd))
            inodes.add(with_inode[1] if with_inode else "")
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sorted(int(row[1].partition(":")[2], 16) for row in rows if row[3] == "0A" and row[9] in inodes)


def write_port(process: int) -> int:
    """The port that greets."""
    found: list[int] = []

    def greeting() -> bool:
        ports = ports_of(process)
        if len(ports) == 3:
            found.extend(port for port in ports if not found and greets(port))
        return bool(found)

    until(greeting)
    return found[0]


def greets(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.settimeout(0.1)
        try:
            return client.recv(6) == b"Hello "
        except TimeoutError:  # the other ports wait for a word
            return False


def noise(port: int, count: int) -> None:
    """Events that are logged: browsers on the wrong door."""
    for _ in range(count):
        with socket.create_connection(("127.0.0.1", port), 10) as client:
            client.sendall(b"\x16\x03\x01\x00\x00 \x1b[2J\n" * 10)


@pytest.mark.parametrize("fault", ["closed", "full", "nobody reads", "reader gone"])
def test_posts_go_on_whatever_becomes_of_the_log(stage: Stage, fault: str) -> None:
    reader, writer = os.pipe()
    if fault == "reader gone":
        os.close(reader)
    if fault == "nobody reads":
        filled(writer)
    full = os.open("/dev/full", os.O_WRONLY)
    before = ("sh", "-c", 'exec "$@" 2>&-', "sh") if fault == "closed" else ()
    # With --json nothing but the log goes to stderr: what is tried here is the log.
    server = stage.run(
        *FREE,
        "--limits",
        "off",
        "--json",
        command=COMMAND,
        before=before,
        stderr=full if fault == "full" else writer,
    )
    os.close(full)
    os.close(writer)
    try:
        port = write_port(server.process.pid)
        noise(port, 20)
        posts(port, 20)
        server.signal(signal.SIGTERM)
        assert server.code() == 143
    finally:
        if fault != "reader gone":
            os.close(reader)


def test_lost_lines_are_counted_where_somebody_looks(stage: Stage) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    server = stage.run(*FREE, "--json", command=COMMAND, stderr=full)
    os.close(full)
    write_port(server.process.pid)

    def lost() -> bool:
        for port in ports_of(server.process.pid):
            try:
                figures = page(port, "/metrics")
            except (http.client.HTTPException, OSError):
                continue
            return bool(re.search(r"^minechat_log_events_lost_total [1-9]", figures, re.M))
        return False

    until(lost)


DYING = """
import asyncio, signal, sys

async def dies(figures):
    asked = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, asked.set)
    await asked.wait()
    raise ZeroDivisionError("a part of it is broken: 10209158-dc35-41f0-a5a4-0242ac110003")

import minechat.server.app as app
app.beat = dies
from minechat.cli.main import main
sys.exit(main())
"""
CALLBACK = DYING.replace(
    "raise", "asyncio.get_running_loop().call_soon(divmod, 1, 0); await asyncio.Event().wait(); raise"
)


@pytest.mark.parametrize("bug", [DYING, CALLBACK], ids=["task", "callback"])
def test_a_part_that_dies_ends_the_process_at_once_and_is_told_once(stage: Stage, bug: str) -> None:
    server = stage.run("server", *FREE, "--json", command=("-c", bug))
    port = started(server)["write_port"]
    assert isinstance(port, int)
    with socket.create_connection(("127.0.0.1", port), 10) as visitor:
        visitor.recv(10)
        at = time.monotonic()
        server.signal(signal.SIGUSR1)
        assert server.code() == 1
    assert time.monotonic() - at < 1.2
    told = lines(server)
    (one,) = [line for line in told if line.get("event") == "bug"]
    assert one["level"] == "error"
    assert str(one["traceback"]).count("Traceback (most recent call last)") == 1
    assert "ZeroDivisionError" in str(one["error"])
    assert sum("Traceback" in str(line) for line in told) == 1
    assert "10209158" not in "".join(map(str, told[:-1]))  # all but the line for who started it
    assert told[-1]["error"]["exit"] == 1  # type: ignore[index]  # an object


@pytest.mark.parametrize(
    ("environment", "options", "said"),
    [
        ({}, ("--write-port", "{busy}"), "cannot listen on 127.0.0.1, port {busy}: "),
        ({}, ("--write-port", "{busy}"), ": Address already in use (--write-port); choose another"),
        ({"MINECHAT_READ_PORT": "{busy}"}, (), "(MINECHAT_READ_PORT in the environment)"),
        ({}, ("--metrics-port", "{busy}"), "port {busy}: Address already in use (--metrics-port)"),
        ({"MINECHAT_SERVER_HOST": "192.0.2.1"}, ("--allow-plain",), "(MINECHAT_SERVER_HOST in "),
        ({}, ("--tls-cert", "nobody.pem"), "cannot read the certificate 'nobody.pem'"),
        ({"MINECHAT_DATABASE_URL": "sqlite:///old.db"}, (), "it is not a database of minechat"),
        ({"MINECHAT_LIMITS": "none"}, (), "'none' is not one of the choices (MINECHAT_LIMITS in "),
    ],
    ids=["port", "its setting", "read port", "metrics", "host", "certificate", "old database", "limits"],
)
def test_what_cannot_work_is_one_line_at_once_and_nothing_is_made(
    stage: Stage, environment: dict[str, str], options: tuple[str, ...], said: str
) -> None:
    busy = str(stage.port().number)
    with sqlite3.connect(stage.folder / "old.db") as old:
        old.execute("CREATE TABLE somebody (elses)")
    old.close()
    os.chmod(stage.folder / "old.db", 0o600)
    (stage.folder / ".env").touch()
    there = contents(stage.folder)
    given = [part.format(busy=busy) for part in options]
    flags = ["--write-port", "--metrics-port"] + ["--read-port"] * ("MINECHAT_READ_PORT" not in environment)
    free = [part for flag in flags if flag not in given for part in (flag, "0")]
    server = stage.run(
        *free,
        *given,
        command=COMMAND,
        environment={name: value.format(busy=busy) for name, value in environment.items()},
    )
    assert server.code() == 2
    assert said.format(busy=busy) in server.told
    assert server.told.count("\n") == 1
    assert server.cpu() < 1.0
    assert contents(stage.folder) == there


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_ipv6_address_is_shown_in_brackets(stage: Stage, host: str) -> None:
    server = stage.run(*FREE, "--host", host, command=COMMAND)
    server.until_told("listening on [::1]: port ")


def test_a_second_server_finds_another_port_for_its_figures(stage: Stage) -> None:
    (stage.folder / "other").mkdir()
    taken = stage.run("--read-port", 0, "--write-port", 0, "--json", command=COMMAND)
    first = started(taken)["metrics_port"]
    second = stage.run(
        "--read-port", 0, "--write-port", 0, "--json", command=COMMAND, folder=stage.folder / "other"
    )
    port = started(second)["metrics_port"]
    assert port != first
    assert "minechat_build_info" in page(port, "/metrics")
    silent = stage.run(
        *("--read-port", 0, "--write-port", 0, "--no-rift", "--no-metrics"),
        *("--database", "sqlite:///third.db"),
        "--json",
        command=COMMAND,
    )
    assert (started(silent)["metrics_port"], started(silent)["rift_port"]) == ("none", "none")
    assert len(ports_of(silent.process.pid)) == 2


def test_the_default_port_that_is_taken_is_told_in_one_line(stage: Stage) -> None:
    with suppress(OSError):  # another program has it: just as well
        stage.port(9464)
    server = stage.run("--read-port", 0, "--write-port", 0, command=COMMAND)
    server.until_told("port 9464 is taken; /health, /ready and /metrics are on 127.0.0.1, port ")
    (port,) = re.findall(r"are on 127\.0\.0\.1, port (\d+)\n", server.told)
    assert page(port, "/health") == "ok\n"
    assert page(port, "/ready") == "ready\n"


def test_what_happens_shows_in_the_figures(stage: Stage) -> None:
    server = stage.run(*FREE, "--json", command=COMMAND)
    told = started(server)
    chat = stage.chat(int(str(told["read_port"])), "--count", 4)
    chat.until_told("connected")
    posts(told["write_port"], 3)
    chat.until_shown(b"Eva: m2")

    def figures() -> dict[str, float]:
        rows = [
            line.split() for line in page(told["metrics_port"], "/metrics").splitlines() if line[0] != "#"
        ]
        return {name: float(value) for name, value in rows}

    now = figures()
    assert now['minechat_connections{port="read"}'] == 1
    assert now["minechat_messages_total"] == 3
    assert now["minechat_deliveries_total"] == 3
    assert now["minechat_commit_delay_seconds_count"] >= 1
    assert now["minechat_fan_out_delay_seconds_count"] >= 1
    assert 0 < now['minechat_commit_delay_seconds{quantile="0.99"}'] < 10
    assert now["minechat_database_bytes"] > 0


def test_without_a_certificate_a_closed_terminal_ends_it(stage: Stage) -> None:
    server = stage.run(*FREE, "--json", command=COMMAND)
    started(server)
    server.signal(signal.SIGHUP)
    assert server.code() == 129


def test_with_a_certificate_sighup_reads_it_again(stage: Stage) -> None:
    cert, key = f"{stage.folder}/chat.crt", f"{stage.folder}/chat.key"
    ensure(cert, key, ("localhost",))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(stage.folder / "notify"))
        manager.settimeout(20)
        options = (*FREE, "--json", "--tls-cert", cert, "--tls-key", key)
        environment = {"NOTIFY_SOCKET": str(stage.folder / "notify")}
        server = stage.run(*options, command=COMMAND, environment=environment)
        started(server)
        os.unlink(cert)
        os.unlink(key)
        ensure(cert, key, ("localhost",))
        server.signal(signal.SIGHUP)
        server.until_told('"event":"reloaded"')
        os.unlink(cert)
        server.signal(signal.SIGHUP)
        server.until_told('"event":"certificate_kept"')
        assert server.running
        server.signal(signal.SIGTERM)
        assert server.code() == 143
        events = [line["event"] for line in lines(server) if "event" in line]
        after = events[events.index("started") + 1 :]
        assert after == ["certificate_loaded", "reloaded", "certificate_kept", "stopping"]
        words = [manager.recv(4096).partition(b"=")[0] for _ in range(4)]
        # A reload that was refused is none: systemd would report it done.
        assert words == [b"READY", b"RELOADING", b"READY", b"STOPPING"]


def test_a_service_manager_hears_everything_and_its_reload_ends_nothing(stage: Stage) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(stage.folder / "notify"))
        manager.settimeout(20)
        environment = {"NOTIFY_SOCKET": str(stage.folder / "notify"), "WATCHDOG_USEC": "100000"}
        server = stage.run(*FREE, command=COMMAND, environment=environment)
        heard = manager.recv(4096).decode().split("\n")
        assert heard == ["READY=1", "STATUS=0 watching, 0 to post"]
        assert manager.recv(4096).startswith(b"WATCHDOG=1\n")
        server.signal(signal.SIGHUP)
        reload: list[str] = []
        while len(reload) < 2:
            message = manager.recv(4096).decode()
            if not message.startswith("WATCHDOG"):
                reload.append(message)
        assert re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=\d+", reload[0])
        assert reload[1] == "READY=1"
        server.signal(signal.SIGTERM)
        while not manager.recv(4096).startswith(b"STOPPING=1"):
            pass
        assert server.code() == 143


def test_a_service_manager_hears_of_who_is_on_each_port(stage: Stage) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(stage.folder / "notify"))
        manager.settimeout(20)
        environment = {"NOTIFY_SOCKET": str(stage.folder / "notify"), "WATCHDOG_USEC": "100000"}
        ports = ("--read-port", 0, "--write-port", 0, "--rift-port", 0, "--metrics-port", 0)
        server = stage.run(*ports, "--json", command=COMMAND, environment=environment)
        assert manager.recv(4096) == b"READY=1\nSTATUS=0 watching, 0 to post, 0 for RIFT"
        told = started(server)
        visitors = [
            socket.create_connection(("127.0.0.1", int(str(told[port]))), 10)
            for port in ("read_port", "write_port", "write_port", "rift_port", "rift_port", "rift_port")
        ]
        while manager.recv(4096) != b"WATCHDOG=1\nSTATUS=1 watching, 2 to post, 3 for RIFT":
            pass
        assert 'minechat_connections{port="rift"} 3.0' in page(told["metrics_port"], "/metrics")
        for visitor in visitors:
            visitor.close()
        server.signal(signal.SIGTERM)
        assert server.code() == 143


def test_a_server_that_stops_says_not_ready_and_still_well(stage: Stage) -> None:
    """Somebody is there whose last message may be under way."""
    server = stage.run(*FREE, "--json", command=COMMAND)
    told = started(server)
    port = told["write_port"]
    assert isinstance(port, int)
    with socket.create_connection(("127.0.0.1", port), 10) as visitor:
        visitor.recv(10)
        server.signal(signal.SIGTERM)
        answers: list[int | None] = []
        while None not in answers:
            answers.append(code(told["metrics_port"]))
    assert server.code() == 143
    assert set(answers) - {200} == {503, None}


def code(port: object) -> int | None:
    """The answer to /ready; None when nobody answers any more."""
    try:
        page(port, "/ready")
    except urllib.error.HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return None
    return 200


def test_the_default_port_of_rift_that_is_taken_is_told_and_one_that_was_asked_for_is_blamed(
    stage: Stage,
) -> None:
    with suppress(OSError):  # another program has it: just as well
        stage.port(8765)
    server = stage.run("--read-port", 0, "--write-port", 0, "--no-metrics", command=COMMAND)
    server.until_told("port 8765 is taken; RIFT is on port ")
    (port,) = re.findall(r"RIFT is on port (\d+)\n", server.told)
    assert f", port {port} for RIFT\n" in server.told
    assert page(port, "/health") == "ok\n"
    busy = stage.port().number
    blamed = stage.run(*FREE[:-3], "--rift-port", busy, command=COMMAND)
    assert blamed.code() == 2
    assert f"port {busy}: " in blamed.told and "(--rift-port)" in blamed.told
