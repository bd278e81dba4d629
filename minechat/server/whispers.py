"""Private messages: said to one person, kept in the conversation of the two, heard wherever both are."""

import asyncio

from minechat.errors import Refused
from minechat.server.attendance import Attendance
from minechat.server.conversations import people_of
from minechat.server.happenings import ACKS, Member, WhisperArrived, WhisperSent
from minechat.server.limits import MinuteBudget
from minechat.server.lookup import account_called, somebody
from minechat.server.outlets import Outlet
from minechat.server.pages import asked
from minechat.server.presence import Presence
from minechat.server.resending import whispered_again
from minechat.server.storage import AccountRow, Storage, Stored
from minechat.server.views import ConversationView

#: Entries of one page of conversations.
PAGE = 100
#: Conversations that are looked through for somebody written to before.
KNOWN = 1000


class Origin:
    """Where a private message came from, until it is on the disk."""

    __slots__ = ("outlet", "to")

    def __init__(self, outlet: Outlet, to: str) -> None:
        self.outlet = outlet
        self.to = to


class Whispers:
    """Private messages. Who is blocked is answered, and takes as long, as who is not.

    Every method raises ``NotStored`` when nothing was changed.

    :param new_people: whom accounts write to for the first time
    """

    def __init__(
        self, storage: Storage, attendance: Attendance, presence: Presence, new_people: MinuteBudget
    ) -> None:
        self._storage = storage
        self._attendance = attendance
        self._presence = presence
        self._new = new_people

    async def say(
        self, member: Member, to: str, text: str, key: str | None = None
    ) -> tuple[str, asyncio.Future[Stored]]:
        """Says something to one person. Who awaits this for one message before the next keeps their order.

        It is kept for somebody who is away when the sender's client can tell its person so (``acks``) and the
        other's has a session to come back with; the sender of a message that is blocked sees it as sent.

        One that is sent again by its key is answered as stored, whoever can be reached by now.

        :param text, key: as in ``Rooms.say``
        :returns: the name of the recipient, and the message once it is on disk
        :raises Refused: ``offline``, for a name that nobody has too; ``not_allowed``: it is one's own;
            ``too_fast``: too many people written to for the first time
        """
        whom = await account_called(self._storage, to)
        try:
            whom, room = await self._opened(member, to, whom)
        except Refused:
            again = await whispered_again(self._storage, member.id, whom, text, key)
            if again is None:
                raise
            return to if whom is None else whom.name, again
        hidden = member.id in await self._storage.blocked(whom.id)
        origin = Origin(member.outlet, whom.name)
        return whom.name, self._storage.say(
            member.id, member.name, room, text, key=key, hidden=hidden, origin=origin
        )

    async def _opened(self, member: Member, to: str, whom: AccountRow | None) -> tuple[AccountRow, str]:
        """The recipient, and the room of the two."""
        if whom is None or not await self._reaches(member, whom):
            raise Refused(f"User {to} is not online.", code="offline")
        if whom.id == member.id:
            raise Refused("you cannot write to yourself", code="not_allowed")
        return whom, await self._conversation(member, whom)

    def committed(self, message: Stored) -> None:
        """A message of a conversation is on the disk: both hear it, but for the connection that said it."""
        sender_id = message.account_id
        other_id = next((one for one in people_of(message.room) if one != sender_id), sender_id)
        rest = (message.text, message.seq, message.said_at, message.key)
        if not message.hidden:
            self._attendance.tell(other_id, WhisperArrived(message.nick, *rest))
        if isinstance(message.origin, Origin):
            sent, outlet = WhisperSent(message.origin.to, *rest), message.origin.outlet
            for member in self._presence.members(sender_id):
                if member.outlet is not outlet:
                    member.tell(sent)

    async def conversations(self, member: Member, limit: int = PAGE) -> tuple[ConversationView, ...]:
        """With whom one has talked, the latest first."""
        rows = await self._storage.conversations(member.id, asked(limit, PAGE))
        return tuple(ConversationView(peer.name, last, said_at) for peer, last, said_at in rows)

    async def block(self, member: Member, name: str) -> None:
        """Nothing of this person arrives any more, not by history either; nobody is told.

        :raises Refused: ``no_user``; ``not_allowed``: it is oneself
        """
        await self._set_block(member, name, on=True)

    async def unblock(self, member: Member, name: str) -> None:
        """What this person says from now on arrives again.

        :raises Refused: ``no_user``; ``not_allowed``: it is oneself
        """
        await self._set_block(member, name, on=False)

    async def _set_block(self, member: Member, name: str, *, on: bool) -> None:
        whom = await somebody(self._storage, name)
        if whom.id == member.id:
            raise Refused("you cannot block yourself", code="not_allowed")
        await self._storage.set_block(member.id, whom.id, on)

    async def _reaches(self, member: Member, whom: AccountRow) -> bool:
        if self._presence.is_here(whom.id):
            return True
        return member.understands(ACKS) and await self._storage.has_session(whom.id)

    async def _conversation(self, member: Member, whom: AccountRow) -> str:
        """The room of the two, within the budget for new ones.

        Charged before the database is asked, so that asking for many at once is no way round it.
        """
        wait = self._new.wait(member.id)
        if wait and not await self._have_talked(member, whom):
            raise self._new.refusal(wait)
        self._new.add(member.id)
        row = await self._storage.conversation(member.id, whom.id)
        if wait or row.last:
            self._new.give_back(member.id)
        return row.name

    async def _have_talked(self, member: Member, whom: AccountRow) -> bool:
        known = await self._storage.conversations(member.id, KNOWN)
        return any(peer.id == whom.id for peer, _, _ in known)
