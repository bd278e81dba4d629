"""docs/protocol.md is not stale: its numbers, lines and sessions are those of the code."""

import asyncio
import dataclasses
import importlib
import inspect
import json
import re
import ssl
import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from minechat.client.listen import listening
from minechat.client.speak import speaking
from minechat.client.tls import Tls
from minechat.errors import InvalidInput, ProtocolViolation
from minechat.events import Account, Connected, Said
from minechat.protocol.speak import (
    CLIENT_EVENTS,
    TABLE,
    Acknowledged,
    Event,
    Greeting,
    Introduced,
    Message,
    NicknameAsked,
    NoToken,
    NotSent,
    Side,
    Talk,
    Token,
    TokenUnknown,
    Welcome,
)
from minechat.server.app import running
from minechat.server.selfsigned import ensure, fingerprint
from minechat.server.settings import PROFILES, Settings
from tests.markdown import FENCE, NUMBER, prose, rows
from tests.server.raw import Raw, raw

PROTOCOL = (Path(__file__).parent.parent / "docs" / "protocol.md").read_text(encoding="utf-8")
#: A number, its unit, and the hidden name of where the code keeps it.
MARKED = re.compile(r"(\d+)(?: (KiB|ms|s))?<!-- = ([\w. ]+) -->")
UNITS = {"": 1.0, "KiB": 1024.0, "s": 1.0, "ms": 0.001}


# The numbers of the protocol page.


def longest_token() -> int:
    """How many characters of a token our client takes at most."""
    return max(size for size in range(1, 1024) if _sendable("x" * size))


def _sendable(token: str) -> bool:
    talk = Talk(Side.CLIENT)
    talk.receive(b"Hello \n")
    talk.next_event()
    try:
        talk.send(Token(token))
    except InvalidInput:
        return False
    return True


def in_code(name: str) -> Any:
    """The constant, default of a field, or default of a parameter that a dotted name leads to."""
    if name == "longest token":
        return longest_token()
    parts = name.split(".")
    value: Any = importlib.import_module(parts[0])
    for depth, part in enumerate(parts[1:], 2):
        if inspect.ismodule(value) and not hasattr(value, part):
            importlib.import_module(".".join(parts[:depth]))
        value = _step(value, part)
    return value


