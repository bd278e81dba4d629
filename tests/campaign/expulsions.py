"""Expulsions: what an order or a new password ends is closed within a second, on both kinds of port."""

import asyncio
import time
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from tests.campaign._knocking import Frame, Knock, login
from tests.campaign.criteria import criterion
from tests.campaign.identity import answer_to, ordered
from tests.campaign.logins import PASSWORD, name_of, registered, rift
from tests.server.raw import Raw

OTHER = "another good horse"
SOURCE = "127.0.220.1"
#: How often what has ended is tried: none of them gets in.
TRIES = 10


@dataclass
class House:
    """A server, and how long it took to close what it had to.

    :ivar admin: where it takes the owner's orders
    """

    port: int
    write_port: int
    admin: str
    stack: AsyncExitStack
    took: list[float] = field(default_factory=list)
    refused: int = 0

    async def come(self, name: str, password: str) -> tuple[Knock, str]:
        """Somebody comes in by RIFT; the connection and its session."""
        knock = await self.stack.enter_async_context(Knock(self.port, SOURCE))
        frame = await knock.ask("auth", username=name, password=password, features=["sessions"])
        assert frame["type"] == "auth_success", frame
        return knock, frame["payload"]["session"]

    async def speaking(self, token: str) -> Raw:
        """A visit of the speak port, up to its welcome."""
        client = Raw(*await asyncio.open_connection("127.0.0.1", self.write_port))
        self.stack.push_async_callback(client.close)
        client.send(token.encode() + b"\n")
        assert (await client.lines(3))[1].startswith(b"{"), "it was not let in"
        return client

    async def closes(self, order: Awaitable[Frame], code: str, ends: list[Knock], visit: Raw) -> Frame:
        """Carries out an order that is to end these; its answer."""
        began = time.monotonic()
        try:
            answer, told, *frames = await asyncio.gather(order, visit.rest(), *(one.rest() for one in ends))
        except TimeoutError:
            raise AssertionError("a connection was not closed") from None
        self.took.append(time.monotonic() - began)
        assert told.startswith(b"Message not sent: you"), told
        for those in frames:
            assert [one["payload"].get("code") for one in those if one["type"] == "error"] == [code], those
        return answer

    async def is_refused(self, code: str, **proof: str) -> None:
        """Whoever comes by what has ended is not let in."""
        for _ in range(TRIES):
            async with Knock(self.port, SOURCE) as knock:
                frame = await knock.ask("auth", **proof)
            assert frame["type"] == "auth_fail" and frame["payload"]["code"] == code, frame
            self.refused += 1

    async def is_unknown(self, token: str) -> None:
        """Nobody comes in by this token on the speak port."""
        for _ in range(TRIES):
            assert await answer_to(self.write_port, token) == b"null\n", "an old token was taken"
            self.refused += 1


@criterion(
    "a new password, a new token and a ban close live visits of both kinds within a second",
    small=4,
    full=100,
)
def expelled(size: int, folder: Path) -> str:
    return asyncio.run(_expelled(size, folder))


async def _expelled(rounds: int, folder: Path) -> str:
    async with rift(folder, "--limits", "off") as (server, port), AsyncExitStack() as stack:
        house = House(port, server.write_port, f"{folder}/chat.db.admin", stack)
        for number in range(rounds):
            await _once(house, name_of(number))
    figure = (
        f"{len(house.took)} of {3 * rounds} closed within {max(house.took) * 1000:.0f} ms, "
        f"{house.refused} tries with what had ended refused"
    )
    assert max(house.took) <= 1.0, figure
    return figure


async def _once(house: House, name: str) -> None:
    await registered(house.port, name)
    mine, session = await house.come(name, PASSWORD)
    token = (await mine.answer("get_token"))["payload"]["token"]

    other, ended = await house.come(name, PASSWORD)
    change = mine.answer("change_password", old=PASSWORD, new=OTHER)
    answer = await house.closes(change, "ended", [other], await house.speaking(token))
    assert answer["type"] == "done", answer
    await house.is_refused("wrong_password", session=ended)
    await house.is_refused("wrong_password", username=name, password=PASSWORD)

    other, ended = await house.come(name, OTHER)
    renewal = ordered(house.admin, order="token", nick=name)
    new = await house.closes(renewal, "ended", [mine, other], await house.speaking(token))
    for one in (session, ended):
        await house.is_refused("wrong_password", session=one)
    await house.is_unknown(token)

    other, session = await house.come(name, OTHER)
    ban = ordered(house.admin, order="ban", whom=name, seconds=None, reason="flooding")
    await house.closes(ban, "banned", [other], await house.speaking(new["token"]))
    await house.is_refused("banned", session=session)
    frame, _ = await login(house.port, SOURCE, name, OTHER)
    assert frame["payload"]["code"] == "banned", frame
