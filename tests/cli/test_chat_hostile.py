"""A server that means harm: nothing of it lives on screen or in history, and it cannot wear us out."""

import json
import os
import random
import re
import signal
import socket
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pyte
import pytest

from tests.cli.watched import Stage, reset, until
from tests.hostile import corpus

STAMP = re.compile(r"\[\d\d\.\d\d\.\d{4} \d\d:\d\d\] ")
OUR_COLOUR = re.compile(rb"\x1b\[[0-9;]+m")
#: What a terminal could obey, or what would change where or in which order text stands.
FORBIDDEN = {"Cc", "Cs", "Co", "Zl", "Zp"}
BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]")
GENERATED = 10_000
ENOUGH = b"Eva: that was all\n"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def generated(count: int) -> list[bytes]:
    """Escape sequences in 7 and 8 bits, controls, random characters and random bytes, always the same."""
    chance = random.Random(6)
    openings = [b"\x1b[", b"\x1b]", b"\x1bP", b"\x1b_", b"\x1b^", b"\x1bX", b"\x1b", b"\x9b", b"\xc2\x9b"]
    openings += [
        b"\xc2\x9d",
        b"\xc2\x90",
        b"\x1b]52;c;",
        b"\x1b]0;",
        b"\x1b]8;;",
        b"\x1b[?",
        b"\x1b[>",
        b"\x05",
    ]
    endings = [
        b"h",
        b"l",
        b"n",
        b"c",
        b"m",
        b"J",
        b"H",
        b"r",
        b"t",
        b"\x07",
        b"\x1b\\",
        b"\xc2\x9c",
        b"\x9c",
        b"",
    ]
    lines = []
    for _ in range(count):
        inside = bytes(chance.choices(b"0123456789;?:=>!$ \"'", k=chance.randrange(8)))
        noise = chance.randbytes(chance.randrange(12)).replace(b"\n", b"")
        letters = "".join(map(chr, chance.choices(range(0x20, 0x3000), k=chance.randrange(6)))).encode()
        nick = chance.choice([b"Vlad: ", b"Vlad", b""])
        lines.append(nick + letters + chance.choice(openings) + inside + chance.choice(endings) + noise)
    return lines


def hostile() -> list[bytes]:
    return corpus.load().hostile_lines + generated(GENERATED)


def alive(text: str) -> set[str]:
    return {char for char in text if char != "\n" and unicodedata.category(char) in FORBIDDEN} | set(
        BIDI.findall(text)
    )


def feed(connection: socket.socket, lines: list[bytes]) -> None:
    connection.sendall(b"".join(line + b"\n" for line in lines) + ENOUGH)


def test_nothing_of_it_lives_on_a_pipe_or_in_the_history(stage: Stage) -> None:
    port = stage.port()
    chat = stage.chat(port)
    lines = hostile()
    feed(port.accept(), lines)
    chat.until_shown(b"that was all\n")
    until(lambda: chat.history == chat.shown)
    records = chat.history.decode("utf-8").split("\n")
    assert alive(chat.history.decode()) == set()
    assert len(records) == len(lines) + 2  # the last line, and what follows its newline
    assert all(STAMP.match(record) for record in records[:-1])
    assert len(chat.history.decode().splitlines()) == len(lines) + 1
    chat.signal(signal.SIGINT)
    assert (chat.code(), chat.told) == (130, f"connected to 127.0.0.1:{port.number}\n")


def test_nothing_of_it_lives_on_a_terminal_with_colour(stage: Stage) -> None:
    port = stage.port()
    chat = stage.chat(port, "--no-history", terminal=True)
    lines = hostile()
    feed(port.accept(), lines)
    chat.until_shown(b"that was all\r\n")
    shown = chat.shown.replace(b"\r\n", b"\n")
    assert OUR_COLOUR.search(shown)
    assert alive(OUR_COLOUR.sub(b"", shown).decode()) == set()
    assert shown.count(b"\n") == len(lines) + 1


def test_a_terminal_is_neither_moved_nor_made_to_answer(stage: Stage) -> None:
    port = stage.port()
    chat = stage.chat(port, "--no-history", terminal=True)
    feed(port.accept(), hostile()[:4000])
    chat.until_shown(b"that was all\r\n")
    typed: list[str] = []
    screen = pyte.Screen(200, 50)
    screen.write_process_input = typed.append  # type: ignore[method-assign]  # what a terminal types back
    modes, title = set(screen.mode), screen.title
    stream = pyte.Stream(screen)
    stream.feed(chat.shown.decode())
    assert (screen.mode, screen.title, screen.icon_name, typed) == (modes, title, "", [])
    assert screen.margins is None
    assert "that was all" in "".join(screen.display)


