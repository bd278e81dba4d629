"""Registering, logging in and speaking: what is sent, what is known afterwards, and how long it may take."""

import asyncio
import time
from collections.abc import Callable

import pytest

from minechat.client.speak import Speaker, check_message, greets, speaking
from minechat.client.tls import Tls
from minechat.errors import (
    ConnectionLost,
    EmptyMessage,
    InvalidInput,
    MessageTooLong,
    NetworkError,
    NotMinechat,
    OutcomeUnknown,
    Refused,
    TimedOut,
    UnknownToken,
    Unreachable,
)
from minechat.events import Account

pytestmark = pytest.mark.usefixtures("quiet")

HELLO = b"Hello %username%! Enter your personal hash or leave it empty to create new account.\n"
ASKS = b"Enter preferred nickname below:\n"
TOKEN = "10209158-dc35-41f0-a5a4-0242ac110003"
GOOFY = Account("Goofy Анна", TOKEN)
ACCOUNT = f'{{"nickname": "Goofy Анна", "account_hash": "{TOKEN}"}}\n'.encode()
WELCOME = b"Welcome to chat! Post your message below. End it with an empty line.\n"
DONE = b"Message send. Write more, end message with an empty line.\n"


class Script:
    """A server that says each part after a line of the client, and keeps what the client says.

    ``parts[0]`` goes out at once, ``parts[1]`` after the first line and so on; None is silence.
    """

    def __init__(
        self, *parts: bytes | None, end: Callable[[asyncio.StreamWriter], None] | None = None
    ) -> None:
        self._parts = parts
        self._end = end
        self.received = b""
        self.over = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for number, part in enumerate(self._parts):
            if number:
                self.received += await reader.readline()
            if part is not None:
                writer.write(part)
                await writer.drain()
        if self._end is None:
            self.received += await reader.read()
        else:
            self._end(writer)
        self.over.set()

    async def all_received(self) -> bytes:
        async with asyncio.timeout(5):
            await self.over.wait()
        return self.received


def close(writer: asyncio.StreamWriter) -> None:
    writer.close()


async def logged_in(speaker: Speaker) -> Speaker:
    assert await speaker.authorize(TOKEN) == GOOFY
    return speaker


# The talk when all is well.


async def test_registering_and_speaking_on_one_connection(serve) -> None:
    server = Script(HELLO, ASKS, ACCOUNT + WELCOME, None, DONE)
    port = await serve(server)
    async with speaking("127.0.0.1", port) as speaker:
        assert await speaker.register("Анна") == GOOFY
        await speaker.say("привет")
    assert await server.all_received() == "\nАнна\nпривет\n\n".encode()


async def test_all_of_it_works_over_tls(serve, owner) -> None:
    server = Script(HELLO, ASKS, ACCOUNT + WELCOME, None, DONE)
    port = await serve(server, tls=owner.tls)
    async with speaking("127.0.0.1", port, tls=Tls(fingerprint=owner.issued.fingerprint)) as speaker:
        assert await speaker.register("Анна") == GOOFY
        await speaker.say("привет")
    assert await server.all_received() == "\nАнна\nпривет\n\n".encode()


@pytest.mark.parametrize("end", [None, close])
async def test_who_says_nothing_at_all_may_wait_for_tls(serve, owner, end) -> None:
    silent = await serve(Script(None, end=end))
    with pytest.raises(NetworkError, match=r"; if it speaks TLS, give --tls or --tls-fingerprint$"):
        async with speaking("127.0.0.1", silent, timeout=0.2):
            pass
    begun = await serve(Script(b"Hel", end=end))
    secured = await serve(Script(None, end=end), tls=owner.tls)
    for port, tls in ((begun, None), (secured, Tls(ca=owner.ca))):
        with pytest.raises(NetworkError) as caught:
            async with speaking("127.0.0.1", port, timeout=0.2, tls=tls):
                pass
        assert "TLS" not in str(caught.value)


