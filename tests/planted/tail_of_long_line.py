"""The end of an over-long line passes for a line of its own: anybody can forge anybody's message."""

from minechat.errors import LineTooLong
from minechat.protocol import lines


class ForgetfulBuffer(lines.LineBuffer):
    def take(self) -> bytes | None:
        try:
            return super().take()
        except LineTooLong:
            del self._bytes[: self._limit]
            return self.take()


class ForgetfulLines(lines.WholeLines):
    def feed(self, data: bytes) -> bytes:
        block = super().feed(data)
        self._skipping = False
        return block


lines.LineBuffer = ForgetfulBuffer
lines.WholeLines = ForgetfulLines
