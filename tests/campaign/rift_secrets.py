"""Secrets of RIFT: passwords, sessions and tokens are nowhere but where they must be, and never in a URL."""

import asyncio
import secrets
import socket
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.campaign._crowd import DEADLINE
from tests.campaign._wire import UPGRADE, Wire, asked
from tests.campaign.criteria import criterion
from tests.campaign.logins import METRICS, name_of, rift
from tests.cli.conftest import Terminal
from tests.cli.rift_people import RiftCommands

#: What somebody may try to come in by; ``%b`` is the secret.
URLS = (b"/?token=%b", b"/?access_token=%b", b"/%b", b"/?%b", b"//%b@localhost/", b"http://localhost/?session=%b",
        b"/health?token=%b", b"/;token=%b")  # fmt: skip
HEADERS = (b"Authorization: Bearer %b", b"Cookie: session=%b", b"Sec-WebSocket-Protocol: %b", b"X-Token: %b",
           b"User-Agent: %b", b"X-Forwarded-For: %b")  # fmt: skip


class Canaries:
    """Secrets that are looked for, and all that was met where none may be."""

    def __init__(self) -> None:
        self.secrets: dict[bytes, str] = {}
        self.met: list[str] = []
        self._said: dict[bytes, str] = {}

    def new(self, what: str) -> str:
        """A secret that nobody would meet by chance."""
        return self.add(f"canary-{secrets.token_urlsafe(12)}", what)

    def add(self, secret: str, what: str) -> str:
        assert len(secret) > 12, f"{what}: {secret!r}"
        self.secrets[secret.encode()] = what
        return secret

    def text(self) -> str:
        """Something said, which is for the database and for people alone."""
        text = f"parrot-{secrets.token_urlsafe(12)}"
        self._said[text.encode()] = "something said"
        return text

    def look(self, where: str, data: bytes, *, said: bool = False, but: str = "") -> None:
        """Notes each secret in there.

        :param said: whether what people said may be in there
        :param but: the kind of secret that may
        """
        sought = self.secrets if said else self.secrets | self._said
        self.met += [
            f"a {what} in {where}" for secret, what in sought.items() if secret in data and what != but
        ]


class Commands(RiftCommands):
    """One person, of whose runs everything that is printed is looked at."""

    canaries: Canaries

    def look(self, *options: str, stdin: bytes = b"", code: int = 0) -> None:
        done = self.run("rift", *options, stdin=stdin)
        assert done.returncode == code, done
        self.canaries.look(f"the output of rift {' '.join(options)}", done.stderr.encode())
        self.canaries.look(f"the output of rift {' '.join(options)}", done.stdout.encode(), said=True)


@contextmanager
def command_lines(canaries: Canaries) -> Iterator[list[int]]:
    """Reads those of all processes a hundred times a second; gives how often it did."""
    ended, looks = threading.Event(), [0]

    def look() -> None:
        while not ended.wait(0.01):
            looks[0] += 1
            for one in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    canaries.look("a command line", one.read_bytes())

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield looks
    finally:
        ended.set()
        thread.join()


@criterion("passwords, sessions and tokens of RIFT are met nowhere but where they belong", small=1, full=20)
def nowhere(size: int, folder: Path) -> str:
    """Size is how many people do all that can be done with each."""
    return asyncio.run(_nowhere(size, folder))


async def _nowhere(size: int, folder: Path) -> str:
    canaries, kept = Canaries(), folder / "people"
    kept.mkdir()
    with command_lines(canaries) as looks:
        async with rift(folder, "--limits", "off") as (server, port):
            for number in range(size):
                home = kept / str(number)
                home.mkdir()
                await asyncio.to_thread(_lives, home, port, name_of(number), canaries)
                await _talks(port, server.write_port, "x" + name_of(number), canaries)
            (metrics,) = METRICS.findall(server.log.read_bytes())
            with urllib.request.urlopen(f"http://127.0.0.1:{int(metrics)}/metrics", timeout=DEADLINE) as told:
                canaries.look("the metrics", told.read())
            canaries.look("the database", _files(folder, "chat.db"), said=True)
    canaries.look("the log", (folder / "server.log").read_bytes())
    canaries.look("the database", _files(folder, "chat.db"), said=True)
    for file in (one for one in kept.rglob("*") if one.is_file()):
        canaries.look(file.name, file.read_bytes(), said=True, but="session" * (file.name == "sessions.json"))
        assert file.name != "sessions.json" or file.stat().st_mode & 0o777 == 0o600
    assert not canaries.met, f"{len(canaries.met)} met, such as {canaries.met[0]}"
    return f"{len(canaries.secrets)} secrets met 0 times; command lines read {looks[0]} times"


def _files(folder: Path, prefix: str) -> bytes:
    return b"".join(one.read_bytes() for one in folder.glob(f"{prefix}*") if one.is_file())


