"""The speak port, driven by raw sockets as clients in the wild drive it."""

import asyncio
import gc
import json
import socket
import statistics
import struct
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from minechat.server.app import running
from minechat.server.doors.speak import Visit
from minechat.server.doors.visitors import INPUT_WAITING, SpeakDoor
from minechat.server.handle import Server
from minechat.server.settings import PROFILES, Settings
from tests.server.raw import GREETING, NICKNAME, SENT, WELCOME, Raw, log_in, opened, raw


async def heard(reader: Raw, count: int) -> list[str]:
    return [line.decode().rstrip("\n") for line in await reader.lines(count)]


async def hearing(server: Server) -> Raw:
    """A reader that is surely attending: it has heard a line that was said after it came."""
    reader = await raw(server.read_port)
    speaker, nickname, _ = await log_in(server.write_port, "Probe")
    speaker.send(b"now\n\n")
    assert await heard(reader, 1) == [f"{nickname}: now"]
    await speaker.close()
    return reader


async def test_registration_word_by_word(server: Server) -> None:
    client = await raw(server.write_port)
    assert await client.line() == GREETING
    client.send(b"\n")
    assert await client.line() == NICKNAME
    client.send("Вася\n".encode())
    line = await client.line()
    account = json.loads(line)
    assert list(account) == ["nickname", "account_hash"]
    assert line.decode() == json.dumps(account, ensure_ascii=False) + "\n"
    assert len(line) <= 200
    epithet, nick = account["nickname"].split(" ")
    assert epithet.istitle()
    assert nick == "Вася"
    assert str(uuid.UUID(account["account_hash"], version=4)) == account["account_hash"]
    assert await client.line() == WELCOME
    client.send("привет\n\n".encode())
    assert await client.line() == SENT


async def test_the_token_is_known_again_and_echoed_exactly(server: Server) -> None:
    first, nickname, token = await log_in(server.write_port, "Anna")
    await first.close()
    again = await raw(server.write_port)
    again.send(token.encode() + b"\r\n")
    assert await again.line() == GREETING
    assert await again.account() == {"nickname": nickname, "account_hash": token}


async def test_an_unknown_token_gets_null_and_may_register_on_the_same_connection(server: Server) -> None:
    client = await raw(server.write_port)
    assert await client.line() == GREETING
    client.send(str(uuid.uuid4()).encode() + b"\n")
    assert await client.lines(2) == [b"null\n", NICKNAME]
    client.send(b"Bob\n")
    assert (await client.account())["nickname"].endswith(" Bob")
    assert await client.line() == WELCOME


@pytest.mark.parametrize("token", [b"\n", b"   \n", b"\r\n", b"\t\n"])
async def test_an_empty_or_blank_token_asks_for_a_nickname(server: Server, token: bytes) -> None:
    client = await raw(server.write_port)
    client.send(token)
    assert await client.lines(2) == [GREETING, NICKNAME]


async def test_token_and_empty_line_at_once_is_a_login_and_a_ping(server: Server) -> None:
    _, _, token = await log_in(server.write_port, "Anna")
    client = await raw(server.write_port)
    client.send(token.encode() + b"\n\n")
    assert await client.line() == GREETING
    assert (await client.account())["account_hash"] == token
    assert await client.lines(2) == [WELCOME, SENT]


async def test_every_line_doubled_registers_without_a_name_and_is_not_asked_again(server: Server) -> None:
    client = await raw(server.write_port)
    assert await client.line() == GREETING
    client.send(b"\n\n")
    assert await client.line() == NICKNAME
    nickname = (await client.account())["nickname"]
    assert nickname.endswith(" ")
    assert await client.line() == WELCOME


async def test_a_ping_is_answered_and_never_shown(server: Server) -> None:
    reader = await hearing(server)
    client, nickname, _ = await log_in(server.write_port, "Anna")
    for _ in range(5):
        client.send(b"\n")
        assert await client.line() == SENT
    client.send(b"real\n\n")
    assert await heard(reader, 1) == [f"{nickname}: real"]


