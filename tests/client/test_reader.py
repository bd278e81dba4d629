"""What arrived before a connection broke is read first, and only then is it said that it broke."""

import pytest

from minechat.client.address import Address
from minechat.client.connection import connection
from minechat.errors import ConnectionLost

pytestmark = pytest.mark.usefixtures("quiet")


@pytest.mark.parametrize("size", [10, 100_000])
async def test_a_reset_does_not_take_with_it_what_came_before(serve, reset, until, size: int) -> None:
    async def say_and_slam(reader, writer):
        writer.write(b"x" * size)
        await writer.drain()
        await reader.readline()
        reset(writer)

    port = await serve(say_and_slam)
    async with connection(Address("127.0.0.1", port)) as (reader, writer):
        writer.write(b"go\n")
        await until(writer.is_closing)
        data = b""
        with pytest.raises(ConnectionLost, match=f"127.0.0.1:{port}"):
            while True:
                data += await reader.read(1000)
        assert data == b"x" * size
        with pytest.raises(ConnectionLost):
            await reader.read(1)


async def test_an_end_is_no_failure(serve) -> None:
    async def say(reader, writer):
        writer.write(b"bye")

    port = await serve(say)
    async with connection(Address("127.0.0.1", port)) as (reader, _):
        assert [await reader.read(9), await reader.read(9), await reader.read(9)] == [b"bye", b"", b""]
