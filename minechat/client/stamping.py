"""Lines of the wire as records of the history: stamped and safe, a whole block at once."""

from minechat.text import safe_lines


def stamped(block: bytes, stamp: bytes) -> bytes:
    """Records of messages: each line of a block made safe, with ``stamp`` in brackets before it.

    :param block: whole lines of the wire
    """
    prefix = b"[" + stamp + b"] "
    return prefix + safe_lines(block)[:-1].replace(b"\n", b"\n" + prefix) + b"\n"