async def test_a_message_need_not_wait_for_the_welcome(serve) -> None:
    server = Script(HELLO, ACCOUNT, None, WELCOME + DONE, None, DONE)
    port = await serve(server)
    async with speaking("127.0.0.1", port) as speaker:
        await logged_in(speaker)
        await speaker.say("one")
        await speaker.say("two")
    assert await server.all_received() == f"{TOKEN}\none\n\ntwo\n\n".encode()


async def test_blank_lines_do_not_split_a_message(serve) -> None:
    server = Script(HELLO, ACCOUNT + WELCOME, None, None, DONE)
    port = await serve(server)
    async with speaking("127.0.0.1", port) as speaker:
        await logged_in(speaker)
        await speaker.say("\r\n\r\none\r\n \n\ntwo\n\n")
    assert await server.all_received() == f"{TOKEN}\none\ntwo\n\n".encode()


async def test_two_at_once_speak_one_after_the_other(serve) -> None:
    order = []

    async def careful(reader, writer):
        writer.write(HELLO)
        await reader.readline()
        writer.write(ACCOUNT + WELCOME)
        for _ in range(5):
            order.append(await reader.readuntil(b"\n\n"))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.readexactly(1), 0.02)
            writer.write(DONE)

    port = await serve(careful)
    async with speaking("127.0.0.1", port) as speaker:
        await logged_in(speaker)
        await asyncio.gather(*[speaker.say(str(number)) for number in range(5)])
    assert order == [b"%d\n\n" % number for number in range(5)]


# What the server does not take.


@pytest.mark.parametrize("split", [True, False])
async def test_with_an_unknown_token_nothing_more_is_sent(serve, split: bool) -> None:
    server = Script(HELLO, b"null\n" + (b"" if split else ASKS), ASKS if split else None)
    port = await serve(server)
    async with speaking("127.0.0.1", port) as speaker:
        with pytest.raises(UnknownToken):
            await speaker.authorize(TOKEN)
        with pytest.raises(InvalidInput):
            await speaker.say("this would be a nickname")
        with pytest.raises(InvalidInput):
            await speaker.register("x")
        with pytest.raises(InvalidInput):
            await speaker.authorize("another")
    assert await server.all_received() == f"{TOKEN}\n".encode()


async def test_the_last_word_of_a_server_that_stops_is_told(serve) -> None:
    port = await serve(Script(HELLO, ACCOUNT + WELCOME + b"Message not sent: the server stops.\n", end=close))
    async with speaking("127.0.0.1", port) as speaker:
        await logged_in(speaker)
        with pytest.raises(Refused, match="the server stops"):
            await speaker.say("hi")


async def test_a_refused_message_leaves_the_connection_of_use(serve) -> None:
    refusal = b"Message not sent: too fast. Try again in 12 s.\n"
    server = Script(HELLO, ACCOUNT + WELCOME, None, refusal, None, DONE)
    port = await serve(server)
    async with speaking("127.0.0.1", port) as speaker:
        await logged_in(speaker)
        with pytest.raises(Refused) as caught:
            await speaker.say("one")
        assert (caught.value.reason, caught.value.retry_after) == ("too fast", 12)
        await speaker.say("two")


@pytest.mark.parametrize(
    ("before", "registers"),
    [([], False), ([HELLO], False), ([HELLO], True), ([HELLO, ASKS], True)],
    ids=["at once", "to a token", "to a newcomer", "to a nickname"],
)
async def test_a_refused_login_is_told_though_a_reset_follows(serve, reset, before, registers: bool) -> None:
    port = await serve(Script(*before, b"Message not sent: the server is full.\n", end=reset))
    with pytest.raises(Refused) as caught:
        async with speaking("127.0.0.1", port) as speaker:
            await (speaker.register("x") if registers else speaker.authorize(TOKEN))
    assert (caught.value.reason, caught.value.retry_after) == ("the server is full", None)


