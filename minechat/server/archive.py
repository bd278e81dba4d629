"""What was said, for those who may read it: history by pages, and search."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from minechat.events import GENERAL
from minechat.server.conversations import conversation_name
from minechat.server.directory import Directory
from minechat.server.happenings import Member
from minechat.server.lookup import somebody
from minechat.server.pages import asked, fitting
from minechat.server.rights import Role
from minechat.server.storage import Storage, Stored
from minechat.server.views import FoundPage, HistoryPage, Line

#: Messages of one page.
PAGE = 100
#: Conversations that a search in everything goes through, the latest ones.
CONVERSATIONS = 1000


@dataclass(frozen=True, slots=True)
class Span:
    """Which messages of a room are asked for: those after a number, those before one, or the last."""

    after: int | None = None
    before: int | None = None
    limit: int = 50


class Archive:
    """Messages for members of their rooms, and conversations for the two they belong to.

    What was hidden from somebody is in nothing they read. Every method raises ``Refused``, and ``NotStored``
    when the database cannot be asked now.
    """

    def __init__(self, storage: Storage, directory: Directory) -> None:
        self._storage = storage
        self._directory = directory

    async def room_history(
        self, member: Member, room: str, after: int | None = None, before: int | None = None, limit: int = 50
    ) -> HistoryPage:
        """A page of a room's messages in their order.

        :param after, before: numbers; neither is part of the page, without both it is the last one
        :param limit: at most 100 messages, and so many as fit into one answer
        :raises Refused: ``no_room``, ``banned`` or ``not_member``
        """
        found = await self._directory.open_for(member.id, room)
        found.require(member.id, "read", self._directory.clock())
        lines, more = await self._page(found.row.id, member, Span(after, before, limit))
        # Whoever was put out meanwhile reads nothing more.
        found.require(member.id, "read", self._directory.clock())
        page = tuple(_line(one, {}) for one in lines)
        return HistoryPage(found.name, None, page, more)

    async def whisper_history(
        self, member: Member, name: str, after: int | None = None, before: int | None = None, limit: int = 50
    ) -> HistoryPage:
        """A page of what one person and oneself said to each other.

        :raises Refused: ``no_user``
        """
        peer = await somebody(self._storage, name)
        row = await self._storage.conversation_so_far(member.id, peer.id)
        if row is None:
            return HistoryPage(None, peer.name, (), more=False)
        lines, more = await self._page(row.id, member, Span(after, before, limit))
        page = tuple(_line(one, {row.name: peer.name}) for one in lines)
        return HistoryPage(None, peer.name, page, more)

    async def search(
        self,
        member: Member,
        query: str,
        *,
        room: str | None = None,
        user: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> FoundPage:
        """Messages with all words of a query: in one room, with one person, or in all that is one's own.

        :param before: what the page before ended with
        :param limit: at most 100 messages, and so many as fit into one answer
        :raises Refused: ``empty``, ``busy``, ``bad_frame``, and what the history of the room would raise
        """
        if room is not None:
            found = await self._directory.open_for(member.id, room)
            found.require(member.id, "search", self._directory.clock())
            rooms, peers = [found.name], dict[str, str]()
        else:
            peers = await self._conversations(member, user)
            rooms = [*peers, *(await self._rooms(member) if user is None else ())]
        lines, end = await self._storage.search(rooms, query, before, asked(limit, PAGE), member.id)
        # Whoever was put out of a room meanwhile reads nothing more of it.
        readable = [one for one in lines if one.room in peers or self._still_reads(member, one.room)]
        return FoundPage(tuple(_line(one, peers) for one in readable), end)

    async def own_data(self, member: Member, after: str) -> tuple[Sequence[dict[str, object]], str | None]:
        """Everything that is kept of oneself, a page at a time: entries, and what to ask for the next with.

        :raises Refused: ``bad_frame``: ``after`` is nothing that was returned
        """
        return await self._storage.own_data(member.id, after, PAGE)

    async def _page(self, room_id: int, member: Member, span: Span) -> tuple[Sequence[Stored], bool]:
        """As many messages as fit, and whether there are more in the direction that was asked for."""
        most = asked(span.limit, PAGE)
        lines = await self._storage.history(
            room_id, after=span.after, before=span.before, most=most + 1, reader_id=member.id
        )
        forward = span.after is not None
        ordered = list(lines) if forward else list(reversed(lines))
        count = min(most, fitting(ordered, lambda one: (one.nick, one.text, one.key)))
        page = ordered[:count]
        return page if forward else page[::-1], len(ordered) > count

    async def _conversations(self, member: Member, user: str | None) -> dict[str, str]:
        """Names of rooms of conversations, and whom they are with: all of them, or with one person."""
        if user is not None:
            peers = [await somebody(self._storage, user)]
        else:
            peers = [peer for peer, _, _ in await self._storage.conversations(member.id, CONVERSATIONS)]
        return {conversation_name(member.id, peer.id): peer.name for peer in peers}

    async def _rooms(self, member: Member) -> list[str]:
        rows = [row for row, _ in await self._storage.rooms_of(member.id)]
        rooms = await self._directory.open_rows(rows)
        names = {GENERAL, *(room.name for room in rooms)}
        return [name for name in names if self._still_reads(member, name)]

    def _still_reads(self, member: Member, room: str) -> bool:
        """As far as memory knows: rooms that one asks for are in it."""
        found = self._directory.at_hand(room)
        return found is not None and found.role(member.id, self._directory.clock()) >= Role.MEMBER


def _line(message: Stored, peers: Mapping[str, str]) -> Line:
    """:param peers: of conversations, whom they are with by the name of the room"""
    peer = peers.get(message.room)
    return Line(
        message.nick,
        message.text,
        message.seq,
        message.said_at,
        room=message.room if peer is None else None,
        peer=peer,
        key=message.key,
    )
