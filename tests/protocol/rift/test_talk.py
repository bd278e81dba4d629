"""Both sides of the talk joined in memory: every step that is allowed, and every other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.errors import BadFrame, OutOfTurn
from minechat.protocol.rift import command_table, reply_table
from minechat.protocol.rift import commands as c
from minechat.protocol.rift import replies as r
from minechat.protocol.rift.frames import encode, encode_command
from minechat.protocol.rift.talk import TABLE, Side, State, Talk, refusal
from tests.protocol.rift.frames_of import commands, replies

ANN = c.Auth(username="ann", password="secret")
REGISTER = c.Register(username="ann", password="secret")
FAILED = {"error": "no", "code": "bad_frame"}


def pair(*said: c.Command | r.Reply) -> tuple[Talk, Talk]:
    """A client and a server after all this was said."""
    client, server = Talk(Side.CLIENT), Talk(Side.SERVER)
    for one in said:
        speaker, hearer = (client, server) if isinstance(one, c.Command) else (server, client)
        assert hearer.hear(speaker.send(one)) == one
        assert client.state is server.state
    return client, server


def test_a_whole_talk() -> None:
    client, server = pair(
        REGISTER,
        r.RegisterFail(error="taken", code="taken"),
        REGISTER,
        r.RegisterSuccess(message="welcome"),
        ANN,
        r.AuthSuccess(),
        c.RoomMessage(text="hi"),
        c.GetOnlineUsers(id="1"),
        r.OnlineUsers(id="1", users=("ann",)),
    )
    assert client.state is server.state is State.KNOWN


def test_whoever_fails_is_out() -> None:
    client, server = pair(ANN, r.AuthFail(error="no", code="wrong_password"))
    assert client.state is server.state is State.CLOSED
    for command in (ANN, REGISTER, c.GetToken()):
        with pytest.raises(OutOfTurn):
            client.send(command)
        with pytest.raises(BadFrame):
            server.hear(encode_command(command))


STATES = {
    State.NEW: pair(),
    State.REGISTERING: pair(REGISTER),
    State.ENTERING: pair(ANN),
    State.KNOWN: pair(ANN, r.AuthSuccess()),
    State.CLOSED: pair(ANN, r.AuthFail(error="no", code="banned")),
}


@given(st.sampled_from(list(State)), commands())
def test_a_command_out_of_turn_is_refused_and_changes_nothing(state: State, command: c.Command) -> None:
    server = Talk(Side.SERVER)
    server.state = state
    try:
        assert server.hear(encode_command(command)) == command
    except BadFrame as reason:
        assert (reason.code, reason.request, server.state) == ("out_of_turn", command.id, state)
        assert (state, type(command)) not in TABLE
    else:
        assert server.state is TABLE[state, type(command)]


@given(st.sampled_from(list(State)), replies())
def test_a_server_that_speaks_out_of_turn_is_stopped_and_its_client_notices(
    state: State, reply: r.Reply
) -> None:
    client = Talk(Side.CLIENT)
    client.state = state
    if (state, type(reply)) in TABLE:
        assert client.hear(encode(reply)) == reply
        return
    with pytest.raises(BadFrame):
        client.hear(encode(reply))
    server = Talk(Side.SERVER)
    server.state = state
    with pytest.raises(OutOfTurn):
        server.send(reply)


def test_each_command_may_come_in_its_state_alone() -> None:
    for row in command_table.ROWS:
        assert [state for state in State if (state, row.command) in TABLE] == [row.state]


def test_no_state_is_a_dead_end_but_the_last() -> None:
    for state in set(State) - {State.CLOSED}:
        assert any(before is state and after is not state for (before, _), after in TABLE.items()) or (
            state is State.KNOWN
        )


def test_each_side_says_its_own() -> None:
    client, server = pair(ANN, r.AuthSuccess())
    with pytest.raises(OutOfTurn, match="not for the client"):
        client.send(r.Done())
    with pytest.raises(OutOfTurn, match="not for the server"):
        server.send(c.GetToken())


@pytest.mark.parametrize("row", [row for row in reply_table.ROWS if row.feature], ids=lambda row: row.word)
def test_what_belongs_to_a_feature_goes_to_who_named_it(row: reply_table.Row) -> None:
    reply = {
        r.MessageStored: r.MessageStored(room="general", seq=1, time=0.0),
        r.Presence: r.Presence(),
        r.RoomEvent: r.RoomEvent(room="general", event="joined"),
    }[row.reply]
    _, server = pair(ANN, r.AuthSuccess())
    assert not server.asked_for(reply)
    with pytest.raises(OutOfTurn):
        server.send(reply)
    assert row.feature is not None
    named = c.Auth(username="ann", password="secret", features=(row.feature,))
    client, server = pair(named, r.AuthSuccess())
    assert client.hear(server.send(reply)) == reply


@pytest.mark.parametrize(
    ("state", "to", "kind"),
    [
        (State.NEW, "", r.AuthFail),
        (State.NEW, "room_message", r.AuthFail),
        (State.NEW, "auth", r.AuthFail),
        (State.NEW, "register", r.RegisterFail),
        (State.REGISTERING, "register", r.RegisterFail),
        (State.ENTERING, "auth", r.AuthFail),
        (State.KNOWN, "auth", r.Error),
        (State.KNOWN, "register", r.Error),
        (State.KNOWN, "", r.Error),
    ],
)
def test_how_a_refusal_is_worded(state: State, to: str, kind: type[r.Reply]) -> None:
    assert refusal(state, to) is kind
    server = Talk(Side.SERVER)
    server.state = state
    reply = server.refuse("no", "busy", to=to, request="7", wait=2.0)
    assert reply == kind(error="no", code="busy", id="7", retry_after=2.0)
    server.send(reply)
    assert (server.state is State.CLOSED) is (kind is r.AuthFail)


def test_a_code_that_no_document_knows_is_a_mistake_of_ours() -> None:
    server = STATES[State.KNOWN][1]
    with pytest.raises(OutOfTurn):
        server.send(r.Error(error="no", code="because"))


def test_a_server_listens_while_it_owes_nothing_that_decides() -> None:
    assert [state for state, (_, server) in STATES.items() if server.listens] == [State.NEW, State.KNOWN]


def test_a_closed_talk_is_over() -> None:
    client, server = pair(ANN, r.AuthSuccess())
    for talk in (client, server):
        talk.close()
    with pytest.raises(OutOfTurn):
        server.send(r.Error(error="stopping", code="stopping"))
    with pytest.raises(BadFrame):
        client.hear(encode(r.Error(error="stopping", code="stopping")))
