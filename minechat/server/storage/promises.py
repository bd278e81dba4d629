"""What a storage promises about rooms, the people in them, and what was said there."""

from collections.abc import Sequence
from typing import Protocol

from minechat.server.keys import Keys
from minechat.server.storage.rows import (
    AccountRow,
    Candidate,
    Deed,
    LoginRow,
    RoomKind,
    RoomRow,
    RoomState,
    Sanction,
    Stored,
)


class RoomsKept(Protocol):
    """Rooms. Every method raises ``NotStored`` when nothing was changed, or nothing can be asked now.

    What writes has committed when it returns; a deed is written in the same commit, and may be None.
    """

    async def add_room(  # noqa: PLR0917 - a room is what these say
        self, name: str, keys: Keys, kind: RoomKind, topic: str, owner_id: int | None, deed: Deed | None
    ) -> RoomRow | None:
        """Makes a room, with its owner as the first member. None when the name or one of the keys is taken.

        Who made it is remembered for ``count_rooms_of``.

        :raises ValueError: it is a conversation: those are made by ``conversation``
        """

    async def room(self, key: str) -> RoomRow | None:
        """The room with this key, in small letters; never a conversation."""

    async def room_state(self, room_id: int) -> RoomState:
        """Who is what in a room, now. ``NotStored`` where there is none."""

    async def public_rooms(
        self, account_id: int, after: str, most: int
    ) -> Sequence[tuple[RoomRow, int, int | None]]:
        """Public rooms and those an account is a member of, by key: each with its members and its own role.

        :param after: only those whose key is greater; empty for the first page
        :returns: conversations are not among them; the role is None where it is no member. Implicit
            members of ``general`` are not counted.
        """

    async def rooms_of(self, account_id: int) -> Sequence[tuple[RoomRow, int]]:
        """The rooms an account is a member of and its role, by key; conversations are not among them."""

    async def count_rooms_of(self, account_id: int, but: int | None = None) -> int:
        """How many rooms there are that an account made or owns; each counts once.

        :param but: a room that is not counted
        """

    async def set_role(self, room_id: int, account_id: int, role: int | None, deed: Deed | None) -> None:
        """Makes somebody a member, or changes what a member is; None ends the membership.

        An invitation ends when the account becomes a member.
        """

    async def close_room(self, room: RoomRow, account_id: int) -> bool:
        """Ends the last membership of a room, and the room, but for a public one in which something was said.

        Its invitations end, and its name, which another may have then. Its messages stay, and what was done
        in it, under a name that no room can have. Of one in which nothing was said nothing stays but deeds
        that concern somebody besides who did them.

        :returns: whether the room ended
        """

    async def hand_over(self, room_id: int, from_id: int, to_id: int, deed: Deed | None) -> None:
        """Has two members, the first the owner, swap their roles.

        :raises NotStored: nothing was changed; one of them may be no member
        """

    async def set_topic(self, room_id: int, topic: str, deed: Deed | None) -> None:
        """What the room is about, in one line."""

    async def add_sanction(self, room_id: int, sanction: Sanction, deed: Deed | None) -> None:
        """Writes a mute or a ban; an earlier one of the same account and kind ends with it.

        With a ban a membership and an invitation end too.
        """

    async def remove_sanction(self, room_id: int, account_id: int, kind: str, deed: Deed | None) -> bool:
        """Ends a mute or a ban. False when there was none: no deed is written."""

    async def add_invitation(self, room_id: int, account_id: int, by: str, deed: Deed | None) -> None:
        """Lets somebody come in; the invitation ends when they do.

        :param by: the name of who invited
        """

    async def room_deeds(self, room: str, before: int | None, most: int) -> Sequence[tuple[int, Deed]]:
        """What was done in a room, the newest first, each with its number.

        :param room: the name of the room
        :param before: only those with a smaller number
        """

    async def said(self, account_id: int, key: str) -> Stored | None:
        """The message that an account has named so; one that was asked for before this call counts."""

    async def history(
        self,
        room_id: int,
        *,
        after: int | None = None,
        before: int | None = None,
        most: int,
        reader_id: int | None = None,
    ) -> Sequence[Stored]:
        """Messages of a room in their order.

        :param after: those that follow this number, the first of them
        :param before: those before this number; the last of them, unless ``after`` is given too
        :param most: so many at most; without ``after`` and ``before`` the last ones of all
        :param reader_id: whose hidden messages are among them; nobody's when None
        """

    async def conversation_so_far(self, a: int, b: int) -> RoomRow | None:
        """The conversation of two accounts, if there is one; nothing is written."""

    async def conversation(self, a: int, b: int) -> RoomRow:
        """The conversation of two accounts, made when it is missing.

        :raises ValueError: it is one account
        :raises NotStored: there is no such account
        """

    async def conversations(self, account_id: int, most: int) -> Sequence[tuple[AccountRow, int, float]]:
        """With whom an account has talked, the latest first: whom, the number and time of the last message.

        Only by what it may see: whoever only ever sent it hidden messages is not among them.
        """

    async def search(
        self,
        rooms: Sequence[str],
        query: str,
        before: str | None,
        most: int,
        reader_id: int | None,
    ) -> tuple[Sequence[Stored], str | None]:
        """Messages of some rooms that hold each word of a query, or one that begins so; the newest first.

        :param rooms: names of rooms as the database has them: who asks answers for what they may read
        :param before: what the page before returned; None for the first page
        :param reader_id: whose hidden messages are among them
        :param most: so many at most, and so many that they fit in 64 KiB of JSON
        :returns: the messages, and what to ask with for the next page; None at the end
        :raises Refused: ``empty``: there is no word in the query; ``busy``: it cannot be searched now;
            ``bad_frame``: ``before`` is nothing that was returned
        """


