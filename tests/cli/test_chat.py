"""Watching as a user does it: what is shown, when it ends, and which options are refused in one line."""

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.watched import REPOSITORY, Stage, until

STAMPED = re.compile(rb"^\[\d\d\.\d\d\.\d{4} \d\d:\d\d\] ", re.MULTILINE)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def test_lines_are_stamped_on_the_screen_and_in_the_history_alike(stage: Stage) -> None:
    port = stage.port()
    chat = stage.chat(port, "--count", 3)
    port.accept().sendall("Вася: привет\r\nEva: hi\nno nickname\nEva: one too many\n".encode())
    assert chat.code() == 0
    assert STAMPED.sub(b"", chat.shown).decode() == "Вася: привет\nEva: hi\nno nickname\n"
    assert len(STAMPED.findall(chat.shown)) == 3
    assert chat.history == chat.shown
    assert chat.told == f"connected to 127.0.0.1:{port.number}\n"


def test_the_stamp_is_in_the_format_that_was_asked_for(stage: Stage) -> None:
    port = stage.port()
    chat = stage.chat(port, "--count", 1, "--timestamp-format", "в %Y")
    port.accept().sendall(b"Eva: hi\n")
    assert chat.code() == 0
    assert re.fullmatch(r"\[в \d{4}\] Eva: hi\n", chat.shown.decode())
    assert chat.history == chat.shown


def test_who_watches_another_server_loads_none(stage: Stage) -> None:
    port = stage.port()
    script = str(REPOSITORY / "chat.py")
    chat = stage.chat(port, "--count", 1, "--last", 1, command=("-X", "importtime", script))
    port.accept().sendall(b"Eva: hi\n")
    assert chat.code() == 0
    loaded = {line.rpartition("|")[2].strip() for line in chat.told.splitlines() if "|" in line}
    assert "minechat.client.listen" in loaded
    unwanted = ("minechat.server", "sqlite3", "websockets", "textual", "prompt_toolkit", "tomllib", "argon2")
    assert [name for name in loaded if name.startswith(unwanted)] == []


def test_count_stops_in_the_middle_of_what_arrived(stage: Stage) -> None:
    port = stage.port()
    chats = [stage.chat(port, "--count", 2, "--no-history", *more) for more in ([], ["--json"])]
    for _ in chats:
        connection = port.accept()
        connection.sendall(b"a: 1\n")
        connection.sendall(b"a: 2\na: 3\na: 4\n")
    assert [chat.code() for chat in chats] == [0, 0]
    assert [chat.shown.count(b"\n") for chat in chats] == [2, 2]
    assert not (stage.folder / "history.log").exists()


def test_for_stops_after_a_time(stage: Stage) -> None:
    port = stage.port()
    chat = stage.chat(port, "--for", "0.3")
    began = time.monotonic()
    port.accept().sendall(b"a: 1\n")
    assert chat.code() == 0
    assert time.monotonic() - began < 5
    assert chat.history == chat.shown != b""


def test_quiet_says_nothing_while_all_is_well(stage: Stage) -> None:
    port = stage.port()
    chat = stage.chat(port, "-q", "--count", 2)
    port.accept().sendall(b"a: 1\n")
    until(lambda: chat.shown)
    port.accepted[0].close()
    port.accept().sendall(b"a: 2\n")
    assert (chat.code(), chat.told) == (0, "")


def test_json_is_one_object_a_message_while_the_history_stays_text(stage: Stage) -> None:
    port = stage.port()
    chat = stage.chat(port, "--json", "--count", 2)
    port.accept().sendall("Вася: \x1b[31mhi: there\nbare\n".encode())
    assert chat.code() == 0
    first, second = [json.loads(line) for line in chat.shown.splitlines()]
    assert (first["v"], first["nick"], first["text"]) == (1, "Вася", "\x1b[31mhi: there")
    assert (second["nick"], second["text"]) == (None, "bare")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d", first["time"])
    assert STAMPED.sub(b"", chat.history).decode() == "Вася: ␛[31mhi: there\nbare\n"


def test_last_shows_the_end_of_the_history_first_and_safe(stage: Stage) -> None:
    (stage.folder / "history.log").write_bytes(
        b"[22.11.2026 14:05] a: 1\n[22.11.2026 14:05] b: 2\n"
        b"--- 22.11.2026 14:05 gap\n[22.11.2026 14:06] c: \x1b[2J\n"
    )
    port = stage.port()
    chat = stage.chat(port, "--last", 3, "--count", 1, "--color", "always")
    port.accept().sendall(b"d: 4\n")
    assert chat.code() == 0
    shown = [line.partition("] ")[2] or line for line in chat.shown.decode().splitlines()]
    assert shown[:3] == ["b: 2", "--- 22.11.2026 14:05 gap", "c: ␛[2J"]
    assert len(shown) == 4
    assert chat.history.count(b"\n") == 5


