"""The table of what a member asks for: each command, what it asks of the hub, and how that is answered."""

from collections.abc import Awaitable, Callable
from typing import Any

from minechat.protocol.rift import commands as c
from minechat.protocol.rift import replies as r
from minechat.server.doors import rift_answers as answers
from minechat.server.happenings import Member
from minechat.server.hub import Hub

Handler = Callable[[Hub, Member, Any], Awaitable[r.Reply]]

#: Pages of what was said and kept, for which an account has a budget.
PAGED = (c.GetHistory, c.Search, c.GetMyData)


async def _online(hub: Hub, member: Member, one: c.GetOnlineUsers) -> r.Reply:
    return answers.online(one.id, await hub.rooms.online(member, one.room, one.after))


async def _list(hub: Hub, member: Member, one: c.ListRooms) -> r.Reply:
    return answers.rooms(one.id, await hub.rooms.list(member, one.after, one.limit, mine=one.mine))


async def _create(hub: Hub, member: Member, one: c.CreateRoom) -> r.Reply:
    return answers.room(
        one.id, await hub.rooms.create(member, one.room, one.topic, invite_only=one.invite_only)
    )


async def _join(hub: Hub, member: Member, one: c.JoinRoom) -> r.Reply:
    return answers.room(one.id, await hub.rooms.join(member, one.room))


async def _leave(hub: Hub, member: Member, one: c.LeaveRoom) -> r.Reply:
    await hub.rooms.leave(member, one.room)
    return r.Done(id=one.id)


async def _topic(hub: Hub, member: Member, one: c.SetTopic) -> r.Reply:
    await hub.rooms.set_topic(member, one.room, one.topic)
    return r.Done(id=one.id)


async def _members(hub: Hub, member: Member, one: c.GetMembers) -> r.Reply:
    return answers.members(one.id, await hub.rooms.members(member, one.room, one.after, one.limit))


async def _invite(hub: Hub, member: Member, one: c.Invite) -> r.Reply:
    await hub.moderation.invite(member, one.room, one.username)
    return r.Done(id=one.id)


async def _role(hub: Hub, member: Member, one: c.SetRole) -> r.Reply:
    await hub.moderation.set_role(member, one.room, one.username, one.role)
    return r.Done(id=one.id)


async def _kick(hub: Hub, member: Member, one: c.Kick) -> r.Reply:
    await hub.moderation.kick(member, one.room, one.username, one.reason)
    return r.Done(id=one.id)


async def _mute(hub: Hub, member: Member, one: c.Mute) -> r.Reply:
    await hub.moderation.mute(member, one.room, one.username, one.seconds, one.reason)
    return r.Done(id=one.id)


async def _unmute(hub: Hub, member: Member, one: c.Unmute) -> r.Reply:
    await hub.moderation.unmute(member, one.room, one.username)
    return r.Done(id=one.id)


async def _ban(hub: Hub, member: Member, one: c.Ban) -> r.Reply:
    await hub.moderation.ban(member, one.room, one.username, one.seconds, one.reason)
    return r.Done(id=one.id)


async def _unban(hub: Hub, member: Member, one: c.Unban) -> r.Reply:
    await hub.moderation.unban(member, one.room, one.username)
    return r.Done(id=one.id)


async def _audit(hub: Hub, member: Member, one: c.GetAudit) -> r.Reply:
    return answers.audit(one.id, await hub.moderation.audit(member, one.room, one.before, one.limit))


async def _history(hub: Hub, member: Member, one: c.GetHistory) -> r.Reply:
    if one.room is not None:
        page = await hub.archive.room_history(member, one.room, one.after, one.before, one.limit)
    else:
        assert one.user is not None
        page = await hub.archive.whisper_history(member, one.user, one.after, one.before, one.limit)
    return answers.history(one.id, page)


async def _conversations(hub: Hub, member: Member, one: c.GetConversations) -> r.Reply:
    return answers.conversations(one.id, await hub.whispers.conversations(member, one.limit))


async def _block(hub: Hub, member: Member, one: c.BlockUser) -> r.Reply:
    await hub.whispers.block(member, one.username)
    return r.Done(id=one.id)


async def _unblock(hub: Hub, member: Member, one: c.UnblockUser) -> r.Reply:
    await hub.whispers.unblock(member, one.username)
    return r.Done(id=one.id)


async def _search(hub: Hub, member: Member, one: c.Search) -> r.Reply:
    page = await hub.archive.search(
        member, one.query, room=one.room, user=one.user, before=one.before, limit=one.limit
    )
    return answers.found(one.id, page)


async def _my_data(hub: Hub, member: Member, one: c.GetMyData) -> r.Reply:
    entries, after = await hub.archive.own_data(member, one.after)
    return r.MyData(id=one.id, entries=tuple(entries), after=after)


#: Each command that asks for something and changes nothing about who is here.
HANDLERS: dict[type[c.Command], Handler] = {
    c.GetOnlineUsers: _online,
    c.ListRooms: _list,
    c.CreateRoom: _create,
    c.JoinRoom: _join,
    c.LeaveRoom: _leave,
    c.SetTopic: _topic,
    c.GetMembers: _members,
    c.Invite: _invite,
    c.SetRole: _role,
    c.Kick: _kick,
    c.Mute: _mute,
    c.Unmute: _unmute,
    c.Ban: _ban,
    c.Unban: _unban,
    c.GetAudit: _audit,
    c.GetHistory: _history,
    c.GetConversations: _conversations,
    c.BlockUser: _block,
    c.UnblockUser: _unblock,
    c.Search: _search,
    c.GetMyData: _my_data,
}