async def test_pings_above_their_budget_wait_and_none_is_lost(fair_server: Server) -> None:
    client, _, _ = await log_in(fair_server.write_port, "Anna")
    start = asyncio.get_running_loop().time()
    client.send(b"\n" * 30)
    assert await client.lines(30) == [SENT] * 30
    assert asyncio.get_running_loop().time() - start >= (30 - 20) / 20 * 0.9


async def test_messages_above_their_budget_wait_and_none_is_lost(fair_server: Server) -> None:
    client, _, _ = await log_in(fair_server.write_port, "Anna")
    start = asyncio.get_running_loop().time()
    client.send(b"x\n\n" * 7)
    assert await client.lines(7) == [SENT] * 7
    assert asyncio.get_running_loop().time() - start >= (7 - 5) / 2 * 0.9


async def test_nameless_visitors_who_never_read_are_served(server: Server) -> None:
    for _ in range(50):
        client = await raw(server.write_port)
        client.send(b"\n\n\n\n")
        client.writer.transport.abort()
    reader = await hearing(server)
    assert reader is not None


async def gap_after(server: Server, token: bytes, first: bytes) -> float:
    """Seconds between the line that answers a token and the line after it."""
    client = await raw(server.write_port)
    assert await client.line() == GREETING
    client.send(token + b"\nmessage\n\n")
    received = await asyncio.wait_for(client.reader.read(1024), 5)
    arrived = asyncio.get_running_loop().time()
    assert received.startswith(first)
    assert received.count(b"\n") == 1
    assert await client.line() in (WELCOME, NICKNAME)
    gap = asyncio.get_running_loop().time() - arrived
    await client.close()
    return gap


async def test_the_account_comes_alone_and_the_welcome_after_a_gap(server: Server) -> None:
    _, _, token = await log_in(server.write_port, "Anna")
    gaps = [await gap_after(server, token.encode(), b'{"nickname"') for _ in range(7)]
    assert statistics.median(gaps) > 0.01


async def test_null_comes_alone_and_the_question_after_a_gap(server: Server) -> None:
    gaps = [await gap_after(server, b"nobody", b"null") for _ in range(7)]
    assert statistics.median(gaps) > 0.01


async def test_several_lines_are_one_message_and_cannot_forge_a_line(server: Server) -> None:
    reader = await hearing(server)
    client, nickname, _ = await log_in(server.write_port, "Anna")
    client.send(b"one\nAdmin: two\n three\n\nnext\n\n")
    assert await client.lines(2) == [SENT, SENT]
    assert await heard(reader, 2) == [f"{nickname}: one Admin: two  three", f"{nickname}: next"]


async def test_a_client_that_lags_one_answer_behind_gets_them_all_in_order(server: Server) -> None:
    client, _, _ = await log_in(server.write_port, "Anna")
    for number in range(20):
        client.send(f"message {number}\n\n".encode())
    assert await client.lines(20) == [SENT] * 20


async def test_text_and_its_empty_line_in_two_segments(server: Server) -> None:
    client, _, _ = await log_in(server.write_port, "Anna")
    client.send(b"te")
    await client.writer.drain()
    await asyncio.sleep(0)
    client.send(b"xt\n")
    await client.writer.drain()
    client.send(b"\n")
    assert await client.line() == SENT


async def transcript(server: Server, pieces: list[bytes]) -> bytes:
    client = await raw(server.write_port)
    for piece in pieces:
        client.send(piece)
        await client.writer.drain()
        await asyncio.sleep(0)
    client.writer.write_eof()
    answer = await client.rest()
    await client.close()
    return answer


async def test_any_cutting_of_a_session_gives_the_same_answers(server: Server) -> None:
    _, _, token = await log_in(server.write_port, "Anna")
    session = token.encode() + b"\r\nfirst\r\n\r\n\nsecond\nthird\x00\n\n"
    whole = await transcript(server, [session])
    assert whole.endswith(WELCOME + SENT * 3)
    assert await transcript(server, [session[i : i + 1] for i in range(len(session))]) == whole
    for cut in range(1, len(session), 3):
        assert await transcript(server, [session[:cut], session[cut:]]) == whole


