"""The sockets of a server: all or none, and no file before them."""

import os
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from minechat.errors import AddressUnusable, DatabaseUnusable
from minechat.server.app import running
from minechat.server.listening import taken
from minechat.server.ports import port_of
from minechat.server.settings import Settings


@pytest.mark.parametrize("taken", ["read_port", "write_port"])
async def test_a_taken_port_is_told_and_the_other_is_given_back(settings: Settings, taken: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other, socket.create_server(("127.0.0.1", 0)) as spare:
        free = spare.getsockname()[1]
        spare.close()
        ports = {"read_port": free, "write_port": free, taken: other.getsockname()[1]}
        with pytest.raises(AddressUnusable, match=str(other.getsockname()[1])):
            async with running(replace(settings, **ports)):
                pass
        with socket.create_server(("127.0.0.1", free)):
            pass


async def test_a_taken_port_of_rift_is_told_unless_a_free_one_will_do(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        number = other.getsockname()[1]
        with pytest.raises(AddressUnusable) as told:
            async with running(replace(settings, rift_port=number)):
                pass
        assert told.value.port == number
        async with running(replace(settings, rift_port=number, rift_port_or_free=True)) as server:
            assert server.rift_port not in (None, 0, number)


async def test_an_address_of_another_machine_is_told(settings: Settings) -> None:
    with pytest.raises(AddressUnusable, match=r"192\.0\.2\.1"):
        async with running(replace(settings, host="192.0.2.1")):
            pass


async def test_they_are_taken_before_any_file_is_made(settings: Settings, tmp_path: Path) -> None:
    wanted = replace(settings, metrics_port=0, rift_port=0)
    with taken(wanted) as sockets:
        assert sockets.status is not None and sockets.rift is not None and sockets.admin is None
        every = (sockets.read, sockets.write, sockets.rift, sockets.status)
        ports = {port_of(one) for one in every}
        assert len(ports) == 4 and 0 not in ports
        assert os.listdir(tmp_path) == []
    assert [one.fileno() for one in every] == [-1] * 4


async def test_a_database_without_a_folder_is_told_before_the_admin_socket_beside_it(
    settings: Settings, tmp_path: Path
) -> None:
    nowhere = tmp_path / "nowhere"
    wanted = replace(settings, database=f"sqlite:///{nowhere}/a.db", admin_socket=f"{nowhere}/a.db.admin")
    with pytest.raises(DatabaseUnusable, match="the folder it belongs in does not exist"), taken(wanted):
        pass
