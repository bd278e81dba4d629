"""The table of commands: what each is called, what it holds, when it may come, what answers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from minechat.protocol.rift import commands as c
from minechat.protocol.rift import fields as f
from minechat.protocol.rift import replies as r
from minechat.protocol.rift.states import State

#: What is wrong with a command whose fields are each in order; None where nothing is.
Judge = Callable[[Any], str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One command.

    :param word: its name on the wire
    :param state: in which it may come: NEW or KNOWN
    :param deed: what one needs the right for, as the server's table of rights names it; None: everybody may
    :param answers: one of these answers it, or ``Error``; none without a feature where that is said
    :param about: for docs/rift.md
    :param fields: what each field of the payload may be
    """

    word: str
    command: type[c.Command]
    about: str
    answers: tuple[type[r.Reply], ...]
    fields: Mapping[str, f.Check] = field(default_factory=dict)
    state: State = State.KNOWN
    deed: str | None = None
    judge: Judge = lambda command: None


def _one_way_in(auth: c.Auth) -> str | None:
    ways = [auth.session is not None, auth.token is not None, auth.username is not None]
    if sum(ways) != 1 or (auth.username is None) is not (auth.password is None):
        return "auth needs username and password, or a session, or a token"
    return None


def _one_place(command: c.GetHistory) -> str | None:
    if (command.room is None) is (command.user is None):
        return "either room or user must be there"
    if command.after is not None and command.before is not None:
        return "after and before exclude each other"
    return None


def _at_most_one_place(command: c.Search) -> str | None:
    return None if command.room is None or command.user is None else "room and user exclude each other"


_ABOUT_SOMEBODY = {"room": f.ROOM, "username": f.PERSON, "reason": f.REASON_LINE}