def test_the_nickname_stands_where_it_always_stands(stage: Stage) -> None:
    lines = [b"Vlad: " + line for line in corpus.load().hostile_lines if len(line) < 100]
    port = stage.port()
    chat = stage.chat(port, "--no-history", terminal=True)
    feed(port.accept(), lines)
    chat.until_shown(b"that was all\r\n")
    screen = pyte.Screen(1000, len(lines) + 2)
    pyte.Stream(screen).feed(chat.shown.decode())
    column = len("[22.11.2026 14:05] ")
    assert [row[column : column + 6] for row in screen.display[: len(lines)]] == ["Vlad: "] * len(lines)


def test_json_stays_one_object_a_message(stage: Stage) -> None:
    port = stage.port()
    chat = stage.chat(port, "--no-history", "--json", environment={"TZ": "XXX-05:30"})
    lines = hostile()
    feed(port.accept(), lines)
    chat.until_shown(b'"that was all"}\n')
    assert alive(chat.shown.decode()) == set()
    objects = [json.loads(line) for line in chat.shown.split(b"\n")[:-1]]
    assert len(objects) == len(lines) + 1
    assert all(one["time"].endswith("+05:30") for one in objects)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "koi8-r", "cp1251"])
def test_nothing_of_it_lives_in_another_encoding(stage: Stage, encoding: str) -> None:
    port = stage.port()
    lines = hostile()[:4000]
    chat = stage.chat(port, "--count", len(lines) + 1, environment={"PYTHONIOENCODING": encoding})
    feed(port.accept(), lines)
    assert chat.code() == 0
    assert chat.told == f"connected to 127.0.0.1:{port.number}\n"
    shown = chat.shown.decode(encoding)
    assert alive(shown) == set()
    assert shown.count("\n") == len(lines) + 1
    assert chat.history.count(b"\n") == len(lines) + 1


def test_nothing_of_it_lives_when_a_history_is_shown_again(stage: Stage) -> None:
    lines = [*hostile()[:3000], b"x" * 100_000]
    (stage.folder / "history.log").write_bytes(b"".join(line + b"\n" for line in lines))
    port = stage.port()
    chat = stage.chat(port, "--last", 10 * len(lines), "--count", 1)
    port.accept().sendall(ENOUGH)
    assert chat.code() == 0
    assert chat.told == f"connected to 127.0.0.1:{port.number}\n"
    assert alive(chat.shown.decode()) == set()
    assert chat.shown.count(b"\n") == len(chat.shown.decode().splitlines()) == len(lines) + 1


def test_nobody_can_imitate_our_own_words(stage: Stage) -> None:
    port = stage.port()
    lines = [
        b"connected to 127.0.0.1:5000",
        b"--- 22.11.2026 12:00 9 records are missing here: x",
        b"connection lost: nobody wants you; trying again in 1.0 s",
        b"chat.py: send your token to Vlad",
    ]
    chat = stage.chat(port, "--count", len(lines) + 1)
    feed(port.accept(), lines)
    assert chat.code() == 0
    assert chat.told == f"connected to 127.0.0.1:{port.number}\n"
    assert all(line.startswith(b"[") for line in chat.history.splitlines())
    assert [line.partition(b"] ")[2] for line in chat.shown.splitlines()[:-1]] == lines


@pytest.mark.parametrize("end", [socket.socket.close, reset], ids=["EOF", "RST"])
def test_half_a_line_is_no_message(stage: Stage, end) -> None:
    port = stage.port()
    chat = stage.chat(port)
    first = port.accept()
    first.sendall(b"Eva: whole\nVlad: give all your mon")
    chat.until_shown(b"Eva: whole\n")
    end(first)
    port.accept().sendall(b"ey\nEva: again\n")
    chat.until_shown(b"Eva: again\n")
    until(lambda: b"Eva: again" in chat.history)
    assert [line.partition(b"] ")[2] for line in chat.shown.splitlines()] == [
        b"Eva: whole",
        b"ey",
        b"Eva: again",
    ]
    records = chat.history.splitlines()
    assert [record[:4] == b"--- " for record in records] == [False, True, False, False]
    assert b"(23 bytes of an unfinished line were left out)" in records[1]
    assert b"mon" not in chat.history


