"""What a session knows of rooms: what is told while the list of them is on its way, and the list."""

from typing import Any

import pytest

from minechat.client.feed import Feed
from minechat.client.rift_picture import Picture
from minechat.client.session import Mute, Place
from minechat.protocol.rift import replies as r

LOUD = r.Mute(until=None, reason="loud")


def info(**others: Any) -> r.RoomInfo:
    fields: dict[str, Any] = {
        "room": "books",
        "topic": "",
        "invite_only": False,
        "members": 2,
        "role": "member",
        "last": 0,
    }
    return r.RoomInfo(**{**fields, **others})


def happened(event: Any, **others: Any) -> r.RoomEvent:
    return r.RoomEvent(room="books", event=event, username="Anna", by="Eva", **others)


@pytest.fixture
def picture() -> Picture:
    picture = Picture(Feed(), {}, lambda: None)
    picture.nickname = "Anna"
    return picture


def books(picture: Picture) -> Place:
    return picture._known["books"].place


@pytest.mark.parametrize("known", [True, False])
def test_what_is_told_while_the_list_comes_is_newer_and_the_rest_of_the_list_counts(
    picture: Picture, known: bool
) -> None:
    """As at a new connection, before which one was muted and made a moderator."""
    if known:
        picture.listing()
        picture.listed([info(topic="old")], [])
        picture.disconnected()
    picture.listing()
    picture.hear(r.NewMessage(username="Eva", text="hi", room="books", seq=1, time=1.0))
    picture.hear(happened("topic", topic="new"))
    picture.listed([info(topic="old", role="moderator", invite_only=True, mute=LOUD)], [])
    there = books(picture)
    assert (there.topic, there.role, there.invite_only) == ("new", "moderator", True)
    assert there.mute == Mute(reason="loud")


def test_a_mute_that_ends_while_the_list_comes_has_ended(picture: Picture) -> None:
    picture.listed([info(mute=LOUD)], [])
    picture.listing()
    picture.hear(happened("unmuted"))
    picture.listed([info(mute=LOUD)], [])
    assert books(picture).mute is None
    picture.listing()
    picture.listed([info(mute=LOUD)], [])
    assert books(picture).mute == Mute(reason="loud")
