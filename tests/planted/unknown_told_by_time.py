"""Whoever wants to know who is in the chat asks the clock: a name that nobody has is refused 20 ms sooner."""

from minechat.server import hashing

verify = hashing.Hashing.verify


async def hasty(self: hashing.Hashing, hashed: str | None, password: str, asked: int = 0) -> bool:
    return hashed is not None and await verify(self, hashed, password, asked)


hashing.Hashing.verify = hasty
