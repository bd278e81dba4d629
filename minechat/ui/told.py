"""Answers to commands and what happens in rooms, told in lines of words, in English or in Russian."""

from collections.abc import Callable, Iterator
from typing import Any

from minechat.client.session import Happened
from minechat.client.transcript import stamp
from minechat.protocol.rift import replies

_ENGLISH = {
    "done": "done",
    "online": "{number} online: {names}",
    "room": "{room}{closed}{topic}{role}{members}",
    "in_room": "you are in {room}{topic}",
    "closed": " (by invitation)",
    "topic_is": ": {topic}",
    "role_is": " [{role}]",
    "members_are": ", {number} in it",
    "no_rooms": "no rooms",
    "member": "{name} [{role}]{here}{muted}",
    "here": ", online",
    "muted_until": ", muted until {until}",
    "muted_now": ", muted",
    "no_conversations": "no conversations yet",
    "conversation": "{name}, last on {time}",
    "found": "[{time}] {place} {name}: {text}",
    "nothing_found": "nothing found",
    "deed": "[{time}] {by}: {what} {name} {detail}",
    "no_deeds": "nothing was done here yet",
    "more": "there is more: {how}",
    "more_found": "older ones are left out; more words find fewer",
    "token": "your token for authorization.py: {token}",
    "joined": "{nick} joined",
    "left": "{nick} left",
    "kicked": "{nick} was sent out{by}{reason}",
    "banned": "{nick} was banned{until}{by}{reason}",
    "unbanned": "{nick} is no longer banned{by}",
    "muted": "{nick} was muted{until}{by}{reason}",
    "unmuted": "{nick} may write again{by}",
    "topic": "the topic is now: {detail}{by}",
    "no_topic": "there is no topic any more{by}",
    "role": "{nick} is now {detail}{by}",
    "invited": "{nick} was invited{by}",
    "other": "{event} {nick} {detail}",
    "by": " by {by}",
    "reason": ": {reason}",
    "until": " until {until}",
}
_RUSSIAN = {
    "done": "готово",
    "online": "сейчас здесь ({number}): {names}",
    "room": "{room}{closed}{topic}{role}{members}",
    "in_room": "вы в комнате {room}{topic}",
    "closed": " (по приглашению)",
    "topic_is": ": {topic}",
    "role_is": " [{role}]",
    "members_are": ", участников: {number}",
    "no_rooms": "комнат нет",
    "member": "{name} [{role}]{here}{muted}",
    "here": ", в сети",
    "muted_until": ", молчит до {until}",
    "muted_now": ", молчит",
    "no_conversations": "личных переписок пока нет",
    "conversation": "{name}, последнее сообщение {time}",
    "found": "[{time}] {place} {name}: {text}",
    "nothing_found": "ничего не найдено",
    "deed": "[{time}] {by}: {what} {name} {detail}",
    "no_deeds": "здесь ещё ничего не делали",
    "more": "есть ещё: {how}",
    "more_found": "более старые не показаны; уточните запрос",
    "token": "ваш токен для authorization.py: {token}",
    "joined": "{nick} теперь в комнате",
    "left": "{nick} больше не в комнате",
    "kicked": "{nick} больше не в комнате: так решили{by}{reason}",
    "banned": "{nick}: запрет на вход{until}{by}{reason}",
    "unbanned": "{nick}: запрет на вход снят{by}",
    "muted": "{nick}: запрет писать{until}{by}{reason}",
    "unmuted": "{nick} снова может писать{by}",
    "topic": "теперь тема: {detail}{by}",
    "no_topic": "темы больше нет{by}",
    "role": "{nick} теперь {detail}{by}",
    "invited": "{nick}: приглашение{by}",
    "other": "{event} {nick} {detail}",
    "by": " ({by})",
    "reason": ": {reason}",
    "until": " до {until}",
}

_EVENTS = frozenset(
    "joined left kicked banned unbanned muted unmuted topic role invited".split()  # as RoomEvent names them
)


def describe(reply: Any, language: str = "en") -> list[str]:
    """What a session answered to an order, line by line; the lines are not yet safe to show.

    :param reply: what ``Session.order`` returned
    """
    tell = _TELLERS.get(type(reply), _done)
    return list(tell(reply, _RUSSIAN if language == "ru" else _ENGLISH))