def _lives(home: Path, port: int, name: str, canaries: Canaries) -> None:
    """Somebody with the command: registers, talks, errs, reads, comes again at a terminal, leaves."""
    person = Commands(home)
    person.port, person.canaries = port, canaries
    password, wrong = canaries.new("password"), canaries.new("wrong password")
    text, out = canaries.text(), ("--json", "-v")
    who = ("-U", name, "--password-stdin")
    person.look("--register", *who, *out, stdin=f"{password}\n{text}\n".encode())
    session = person.sessions.read_text().partition('"session": "')[2].partition('"')[0]
    canaries.add(session, "session")
    person.look(*out, stdin=canaries.text().encode())
    person.look("--register", *who, *out, stdin=f"{wrong}\nhello\n".encode(), code=6)
    person.look(*who, *out, stdin=f"{wrong}\nhello\n".encode(), code=4)
    person.look("--export-mine", "-", "--json")
    person.look("--export", str(home / "export.txt"))
    _sits(person, name, password, wrong)
    person.look("--forget", "-v")
    assert session not in person.sessions.read_text(), "a forgotten session is remembered"


def _sits(person: Commands, name: str, password: str, wrong: str) -> None:
    """At a terminal, without what was remembered, with a wrong password first."""
    kept = person.sessions.read_bytes()
    person.sessions.unlink()
    terminal = Terminal()
    try:
        terminal.start(person.argv("rift", "--plain"), str(person.folder), person.environment)
        for question, answer in (("log in: ", "l"), ("Name: ", name), ("Password: ", wrong)):
            terminal.until(question)
            terminal.keys(answer.encode(), terminal.ENTER)
        for question, answer in ((f"Name [{name}]: ", ""), ("Password: ", password)):
            terminal.until(question)
            terminal.keys(answer.encode(), terminal.ENTER)
        terminal.until(terminal.READY)
        terminal.keys(b"exit", terminal.ENTER)
        assert terminal.end() == 0
    finally:
        terminal.close()
    person.canaries.look("a terminal", terminal.ever_shown, said=True)
    session = person.sessions.read_text().partition('"session": "')[2].partition('"')[0]
    person.canaries.add(session, "session")
    person.sessions.write_bytes(kept)


async def _talks(port: int, speak_port: int, name: str, canaries: Canaries) -> None:
    """Somebody with a client of their own, which says secrets where none belong."""
    wire = await Wire.open(port)
    password, stray = canaries.new("password"), canaries.new("stray secret")
    wire.send(asked("register", username=name, password=password))
    assert (await wire.frame())["type"] == "register_success"
    wire.send(asked("auth", username=name, password=password, features=("acks", "sessions")))
    canaries.add((await wire.frame())["payload"]["session"], "session")
    token = canaries.add((await wire.done("get_token"))["token"], "token")
    new = canaries.new("password")
    await wire.done("change_password", old=password, new=new)
    for text in (
        asked("auth", username=name, password=stray),
        asked("change_password", old=stray, new=stray),
        asked("change_password", old=[stray], new=stray),
        asked(stray, token=stray),
        b'{"type": "auth", "payload": {"password": "' + stray.encode() + b'\\ud800"}}',
        stray.encode(),
    ):
        wire.send(text)
        frame = await wire.frame()
        assert frame["type"] == "error", frame
        canaries.look("an answer", str(frame).encode())
    wire.writer.transport.abort()
    for way in ("session", "token", "password"):
        stranger = await Wire.open(port)
        stranger.send(asked("auth", **({"username": name} if way == "password" else {}), **{way: stray}))
        assert (await stranger.frame())["type"] == "auth_fail"
        stranger.writer.transport.abort()
    await asyncio.to_thread(_asks_by_http, port, token, stray)
    await asyncio.to_thread(_speaks, speak_port, token, stray)


def _asks_by_http(port: int, token: str, stray: str) -> None:
    """With a token in the URL nobody is let in; in a header it is nothing."""
    for secret in (token.encode(), stray.encode()):
        for url in URLS:
            request = UPGRADE.replace(b"GET / ", b"GET " + url % secret + b" ") % b""
            answer = _answer(port, request)
            assert b" 101 " not in answer, f"{url!r} is let in"
            assert secret not in answer, f"{url!r} is told again"
        for header in HEADERS:
            answer = _answer(port, UPGRADE % (header % secret + b"\r\n"))
            assert secret not in answer, f"{header!r} is told again"


def _answer(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as client:
        client.sendall(request)
        return client.recv(4096)


def _speaks(port: int, token: str, stray: str) -> None:
    """The token opens the speak port; another does not."""
    for secret in (token, stray):
        with (
            socket.create_connection(("127.0.0.1", port), DEADLINE) as client,
            client.makefile("rb") as lines,
        ):
            lines.readline()
            client.sendall(f"{secret}\n".encode())
            assert (lines.readline() == b"null\n") is (secret == stray)
