"""Who may not write in a room is told so with the room: at a join and in lists, by the real server."""

import time

from minechat.server.settings import Settings
from tests.server.doors.rift_client import PASSWORD, rift
from tests.server.doors.test_rift_rights import house


async def test_who_is_muted_is_told_so_with_the_room(settings: Settings) -> None:
    async with house(settings, invite_only=False) as home:
        owner, someone = home.people["owner"], home.people["member"]
        name = home.names["member"]
        before = (await someone.ask("join_room", room="tea"))["payload"]["info"]
        assert "mute" not in before
        await owner.done("mute", room="tea", username=name, seconds=600, reason="too loud")
        joined = (await someone.ask("join_room", room="tea"))["payload"]["info"]
        assert joined["mute"]["reason"] == "too loud"
        assert 0 < joined["mute"]["until"] - time.time() <= 600
        for mine in (True, False):
            rooms = (await someone.ask("list_rooms", mine=mine))["payload"]["rooms"]
            assert [room.get("mute") for room in rooms if room["room"] == "tea"] == [joined["mute"]]
            assert all("mute" not in room for room in rooms if room["room"] != "tea")
        muted = (await home.people["muted"].ask("join_room", room="tea"))["payload"]["info"]
        assert muted["mute"] == {"reason": ""}  # for ever
        await owner.done("kick", room="tea", username=name)
        rooms = (await someone.ask("list_rooms"))["payload"]["rooms"]
        assert all("mute" not in room for room in rooms)  # it is no room of theirs
        again = (await someone.ask("join_room", room="tea"))["payload"]["info"]
        assert again["mute"] == joined["mute"]


async def test_a_client_without_features_is_told_rooms_as_before(settings: Settings) -> None:
    async with house(settings, invite_only=False) as home, rift(home.server.rift_port) as old:
        await old.register("Old")
        await old.send("auth", username="Old", password=PASSWORD)
        assert (await old.receive())["type"] == "auth_success"
        before = (await old.ask("join_room", room="tea"))["payload"]["info"]
        await home.people["owner"].done("mute", room="tea", username="Old")
        assert (await old.ask("join_room", room="tea"))["payload"]["info"] == before
        rooms = (await old.ask("list_rooms", mine=True))["payload"]["rooms"]
        assert before in rooms