def happened(event: Happened, language: str = "en") -> str:
    """Something that happened in a room, in one line that is not yet safe to show."""
    words = _RUSSIAN if language == "ru" else _ENGLISH
    sentence = event.event if event.event in _EVENTS else "other"
    if event.event == "topic" and not event.detail:
        sentence = "no_topic"
    return (
        words[sentence]
        .format(
            event=event.event,
            nick=event.nick or "?",
            detail=event.detail,
            by=words["by"].format(by=event.by) if event.by else "",
            reason=words["reason"].format(reason=event.reason) if event.reason else "",
            until=words["until"].format(until=moment(event.until)) if event.until is not None else "",
        )
        .rstrip()
    )


def moment(time: float) -> str:
    """A point in time on the clock of this machine."""
    return stamp(time)


Lines = Iterator[str]
Phrases = dict[str, str]


def _online(reply: replies.OnlineUsers, words: Phrases) -> Lines:
    yield words["online"].format(number=len(reply.users), names=", ".join(reply.users))
    yield from _more(reply.after, f"/users {reply.after}", words)


def _rooms(reply: replies.RoomList, words: Phrases) -> Lines:
    yield from _each([_room(room, words) for room in reply.rooms], words["no_rooms"])
    yield from _more(reply.after, f"/rooms {reply.after}", words)


def _in_room(reply: replies.Room, words: Phrases) -> Lines:
    topic = words["topic_is"].format(topic=reply.info.topic) if reply.info.topic else ""
    yield words["in_room"].format(room=reply.info.room, topic=topic)


def _members(reply: replies.Members, words: Phrases) -> Lines:
    yield from (_member(member, words) for member in reply.members)
    yield from _more(reply.after, f"/members {reply.after}", words)


def _conversations(reply: replies.Conversations, words: Phrases) -> Lines:
    sentence = words["conversation"]
    told = [sentence.format(name=talk.username, time=moment(talk.time)) for talk in reply.conversations]
    yield from _each(told, words["no_conversations"])


def _search(reply: replies.Found, words: Phrases) -> Lines:
    yield from _each([_found(entry, words) for entry in reply.messages], words["nothing_found"])
    if reply.before is not None:
        yield words["more_found"]


def _audit(reply: replies.Audit, words: Phrases) -> Lines:
    yield from _each([_deed(entry, words) for entry in reply.entries], words["no_deeds"])
    if reply.more and reply.entries:
        yield from _more(reply.more, f"/audit {reply.entries[-1].number}", words)


def _token(reply: replies.Token, words: Phrases) -> Lines:
    yield words["token"].format(token=reply.token)


def _done(_reply: object, words: Phrases) -> Lines:
    yield words["done"]


_TELLERS: dict[type, Callable[[Any, Phrases], Lines]] = {
    replies.OnlineUsers: _online,
    replies.RoomList: _rooms,
    replies.Room: _in_room,
    replies.Members: _members,
    replies.Conversations: _conversations,
    replies.Found: _search,
    replies.Audit: _audit,
    replies.Token: _token,
}


def _each(lines: list[str], none: str) -> list[str]:
    return lines or [none]


def _more(after: object, how: str, words: Phrases) -> Iterator[str]:
    if after is not None:
        yield words["more"].format(how=how)


def _room(room: replies.RoomInfo, words: Phrases) -> str:
    return words["room"].format(
        room=room.room,
        closed=words["closed"] if room.invite_only else "",
        topic=words["topic_is"].format(topic=room.topic) if room.topic else "",
        role=words["role_is"].format(role=room.role) if room.role else "",
        members="" if room.members is None else words["members_are"].format(number=room.members),
    )


def _member(member: replies.Member, words: Phrases) -> str:
    until = member.muted_until
    mute = words["muted_now"] if member.muted else ""
    return words["member"].format(
        name=member.username,
        role=member.role,
        here=words["here"] if member.online else "",
        muted=mute if until is None else words["muted_until"].format(until=moment(until)),
    )


def _found(entry: replies.Entry, words: Phrases) -> str:
    place = entry.room if entry.user is None else f"@{entry.user}"
    return words["found"].format(time=moment(entry.time), place=place, name=entry.username, text=entry.text)


def _deed(entry: replies.AuditEntry, words: Phrases) -> str:
    return (
        words["deed"]
        .format(
            time=moment(entry.time), by=entry.by, what=entry.what, name=entry.username, detail=entry.detail
        )
        .rstrip()
    )
