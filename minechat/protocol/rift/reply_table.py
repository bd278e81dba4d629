"""The table of replies: what each is called, and the feature without which nobody is sent it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from minechat.protocol.rift import replies as r
from minechat.protocol.rift.commands import GENERAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of frame that a server sends.

    :param word: its name on the wire
    :param about: for docs/rift.md
    :param feature: only a client that named it is sent this; None: everybody, or whoever asked
    :param older: what stands for a field that a server of RIFT 0.9 does not send
    """

    word: str
    reply: type[r.Reply]
    about: str
    feature: str | None = None
    older: Mapping[str, Any] = field(default_factory=dict)


_FAILED = {"code": "refused"}
_HEARD = {"seq": 0, "time": 0.0}

ROWS = (
    Row(word="register_success", reply=r.RegisterSuccess, about="The account is made."),
    Row(word="register_fail", reply=r.RegisterFail, about="No account was made.", older=_FAILED),
    Row(
        word="auth_success",
        reply=r.AuthSuccess,
        about="You are in. A client that named no features gets no payload, but for the `id` of its `auth`; "
        "`session` is for one that named `sessions`.",
    ),
    Row(
        word="auth_fail",
        reply=r.AuthFail,
        about="You are not in, and the server closes the connection.",
        older=_FAILED,
    ),
    Row(
        word="error",
        reply=r.Error,
        about="A request was not carried out; or, where no request is under way, "
        "the reason why the server closes the connection.",
        older=_FAILED,
    ),
    Row(word="done", reply=r.Done, about="It is done, and there is nothing to tell of it."),
    Row(
        word="new_message",
        reply=r.NewMessage,
        about="Somebody said something in a room. `seq` is missing where characters or the server speak, "
        "whose words are kept nowhere; `id` is that of the sender.",
        older={"room": GENERAL, "time": 0.0},
    ),
    Row(
        word="message_stored",
        reply=r.MessageStored,
        about="Your message is on the disk, under this number.",
        feature="acks",
    ),
    Row(
        word="private_message",
        reply=r.PrivateMessageArrived,
        about="Somebody said something to you.",
        older=_HEARD,
    ),
    Row(
        word="private_message_sent",
        reply=r.PrivateMessageSent,
        about="What you said to somebody is on the disk. Your other connections are told too.",
        older=_HEARD,
    ),
    Row(
        word="online_users",
        reply=r.OnlineUsers,
        about="Who is there, up to 500 in a page; `after` is missing on the last one.",
    ),
    Row(word="rooms", reply=r.RoomList, about="A page of rooms; `after` is missing on the last one."),
    Row(word="room", reply=r.Room, about="The room that you made or joined."),
    Row(word="members", reply=r.Members, about="A page of members; `after` is missing on the last one."),
    Row(
        word="history",
        reply=r.History,
        about="A page of messages in the order of their numbers; `more` tells whether there are others "
        "in the direction that was asked for.",
    ),
    Row(word="conversations", reply=r.Conversations, about="Your private conversations."),
    Row(word="found", reply=r.Found, about="What a search found; `before` is missing on the last page."),
    Row(word="audit", reply=r.Audit, about="What was done in a room, the newest first."),
    Row(word="my_data", reply=r.MyData, about="A page of your data; `after` is missing on the last one."),
    Row(word="token", reply=r.Token, about="The token for the speak port. It is shown this once."),
    Row(
        word="presence",
        reply=r.Presence,
        about="Who came and who went since the last such frame.",
        feature="presence",
    ),
    Row(
        word="room_event",
        reply=r.RoomEvent,
        about="Something happened in a room of yours, or to you. `event` is one of: joined, left, kicked, "
        "banned, unbanned, muted, unmuted, topic, role, invited.",
        feature="rooms",
    ),
)

BY_WORD = {row.word: row for row in ROWS}
BY_REPLY: dict[type[r.Reply], Row] = {row.reply: row for row in ROWS}
