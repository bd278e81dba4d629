"""Answers to commands and what happens in rooms, told in lines of words, in English or in Russian."""

import re
from collections.abc import Callable, Iterator
from math import ceil
from time import time
from typing import Any

from minechat.client.session import Happened, Mute
from minechat.client.transcript import stamp
from minechat.errors import Refused
from minechat.protocol.rift import replies
from minechat.ui.audit import deed, role_word
from minechat.ui.phrases import ENGLISH, RUSSIAN
from minechat.ui.reasons import reason

#: As RoomEvent names them, and what a client of the listen port tells.
_EVENTS = frozenset(
    "joined left kicked banned unbanned muted unmuted topic role invited lines_skipped".split()
)
#: The most characters of a hit that are shown: about two rows.
MOST_FOUND = 100
#: What is told to whom it happens in sentences that name the room.
_NAMES_ROOM = frozenset({"joined", "left", "invited", "kicked", "banned", "unbanned"})
#: Refusals that have an end, of which a person wants to know.
_WITH_END = frozenset({"muted", "banned"})
#: In sentences of our server that tell when to try again.
_SAID = "try again"
#: Seconds within which the hour alone tells a point in time, and the day.
_DAY, _YEAR = 86400.0, 300 * 86400.0
#: The most seconds to wait that are told.
_LONGEST = 1e9


def describe(reply: Any, language: str = "en", query: str | None = None) -> list[str]:
    """What a session answered to an order, line by line; the lines are not yet safe to show.

    :param reply: what ``Session.order`` returned
    :param query: what was searched for, where only what stands around it is wanted of each hit
    """
    words = _phrases(language)
    if query is not None and isinstance(reply, replies.Found):
        return list(_search(reply, words, query))
    return list(_TELLERS.get(type(reply), _done)(reply, words))


def happened(event: Happened, language: str = "en", me: str | None = None) -> str:
    """Something that happened in a room, in one line that is not yet safe to show.

    :param me: to whom it is told; what happens to them is told in the second person
    """
    words = _phrases(language)
    detail = role_word(event.detail, words) if event.event == "role" else event.detail
    return (
        words[_sentence(event, words, me)]
        .format(
            event=event.event,
            room=event.place,
            nick=event.nick or "?",
            detail=detail,
            by=_by(event, words, me),
            reason=words["reason"].format(reason=event.reason) if event.reason else "",
            until=words["until"].format(until=moment(event.until)) if event.until is not None else "",
        )
        .rstrip()
    )


def silenced(mute: Mute, language: str = "en", *, briefly: bool = False) -> str:
    """Why one may not write in a place, not yet safe to show.

    :param briefly: in words that have room on a narrow screen
    """
    words = _phrases(language)
    when = _near if briefly else moment
    until = words["until"].format(until=when(mute.until)) if mute.until is not None else ""
    why = words["reason"].format(reason=mute.reason) if mute.reason else ""
    key = "silenced_briefly" if briefly and until + why else "silenced"
    return words[key].format(until=until, reason=why)


def _near(end: float) -> str:
    """The hour, the day or the whole of a point in time to come: as little as tells it."""
    left = end - time()
    return stamp(end, "%H:%M") if left < _DAY else stamp(end, "%d.%m") if left < _YEAR else moment(end)


def names_its_room(event: Happened, me: str) -> bool:
    """Whether ``happened`` says in which room it was."""
    return event.event in _NAMES_ROOM and is_us(event.nick, me)


def refusal(error: Refused, language: str = "en") -> str:
    """Why the server said no, and how long it will; not yet safe to show."""
    why, words = reason(error, language), _phrases(language)
    if error.retry_after is None:
        return why
    if error.code in _WITH_END:  # whatever their reasons hold
        return words["refused_until"].format(reason=why, until=moment(time() + error.retry_after))
    if _SAID in why:
        return why
    return words["refused_for_now"].format(reason=why, delay=ceil(min(error.retry_after, _LONGEST)))


def _phrases(language: str) -> "Phrases":
    return RUSSIAN if language == "ru" else ENGLISH


def _sentence(event: Happened, words: "Phrases", me: str | None) -> str:
    """The name of the phrase for it."""
    if event.event == "topic" and not event.detail:
        return "no_topic"
    if event.event not in _EVENTS:
        return "other"
    own = f"{event.event}_you"
    return own if own in words and is_us(event.nick, me) else event.event


def _by(event: Happened, words: "Phrases", me: str | None) -> str:
    """Who did it: the one who acts in the sentence, or a phrase behind it."""
    if event.event == "invited" and is_us(event.nick, me):
        return event.by or words["server"]
    return words["by"].format(by=event.by) if event.by else ""


def is_us(nick: str | None, me: str | None) -> bool:
    """Whether that is us; blanks and ``_`` are alike."""
    return bool(me) and nick is not None and _plain(nick) == _plain(me or "")


def _plain(nick: str) -> str:
    return nick.replace("_", " ").casefold()


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


def _search(reply: replies.Found, words: Phrases, query: str | None = None) -> Lines:
    yield from _each([_found(entry, words, query) for entry in reply.messages], words["nothing_found"])
    if reply.before is not None:
        yield words["more_found"]


def _audit(reply: replies.Audit, words: Phrases) -> Lines:
    yield from _each([deed(entry, words) for entry in reply.entries], words["no_deeds"])
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
        role=words["role_is"].format(role=role_word(room.role, words)) if room.role else "",
        members="" if room.members is None else words["members_are"].format(number=room.members),
    )


def _member(member: replies.Member, words: Phrases) -> str:
    until = member.muted_until
    mute = words["muted_now"] if member.muted else ""
    return words["member"].format(
        name=member.username,
        role=role_word(member.role, words),
        here=words["here"] if member.online else "",
        muted=mute if until is None else words["muted_until"].format(until=moment(until)),
    )


def _found(entry: replies.Entry, words: Phrases, query: str | None) -> str:
    place = entry.room if entry.user is None else f"@{entry.user}"
    text = entry.text if query is None else excerpt(entry.text, query)
    return words["found"].format(time=moment(entry.time), place=place, name=entry.username, text=text)


def excerpt(text: str, query: str, most: int = MOST_FOUND) -> str:
    """One line of a text, of at most so many characters, around the first word of a query that is in it."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    found = [re.search(re.escape(_searched(word)), _searched(line), re.IGNORECASE) for word in query.split()]
    first = min((match.start() for match in found if match), default=0)
    start = max(0, min(first - most // 3, len(line) - most + 1))
    before = "…" if start else ""
    kept = line[start : start + most - len(before)]
    if start + len(kept) < len(line):
        kept = kept[:-1] + "…"
    return before + kept


def _searched(text: str) -> str:
    """As the search of a server compares letters."""
    return text.replace("ё", "е").replace("Ё", "Е")
