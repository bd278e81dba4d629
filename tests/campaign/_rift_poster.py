"""Those who post by RIFT through many lives of a server, with keys: what is unanswered is sent again."""

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.campaign._life import Poster
from tests.campaign._wire import Closed, Wire, asked

#: Messages of one that may be under way at once, so that a kill leaves some without an answer.
AHEAD = 3
STORED = b'{"type":"message_stored",'


@dataclass
class RiftPoster(Poster):
    """A person whose messages have keys, the texts themselves; each new text is another.

    :ivar token: of the session
    :ivar numbers: what each acknowledged text was told to be in the room
    :ivar unanswered: texts that may be stored or not, in the order they were said
    :ivar again: how many were sent again
    """

    numbers: dict[str, int] = field(default_factory=dict)
    unanswered: list[str] = field(default_factory=list)
    again: int = 0

    async def post(self, port: int, texts: int | None = None) -> None:
        """Says again what is unanswered, then new texts up to so many, or until the server is gone."""
        with contextlib.suppress(ConnectionError, EOFError):
            wire = await Wire.open(port)
            try:
                await self._talk(wire, texts)
            except Closed as end:
                assert end.code is None, f"{self.name} was sent away: {end}"
            finally:
                wire.writer.transport.abort()

    async def _talk(self, wire: Wire, texts: int | None) -> None:
        await wire.enter(self.name, "acks", "sessions", new=not self.token, session=self.token)
        self.token = wire.session
        for text in self.unanswered:
            self._send(wire, text)
        self.again += len(self.unanswered)
        while self.unanswered or texts is None or self.number < texts:
            while len(self.unanswered) < AHEAD and (texts is None or self.number < texts):
                self.number += 1
                self.unanswered.append(f"{self.name} {self.number}")
                self._send(wire, self.unanswered[-1])
            await self._hear_answer(wire)

    def _send(self, wire: Wire, text: str) -> None:
        wire.send(asked("room_message", id=text, text=text))

    async def _hear_answer(self, wire: Wire) -> None:
        """What others say is passed over; messages are answered in their order."""
        while not (frame := await wire.text()).startswith(STORED):
            assert not frame.startswith(b'{"type":"error"'), frame
        answer = json.loads(frame)["payload"]
        text = self.unanswered.pop(0)
        assert answer["id"] == text, f"{answer} in place of the answer to {text!r}"
        self.acknowledged.append(text)
        self.numbers[text] = answer["seq"]


def poster(number: int) -> RiftPoster:
    """One of a hundred, whose name looks like no other's."""
    return RiftPoster("rift" + "".join("abdghjkmpq"[int(digit)] for digit in f"{number:02}"))


def judge_numbers(texts: list[str], posters: Iterable[RiftPoster]) -> None:
    """Every acknowledged text has the number that its author was told, and all that was ever said is there.

    :param texts: as stored, once nothing is unanswered any more
    """
    for one in posters:
        wrong = [text for text, seq in one.numbers.items() if texts[seq - 1 : seq] != [text]]
        assert not wrong, f"{len(wrong)} have another number than was told"
        mine = [text for text in texts if text.split()[0] == one.name]
        said = [f"{one.name} {number}" for number in range(1, one.number + 1)]
        assert mine == said, f"{len(set(said) - set(mine))} of {one.name} that were sent again are not there"
