"""Lists: a page fits into one answer, whatever its rooms have to tell."""

from pathlib import Path

from minechat.protocol.rift.fields import REASON, TOPIC
from minechat.protocol.rift.frames import encode
from minechat.server.doors import rift_answers
from minechat.server.keys import keys_of
from minechat.server.listing import PAGE
from minechat.server.rights import Role
from minechat.server.storage import RoomKind, Sanction
from tests.server.circle import NOW, Circle, circle

#: A letter of four bytes.
WIDE = "\U00020000"


async def muted_in(people: Circle, name: str, count: int) -> None:
    """Makes rooms of the longest topics, in which somebody is muted for the longest reasons."""
    owner, muted = await people.person("Owner"), await people.person(name)
    assert muted.id is not None
    for number in range(count):
        room = f"room-{number:02}"
        row = await people.storage.add_room(
            room, keys_of(room), RoomKind.PUBLIC, WIDE * TOPIC, owner.id, None
        )
        assert row is not None
        await people.storage.set_role(row.id, muted.id, Role.MEMBER, None)
        sanction = Sanction(muted.id, "mute", NOW + 600.5, WIDE * REASON, "Owner", NOW)
        await people.storage.add_sanction(row.id, sanction, None)


async def test_a_page_of_rooms_fits_with_all_that_is_told_of_a_mute(tmp_path: Path) -> None:
    async with circle(tmp_path) as people:
        await muted_in(people, "Eva", 40)
        eva = await people.come("Eva")
        found, after = [], ""
        while True:
            page = await people.hub.rooms.list(eva.member, after, PAGE, mine=True)
            assert len(encode(rift_answers.rooms("id", page))) <= 64 * 1024
            found += [room.name for room in page.rooms if room.mute is not None]
            if page.after is None:
                break
            after = page.after
        assert found == [f"room-{number:02}" for number in range(40)]
