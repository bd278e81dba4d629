"""After a full disk or a kill the next message is glued to half a line, and both are unreadable."""

from minechat.client import append


class TornFile(append.LineFile):
    def _end_of_half_line(self) -> bytes:
        return b""

    def _cut(self, end: int, to: int) -> None:
        pass


append.LineFile = TornFile
