"""Refusals and failures in front of a Russian: in his language at a terminal, as ever to a program."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from minechat.protocol.rift.commands import CreateRoom, JoinRoom, Kick, Mute, Unmute
from tests.cli.conftest import Commands, OpenPort, Peer, Terminal
from tests.cli.rift_people import PASSWORD, RiftCommands, RiftServer, rift_server

RUSSIAN = {"LANG": "ru_RU.UTF-8", "LINES": "30", "COLUMNS": "100"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RiftServer]:
    with rift_server(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def vasya(server: RiftServer, tmp_path: Path) -> tuple[RiftCommands, str]:
    return server.person(tmp_path / "vasya")


@pytest.fixture
def eva(server: RiftServer, tmp_path: Path) -> tuple[RiftCommands, str]:
    return server.person(tmp_path / "eva", "Eva")


def sit(terminal: Terminal, commands: RiftCommands, *options: str) -> None:
    argv = commands.argv("rift", *options)
    terminal.start(argv, str(commands.folder), commands.environment | RUSSIAN)


def test_what_is_refused_at_the_prompt(
    vasya: tuple[RiftCommands, str], eva: tuple[RiftCommands, str], terminal: Terminal
) -> None:
    (his, him), (hers, her) = vasya, eva
    room = f"tea-{him}"
    hers.orders(CreateRoom(room=room))
    his.orders(JoinRoom(room=room))
    hers.orders(Mute(room=room, username=him, reason="too loud"))
    sit(terminal, his, "--plain", "--last", "0", "--room", room)
    terminal.until("есть связь с localhost")

    def enter(line: str, answer: str) -> None:
        terminal.until(terminal.READY)
        terminal.keys(b"\x15", line.encode(), terminal.ENTER)  # a refused line stands there again
        terminal.until(answer)

    enter("hello", f"--- отказано: вам запрещено писать в {room}: too loud")
    enter("/pm Nobody hello", "--- отказано: участника Nobody нет в сети")
    enter(f"/kick {her}", "--- отказано: здесь вам это не разрешено")
    enter(f"/create {room}", "--- отказано: комната с таким или похожим именем уже есть")
    hers.orders(Unmute(room=room, username=him), Kick(room=room, username=him, reason="enough"))
    terminal.until("enough")
    enter("hello", f"--- отказано: вы не в комнате {room}")
    enter("/export /nowhere/file", "--- файл '/nowhere/file' не записать: папки для него нет")
    terminal.until(terminal.READY)
    terminal.keys(b"\x15", b"exit", terminal.ENTER)
    assert terminal.end() == 0


def test_what_is_refused_before_anybody_is_in(server: RiftServer, terminal: Terminal, tmp_path: Path) -> None:
    commands = server.stranger(tmp_path)
    sit(terminal, commands, "--plain", "--register", "--username", "admin")
    for _ in range(2):
        terminal.until(": ")
        terminal.keys(PASSWORD.encode(), terminal.ENTER)
    terminal.until("отказано: это имя звучит официально или принадлежит персонажу, выберите другое")
    terminal.keys(terminal.CTRL_D)
    assert terminal.end() == 2


def test_a_server_that_is_not_there(unused_port: int, terminal: Terminal, tmp_path: Path) -> None:
    commands = RiftCommands(tmp_path)
    commands.port = unused_port
    sit(terminal, commands, "--plain")
    terminal.until(f"localhost:{unused_port} не принимает соединений (по умолчанию --host); запустите")
    assert terminal.end() == 3


def test_the_screen_tells_in_russian(
    vasya: tuple[RiftCommands, str], eva: tuple[RiftCommands, str], terminal: Terminal
) -> None:
    (his, him), (hers, _) = vasya, eva
    room = f"tea-{him}"
    hers.orders(CreateRoom(room=room))
    his.orders(JoinRoom(room=room))
    hers.orders(Mute(room=room, username=him, reason="too loud"))
    sit(terminal, his, "--room", room)
    terminal.until("на связи")
    terminal.keys(b"hello", terminal.ENTER)
    terminal.until(f"не отправлено: вам запрещено писать в {room}:")
    terminal.keys(b"/join attic", terminal.ENTER)
    terminal.until("такой комнаты нет")
    terminal.keys(b"exit", terminal.ENTER)
    assert terminal.end() == 0


def test_a_program_gets_what_it_got(vasya: tuple[RiftCommands, str], unused_port: int) -> None:
    commands, _ = vasya
    commands.port, there = unused_port, commands.port
    lost = commands.run("rift", "-m", "hello", "-H", "127.0.0.1", LANG="ru_RU.UTF-8")
    assert lost.returncode in (2, 3)
    commands.port = there
    refused = commands.run("rift", "--room", "attic", "-m", "hello", LANG="ru_RU.UTF-8")
    assert (refused.returncode, refused.stderr) == (6, "minechat rift: отказано: there is no such room\n")
    told = commands.run("rift", "--room", "attic", "-m", "hello", "--json", LANG="ru_RU.UTF-8")
    error = json.loads(told.stderr)["error"]
    assert (error["code"], error["exit"]) == ("refused", 6)
    assert error["message"] == "отказано: there is no such room"
    unknown = commands.run("rift", "--plain", "--for", "1", "-H", "no.such.host.invalid", LANG="ru_RU.UTF-8")
    assert "minechat rift: " in unknown.stderr
    assert "недоступен" not in unknown.stderr


def test_the_screen_of_the_two_ports_tells_in_russian(
    server: RiftServer, commands: Commands, scripted: OpenPort, terminal: Terminal
) -> None:
    def refuse(peer: Peer) -> None:
        peer.log_in()
        peer.message()
        peer.say(b"Message not sent: the disk of the server is full.\n")
        peer.message()
        peer.say(b"Message not sent: Hush, Vlad.\n")
        peer.until_gone()

    port = scripted(refuse)
    commands.keep_token(Peer.TOKEN)
    ports = ("-H", "127.0.0.1", "-P", server.read_port, "--write-port", port.port)
    argv = commands.argv("chat", "--tui", *ports)
    terminal.start(argv, str(commands.folder), commands.environment | RUSSIAN)
    terminal.until("Brave Vlad")
    terminal.keys(b"first", terminal.ENTER)
    terminal.until("не отправлено: на диске сервера нет места")
    terminal.keys(b"second", terminal.ENTER)
    terminal.until("не отправлено: Hush, Vlad")  # a server of others says what it likes
    terminal.keys(b"/exit", terminal.ENTER)
    assert terminal.end() == 0
