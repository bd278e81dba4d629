"""Work that goes on to its end: its result, its errors, and who hears of them."""

import asyncio
from typing import Any

import pytest

from minechat.errors import NotStored
from minechat.server.finishing import to_the_end
from tests.server.sockets import until


async def test_its_result_and_its_error_come_to_who_asked() -> None:
    async def gives(value: int) -> int:
        await asyncio.sleep(0)
        if not value:
            raise NotStored("no")
        return value

    assert await to_the_end(gives(7)) == 7
    with pytest.raises(NotStored):
        await to_the_end(gives(0))


@pytest.mark.parametrize(
    ("error", "noticed"), [(None, False), (NotStored("no"), False), (KeyError("bug"), True)]
)
async def test_it_goes_on_when_who_asked_has_gone_and_only_a_bug_is_noticed(
    error: BaseException | None, noticed: bool
) -> None:
    go_on, done, told = asyncio.Event(), asyncio.Event(), list[dict[str, Any]]()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))

    async def work() -> None:
        await go_on.wait()
        done.set()
        if error is not None:
            raise error

    asking = asyncio.create_task(to_the_end(work()))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    go_on.set()
    await done.wait()
    for _ in range(5):
        await asyncio.sleep(0)
    await until(lambda: bool(told) == noticed)
    assert [context.get("exception") for context in told] == [error] * noticed