@pytest.mark.parametrize(
    "answer",
    [
        b"[]\n",
        b"{}\n",
        b"[" * 100_000 + b"\n",
        b"[" * 4000 + b"\n",
        b'{"nickname": 5, "account_hash": "x"}\n',
        b'{"nickname": "x", "account_hash": "' + b"x" * 1_000_000 + b'"}\n',
        b'{"nickname": "x"}\n',
        b"what?\n",
        b"\xff\xfe\x00\n",
    ],
    ids=["list", "empty", "deep", "as deep as fits", "number", "huge", "no token", "no JSON", "no text"],
)
async def test_an_account_that_is_none_is_no_minechat(serve, answer: bytes) -> None:
    port = await serve(Script(HELLO, ASKS, answer))
    async with speaking("127.0.0.1", port) as speaker:
        with pytest.raises(NotMinechat, match=f"127.0.0.1:{port}"):
            await speaker.register("x")
    port = await serve(Script(HELLO, answer))
    async with speaking("127.0.0.1", port) as speaker:
        with pytest.raises(NotMinechat, match=f"127.0.0.1:{port}"):
            await speaker.authorize(TOKEN)
        with pytest.raises(ConnectionLost):
            await speaker.say("hi")


async def test_null_for_a_new_account_is_no_minechat(serve) -> None:
    port = await serve(Script(HELLO, ASKS, b"null\n"))
    async with speaking("127.0.0.1", port) as speaker:
        with pytest.raises(NotMinechat):
            await speaker.register("x")


@pytest.mark.parametrize(
    "greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n", b"\n", b"A" * 10_000]
)
async def test_another_protocol_is_recognised_at_its_greeting(serve, greeting: bytes) -> None:
    server = Script(greeting)
    port = await serve(server)
    with pytest.raises(NotMinechat):
        async with speaking("127.0.0.1", port):
            pass
    assert await server.all_received() == b""


# What becomes of a message.


async def test_a_message_nobody_acknowledges_is_of_unknown_outcome_and_not_sent_again(serve) -> None:
    server = Script(HELLO, ACCOUNT + WELCOME)
    port = await serve(server)
    async with speaking("127.0.0.1", port, timeout=0.1) as speaker:
        await logged_in(speaker)
        with pytest.raises(OutcomeUnknown, match="unknown whether"):
            await speaker.say("hi")
        with pytest.raises(ConnectionLost, match="nothing was sent"):
            await speaker.say("hi")
    assert await server.all_received() == f"{TOKEN}\nhi\n\n".encode()


@pytest.mark.usefixtures("brisk")
@pytest.mark.parametrize("way", ["EOF", "RST"])
async def test_a_talk_cut_anywhere_ends_in_one_clear_error(serve, reset, way: str) -> None:
    talk = [HELLO, ACCOUNT, WELCOME, DONE]
    total = len(b"".join(talk))
    cuts = iter(range(total + 1))

    async def cut(reader, writer):
        left = next(cuts)
        for number, part in enumerate(talk):
            if number:
                await reader.readline()
            writer.write(part[:left])
            left -= min(left, len(part))
            if not left:
                break
        if way == "RST":
            reset(writer)

    port = await serve(cut)
    for size in range(total + 1):
        account, error = await outcome(port)
        if size < len(HELLO + ACCOUNT):
            assert (account, error) == (None, ConnectionLost)
        elif size < total:
            assert account == GOOFY
            assert error in (OutcomeUnknown, ConnectionLost)  # the latter when nothing had been sent
        else:
            assert (account, error) == (GOOFY, None)


async def outcome(port: int) -> tuple[Account | None, type[NetworkError] | None]:
    account = None
    try:
        async with speaking("127.0.0.1", port, timeout=5) as speaker:
            account = await speaker.authorize(TOKEN)
            await speaker.say("hi")
    except NetworkError as exc:
        return account, type(exc)
    return account, None


async def test_an_acknowledgement_counts_though_a_reset_follows(serve, reset) -> None:
    port = await serve(Script(HELLO, ACCOUNT + WELCOME, None, DONE, end=reset))
    async with speaking("127.0.0.1", port) as speaker:
        await logged_in(speaker)
        await speaker.say("hi")


