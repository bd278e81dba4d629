"""Frames of RIFT as what a screen is told: messages, places and what happens in them."""

from collections.abc import Callable

from minechat.client.session import Happened, Message, Mute, Place
from minechat.protocol.rift import replies as r

#: Is told an answer in its place in the order of the wire.
Take = Callable[[r.Reply], None]


def key(name: str) -> str:
    """What is equal for two spellings of one name of a place or a person, as far as a client can tell."""
    return name.replace(" ", "_").casefold()


def conversation(name: str) -> str:
    """The place of the private conversation with somebody."""
    return f"@{name}"


def message(reply: r.NewMessage | r.PrivateMessageArrived | r.PrivateMessageSent, me: str) -> Message:
    """What somebody said in a room, or privately to us or, from another connection of ours, to somebody."""
    if isinstance(reply, r.NewMessage):
        place, nick = reply.room, reply.username
    elif isinstance(reply, r.PrivateMessageSent):
        place, nick = conversation(reply.to), me
    else:
        place, nick = conversation(reply.sender), reply.sender
    return Message(
        place=place,
        nick=nick,
        text=reply.text,
        time=reply.time,
        seq=reply.seq or None,
        mine=key(nick) == key(me),
        key=reply.id,
    )


def own(stored: r.MessageStored | r.PrivateMessageSent, text: str, me: str, message_key: str) -> Message:
    """What we said ourselves, now that it is stored."""
    place = stored.room if isinstance(stored, r.MessageStored) else conversation(stored.to)
    return Message(
        place=place,
        nick=me,
        text=text,
        time=stored.time,
        seq=stored.seq or None,
        mine=True,
        key=message_key,
    )


def entry(one: r.Entry, me: str) -> Message:
    """A message of a history or a search."""
    place = conversation(one.user) if one.user is not None else one.room or ""
    return Message(
        place=place,
        nick=one.username,
        text=one.text,
        time=one.time,
        seq=one.seq or None,
        mine=key(one.username) == key(me),
        key=one.id,
    )


def room(info: r.RoomInfo) -> Place:
    """A room of ours."""
    return Place(
        name=info.room,
        topic=info.topic,
        role=info.role,
        last=info.last,
        invite_only=info.invite_only,
        mute=None if info.mute is None else Mute(until=info.mute.until, reason=info.mute.reason),
    )


def happened(event: r.RoomEvent, now: float) -> Happened:
    """Something that is no message."""
    return Happened(
        place=event.room,
        event=event.event,
        nick=event.username,
        by=event.by,
        reason=event.reason,
        until=event.until,
        detail=(event.topic if event.event == "topic" else event.role) or "",
        time=now,
    )