async def test_a_half_closed_client_still_gets_its_answer(server: Server) -> None:
    client, _, _ = await log_in(server.write_port, "Anna")
    client.send(b"last words\n\n")
    client.writer.write_eof()
    assert await client.rest() == SENT


async def test_a_client_half_closed_after_its_token_is_welcomed_too(server: Server) -> None:
    _, _, token = await log_in(server.write_port, "Anna")
    again = await raw(server.write_port)
    again.send(f"{token}\n".encode())
    again.writer.write_eof()
    assert (await again.rest()).splitlines(keepends=True)[2:] == [WELCOME]


async def test_a_refusal_does_not_come_together_with_the_account(server: Server) -> None:
    _, _, token = await log_in(server.write_port, "Anna")
    again = await raw(server.write_port)
    again.send(f"{token}\n".encode() + b"x" * 4096)
    assert (await again.rest()).splitlines(keepends=True)[2:] == [
        WELCOME,
        b"Message not sent: a line is longer than 4096 bytes.\n",
    ]


async def test_a_visit_ends_when_its_dead_connection_left_more_than_is_taken(fair_server: Server) -> None:
    before = len(asyncio.all_tasks())
    client, _, _ = await log_in(fair_server.write_port, "Hasty")
    client.send((b"x" * 1000 + b"\n\n") * 60)
    await client.writer.drain()
    linger = struct.pack("ii", 1, 0)
    client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    await client.close()
    async with asyncio.timeout(5):
        while len(asyncio.all_tasks()) > before:
            await asyncio.sleep(0)


async def test_text_without_its_empty_line_is_dropped(server: Server) -> None:
    reader = await hearing(server)
    client, _, _ = await log_in(server.write_port, "Anna")
    client.send(b"unfinished\n")
    client.writer.write_eof()
    assert await client.rest() == b""
    other, nickname, _ = await log_in(server.write_port, "Other")
    other.send(b"whole\n\n")
    assert await heard(reader, 1) == [f"{nickname}: whole"]


async def test_one_token_on_several_connections(server: Server) -> None:
    first, _, token = await log_in(server.write_port, "Anna")
    second = await raw(server.write_port)
    second.send(token.encode() + b"\n")
    assert (await second.lines(3))[2] == WELCOME
    for client in (first, second):
        client.send(b"hi\n\n")
        assert await client.line() == SENT


@pytest.mark.parametrize("size", [4094, 4095, 4096, 4097, 4098, 70_000])
async def test_the_tail_of_an_over_long_line_is_never_a_message(server: Server, size: int) -> None:
    reader = await hearing(server)
    client, nickname, _ = await log_in(server.write_port, "Anna")
    client.send(b"A" * size)
    await client.writer.drain()
    client.send(b"\n\nSMUGGLED\n\n")
    answer = await client.rest() if size >= 4096 else await client.line()
    other, other_name, _ = await log_in(server.write_port, "Other")
    other.send(b"done\n\n")
    lines = await heard(reader, 1 if size >= 4096 else 3)
    if size >= 4096:
        assert answer in (b"Message not sent: a line is longer than 4096 bytes.\n", b"")
        assert lines == [f"{other_name}: done"]
    else:
        assert answer == SENT
        assert lines[0] == f"{nickname}: " + "A" * size
        assert {lines[1], lines[2]} == {f"{nickname}: SMUGGLED", f"{other_name}: done"}


async def test_an_endless_line_is_refused_at_its_limit(server: Server) -> None:
    client, _, _ = await log_in(server.write_port, "Anna")
    with pytest.raises(ConnectionError):
        for _ in range(10_000):
            client.send(b"A" * 65536)
            await asyncio.wait_for(client.writer.drain(), 5)
    await client.close()


@pytest.mark.parametrize("session", [b"x\n" * 101, b"a" * 100 + b"\n" + (b"b" * 100 + b"\n") * 41])
async def test_a_message_without_an_end_is_refused_with_a_reason(server: Server, session: bytes) -> None:
    client, _, _ = await log_in(server.write_port, "Anna")
    client.send(session)
    answer = await client.rest()
    assert answer == b"Message not sent: a message is longer than 4096 bytes or 100 lines.\n"