@pytest.mark.parametrize("way", ["EOF", "RST"])
async def test_on_a_connection_that_had_ended_nothing_is_sent(serve, reset, until, way: str) -> None:
    port = await serve(Script(HELLO, ACCOUNT, end=reset if way == "RST" else close))
    async with speaking("127.0.0.1", port) as speaker:
        await logged_in(speaker)
        await until(speaker._reader.at_eof)
        with pytest.raises(ConnectionLost, match="nothing was sent"):
            await speaker.say("hi")


async def test_after_a_cancelled_message_a_late_answer_is_not_taken_for_the_next(serve) -> None:
    arrived, go = asyncio.Event(), asyncio.Event()

    async def late(reader, writer):
        writer.write(HELLO)
        await reader.readline()
        writer.write(ACCOUNT + WELCOME)
        await reader.readuntil(b"\n\n")
        arrived.set()
        await go.wait()
        writer.write(DONE)

    port = await serve(late)
    async with speaking("127.0.0.1", port) as speaker:
        await logged_in(speaker)
        first = asyncio.create_task(speaker.say("one"))
        await arrived.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        go.set()
        with pytest.raises(ConnectionLost):
            await speaker.say("two")


# How long it may take.


def drip(*script: bytes, slow: int) -> Callable[..., object]:
    """A server whose part number ``slow`` comes byte by byte, each well within the deadline."""

    async def handle(reader, writer):
        for number, part in enumerate(script):
            if number:
                await reader.readline()
            if number != slow:
                writer.write(part)
                continue
            for byte in part:
                writer.write(bytes([byte]))
                await asyncio.sleep(0.02)
        await reader.read()

    return handle


@pytest.mark.parametrize("slow", [0, 1, 2], ids=["greeting", "question", "account"])
async def test_the_deadline_of_an_answer_is_for_all_of_its_bytes(serve, slow: int) -> None:
    port = await serve(drip(HELLO, ASKS, ACCOUNT, slow=slow))
    began = time.monotonic()
    with pytest.raises(TimedOut, match=f"127.0.0.1:{port}"):
        async with speaking("127.0.0.1", port, timeout=0.2) as speaker:
            await speaker.register("x")
    assert 0.15 < time.monotonic() - began < 0.45


async def test_a_dripping_acknowledgement_is_an_unknown_outcome(serve) -> None:
    port = await serve(drip(HELLO, ACCOUNT + WELCOME, b"", DONE, slow=3))
    async with speaking("127.0.0.1", port, timeout=0.2) as speaker:
        await logged_in(speaker)
        began = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            await speaker.say("hi")
        assert 0.15 < time.monotonic() - began < 0.45


async def test_chatter_before_an_acknowledgement_buys_no_time(serve) -> None:
    async def chatter(reader, writer):
        writer.write(HELLO)
        await reader.readline()
        writer.write(ACCOUNT + WELCOME)
        while True:
            writer.write(b"still thinking\n")
            await asyncio.sleep(0.02)

    port = await serve(chatter)
    async with speaking("127.0.0.1", port, timeout=0.2) as speaker:
        await logged_in(speaker)
        with pytest.raises(OutcomeUnknown):
            await speaker.say("hi")


async def test_a_whole_login_takes_at_most_twice_the_timeout(serve) -> None:
    async def lazy(reader, writer):
        for part in (HELLO, ASKS, ACCOUNT):
            await asyncio.sleep(0.24)
            writer.write(part)
            await reader.readline()

    port = await serve(lazy)
    began = time.monotonic()
    with pytest.raises(TimedOut):
        async with speaking("127.0.0.1", port, timeout=0.3) as speaker:
            await speaker.register("x")
    assert time.monotonic() - began < 0.7


async def test_the_callers_own_pause_does_not_count(serve) -> None:
    port = await serve(Script(HELLO, ACCOUNT))
    async with speaking("127.0.0.1", port, timeout=0.1) as speaker:
        await asyncio.sleep(0.25)  # a person thinks at the prompt, longer than a login may take
        await logged_in(speaker)


# What is refused before anything is sent.


