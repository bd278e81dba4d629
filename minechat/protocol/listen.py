"""Port 5000: what was said as one line, and back."""

from minechat.events import Said
from minechat.protocol import lines
from minechat.text import safe, safe_nick

SEPARATOR = ": "
#: The most bytes of one line that a watcher takes, its newline included.
LINE_LIMIT = 64 * 1024


def encode(said: Said) -> bytes:
    """One message as a line of port 5000, made safe and on one line."""
    text = safe(lines.on_one_line(said.text))
    return lines.encode(text if said.nick is None else safe_nick(said.nick) + SEPARATOR + text)


def decode(line: bytes) -> Said:
    """A line without its newline as what was said, exactly: not yet safe for a terminal."""
    nick, separator, text = lines.decode(line).partition(SEPARATOR)
    return Said(nick, text) if separator else Said(None, nick)
