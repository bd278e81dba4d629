"""What the hub answers and tells, as frames of RIFT: names with ``_``, codes of the closed set."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from minechat.errors import EmptyMessage, InvalidInput, MessageTooLong, NotStored, Refused, WrongPassword
from minechat.events import Said
from minechat.protocol.rift import replies as r
from minechat.protocol.rift.codes import CODES
from minechat.protocol.rift.frames import encode, shown
from minechat.server import happenings as h
from minechat.server import views as v
from minechat.server.doors.frames import text_frame
from minechat.server.storage import Stored

#: Why a request can fail without anybody's mistake here.
Failure = Refused | WrongPassword | NotStored | InvalidInput
FAILURES = (Refused, WrongPassword, NotStored, InvalidInput)
#: Seconds after which a server that could not write to its disk may be able to again.
DISK = 5.0


def code_of(failure: Failure) -> str:
    """The word for programs."""
    if isinstance(failure, Refused):
        if failure.code in CODES:
            return failure.code
        return "not_allowed" if failure.retry_after is None else "too_fast"
    if isinstance(failure, WrongPassword):
        return "wrong_password"
    if isinstance(failure, NotStored):
        return "not_stored"
    if isinstance(failure, EmptyMessage):
        return "empty"
    return "too_long" if isinstance(failure, MessageTooLong) else "bad_frame"


def wait_of(failure: Failure) -> float | None:
    """Seconds after which trying again makes sense; None where it does not."""
    if isinstance(failure, NotStored):
        return DISK
    seconds = failure.retry_after if isinstance(failure, Refused) else None
    return None if seconds is None else math.ceil(seconds * 10) / 10


# What is told without being asked for.


class _Last:
    """The frame of the last event: the same one is told to many, one after the other."""

    def __init__(self, make: Callable[[Any], bytes]) -> None:
        self._make = make
        self._event: object = None
        self._frame = b""

    def __call__(self, event: Any) -> bytes:
        if event is not self._event:
            self._event, self._frame = event, self._make(event)
        return self._frame


def _said(one: Said) -> r.Reply:
    return r.NewMessage(
        id=one.key,
        username=shown(one.nick or ""),
        text=one.text,
        room=one.room,
        seq=one.seq,
        time=one.time,
    )


def _event(event: Said | h.Happening) -> r.Reply:
    match event:
        case Said():
            return _said(event)
        case h.WhisperArrived(sender, text, seq, time, key):
            return r.PrivateMessageArrived(id=key, sender=shown(sender), text=text, seq=seq, time=time)
        case h.WhisperSent(to, text, seq, time, key):
            return r.PrivateMessageSent(id=key, to=shown(to), text=text, seq=seq, time=time)
        case h.PresenceChanged(online, offline):
            return r.Presence(online=_names(online), offline=_names(offline))
        case h.RoomHappening():
            return r.RoomEvent(
                room=event.room,
                event=event.what,
                username=_name(event.name),
                by=_name(event.by),
                reason=event.reason,
                until=event.until,
                topic=event.topic,
                role=event.role,
            )
        case h.Ended():
            raise AssertionError("the visit tells it in other words")


#: What the hub tells a member, as the text of a frame.
told = _Last(lambda event: encode(_event(event)))
#: What happens in a room and who is here, in the bytes of all connections that hear it.
heard = _Last(lambda event: text_frame(encode(_event(event))))


def heard_without_rooms(event: Any) -> bytes:
    """The same for clients that do not understand what happens in rooms; b"" where there is nothing else."""
    return b"" if isinstance(event, h.RoomHappening) else heard(event)


# What answers a request.


def stored(request: str | None, message: Stored) -> r.MessageStored:
    return r.MessageStored(id=request, room=message.room, seq=message.seq, time=message.said_at)


def whispered(request: str | None, to: str, message: Stored) -> r.PrivateMessageSent:
    return r.PrivateMessageSent(
        id=request, to=shown(to), text=message.text, seq=message.seq, time=message.said_at
    )


def online(request: str | None, page: v.OnlinePage) -> r.OnlineUsers:
    return r.OnlineUsers(id=request, users=_names(page.names), after=_name(page.after))


def room(request: str | None, view: v.RoomView) -> r.Room:
    return r.Room(id=request, info=_info(view))


def rooms(request: str | None, page: v.RoomsPage) -> r.RoomList:
    return r.RoomList(id=request, rooms=tuple(map(_info, page.rooms)), after=page.after)


def members(request: str | None, page: v.MembersPage) -> r.Members:
    return r.Members(id=request, room=page.room, members=tuple(map(_member, page.members)), after=page.after)


def history(request: str | None, page: v.HistoryPage) -> r.History:
    return r.History(
        id=request,
        room=page.room,
        user=_name(page.peer),
        messages=tuple(map(_entry, page.lines)),
        more=page.more,
    )


def found(request: str | None, page: v.FoundPage) -> r.Found:
    return r.Found(id=request, messages=tuple(map(_entry, page.lines)), before=page.before)


def conversations(request: str | None, views: Sequence[v.ConversationView]) -> r.Conversations:
    some = (r.Conversation(username=shown(one.peer), last=one.last, time=one.time) for one in views)
    return r.Conversations(id=request, conversations=tuple(some))


def audit(request: str | None, page: v.AuditPage) -> r.Audit:
    entries = (
        r.AuditEntry(
            number=one.number,
            time=one.time,
            what=one.what,
            username=shown(one.whom),
            by=shown(one.by),
            detail=one.detail,
        )
        for one in page.deeds
    )
    return r.Audit(id=request, room=page.room, entries=tuple(entries), more=page.more)


def _name(name: str | None) -> str | None:
    return None if name is None else shown(name)


def _names(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(shown, names))


def _info(view: v.RoomView) -> r.RoomInfo:
    return r.RoomInfo(
        room=view.name,
        topic=view.topic,
        invite_only=view.invite_only,
        members=view.members,
        role=None if view.role is None else view.role.word,
        last=view.last,
        mute=None if view.mute is None else r.Mute(until=view.mute.until, reason=view.mute.reason),
    )


def _member(view: v.MemberView) -> r.Member:
    until = view.muted_until
    return r.Member(
        username=shown(view.name),
        role=view.role.word,
        online=view.online,
        muted=until is not None,
        muted_until=None if until is None or math.isinf(until) else until,
    )


def _entry(line: v.Line) -> r.Entry:
    return r.Entry(
        username=shown(line.author),
        text=line.text,
        seq=line.seq,
        time=line.time,
        room=line.room,
        user=_name(line.peer),
        id=line.key,
    )
