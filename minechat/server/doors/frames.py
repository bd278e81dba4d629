"""A text as one frame of a WebSocket (RFC 6455, section 5.2), made once for all who hear it."""

import struct

#: The first byte of a text that comes in one piece.
_TEXT = 0x81
_SHORT, _MIDDLE = 126, 1 << 16


def text_frame(text: bytes) -> bytes:
    """The frame of a text, which must be UTF-8; a server does not mask it."""
    size = len(text)
    if size < _SHORT:
        return bytes((_TEXT, size)) + text
    if size < _MIDDLE:
        return struct.pack("!BBH", _TEXT, 126, size) + text
    return struct.pack("!BBQ", _TEXT, 127, size) + text