@pytest.mark.parametrize(
    "request_line", [b"GET / HTTP/1.1", b"POST /chat HTTP/1.1", b"OPTIONS * HTTP/1.1", b"PRI * HTTP/2.0"]
)
async def test_a_browser_gets_nowhere(server: Server, request_line: bytes) -> None:
    client = await raw(server.write_port)
    client.send(request_line + b"\r\nHost: localhost\r\n\r\nmessage=1\r\n\r\n")
    answer = await client.rest()
    assert b"account_hash" not in answer
    assert SENT not in answer


@pytest.mark.parametrize(
    "nick",
    [
        "system",
        "Admin: hi",
        "a\x1b[31mb",
        "\u202eevil",
        "ab\u200bcd",
        "x" * 3000,
        ":",
        " ",
        "\x00",
        "раypal",
        "A\rB",
    ],
)
async def test_a_name_is_mended_never_refused(server: Server, nick: str) -> None:
    client, nickname, _ = await log_in(server.write_port, nick)
    assert ":" not in nickname
    assert nickname.replace(" ", "").isprintable()
    assert len(nickname.partition(" ")[2]) <= 32
    assert nickname.partition(" ")[2].casefold() != "system"
    client.send(b"hi\n\n")
    assert await client.line() == SENT


async def test_a_hundred_registrations_of_one_name_give_a_hundred_names(server: Server) -> None:
    clients = await asyncio.gather(*(log_in(server.write_port, "Анна") for _ in range(100)))
    assert len({nickname for _, nickname, _ in clients}) == 100
    for client, _, _ in clients:
        await client.close()


async def test_registrations_over_the_budget_are_refused_and_told_when_to_come_back(
    fair_server: Server,
) -> None:
    for number in range(20):
        client, _, _ = await log_in(fair_server.write_port, f"Pupil {number}")
        await client.close()
    client = await raw(fair_server.write_port)
    client.send(b"\nOne more\n")
    answer = await client.rest()
    assert b"Message not sent: too many new accounts. Try again in " in answer


async def test_hostile_text_reaches_readers_as_visible_symbols(server: Server) -> None:
    reader = await hearing(server)
    client, nickname, _ = await log_in(server.write_port, "Anna")
    client.send(b"\x1b]0;title\x07 \xff \xc2\x9b31m \xe2\x80\xae x\r y\n\n")
    assert await client.line() == SENT
    line = (await reader.line()).decode()
    assert line.startswith(f"{nickname}: ")
    assert line.rstrip("\n").isprintable()


# Limits as settings, and the deadline of a line.


@asynccontextmanager
async def limited(settings: Settings, **limits: Any) -> AsyncIterator[Server]:
    """A server with these limits and no others."""
    async with running(replace(settings, limits=replace(PROFILES["off"], **limits))) as server:
        yield server
        for client in opened:
            await client.close()


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        (b"x" * 20, b"a line is longer than 20 bytes"),
        (b"x" * 18 + b"\n" + b"y" * 18 + b"\n", b"a message is longer than 30 bytes or 3 lines"),
        (b"x\n" * 4, b"a message is longer than 30 bytes or 3 lines"),
    ],
)
async def test_the_limits_of_a_message_are_settings(settings: Settings, said: bytes, refusal: bytes) -> None:
    async with limited(settings, line=20, message=30, message_lines=3) as server:
        client, _, _ = await log_in(server.write_port, "Anna")
        client.send(b"x" * 18 + b"\n" + b"y" * 11 + b"\n\n")
        assert await client.line() == SENT
        client.send(said)
        assert await client.rest() == b"Message not sent: " + refusal + b".\n"
        assert server.figures.refused.total() == 1


@pytest.mark.parametrize("begun", [b"h", b"\n\nwhole\n\nh"], ids=["before a token", "after a message"])
async def test_a_line_that_is_not_finished_in_time_ends_the_visit_with_a_reason(
    settings: Settings, begun: bytes
) -> None:
    async with limited(settings, unfinished=0.1) as server:
        client = await raw(server.write_port)
        client.send(begun)
        answer = await client.rest()
        assert answer.endswith(b"Message not sent: a line was not finished within 0.1 s.\n")
        assert server.figures.refused == {"unfinished": 1}