ROWS = (
    Row(
        word="register",
        command=c.Register,
        about="Makes an account. The connection stays open, and `auth` may follow.",
        fields={"username": f.PERSON, "password": f.NEW_PASSWORD},
        state=State.NEW,
        answers=(r.RegisterSuccess, r.RegisterFail),
    ),
    Row(
        word="auth",
        command=c.Auth,
        about="Comes in: by name and password, by a session, or by the token of the speak port.",
        fields={
            "username": f.PERSON,
            "password": f.ANY_PASSWORD,
            "session": f.SESSION,
            "token": f.SESSION,
            "features": f.WORD_LIST,
        },
        state=State.NEW,
        answers=(r.AuthSuccess, r.AuthFail),
        judge=_one_way_in,
    ),
    Row(
        word="room_message",
        command=c.RoomMessage,
        about="Says something in a room. The sender's own connection is not sent the message back.",
        fields={"text": f.MESSAGE, "room": f.ROOM},
        deed="say",
        answers=(r.MessageStored,),
    ),
    Row(
        word="private_message",
        command=c.PrivateMessage,
        about="Says something to one person, by name.",
        fields={"to": f.PERSON, "text": f.MESSAGE},
        answers=(r.PrivateMessageSent,),
    ),
    Row(
        word="get_online_users",
        command=c.GetOnlineUsers,
        about="Asks who is connected, in the order of the names; with a room, who of its members.",
        fields={"room": f.ROOM, "after": f.CURSOR_FIELD},
        deed="members",
        answers=(r.OnlineUsers,),
    ),
    Row(
        word="list_rooms",
        command=c.ListRooms,
        about="Asks for the public rooms and one's own in the order of their names, or only for one's own.",
        fields={"after": f.CURSOR_FIELD, "limit": f.LIMIT, "mine": f.FLAG},
        answers=(r.RoomList,),
    ),
    Row(
        word="create_room",
        command=c.CreateRoom,
        about="Makes a room and becomes its owner.",
        fields={"room": f.ROOM, "topic": f.TOPIC_LINE, "invite_only": f.FLAG},
        answers=(r.Room,),
    ),
    Row(
        word="join_room",
        command=c.JoinRoom,
        about="Becomes a member; no harm where one is.",
        fields={"room": f.ROOM},
        deed="join",
        answers=(r.Room,),
    ),
    Row(
        word="leave_room",
        command=c.LeaveRoom,
        about="Ends one's membership. An owner hands the room over first, unless nobody else is in it.",
        fields={"room": f.ROOM},
        deed="leave",
        answers=(r.Done,),
    ),
    Row(
        word="set_topic",
        command=c.SetTopic,
        about="Says what the room is about.",
        fields={"room": f.ROOM, "topic": f.TOPIC_LINE},
        deed="topic",
        answers=(r.Done,),
    ),
    Row(
        word="get_members",
        command=c.GetMembers,
        about="Asks for the members of a room in the order of their names.",
        fields={"room": f.ROOM, "after": f.CURSOR_FIELD, "limit": f.LIMIT},
        deed="members",
        answers=(r.Members,),
    ),
    Row(
        word="invite",
        command=c.Invite,
        about="Lets somebody join a room that is for invited people.",
        fields={"room": f.ROOM, "username": f.PERSON},
        deed="invite",
        answers=(r.Done,),
    ),
    Row(
        word="set_role",
        command=c.SetRole,
        about="Makes a member owner, moderator or member. A new owner replaces the old one.",
        fields={"room": f.ROOM, "username": f.PERSON, "role": f.ROLE},
        deed="role",
        answers=(r.Done,),
    ),
    Row(
        word="kick",
        command=c.Kick,
        about="Ends somebody's membership; nothing keeps the person from coming back.",
        fields=_ABOUT_SOMEBODY,
        deed="kick",
        answers=(r.Done,),
    ),
    Row(
        word="mute",
        command=c.Mute,
        about="Takes somebody the right to write, for so many seconds or until it is undone.",
        fields={**_ABOUT_SOMEBODY, "seconds": f.SECONDS},
        deed="mute",
        answers=(r.Done,),
    ),
    Row(
        word="unmute",
        command=c.Unmute,
        about="Ends a mute.",
        fields={"room": f.ROOM, "username": f.PERSON},
        deed="unmute",
        answers=(r.Done,),
    ),
    Row(
        word="ban",
        command=c.Ban,
        about="Ends a membership and keeps the person out, for so many seconds or until it is undone.",
        fields={**_ABOUT_SOMEBODY, "seconds": f.SECONDS},
        deed="ban",
        answers=(r.Done,),
    ),
    Row(
        word="unban",
        command=c.Unban,
        about="Ends a ban.",
        fields={"room": f.ROOM, "username": f.PERSON},
        deed="unban",
        answers=(r.Done,),
    ),
    Row(
        word="get_audit",
        command=c.GetAudit,
        about="Asks what moderators and owners did in a room, the newest first.",
        fields={"room": f.ROOM, "before": f.NUMBER, "limit": f.LIMIT},
        deed="audit",
        answers=(r.Audit,),
    ),
    Row(
        word="get_history",
        command=c.GetHistory,
        about="Asks for messages of a room, or of the conversation with a person: "
        "the first after a number, the last before one, or the last of all.",
        fields={"room": f.ROOM, "user": f.PERSON, "after": f.NUMBER, "before": f.NUMBER, "limit": f.LIMIT},
        deed="read",
        answers=(r.History,),
        judge=_one_place,
    ),
    Row(
        word="get_conversations",
        command=c.GetConversations,
        about="Asks with whom one has private conversations, the one with the latest message first.",
        fields={"limit": f.LIMIT},
        answers=(r.Conversations,),
    ),
    Row(
        word="block_user",
        command=c.BlockUser,
        about="Keeps out somebody's private messages. The person is told nothing and notices nothing.",
        fields={"username": f.PERSON},
        answers=(r.Done,),
    ),
    Row(
        word="unblock_user",
        command=c.UnblockUser,
        about="Lets somebody's private messages in again.",
        fields={"username": f.PERSON},
        answers=(r.Done,),
    ),
    Row(
        word="search",
        command=c.Search,
        about="Finds messages that hold all the words, or words that begin with them, the newest first: "
        "in a room, in a conversation, or in all of one's own.",
        fields={
            "query": f.WORDS,
            "room": f.ROOM,
            "user": f.PERSON,
            "before": f.CURSOR_FIELD,
            "limit": f.LIMIT,
        },
        deed="search",
        answers=(r.Found,),
        judge=_at_most_one_place,
    ),
    Row(
        word="get_my_data",
        command=c.GetMyData,
        about="Asks for all that the server keeps of one's account, page by page.",
        fields={"after": f.CURSOR_FIELD},
        answers=(r.MyData,),
    ),
    Row(
        word="change_password",
        command=c.ChangePassword,
        about="Sets a new password. All other sessions of the account end.",
        fields={"new": f.NEW_PASSWORD, "old": f.ANY_PASSWORD},
        answers=(r.Done,),
    ),
    Row(
        word="get_token",
        command=c.GetToken,
        about="Asks for a token for the speak port. One from before ends, and visits with it.",
        answers=(r.Token,),
    ),
    Row(
        word="log_out",
        command=c.LogOut,
        about="Ends this session, or all sessions of the account. The connection is closed after the answer.",
        fields={"everywhere": f.FLAG},
        answers=(r.Done,),
    ),
)

#: The rows by the type of a frame, and by the class of a command.
BY_WORD = {row.word: row for row in ROWS}
BY_COMMAND: dict[type[c.Command], Row] = {row.command: row for row in ROWS}
