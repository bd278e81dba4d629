"""Delivery: one message after another, counted, and each one accounted for when something fails."""

from collections.abc import AsyncIterator

import pytest

from minechat.cli.delivery import Delivery
from minechat.cli.exits import PartlySent
from minechat.cli.settings import parse
from minechat.client.speak import speaking
from minechat.errors import EmptyMessage, MessageTooLong, OutcomeUnknown, Refused


async def given(*messages: str) -> AsyncIterator[str]:
    for text in messages:
        yield text


async def deliver(port: int, *messages: str, total: int | None = None) -> int:
    options = parse("authorization", ["-P", str(port)], environ={}, folders=[])
    async with speaking(port=port) as talk:
        delivery = Delivery(talk, await talk.authorize("token"), options)
        await delivery.send_all(given(*messages), total=total)
        delivery.tell()
    return delivery.sent


async def test_each_message_waits_for_the_one_before_it(scripted, capsys) -> None:
    def script(peer) -> None:
        peer.log_in()
        for _ in range(3):
            peer.message()
            peer.socket.setblocking(False)
            with pytest.raises(BlockingIOError):
                peer.socket.recv(1)
            peer.socket.setblocking(True)
            peer.say(peer.ACKNOWLEDGED)

    assert await deliver(scripted(script).port, "a", "b", "c") == 3
    assert capsys.readouterr().err.endswith("3 messages sent as Brave Vlad\n")


@pytest.mark.parametrize(
    ("sent", "total", "words"),
    [
        (1, 2, "message 1 was sent, message 2 failed: refused: no"),
        (
            2,
            4,
            "messages 1 to 2 were sent, message 3 failed: refused: no; nothing was sent from message 4 on",
        ),
        (2, None, "messages 1 to 2 were sent, message 3 failed: refused: no"),
    ],
)
async def test_what_was_sent_before_a_refusal_is_told(scripted, *, sent: int, total, words: str) -> None:
    def script(peer) -> None:
        peer.log_in()
        peer.acknowledge(sent)
        peer.message()
        peer.say(b"Message not sent: no.\n")
        peer.until_gone()

    with pytest.raises(PartlySent) as raised:
        await deliver(scripted(script).port, "a", "b", "c", "d", total=total)
    assert str(raised.value) == words


@pytest.mark.parametrize(
    ("text", "answer", "error"),
    [
        (" ", b"", EmptyMessage),
        ("x" * 5000, b"", MessageTooLong),
        ("x", b"Message not sent: no.\n", Refused),
        ("x", b"", OutcomeUnknown),
    ],
)
async def test_a_first_message_fails_in_its_own_words(scripted, *, text: str, answer: bytes, error) -> None:
    def script(peer) -> None:
        peer.log_in()
        peer.message()
        peer.say(answer)

    with pytest.raises(error):
        await deliver(scripted(script).port, text, "never")
