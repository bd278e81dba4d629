"""The handle of a server: who is there by port, and what there is to reload."""

from minechat.server.handle import Server
from tests.server.raw import raw
from tests.server.sockets import until


def test_before_the_doors_are_open_nobody_is_there() -> None:
    server = Server("127.0.0.1", 5000, 5050)
    assert (server.doors_open, server.queued()) == (False, 0)
    assert server.connections() == {"read": 0, "write": 0}


async def test_who_is_there_is_counted_by_port(server: Server) -> None:
    await raw(server.read_port)
    writers = [await raw(server.write_port) for _ in range(2)]
    await until(lambda: server.connections() == {"read": 1, "write": 2})
    await writers[0].close()
    await until(lambda: server.connections() == {"read": 1, "write": 1})


def test_without_a_certificate_there_is_nothing_that_a_reload_could_refuse() -> None:
    assert Server("127.0.0.1", 5000, 5050).reload()