class MembersKept(Protocol):
    """Accounts with passwords, their sessions and whom they block. Raises as ``RoomsKept`` does."""

    async def add_member_account(
        self, candidate: Candidate, token_hash: bytes, password: str
    ) -> AccountRow | None:
        """An account with a password. None when its name is taken.

        :param candidate: with keys
        :param password: its hash, in text
        """

    async def login(self, key: str) -> LoginRow | None:
        """The account that has this key in small letters; None when there is none, and no sooner."""

    async def login_by_id(self, account_id: int) -> LoginRow | None:
        """The account with this id; None when there is none, or it shares its name and has no login."""

    async def set_password(
        self, account_id: int, old: str | None, new: str, keep_session: bytes | None, deed: Deed | None
    ) -> bool:
        """Gives an account another password and ends its sessions.

        :param old, new: the hash that it has, in text, and the one that it gets
        :param keep_session: the hash of the one session that stays
        :returns: False when its password is not ``old``: nothing was changed
        """

    async def rehash(self, account_id: int, old: str, new: str) -> bool:
        """Another hash of the same password; as ``set_password``, and no session ends."""

    async def add_session(self, account_id: int, session_hash: bytes, most: int) -> None:
        """Remembers a session; of more than ``most`` the oldest are forgotten."""

    async def account_by_session(self, session_hash: bytes) -> AccountRow | None:
        """Whose session this is."""

    async def remove_session(self, session_hash: bytes) -> None:
        """Forgets a session; no harm when there is none."""

    async def remove_sessions(self, account_id: int) -> None:
        """Forgets every session of an account."""

    async def has_session(self, account_id: int) -> bool:
        """Whether an account will come back by a session that it was given."""

    async def set_block(self, account_id: int, blocked_id: int, on: bool) -> None:
        """Begins or ends that one account hears nothing of another."""

    async def blocked(self, account_id: int) -> set[int]:
        """Whom an account blocks."""

    async def own_data(
        self, account_id: int, after: str, most: int
    ) -> tuple[Sequence[dict[str, object]], str | None]:
        """Everything that is kept of an account, a page at a time, as values that JSON knows.

        :param after: what the page before returned; empty for the first
        :param most: so many at most, and so many that they fit in 64 KiB of JSON
        :returns: entries, each with a ``kind``, and what to ask with for the next page; None at the end
        :raises Refused: ``bad_frame``: ``after`` is nothing that was returned
        """
