"""Records of the history file, read back as the messages that they were."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from minechat.client.session import GENERAL, Message
from minechat.protocol.listen import SEPARATOR


@dataclass(frozen=True, slots=True)
class Read:
    """How records are read.

    :param time_of: seconds since 1970 of a stamp; None where that cannot be told
    :param nick: ours, to know our own messages by
    """

    time_of: Callable[[str], float | None]
    nick: str

    def messages(self, records: Iterable[tuple[int, bytes]]) -> tuple[Message, ...]:
        """Records with their numbers as messages; one without a readable stamp has the time of the last."""
        messages, time = [], 0.0
        for number, record in records:
            message = self._message(number, record.decode("utf-8", "replace"), time)
            time = message.time
            messages.append(message)
        return tuple(messages)

    def _message(self, number: int, record: str, before: float) -> Message:
        stamp, bracket, line = record.removeprefix("[").partition("] ")
        if not record.startswith("[") or not bracket:
            return Message(place=GENERAL, nick=None, text=record, time=before, seq=number)
        time = self.time_of(stamp)
        nick, separator, text = line.partition(SEPARATOR)
        return Message(
            place=GENERAL,
            nick=nick if separator else None,
            text=text if separator else line,
            time=before if time is None else time,
            seq=number,
            mine=bool(separator) and nick == self.nick,
        )