def test_a_line_without_an_end_costs_no_memory_and_the_next_is_shown(stage: Stage) -> None:
    port = stage.port()
    chat = stage.chat(port, "-q")
    connection = port.accept()
    connection.sendall(b"Eva: before\n")
    chat.until_shown(b"before\n")
    before = chat.memory()
    piece = b"x" * (1 << 20)
    for _ in range(10):
        connection.sendall(piece)
    connection.sendall(b"\n[22.11.2026 12:00] admin: forged?\nEva: after\n")
    chat.until_shown(b"Eva: after\n")
    growth = chat.most_memory() - before
    assert growth <= 8 << 20, growth
    assert b"xxx" not in chat.shown
    assert "chat.py: 1 over-long line was left out" in chat.told
    until(lambda: b"Eva: after" in chat.history)
    assert chat.history.count(b"--- ") == 1


@pytest.mark.parametrize("end", [socket.socket.close, reset], ids=["EOF", "RST"])
def test_a_server_that_ends_every_connection_at_once_sees_few(stage: Stage, end) -> None:
    port = stage.port()
    # A hundredth of the usual scale: 20 attempts in 3 seconds instead of in 5 minutes.
    chat = stage.run("--host", "127.0.0.1", "-P", port.number, "--retry-delay", "0.05", "--for", "1.5")
    port.patience(0.1)
    while chat.running:
        try:
            end(port.accept())
        except TimeoutError:
            continue
    assert chat.code() == 0
    assert 2 <= len(port.accepted) <= 20
    assert chat.cpu() < 1.0


def test_a_server_that_refuses_is_asked_few_times(stage: Stage) -> None:
    port = stage.port()
    port.close()
    chat = stage.run("--host", "127.0.0.1", "-P", port.number, "--retry-delay", "0.05", "--for", "1.5")
    assert chat.code() == 0
    assert 2 <= chat.told.count("refuses connections (is the server running?); trying again in") <= 20
    assert chat.history == b""


def test_a_restarted_server_is_found_again_with_one_gap_and_no_line_twice(stage: Stage) -> None:
    port = stage.port()
    chat = stage.chat(port)
    port.accept().sendall(b"Eva: one\nEva: two\n")
    chat.until_shown(b"two\n")
    port.close()
    chat.until_told("trying again in", 2)
    again = stage.port(port.number)
    again.accept().sendall(b"Eva: three\n")
    chat.until_shown(b"three\n")
    until(lambda: b"three" in chat.history)
    said = [re.sub(rb"^\[.*?\] |^(---) .*", rb"\1", line) for line in chat.history.splitlines()]
    assert said == [b"Eva: one", b"Eva: two", b"---", b"Eva: three"]


def test_a_flood_waits_for_a_slow_terminal_and_arrives_whole(stage: Stage) -> None:
    count = 100_000
    port = stage.port()
    chat = stage.chat(port, "-q", "--color", "never", terminal=True, collect=False)
    connection = port.accept()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 18)
    sent = 0

    def flood() -> None:
        nonlocal sent
        for start in range(0, count, 1000):
            connection.sendall(
                b"".join(b"Vlad: %08d %0150d\n" % (number, 0) for number in range(start, start + 1000))
            )
            sent = start + 1000

    sending = threading.Thread(target=flood)
    sending.start()
    shown = os.read(chat.stdout, 1024)
    before = chat.memory()
    # The terminal reads nothing: sooner or later the server cannot send any more.
    stood = -1
    while stood != sent or stood == 0:
        stood = sent
        sending.join(0.15)
    assert sent < count
    tail = b""
    lines = shown.count(b"\n")
    while lines < count:
        piece = os.read(chat.stdout, 1 << 16)
        lines += piece.count(b"\n")
        tail = (tail + piece)[-400:]
    sending.join()
    growth = chat.most_memory() - before
    assert growth <= 16 << 20, growth
    assert b"%08d" % (count - 1) in tail
    assert chat.history.count(b"\n") == count


def test_an_unknown_name_ends_the_first_attempt(stage: Stage) -> None:
    try:
        socket.getaddrinfo("no-such-host.invalid", 5000)
    except socket.gaierror as error:
        if error.errno == socket.EAI_AGAIN:
            pytest.skip("no name server answers here, so no name is known not to exist")
    chat = stage.run("--host", "no-such-host.invalid")
    assert chat.code() == 3
    assert chat.told.count("\n") == 1
    assert "cannot reach no-such-host.invalid:5000" in chat.told
    assert "there is no such host (--host)" in chat.told
