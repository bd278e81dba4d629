"""One room in memory: roles, and mutes and bans that end by the wall clock."""

import math

import pytest

from minechat.errors import Refused
from minechat.server.rights import Role
from minechat.server.room import Room
from minechat.server.storage import RoomKind, RoomRow, RoomState, Sanction

EVA, BOB, VLAD = 1, 2, 3


def room(kind: RoomKind = RoomKind.PUBLIC, name: str = "club", *sanctions: Sanction) -> Room:
    row = RoomRow(7, name, name, "", kind, 0)
    return Room(RoomState(row, {EVA: 3, BOB: 1}, {EVA: "Eva", BOB: "Bob"}, list(sanctions), {VLAD}))


def test_everybody_is_a_member_of_general_and_of_no_other_room() -> None:
    assert room().role(99, 0.0) is Role.STRANGER
    assert room(name="general").role(99, 0.0) is Role.MEMBER


def test_a_sanction_holds_until_its_end_and_no_longer() -> None:
    club = room(RoomKind.PUBLIC, "club", Sanction(BOB, "mute", 100.0, "spam", "Eva", 0.0))
    refusal = club.silenced(BOB, 99.5)
    assert refusal is not None
    assert (str(refusal), refusal.code, refusal.retry_after) == ("you are muted in club: spam", "muted", 0.5)
    assert club.muted_until(BOB, 99.5) == 100.0
    assert club.silenced(EVA, 99.5) is None
    assert club.silenced(BOB, 100.0) is None and club.muted_until(BOB, 100.0) is None


def test_one_for_ever_has_no_time_to_try_again() -> None:
    club = room()
    club.put(Sanction(BOB, "mute", None, "", "Eva", 0.0))
    refusal = club.silenced(BOB, 1e12)
    assert refusal is not None and refusal.retry_after is None and str(refusal) == "you are muted in club"
    assert club.muted_until(BOB, 0.0) == math.inf
    club.lift(BOB, "mute")
    assert club.silenced(BOB, 0.0) is None


def test_a_ban_takes_everything_and_comes_before_a_mute() -> None:
    club = room(RoomKind.INVITE)
    club.put(Sanction(BOB, "mute", None, "", "Eva", 0.0))
    club.put(Sanction(BOB, "ban", 10.0, "", "Eva", 0.0))
    club.put(Sanction(VLAD, "ban", 10.0, "", "Eva", 0.0))
    refusal = club.silenced(BOB, 0.0)
    assert refusal is not None and refusal.code == "banned"
    assert (club.role(BOB, 0.0), club.role(BOB, 10.0)) == (Role.STRANGER, Role.STRANGER)
    assert not club.is_there_for(BOB) and not club.is_there_for(VLAD)
    assert club.banned() == [VLAD]  # the other one is over


def test_a_deed_without_a_row_is_a_bug() -> None:
    with pytest.raises(KeyError):
        room().require(EVA, "rule", 0.0)


@pytest.mark.parametrize(
    ("kind", "who", "deed", "code"),
    [
        (RoomKind.PUBLIC, 99, "say", "not_member"),
        (RoomKind.INVITE, 99, "say", "no_room"),
        (RoomKind.INVITE, VLAD, "say", "not_member"),
        (RoomKind.PUBLIC, BOB, "kick", "not_allowed"),
        (RoomKind.PUBLIC, EVA, "say", ""),
    ],
)
def test_what_is_not_allowed_is_refused_with_a_word_for_it(
    kind: RoomKind, who: int, deed: str, code: str
) -> None:
    try:
        room(kind).require(who, deed, 0.0)
    except Refused as refusal:
        assert refusal.code == code
    else:
        assert not code
