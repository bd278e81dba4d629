"""The server as a process: says where it is, keeps its word through kill -9, leaves no post unanswered."""

import re
import signal
import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.cli.watched import Chat, Stage, until

SENT = b"Message send. Write more, end message with an empty line.\n"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def serve(stage: Stage, *options: object, read_port: int = 0, write_port: int = 0) -> Chat:
    ports = ("--read-port", read_port, "--write-port", write_port)
    return stage.run(*ports, *options, command=("-m", "minechat", "server"))


def where(server: Chat) -> tuple[int, int]:
    """The ports it says it serves on: for watching and for posting."""
    until(lambda: "\n" in server.told, lambda: server.told)
    found = [int(port) for port in re.findall(r"port (\d+)", server.told.splitlines()[0])]
    assert len(found) in (2, 3), server.told
    return found[0], found[1]


class Person:
    """Somebody with a bare socket on the port for posting."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.answers = self.socket.makefile("rb")
        self.answers.readline()

    def register(self, nick: str) -> str:
        self.socket.sendall(f"\n{nick}\n".encode())
        self.answers.readline()
        token = re.search(rb'"account_hash": "([^"]+)"', self.answers.readline())
        self.answers.readline()
        assert token is not None
        return token[1].decode()

    def log_in(self, token: str) -> bytes:
        self.socket.sendall(f"{token}\n".encode())
        account = self.answers.readline()
        self.answers.readline()
        return account

    def post(self, text: str) -> None:
        self.socket.sendall(f"{text}\n\n".encode())

    def close(self) -> None:
        self.answers.close()
        self.socket.close()


@pytest.fixture
def people() -> Iterator[list[Person]]:
    came: list[Person] = []
    yield came
    for person in came:
        person.close()


def visit(people: list[Person], port: int) -> Person:
    people.append(Person(port))
    return people[-1]


def stored(stage: Stage) -> list[str]:
    database = sqlite3.connect(stage.folder / "minechat.db")
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return [text for (text,) in database.execute("SELECT text FROM message ORDER BY seq")]
    finally:
        database.close()


def test_it_says_where_it_is_and_serves_there(stage: Stage, people: list[Person]) -> None:
    server = serve(stage)
    read_port, write_port = where(server)
    chat = stage.chat(read_port, "--count", 1)
    chat.until_told("connected")
    person = visit(people, write_port)
    person.register("Eva")
    person.post("привет")
    assert person.answers.readline() == SENT
    assert chat.code() == 0
    assert chat.shown.decode().endswith("Eva: привет\n")
    server.signal(signal.SIGINT)
    assert server.code() == 130
    said, *log = server.told.splitlines()
    assert (
        said == f"listening on 127.0.0.1: port {read_port} to watch, port {write_port} to register and post, "
        f"port {port_of_rift(log)} for RIFT"
    )
    events = [line.split()[1:3] for line in log if " taken; " not in line]
    # On a machine that is busy with other things the loop may be late: that is no matter of this server.
    events = [one for one in events if one[1] != "loop_blocked"]
    assert ["info", "started"] in events
    assert events[-1] == ["info", "stopping"]
    assert {level for level, _ in events} == {"info"}


@pytest.mark.parametrize("announced", [True, False])
def test_who_comes_is_announced_where_that_is_wanted(
    stage: Stage, people: list[Person], announced: bool
) -> None:
    read_port, write_port = where(serve(stage, "--announce-joins" if announced else "--no-announce-joins"))
    chat = stage.chat(read_port, "--count", 1 + announced)
    chat.until_told("connected")
    visit(people, write_port).register("")  # nobody hears of a visitor without a name
    person = visit(people, write_port)
    person.register("Eva")
    person.post("hi")
    assert chat.code() == 0
    said = [line.partition("] ")[2] for line in chat.shown.decode().splitlines()]
    name = said[-1].partition(": ")[0]
    herald = [f"Server: # к чату присоединился {name}"] if announced else []
    assert said == [*herald, f"{name}: hi"]


def port_of_rift(log: list[str]) -> str:
    """As the log tells it."""
    return next(word.partition("=")[2] for line in log for word in line.split() if "rift_port=" in word)


def greeted(port: int, count: int) -> int:
    """Of so many connections at one time, how many are taken in."""
    with ExitStack() as opened:
        visitors = [
            opened.enter_context(socket.create_connection(("127.0.0.1", port), 10)) for _ in range(count)
        ]
        return sum([_is_greeted(visitor) for visitor in visitors])


def _is_greeted(visitor: socket.socket) -> bool:
    try:
        return visitor.recv(100).startswith(b"Hello %username%!")
    except ConnectionResetError:
        return False


@pytest.mark.parametrize(
    ("options", "taken"), [([], 64), (["--limits", "classroom"], 70), (["--limits", "off"], 70)]
)
def test_a_server_has_the_limits_of_its_profile(stage: Stage, options: list[str], taken: int) -> None:
    _, write_port = where(serve(stage, *options))
    assert greeted(write_port, 70) == taken


def test_the_embedded_server_has_room_for_a_classroom(stage: Stage) -> None:
    chat = stage.run("-P", 0, "--write-port", 0)
    chat.until_told("connected")
    (write_port,) = re.findall(r"registration\.py --port (\d+)", chat.told)
    assert greeted(int(write_port), 70) == 70


def test_kill_and_a_new_start_lose_nothing_that_was_acknowledged(stage: Stage, people: list[Person]) -> None:
    server = serve(stage, "--limits", "off")
    read_port, write_port = where(server)
    chat = stage.chat(read_port)
    chat.until_told("connected")
    person = visit(people, write_port)
    token = person.register("Eva")
    acknowledged = 0

    def post_for_ever() -> None:
        nonlocal acknowledged
        try:
            for number in range(100_000):
                person.post(f"m{number}")
                if person.answers.readline() != SENT:
                    return
                acknowledged = number + 1
        except OSError:
            return  # the server was killed

    posting = threading.Thread(target=post_for_ever)
    posting.start()
    until(lambda: acknowledged >= 50)
    server.process.kill()
    posting.join()
    server.code()
    chat.until_told("trying again in")
    serve(stage, "--limits", "off", read_port=read_port, write_port=write_port)
    chat.until_told("connected", 2)
    again = visit(people, write_port)
    assert b"Eva" in again.log_in(token)
    again.post("still here")
    assert again.answers.readline() == SENT
    chat.until_shown(b"Eva: still here\n")
    texts = stored(stage)
    assert texts[:acknowledged] == [f"m{number}" for number in range(acknowledged)]
    assert len(texts) <= acknowledged + 2  # one may have been stored and not yet acknowledged
    said = re.findall(rb"Eva: (m\d+)\n", chat.shown)
    assert said == [text.encode() for text in texts[: len(said)]]
    assert chat.shown.count(b"\n") == len(said) + 1
    # Its author is told first: killed just then, the server has stored the last one and nobody has heard it.
    assert len(said) >= acknowledged - 1


def test_sigterm_answers_every_post_that_was_sent(stage: Stage, people: list[Person]) -> None:
    server = serve(stage, "--limits", "off")
    _, write_port = where(server)
    posters = [visit(people, write_port) for _ in range(4)]
    for number, person in enumerate(posters):
        person.register(f"Eva{number}")
    sent = [0] * len(posters)
    answers: list[list[bytes]] = [[] for _ in posters]
    stop = threading.Event()

    def post(index: int) -> None:
        while not stop.is_set():
            posters[index].post(f"p{index} m{sent[index]}")
            sent[index] += 1
            try:
                answers[index].append(posters[index].answers.readline())
            except OSError:
                answers[index].append(b"")  # a reset is no answer
            if answers[index][-1] != SENT:
                return

    threads = [threading.Thread(target=post, args=(index,)) for index in range(len(posters))]
    for thread in threads:
        thread.start()
    until(lambda: min(sent) >= 20)
    server.signal(signal.SIGTERM)
    for thread in threads:
        thread.join(10)
    stop.set()
    assert server.code() == 143
    texts = stored(stage)
    for index, given in enumerate(answers):
        assert len(given) == sent[index]
        # The last answer may be a refusal in words; silence it must not be.
        assert given[:-1] == [SENT] * (sent[index] - 1)
        assert given[-1] == SENT or b"stopping" in given[-1]
        assert len([text for text in texts if text.startswith(f"p{index} ")]) == given.count(SENT)
    assert "Traceback" not in server.told


def test_a_second_server_on_one_database_ends_with_one_line(stage: Stage) -> None:
    where(serve(stage))
    second = serve(stage)
    assert second.code() == 2
    assert second.told.count("\n") == 1
    assert "minechat.db" in second.told


def test_where_it_may_not_listen_is_one_line(stage: Stage) -> None:
    busy = stage.port().number
    free = ("--read-port", 0, "--write-port", 0)
    cases: list[tuple[tuple[object, ...], str]] = [
        (("--read-port", busy, "--write-port", 0), f"cannot listen on 127.0.0.1, port {busy}: "),
        (("--read-port", 0, "--write-port", busy), f"cannot listen on 127.0.0.1, port {busy}: "),
        (("--host", "0.0.0.0"), "'0.0.0.0' can be reached from other machines (--host)"),
        (("--host", "::"), "--allow-plain"),
        (("--host", "0.0.0.0", "--limits", "off", "--allow-plain"), "--limits off"),
        (("--host", "192.0.2.1", "--allow-plain"), "cannot listen on 192.0.2.1, port "),
        ((*free, "--database", "postgres://x/y"), "postgres"),
    ]
    servers = [(stage.run(*options, command=("-m", "minechat", "server")), said) for options, said in cases]
    for server, said in servers:
        assert server.code() == 2, server.told
        assert said in server.told
        assert server.told.count("\n") == 1
    assert not (stage.folder / "minechat.db").exists()
