"""One reader who stopped reading, a suspended laptop, takes the server's memory until it dies for all."""

from minechat.server import slow


def patience(*_: object) -> list[tuple[slow.Queue, str]]:
    return []


slow.too_slow = patience