@pytest.mark.parametrize("token", ["", " ", "a b", "a\nb", "x" * 257, "токен"])
async def test_what_is_no_token_is_not_sent(serve, token: str) -> None:
    server = Script(HELLO)
    port = await serve(server)
    async with speaking("127.0.0.1", port) as speaker:
        with pytest.raises(InvalidInput):
            await speaker.authorize(token)
    assert await server.all_received() == b""


@pytest.mark.parametrize("nickname", ["a\nb", "a\r\nmessage\n\n", "\ud800", "x" * 5000])
async def test_what_is_no_nickname_does_not_even_begin_to_register(serve, nickname: str) -> None:
    server = Script(HELLO)
    port = await serve(server)
    async with speaking("127.0.0.1", port) as speaker:
        with pytest.raises(InvalidInput):
            await speaker.register(nickname)
    assert await server.all_received() == b""


async def test_a_message_before_the_login_is_not_sent(serve) -> None:
    server = Script(HELLO)
    port = await serve(server)
    async with speaking("127.0.0.1", port) as speaker:
        with pytest.raises(InvalidInput, match="nothing was sent"):
            await speaker.say("hi")
    assert await server.all_received() == b""


async def test_a_message_over_the_limit_is_not_sent(serve) -> None:
    server = Script(HELLO, ACCOUNT + WELCOME)
    port = await serve(server)
    async with speaking("127.0.0.1", port) as speaker:
        await logged_in(speaker)
        with pytest.raises(MessageTooLong):
            await speaker.say("x" * 4096)
    assert await server.all_received() == f"{TOKEN}\n".encode()


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("привет", "привет"),
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("\n\n a \n \t \n\u2028\nb\n\n", " a \nb"),
        ("x" * 4095, "x" * 4095),
        ("x" * 4000 + "\n" + "y" * 95, "x" * 4000 + "\n" + "y" * 95),
        ("a\n\n" * 100, "\n".join("a" * 100)),
        ("nul\0 esc\x1b", "nul\0 esc\x1b"),
    ],
)
def test_a_message_is_cut_down_to_what_will_be_sent(text: str, sent: str) -> None:
    assert check_message(text) == sent


@pytest.mark.parametrize("text", ["", " ", "\n\n\n", "\r\n \t\r\n", "\u2028"])
def test_blanks_are_no_message(text: str) -> None:
    with pytest.raises(EmptyMessage):
        check_message(text)


@pytest.mark.parametrize(
    "text",
    ["x" * 4096, "ю" * 2048, "a\n" + "x" * 4096, "x" * 4000 + "\n" + "y" * 96, "a\n" * 101, "x" * 10_000_000],
    ids=["bytes", "letters", "one line", "in all", "lines", "ten megabytes"],
)
def test_a_message_over_a_limit_is_too_long(text: str) -> None:
    with pytest.raises(MessageTooLong):
        check_message(text)


def test_half_a_letter_is_no_text() -> None:
    with pytest.raises(InvalidInput):
        check_message("\udcff")


# Is there a server?


async def test_a_server_that_greets_is_recognised(serve, closed_port: int, silent_port: int) -> None:
    assert await greets("127.0.0.1", await serve(Script(HELLO)), timeout=1)
    assert await greets("127.0.0.1", await serve(Script(b"Message not sent: full.\n")), timeout=1)
    assert not await greets("127.0.0.1", await serve(Script(b"HTTP/1.1 200 OK\r\n")), timeout=1)
    assert not await greets("127.0.0.1", await serve(Script(b"", end=close)), timeout=1)
    assert not await greets("127.0.0.1", await serve(Script(None)), timeout=0.05)
    assert not await greets("127.0.0.1", closed_port, timeout=1)
    assert not await greets("127.0.0.1", silent_port, timeout=0.05)


async def test_no_server_is_said_with_its_address(closed_port: int) -> None:
    with pytest.raises(Unreachable, match=f"127.0.0.1:{closed_port}"):
        async with speaking("127.0.0.1", closed_port):
            pass