async def test_a_byte_now_and_then_does_not_put_off_the_end_of_a_line(settings: Settings) -> None:
    async with limited(settings, unfinished=0.2) as server:
        client = await raw(server.write_port)
        dripping = asyncio.create_task(drip(client))
        await client.rest()
        dripping.cancel()
        assert server.figures.refused == {"unfinished": 1}


async def drip(client: Raw) -> None:
    """A byte now and then, for ever."""
    due = 0.0
    while not client.writer.is_closing():
        if (now := asyncio.get_running_loop().time()) >= due:
            client.send(b"x")
            due = now + 0.02
        await asyncio.sleep(0)


async def test_silence_and_a_message_between_its_lines_have_no_deadline(settings: Settings) -> None:
    async with limited(settings, unfinished=0.1) as server:
        silent, slow = await raw(server.write_port), (await log_in(server.write_port, "Anna"))[0]
        slow.send(b"half a line, ")
        async with asyncio.timeout(5):
            while not any(visit._talk.in_a_line for visit in visits()):
                await asyncio.sleep(0)
        slow.send(b"then its end\n")
        late = await raw(server.write_port)  # whose deadline passes after that of the others would
        late.send(b"h")
        assert b"not finished" in await late.rest()
        slow.send(b"the second line\n\n")
        assert await slow.line() == SENT
        silent.send(b"\n")
        assert await silent.lines(2) == [GREETING, NICKNAME]


def visits() -> list[Visit]:
    return [one for one in gc.get_objects() if type(one) is Visit and not one._over]


async def test_whoever_is_over_the_budget_waits_outside_our_memory(settings: Settings) -> None:
    async with running(settings_of(settings, "default")) as server:
        client, _, _ = await log_in(server.write_port, "Anna")
        client.send(b"x\n\n" * 100_000)
        assert await client.lines(5) == [SENT] * 5
        for _ in range(100):
            assert max(visit._talk.buffered for visit in visits()) <= INPUT_WAITING
            await asyncio.sleep(0)
        assert server.figures.refused["message_rate"] >= 1
        client.writer.transport.abort()


def settings_of(settings: Settings, profile: str) -> Settings:
    return replace(settings, limits=PROFILES[profile])


async def test_commits_and_their_delays_are_counted(settings: Settings) -> None:
    async with running(settings) as server:
        client, _, _ = await log_in(server.write_port, "Anna")
        for _ in range(3):
            client.send(b"one\n\n")
            assert await client.line() == SENT
        assert (server.figures.messages, server.figures.commit.count) == (3, 3)
        assert 0 < server.figures.commit.total < 5


@pytest.mark.parametrize("last", [b"x" * 4096, b"the end\n\n"])
async def test_a_connection_that_clogs_at_each_write_gets_every_answer(
    server: Server, monkeypatch: pytest.MonkeyPatch, last: bytes
) -> None:
    write = SpeakDoor.write

    def clogging(self: SpeakDoor, data: bytes) -> None:
        write(self, data)
        self.pause_writing()
        asyncio.get_running_loop().call_soon(self.resume_writing)

    monkeypatch.setattr(SpeakDoor, "write", clogging)
    client, _, _ = await log_in(server.write_port, "Anna")
    client.send(b"one\n\n\n\ntwo\n\n" * 20 + last)
    client.writer.write_eof()
    lines = (await client.rest()).splitlines(keepends=True)
    assert lines[:80] == [SENT] * 80
    assert [line.partition(b":")[0] for line in lines[80:]] in ([b"Message not sent"], [SENT.strip() + b"\n"])


async def test_a_client_that_says_nothing_costs_no_task(server: Server) -> None:
    before = len(asyncio.all_tasks())
    silent = [await raw(server.write_port) for _ in range(20)]
    assert [await client.line() for client in silent] == [GREETING] * 20
    assert len(asyncio.all_tasks()) == before
