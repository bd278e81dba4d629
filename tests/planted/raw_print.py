"""A stranger's message renames the terminal's window, types into it, or wears another's name."""

import json

from minechat import text


def unchanged(line: str) -> str:
    return line


def decoded(block: bytes) -> bytes:
    return block.decode("utf-8", "replace").encode()


def plain_json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


text.safe = text.safe_nick = text.safe_line = unchanged
text.safe_lines = decoded
text.exact_json = plain_json
