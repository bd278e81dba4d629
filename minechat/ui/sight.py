"""What stands in the bars and lists: made of what is known of the chat, as safe texts with their looks."""

from collections.abc import Iterable
from dataclasses import replace
from time import time

from minechat.client.session import StateChanged
from minechat.text import safe, safe_nick
from minechat.ui.bar import Part
from minechat.ui.board import Board
from minechat.ui.box import MOST_BYTES, NEAR
from minechat.ui.conversation import Conversation
from minechat.ui.listing import Item
from minechat.ui.reasons import translated
from minechat.ui.told import silenced
from minechat.ui.words import Words

#: Before a state: whether all is well is told by the sign too.
_SIGNS = {"connected": "●", "ended": "✗"}
_NOT_WELL = "○"
_LOOKS = {"connected": "here", "connecting": "waiting", "waiting": "away", "lost": "away", "ended": "away"}
#: After so many seconds without an answer a connection is not called good without a word.
SILENT = 5.0
#: Screens of fewer columns have no room for a whole sentence beside the connection.
NARROW = 60
#: Separates two things in a bar.
_DOT: Part = ("  ", "text")


def shown_name(name: str) -> str:
    """A place's name, safe to show."""
    return "@" + safe_nick(name[1:]) if name.startswith("@") else safe_nick(name)


def room_items(board: Board) -> list[Item]:
    """The places, with the number that Alt takes and what is new in each."""
    return [_room(index, place, board.current) for index, place in enumerate(board.order(), 1)]


def _room(index: int, place: Conversation, current: str) -> Item:
    here = place.name == current
    number = str(index) if index < 10 else " "
    mark = ">" if here else " "
    look = "current" if here else "bold" if place.unread else "text"
    tail, tail_look = "", "text"
    if place.unread:
        count = str(place.unread) if place.unread < 1000 else "999+"
        tail = f" !{count}" if place.mentions else f" {count}"
        tail_look = "mention" if place.mentions else "unread"
    return Item(place.name, f"{mark}{number} {shown_name(place.name)}", look, tail, tail_look)


def people_items(board: Board) -> list[Item]:
    """Who is online, by name, ourselves first."""
    own = board.nickname.casefold()
    people = sorted(board.people, key=lambda nick: (nick.casefold() != own, nick.casefold()))
    return [_person(nick, own) for nick in people]


def _person(nick: str, own: str) -> Item:
    shown = safe_nick(nick)
    return Item(nick, f" {shown}", "mine" if nick.casefold() == own else f"nick:{shown}")


def top(board: Board, words: Words) -> tuple[list[Part], list[Part]]:
    """The bar at the top: where we are and what it is about; how many are online."""
    here = board.here
    left: list[Part] = [(shown_name(here.name), "title")]
    if here.is_private:
        left += [_DOT, (words("private_with", name=safe_nick(here.name[1:])), "text")]
    elif here.topic:
        left += [_DOT, (safe(here.topic), "text")]
    if here.invite_only:
        left += [(f"  [{words('invite_only')}]", "text")]
    right: list[Part] = []
    if board.people:
        right = [(words.count("people", len(board.people)), "text")]
    return left, right


def status(
    board: Board,
    words: Words,
    *,
    unsent: int,
    scrolled: bool,
    left_seconds: int,
    silence: float,
    used: int,
    width: int,
) -> tuple[list[Part], list[Part]]:
    """The bar above the box: the connections, who we are; what is new elsewhere and below.

    :param unsent: messages that wait
    :param scrolled: the end is not in sight
    :param left_seconds: until the next attempt to connect
    :param silence: seconds for which an answer is owed to us
    :param used: bytes of what is being written
    :param width: columns of the screen
    """
    left: list[Part] = []
    for state in _links(board, width):
        left += [*_state(state, words, left_seconds), _DOT]
    if board.connected and silence >= SILENT:
        left += [(words("no_answer", seconds=int(silence)), "waiting"), _DOT]
    left.append((safe_nick(board.nickname), "bold"))
    mute = board.here.mute
    if mute is not None and mute.holds(time()):
        left += [_DOT, (safe(silenced(mute, words.language, briefly=width < NARROW)), "away")]
    right: list[Part] = [(words("hint_keys"), "text")]
    elsewhere = sum(place.unread for place in board.places.values() if place.name != board.current)
    if elsewhere:
        right.append(("  " + words.count("unread", elsewhere), "bold"))
    if unsent:
        right.append(("  " + words.count("unsent", unsent), "waiting"))
    if scrolled:
        below = board.here.unread
        text = words.count("new_below", below) if below else words("end_hint")
        right.append(("  " + text, "unread" if below else "text"))
    if used >= NEAR:
        key = "too_long" if used > MOST_BYTES else "bytes_left"
        right.append(("  " + words(key, used=used, most=MOST_BYTES), "waiting"))
    return left, right


def _links(board: Board, width: int) -> Iterable[StateChanged]:
    """The connections; where there is no room for two, those that are not well, or one for both."""
    links = [board.links[link] for link in sorted(board.links)] or [StateChanged(state="connecting")]
    if width >= NARROW or len(links) == 1:
        return links
    return [state for state in links if state.state != "connected"] or [replace(links[0], link="")]


def _state(state: StateChanged, words: Words, seconds: int) -> Iterable[Part]:
    key = f"state_{state.state}" + ("_why" if state.reason and state.state != "connected" else "")
    if not words.has(key):
        key = f"state_{state.state}"
    reason = safe(translated(state.reason, words.language, state.code))
    text = words(key, reason=reason, seconds=seconds)
    link = f"{words(f'link_{state.link}')}: " if state.link else ""
    look = _LOOKS.get(state.state, "away")
    return [(f"{_SIGNS.get(state.state, _NOT_WELL)} {link}{text}", look)]