def _step(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value[part]
    if isinstance(value, type) and dataclasses.is_dataclass(value):
        return getattr(value(), part)
    if inspect.isfunction(value):
        return inspect.signature(value).parameters[part].default
    return getattr(value, part)


@pytest.mark.parametrize(("number", "unit", "name"), MARKED.findall(PROTOCOL))
def test_each_number_is_the_one_in_the_code(number: str, unit: str, name: str) -> None:
    assert int(number) * UNITS[unit] == pytest.approx(in_code(name), rel=1e-9)


def test_no_number_stands_unmarked() -> None:
    text = MARKED.sub("", re.sub(r"^\d+\. ", "", prose(PROTOCOL), flags=re.M))
    assert [match[0] for match in NUMBER.finditer(text)] == []


def test_hand_typed_commands_name_the_default_ports() -> None:
    commands = "".join(body for language, body in FENCE.findall(PROTOCOL) if language == "sh")
    ports = re.findall(r"\bnc\b.* (\d+)$", commands, re.M)
    assert {int(port) for port in ports} == {Settings().read_port, Settings().write_port}


# The lines of the protocol page.

ACCOUNT = Account("Brave Вася", "464d015e-c0d7-474d-8d9b-229e8767581d")
REFUSALS = (NotSent("<reason>"), b"three\n\n", NotSent("<reason>", 12))
MESSAGES = (b"one\n\n", Acknowledged(), b"two\n\n", *REFUSALS)
TALKS: tuple[tuple[bytes | Event, ...], ...] = (
    (Greeting(), b"nobody's token\n", TokenUnknown(), NicknameAsked()),
    (Greeting(), b"token\n", Introduced(ACCOUNT), Welcome(), *MESSAGES),
)


def spoken(steps: tuple[bytes | Event, ...]) -> dict[bytes, type]:
    """What the server says in one talk: each line, and the event it stands for."""
    talk, said = Talk(Side.SERVER), {}
    for step in steps:
        if isinstance(step, bytes):
            talk.receive(step)
            talk.next_event()
        else:
            said[talk.send(step)] = type(step)
    return said


def test_the_lines_of_the_server_are_all_there_and_no_others() -> None:
    said = spoken(TALKS[0]) | spoken(TALKS[1])
    everything = {event for _, event in TABLE} - set(CLIENT_EVENTS)
    assert set(said.values()) == everything, "the talks of this test must hold each event of the server"
    written = [line.replace("<N>", "12").encode() + b"\n" for _, line in rows(PROTOCOL, "lines")]
    assert sorted(written) == sorted(said)


async def test_who_goes_over_a_limit_hears_the_lines_of_the_page(tmp_path: Path) -> None:
    too_much = [b"x" * 4096 + b"\n", b"\n\n" + b"x\n" * 101 + b"\n", b"GET / HTTP/1.1\r\n"]
    heard = []
    async with running(quiet(tmp_path)) as server:
        for data in too_much:
            client = await raw(server.write_port)
            client.send(data)
            heard.append((await client.rest()).decode().splitlines()[-1])
            await client.close()
    assert heard == [line for _, line in rows(PROTOCOL, "refusals")]


#: The talk before each line that our client recognises by its beginning.
WELCOMED = (b"Hello \n", Token("x"), b'{"nickname": "x", "account_hash": "x"}\n')
BEFORE: dict[str, tuple[bytes | Event, ...]] = {
    "the greeting": (),
    "the question for a nickname": (b"Hello \n", NoToken()),
    "the welcome": WELCOMED,
    "the answer to a message": (*WELCOMED, b"Welcome to chat!\n", Message("x")),
}


def understood(before: tuple[bytes | Event, ...], line: str) -> bool:
    talk = Talk(Side.CLIENT)
    for step in before:
        if isinstance(step, bytes):
            talk.receive(step)
            talk.next_event()
        else:
            talk.send(step)
    talk.receive(line.encode() + b"\n")
    try:
        return talk.next_event() is not None
    except ProtocolViolation:
        return False


def test_our_client_asks_for_these_beginnings_and_for_no_more() -> None:
    table = rows(PROTOCOL, "prefixes")
    assert [what for what, _ in table] == list(BEFORE)
    for what, beginning in table:
        assert understood(BEFORE[what], beginning)
        assert not understood(BEFORE[what], beginning[:-1])


# The sessions of the protocol page.


def sessions() -> list[list[tuple[str, str]]]:
    """Each session: who says something, and what."""
    blocks = re.findall(r"<!-- session -->\n```text\n(.*?)^```", PROTOCOL, re.M | re.S)
    return [[(line[0], line[2:].removeprefix(" ")) for line in block.splitlines()] for block in blocks]


def quiet(folder: Path) -> Settings:
    database = f"sqlite:///{folder}/chat.db"
    return Settings(read_port=0, write_port=0, database=database, limits=PROFILES["off"])


async def test_the_sessions_happen_as_they_are_written(tmp_path: Path) -> None:
    real: dict[str, str] = {}
    assert sessions()
    async with running(quiet(tmp_path)) as server:
        listener = await raw(server.read_port)
        for session in sessions():
            client = await raw(server.write_port)
            await replay(session, client, listener, real)
            await client.close()
        await listener.close()


async def replay(session: list[tuple[str, str]], client: Raw, listener: Raw, real: dict[str, str]) -> None:
    """Speaks a session line by line.

    :param real: for each token and name on the page, the one that the server chose; grows
    """
    for who, text in session:
        if who == "C":
            client.send(translated(text, real))
            continue
        line = await (client if who == "S" else listener).line()
        if text.startswith("{"):
            learn(json.loads(text), json.loads(line), real)
        assert line == translated(text, real)


def translated(text: str, real: dict[str, str]) -> bytes:
    for written, chosen in real.items():
        text = text.replace(written, chosen)
    return text.encode() + b"\n"


def learn(written: dict[str, str], chosen: dict[str, str], real: dict[str, str]) -> None:
    assert written["nickname"].split()[1:] == chosen["nickname"].split()[1:]
    for key, value in written.items():
        assert real.setdefault(value, chosen[key]) == chosen[key]


# TLS.


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[str, str]:
    files = f"{tmp_path}/chat.db.crt", f"{tmp_path}/chat.db.key"
    ensure(*files, ["chat.example"])
    return files


@pytest.mark.parametrize("written", [str.upper, str.lower, lambda mark: mark.replace(":", "")])
async def test_with_a_certificate_both_ports_speak_tls_from_the_first_byte(
    tmp_path: Path, certificate: tuple[str, str], written: Callable[[str], str]
) -> None:
    cert, key = certificate
    tls = Tls(fingerprint=written(fingerprint(cert)))
    async with running(dataclasses.replace(quiet(tmp_path), certificate=cert, key=key)) as server:
        async with (
            listening(port=server.read_port, tls=tls, retry=0) as heard,
            speaking(port=server.write_port, tls=tls) as speaker,
        ):
            assert isinstance(await anext(heard), Connected)
            account = await speaker.register("Вася")
            while not server.connections()["read"]:
                await asyncio.sleep(0)
            await speaker.say("привет")
            assert await anext(heard) == Said(account.nickname, "привет")
        for port in (server.read_port, server.write_port):
            client = await raw(port)
            client.send(b"GET / HTTP/1.1\r\n\r\n")
            assert not any(line.strip() for line in (await client.rest()).split(b"\n") if line.isascii())
            await client.close()


@pytest.mark.needs("openssl")
def test_the_command_for_a_fingerprint_gives_that_of_the_server(certificate: tuple[str, str]) -> None:
    commands = "".join(body for language, body in FENCE.findall(PROTOCOL) if language == "sh")
    command = next(line for line in commands.splitlines() if "-fingerprint" in line)
    cert = certificate[0]
    done = subprocess.run(command.replace("minechat.db.crt", cert).split(), capture_output=True, text=True)
    assert done.stdout.rstrip().endswith(f"={fingerprint(cert)}")


async def test_older_versions_of_tls_are_not_spoken(tmp_path: Path, certificate: tuple[str, str]) -> None:
    cert, key = certificate
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
    old.set_ciphers("ALL:@SECLEVEL=0")
    async with running(dataclasses.replace(quiet(tmp_path), certificate=cert, key=key)) as server:
        for version, spoken in ((ssl.TLSVersion.TLSv1_1, False), (ssl.TLSVersion.TLSv1_2, True)):
            with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
                old.minimum_version = old.maximum_version = version
            for port in (server.read_port, server.write_port):
                assert await shakes_hands(port, old) is spoken


async def shakes_hands(port: int, rules: ssl.SSLContext) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=rules)
    except (ssl.SSLError, ConnectionError):
        return False
    writer.transport.abort()
    return True
