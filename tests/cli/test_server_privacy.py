"""What a server keeps to itself: tokens, what people say, and where it lives; and who may read its files."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from tests.cli.test_server import SENT, Person
from tests.cli.test_server_faults import COMMAND, FREE, page, started
from tests.cli.watched import Chat, Stage

TEXT = "canary-" + "f00d" * 4


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def port_of(server: Chat, name: str) -> int:
    port = started(server)[name]
    assert isinstance(port, int)
    return port


def grep(folder: Path, needle: str) -> list[str]:
    return [path.name for path in folder.iterdir() if path.is_file() and needle.encode() in path.read_bytes()]


def test_a_token_is_nowhere_and_a_text_only_in_the_database(stage: Stage) -> None:
    server = stage.run(*FREE, "--json", "-vv", command=COMMAND)
    person, stranger = (Person(port_of(server, "write_port")) for _ in range(2))
    token = person.register("Eva")
    person.post(TEXT)
    assert person.answers.readline() == SENT
    wrong = "5f3b1c0e-0000-4000-8000-00000000beef"
    stranger.socket.sendall(f"{wrong}\n".encode())
    assert stranger.answers.readline() == b"null\n"
    metrics = page(port_of(server, "metrics_port"), "/metrics")
    shown = [metrics, Path(f"/proc/{server.process.pid}/cmdline").read_text()]
    person.close()
    stranger.close()
    server.signal(signal.SIGTERM)
    assert server.code() == 143
    shown += [server.told, server.shown.decode()]
    for secret in (token, wrong, TEXT, "Eva", "127.0.0.1"):
        assert secret not in metrics
    for secret in (token, wrong, TEXT):
        assert not [text for text in shown if secret in text]
    assert grep(stage.folder, token) == []
    assert grep(stage.folder, token.replace("-", "")) == []
    assert grep(stage.folder, TEXT) == ["minechat.db"]


@pytest.mark.needs("strace")
def test_every_file_is_private_from_its_first_moment(stage: Stage) -> None:
    trace = stage.folder / "trace"
    open_to_all = ("sh", "-c", 'umask 000; exec "$@"', "sh")
    watched = ("strace", "-f", "-qq", "-o", str(trace), "-e", "trace=open,openat,creat,mkdir,mkdirat,umask")
    server = stage.run(*FREE, "--json", "--tls-self-signed", command=COMMAND, before=(*open_to_all, *watched))
    process = started(server)["process"]
    assert isinstance(process, int)
    try:
        backup = ("-m", "minechat", "server", "backup", "copy.db", "-q")
        copied = stage.run(
            command=backup, before=(*open_to_all, *watched[:4], f"{trace}.backup", *watched[5:])
        )
        assert copied.code() == 0, copied.told
        there = {path.name: stat.S_IMODE(path.lstat().st_mode) for path in stage.folder.iterdir()}
    finally:
        os.kill(process, signal.SIGTERM)  # not the tracer, which would leave it alone
    assert server.code() == 143
    ours = {name: oct(mode) for name, mode in there.items() if not name.startswith((".env", "trace"))}
    secret = {"minechat.db", "minechat.db-wal", "minechat.db-shm", "minechat.db.lock", "minechat.db.admin"}
    assert set(ours) >= secret | {"minechat.db.crt", "minechat.db.key", "copy.db"}
    assert set(ours.values()) == {"0o600"}
    calls = trace.read_text() + Path(f"{trace}.backup").read_text()
    made = dict(re.findall(r'"([^"]+)", [A-Z_|]*O_CREAT[A-Z_|]*, (0\d+)\)', calls))
    modes = {path: mode for path, mode in made.items() if "__pycache__" not in path}
    assert {os.path.basename(path) for path in modes} >= {"minechat.db.lock", "minechat.db.new"}
    assert set(modes.values()) == {"0600"}, modes


def test_the_figures_are_for_this_machine_alone(stage: Stage) -> None:
    server = stage.run(*FREE, "--host", "0.0.0.0", "--allow-plain", "--json", command=COMMAND)
    metrics, read = port_of(server, "metrics_port"), port_of(server, "read_port")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # sends nothing: it asks which address would be used
        outside = probe.getsockname()[0]
    for address in {outside, "127.0.0.2"} - {"127.0.0.1"}:
        socket.create_connection((address, read), 10).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((address, metrics), 10)
    assert page(metrics, "/health") == "ok\n"


#: What tells of the inside of a server: paths, SQL, code, versions, addresses.
INSIDE = re.compile(
    rb"/\w+/|\.db|\.py|sqlite|SELECT|INSERT|Traceback|Error|Exception|0x[0-9a-f]{6}|\d+\.\d+\.\d+",
    re.IGNORECASE,
)
PIECES = [b"\n", b"\n\n", b"GET / HTTP/1.1\n", b"\x00", b"\xff\xfe", b"'; DROP TABLE account; --\n", b"{}\n"]
PIECES += [
    b"\nEva\n" + b"x\n" * 150,
    b"A" * 5000,
    b"..\\../etc/passwd\n",
    b"%s%n\n",
    b"null\n",
    "Вася\n".encode(),
    b"\x1b]0;x\x07\n",
]


def test_what_users_are_told_holds_nothing_of_the_inside(stage: Stage) -> None:
    chance = Random(7)
    server = stage.run(*FREE, "--limits", "off", "--json", command=COMMAND)
    port = port_of(server, "write_port")
    heard = b""
    for _ in range(60):
        with socket.create_connection(("127.0.0.1", port), 10) as client:
            client.settimeout(10)
            with suppress(ConnectionError):  # a violation of the protocol is answered by the end
                client.sendall(b"".join(chance.choices(PIECES, k=8)))
                client.shutdown(socket.SHUT_WR)
                while more := client.recv(1 << 16):
                    heard += more
    assert b"Message not sent: " in heard
    names = re.compile(rb'^\{"nickname": .*$', re.M)  # what they called themselves comes back to them
    assert INSIDE.findall(names.sub(b"", heard)) == []
    assert server.running
    assert "Traceback" not in server.told


def test_a_user_that_may_not_learns_nothing_of_the_files(stage: Stage) -> None:
    server = stage.run(*FREE, "--json", command=COMMAND)
    started(server)
    os.chmod(stage.folder, 0o755)
    code = (
        "import os, sys\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "for name in sys.argv[1:]:\n"
        "    try: os.close(os.open(name, os.O_RDONLY))\n"
        "    except OSError as error: continue\n"
        "    print(name)\n"
    )
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    for parent in [stage.folder, *stage.folder.parents][:3]:
        os.chmod(parent, 0o755)
    names = [str(path) for path in stage.folder.iterdir() if path.name.startswith("minechat.db")]
    assert len(names) >= 4
    tried = subprocess.run([sys.executable, "-c", code, *names], capture_output=True, text=True, cwd="/")
    assert (tried.stdout, tried.stderr) == ("", "")