def test_colour_is_for_terminals_that_want_it(stage: Stage) -> None:
    port = stage.port()
    how = [
        (True, [], {}),
        (True, ["--color", "never"], {}),
        (True, [], {"NO_COLOR": "1"}),
        (True, [], {"TERM": "dumb"}),
        (False, [], {}),
        (False, ["--color", "always"], {}),
    ]
    chats = [
        stage.chat(port, "--no-history", *options, terminal=terminal, environment=environment)
        for terminal, options, environment in how
    ]
    for _ in chats:
        port.accept().sendall(b"Eva: hi\n")
    for chat in chats:
        until(lambda chat=chat: b"hi" in chat.shown)
    assert [b"\x1b[" in chat.shown for chat in chats] == [True, False, False, False, False, True]


def test_retry_gives_up_after_so_many_attempts(stage: Stage) -> None:
    port = stage.port()
    port.close()
    chats = [stage.chat(port, "--retry", number) for number in (0, 2)]
    chats.append(stage.chat(port, "--retry", 0, "--json"))
    assert [chat.code() for chat in chats] == [3, 3, 3]
    assert [chat.told.count("trying again") for chat in chats] == [0, 2, 0]
    refused = f"127.0.0.1:{port.number} refuses connections (--host); is the server running?"
    assert chats[0].told == f"chat.py: {refused}\n"
    error = json.loads(chats[2].told)["error"]
    assert (error["code"], error["exit"], error["retryable"]) == ("unreachable", 3, True)


def test_options_that_cannot_be_are_one_line_that_names_value_and_origin(stage: Stage) -> None:
    cases: list[tuple[list[str], dict[str, str], list[str]]] = [
        (["--hsot", "x"], {}, ["--hsot"]),
        (["-P", "five"], {}, ["'five'", "-P"]),
        (["--host", "x", "--port", "65536"], {}, ["'65536'", "--port"]),
        ([], {"READ_PORT": "70000"}, ["'70000'", "READ_PORT in the environment"]),
        (["--host", "two words"], {}, ["'two words'", "--host"]),
        ([], {"MINECHAT_HOST": "a b"}, ["'a b'", "MINECHAT_HOST in the environment"]),
        (["--host", "fe80::1%nowhere0"], {}, ["fe80::1%nowhere0", "--host"]),
        (["--timestamp-format", "%H\n%M"], {}, ["'%H\\n%M'", "--timestamp-format"]),
        (["--timestamp-format", "\x1b[2J"], {}, ["'\\x1b[2J'", "--timestamp-format"]),
        (["--retry", "-1"], {}, ["--retry"]),
        (["--count", "0"], {}, ["'0'", "--count"]),
        (["-F", ""], {}, ["-F"]),
        (["--host", "x", "--port", "0"], {}, ["port 0", "--port"]),
    ]
    chats = []
    for start in range(0, len(cases), 4):  # a few at a time
        batch = [stage.run(*options, environment=extra) for options, extra, _ in cases[start : start + 4]]
        chats += [(chat, chat.code()) for chat in batch]
    for (chat, code), (options, _, named) in zip(chats, cases, strict=True):
        # Whether an interface is there only the lookup can tell.
        assert code == (3 if "fe80::1%nowhere0" in options else 2), (options, chat.told)
        assert chat.told.startswith("chat.py: "), options
        assert chat.told.count("\n") == 1, options
        assert all(name in chat.told for name in named), (chat.told, named)
        assert chat.shown == b""
    assert not (stage.folder / "minechat.db").exists()


def test_an_env_file_that_cannot_be_read_is_one_line(stage: Stage) -> None:
    chats = []
    for name, content in [
        ("utf-16", "HOST=x\n".encode("utf-16")),
        ("nul", b"HOST=\0\n"),
        ("line", b"what\n=\n"),
    ]:
        folder = stage.folder / name
        folder.mkdir()
        (folder / ".env").write_bytes(content)
        chats.append(stage.run(folder=folder))
    folder = stage.folder / "folder"
    (folder / ".env").mkdir(parents=True)
    os.utime(folder)
    chats.append(stage.run(folder=folder))
    for chat in chats:
        assert chat.code() == 2
        assert chat.told.count("\n") == 1
        assert "(.env)" in chat.told
