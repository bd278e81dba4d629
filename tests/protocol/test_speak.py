"""Both sides of the talk joined in memory: every path, forbidden step and cutting; hostile answers."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from minechat.errors import InvalidInput, OutOfTurn, ProtocolViolation
from minechat.events import Account
from minechat.protocol.speak import (
    CLIENT_EVENTS,
    LINE_LIMIT,
    MESSAGE_LIMIT,
    MESSAGE_LINES,
    PIPELINE,
    TABLE,
    Acknowledged,
    Event,
    Greeting,
    Introduced,
    Message,
    Nickname,
    NicknameAsked,
    NoToken,
    NotSent,
    Side,
    State,
    Talk,
    Token,
    TokenUnknown,
    Welcome,
)

ACCOUNT = Account("Goofy Анна", "10209158-dc35-41f0-a5a4-0242ac110003")
SAMPLES: list[Event] = [
    Greeting(),
    Token(ACCOUNT.token),
    NoToken(),
    TokenUnknown(),
    NicknameAsked(),
    Nickname("Анна"),
    Introduced(ACCOUNT),
    Welcome(),
    Message("привет"),
    Acknowledged(),
    NotSent("too fast", 12),
]
LOGIN: list[Event] = [Greeting(), Token(ACCOUNT.token), Introduced(ACCOUNT)]
REFUSED = NotSent("the server is full")
PATHS: dict[str, list[Event]] = {
    "token known": [*LOGIN, Welcome(), Message("one\ntwo"), Acknowledged()],
    "token unknown, then a nickname": [
        Greeting(),
        Token("nobody"),
        TokenUnknown(),
        NicknameAsked(),
        Nickname("Анна"),
        Introduced(ACCOUNT),
        Welcome(),
    ],
    "register": [Greeting(), NoToken(), NicknameAsked(), Nickname("x"), Introduced(ACCOUNT), Welcome()],
    "empty nickname": [Greeting(), NoToken(), NicknameAsked(), Nickname(""), Introduced(ACCOUNT)],
    "ping": [*LOGIN, Welcome(), Message(""), Acknowledged()],
    "spoken before the welcome": [
        *LOGIN,
        Message("a"),
        Message("b"),
        Welcome(),
        Acknowledged(),
        Acknowledged(),
    ],
    "refused, try again": [
        *LOGIN,
        Welcome(),
        Message("a"),
        NotSent("too fast", 3),
        Message("b"),
        Acknowledged(),
    ],
    "refused for good": [*LOGIN, Welcome(), Message("a"), NotSent("you are muted"), Message("")],
    "pipelined": [*LOGIN, Welcome(), *[Message(str(n)) for n in range(9)], *[Acknowledged()] * 9],
    "the last word": [*LOGIN, Welcome(), NotSent("the server is stopping")],
    "refused at once": [REFUSED],
    "refused after the greeting": [Greeting(), REFUSED],
    "refused with a token": [Greeting(), Token("x"), REFUSED],
    "refused as a newcomer": [Greeting(), Token("nobody"), TokenUnknown(), REFUSED],
    "refused when asked": [Greeting(), NoToken(), NicknameAsked(), REFUSED],
    "refused with a nickname": [Greeting(), NoToken(), NicknameAsked(), Nickname("x"), REFUSED],
    "refused when introduced": [*LOGIN, REFUSED],
}


def side_of(event: Event) -> Side:
    return Side.CLIENT if isinstance(event, CLIENT_EVENTS) else Side.SERVER


def pieces(data: bytes, at: list[int]) -> list[bytes]:
    borders = [0, *sorted(min(place, len(data)) for place in at), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(borders)]


def rows(path: list[Event], at: list[int]) -> Iterator[tuple[State, type]]:
    """Plays a path between two joined talks, each event cut at the same places; the rows it went by."""
    talks = {side: Talk(side) for side in Side}
    for event in path:
        speaker = talks[side_of(event)]
        hearer = talks[Side.CLIENT if speaker is talks[Side.SERVER] else Side.SERVER]
        yield hearer.state, type(event)
        heard = []
        for piece in pieces(speaker.send(event), at):
            hearer.receive(piece)
            heard += iter(hearer.next_event, None)
        assert heard == [event]
        assert talks[Side.CLIENT].state is talks[Side.SERVER].state
        assert talks[Side.CLIENT].owed == talks[Side.SERVER].owed
        assert not hearer.unfinished


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize("at", [[], [1], list(range(200))], ids=["whole", "first byte apart", "byte by byte"])
def test_both_sides_tell_each_other_every_path_of_the_talk(path: list[Event], at: list[int]) -> None:
    assert set(rows(path, at)) <= set(TABLE)


def test_the_paths_reach_every_row_of_the_table() -> None:
    reached = {row for path in PATHS.values() for row in rows(path, [])}
    assert reached == set(TABLE)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_what_the_table_does_not_allow_is_out_of_turn(state: State, event: Event) -> None:
    talk = Talk(side_of(event))
    talk.state, talk.owed = state, 1
    if (state, type(event)) in TABLE:
        talk.send(event)
        assert talk.state is TABLE[state, type(event)]
    else:
        with pytest.raises(OutOfTurn):
            talk.send(event)
        assert (talk.state, talk.owed) == (state, 1)


@pytest.mark.parametrize("event", SAMPLES, ids=lambda event: type(event).__name__)
def test_nobody_says_what_is_for_the_other_side_to_say(event: Event) -> None:
    talk = Talk(Side.CLIENT if side_of(event) is Side.SERVER else Side.SERVER)
    for state in State:
        talk.state = state
        with pytest.raises(OutOfTurn):
            talk.send(event)


def test_an_answer_to_nothing_is_out_of_turn() -> None:
    server, client = Talk(Side.SERVER), Talk(Side.CLIENT)
    server.state = client.state = State.TALKING
    with pytest.raises(OutOfTurn):
        server.send(Acknowledged())
    client.receive(b"Message send. Write more, end message with an empty line.\n")
    with pytest.raises(ProtocolViolation):
        client.next_event()


@pytest.mark.parametrize("state", [State.GREETED, State.ASKED])
def test_a_server_that_speaks_when_the_client_must_breaks_the_protocol(state: State) -> None:
    client = Talk(Side.CLIENT)
    client.state = state
    client.receive(b"null\n")
    with pytest.raises(ProtocolViolation):
        client.next_event()


# A small honest server, so that whatever a client sends meets answers.


def serve(parts: list[bytes]) -> tuple[list[Event], bytes, bool]:
    talk, events = Talk(Side.SERVER), []
    said = talk.send(Greeting())
    try:
        for part in parts:
            talk.receive(part)
            while (event := talk.next_event()) is not None:
                events.append(event)
                said += b"".join(talk.send(answer) for answer in answers(talk.state, event))
    except ProtocolViolation:
        return events, said, True
    return events, said, False


def answers(state: State, event: Event) -> list[Event]:
    if isinstance(event, Message):
        return [Acknowledged()]
    if isinstance(event, NoToken):
        return [NicknameAsked()]
    if isinstance(event, Token) and event.value != "known":
        return [TokenUnknown(), NicknameAsked()]
    return [Introduced(ACCOUNT), Welcome()]


client_streams = st.lists(
    st.sampled_from(
        [
            "known\n",
            "other\n",
            "\n",
            " \n",
            "\r\n",
            "nick\r\n",
            "text",
            "\n\n",
            "два\n",
            "\0",
            "GET / HTTP/1.1\n",
        ]
    )
    | st.sampled_from(["x" * 4095, "y" * 4096, "z\n" * 101, "w" * 2100 + "\n"])
).map(lambda parts: "".join(parts).encode())


@given(client_streams, st.lists(st.integers(0, 9000), max_size=8))
@example("known\nпривет\n\n".encode(), list(range(30)))
def test_a_server_hears_the_same_however_the_bytes_are_cut(data: bytes, at: list[int]) -> None:
    assert serve(pieces(data, at)) == serve([data])


def test_a_client_may_say_everything_in_one_breath() -> None:
    events, said, broken = serve([b"known\r\none\r\ntwo\r\n\r\n\nthree\n \n\nnot ended\n"])
    assert events == [Token("known"), Message("one\ntwo"), Message(""), Message("three\n ")]
    assert said.count(b"Message send. ") == 3
    assert not broken


@pytest.mark.parametrize("state", [State.CONNECTED, State.TOKEN_GIVEN, State.NEWCOMER, State.NICKNAME_GIVEN])
def test_a_server_that_owes_an_answer_leaves_the_rest_unread(state: State) -> None:
    server = _in(Side.SERVER, state)
    server.receive(b"hi\n\n")
    assert server.next_event() is None
    assert server.buffered == 4


def test_clients_that_end_every_line_twice_are_understood() -> None:
    assert serve([b"known\n\n"])[0] == [Token("known"), Message("")]
    assert serve([b"\n\n"])[0] == [NoToken(), Nickname("")]
    assert serve([b"\n\nnick\n\n"])[0] == [NoToken(), Nickname(""), Message("nick")]


def test_no_more_messages_are_read_than_may_wait_for_answers() -> None:
    server = Talk(Side.SERVER)
    for event in LOGIN:
        if side_of(event) is Side.SERVER:
            server.send(event)
        else:
            server.receive(Talk.send(_in(Side.CLIENT, server.state), event))
            server.next_event()
    server.send(Welcome())
    server.receive(b"a\n\n" * 40)
    read = list(iter(server.next_event, None))
    assert len(read) == PIPELINE
    assert server.full
    server.send(Acknowledged())
    assert list(iter(server.next_event, None)) == [Message("a")]


def _in(side: Side, state: State) -> Talk:
    talk = Talk(side)
    talk.state = state
    return talk


# Limits.


@pytest.mark.parametrize("state", [State.GREETED, State.ASKED, State.TALKING])
@pytest.mark.parametrize("size", range(LINE_LIMIT - 2, LINE_LIMIT + 3))
def test_the_tail_of_an_over_long_line_is_never_an_event(state: State, size: int) -> None:
    server = _in(Side.SERVER, state)
    server.receive(b"A" * (size - 1) + b"\n" + (b"\n" if state is State.TALKING else b""))
    if size <= LINE_LIMIT:
        assert server.next_event() is not None
        return
    for more in (b"", b"SMUGGLED\n\n", b"\n"):
        server.receive(more)
        with pytest.raises(ProtocolViolation):
            server.next_event()


@pytest.mark.parametrize("lines", [[2000, MESSAGE_LIMIT - 2001], [1] * MESSAGE_LINES])
def test_a_message_within_the_limits_is_taken(lines: list[int]) -> None:
    text = "\n".join("x" * size for size in lines)
    server = _in(Side.SERVER, State.TALKING)
    server.receive(_in(Side.CLIENT, State.TALKING).send(Message(text)))
    assert server.next_event() == Message(text)


@pytest.mark.parametrize("lines", [[2000, MESSAGE_LIMIT - 2000], [1] * (MESSAGE_LINES + 1)])
def test_nothing_of_a_message_over_the_limits_is_ever_taken(lines: list[int]) -> None:
    server = _in(Side.SERVER, State.TALKING)
    server.receive(b"".join(b"x" * size + b"\n" for size in lines))
    for more in (b"", b"\n", b"SMUGGLED\n\n"):
        server.receive(more)
        with pytest.raises(ProtocolViolation):
            server.next_event()


@pytest.mark.parametrize("verb", ["GET", "POST", "HEAD", "OPTIONS", "CONNECT", "PRI"])
def test_a_web_browser_gets_no_account_and_says_nothing(verb: str) -> None:
    events, _, broken = serve([f"{verb} / HTTP/1.1\r\nHost: x\r\n\r\nknown\nhi\n\n".encode()])
    assert (events, broken) == ([], True)


# What a server may answer.

HOSTILE_ACCOUNTS = {
    "not JSON": b"hello",
    "nothing": b"",
    "a list": b"[]",
    "a number": b"5",
    "a huge number": b"9" * 4000,
    "deep": b"[" * 100_000,
    "as deep as a line allows": b"[" * 4000,
    "no token": b'{"nickname": "x"}',
    "no nickname": b'{"account_hash": "x"}',
    "nickname a number": b'{"nickname": 5, "account_hash": "x"}',
    "nickname null": b'{"nickname": null, "account_hash": "x"}',
    "token a list": b'{"nickname": "x", "account_hash": ["x"]}',
    "token empty": b'{"nickname": "x", "account_hash": ""}',
    "token with a newline": b'{"nickname": "x", "account_hash": "a\\nb"}',
    "token with an escape": b'{"nickname": "x", "account_hash": "\\u001b[2J"}',
    "token of 257": b'{"nickname": "x", "account_hash": "' + b"x" * 257 + b'"}',
    "token of a megabyte": b'{"nickname": "x", "account_hash": "' + b"x" * 1_000_000 + b'"}',
    "not UTF-8": b"\xff\xfe{\x00",
}


@pytest.mark.parametrize("answer", HOSTILE_ACCOUNTS.values(), ids=HOSTILE_ACCOUNTS)
@pytest.mark.parametrize("state", [State.TOKEN_GIVEN, State.NICKNAME_GIVEN])
def test_an_account_that_is_none_breaks_the_protocol(state: State, answer: bytes) -> None:
    client = _in(Side.CLIENT, state)
    client.receive(answer + b"\n")
    with pytest.raises(ProtocolViolation):
        client.next_event()


def test_null_is_no_answer_to_a_nickname() -> None:
    client = _in(Side.CLIENT, State.NICKNAME_GIVEN)
    client.receive(b"null\n")
    with pytest.raises(ProtocolViolation):
        client.next_event()


def test_a_nickname_with_half_a_letter_can_be_encoded() -> None:
    client = _in(Side.CLIENT, State.TOKEN_GIVEN)
    client.receive(b'{"nickname": "a\\ud800b", "account_hash": "x", "more": 1}\n')
    assert client.next_event() == Introduced(Account("a?b", "x"))


server_streams = st.lists(
    st.sampled_from(
        [
            b"Hello %username%! Enter\n",
            b"null\n",
            b"Enter preferred nickname below:\n",
            '{"nickname": "Инна", "account_hash": "x"}\n'.encode(),
            b"Welcome to chat! Post\n",
            b"Message send. Write more\n",
            b"Message not sent: no. Try again in 5 s.\n",
            b"\xd0",
            b"\n",
        ]
    )
    | st.binary(max_size=9)
    | st.just(b"x" * 4095)
).map(b"".join)


def hear(state: State, parts: list[bytes]) -> tuple[list[Event], State, bool]:
    client, events = _in(Side.CLIENT, state), []
    client.owed = 1
    try:
        for part in parts:
            client.receive(part)
            while (event := client.next_event()) is not None:
                events.append(event)
    except ProtocolViolation:
        return events, client.state, True
    return events, client.state, False


@given(server_streams, st.sampled_from(State), st.lists(st.integers(0, 5000), max_size=8))
def test_a_client_hears_the_same_however_the_bytes_are_cut(data: bytes, state: State, at: list[int]) -> None:
    assert hear(state, pieces(data, at)) == hear(state, [data])


@given(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n\r\0")),
    st.none() | st.integers(0, 10**9 - 1),
)
@example("Try again in 5 s", None)
@example("", 0)
@example("wait.", 3)
def test_a_refusal_and_its_retry_survive_the_wire(reason: str, retry_after: int | None) -> None:
    client = _in(Side.CLIENT, State.TALKING)
    client.owed = 1
    client.receive(_in(Side.SERVER, State.TALKING).send(NotSent(reason, retry_after)))
    assert client.next_event() == NotSent(reason, retry_after)


def test_a_refusal_in_other_words_is_one_all_the_same() -> None:
    client = _in(Side.CLIENT, State.TALKING)
    client.owed = 1
    client.receive(b"Message not sent: go away\n")
    assert client.next_event() == NotSent("go away")


def test_only_the_acknowledging_line_acknowledges() -> None:
    client = _in(Side.CLIENT, State.TALKING)
    client.owed = 1
    client.receive(b"Welcome back!\nMessage sent\n message send. \n")
    assert client.next_event() is None
    client.receive(b"Message send. Thanks.\n")
    assert client.next_event() == Acknowledged()


# What a client cannot say.


@pytest.mark.parametrize("token", ["", " ", "a b", "a\nb", "a\rb", "токен", "x" * 257, "\x1b"])
def test_what_is_no_token_is_never_sent(token: str) -> None:
    client = _in(Side.CLIENT, State.GREETED)
    with pytest.raises(InvalidInput):
        client.send(Token(token))
    assert client.state is State.GREETED


@pytest.mark.parametrize("nickname", ["a\nb", "a\rb", "\ud800", "x" * LINE_LIMIT])
def test_what_is_no_nickname_is_never_sent(nickname: str) -> None:
    client = _in(Side.CLIENT, State.ASKED)
    with pytest.raises(InvalidInput):
        client.send(Nickname(nickname))


@given(st.text(st.sampled_from("ab \n\r\u2028\x0b\x85ю"), min_size=1).filter(str.strip))
@example("\n\nleading")
@example("one\r\n\r\ntwo\n\n\nthree")
def test_every_text_is_exactly_one_message(text: str) -> None:
    server = _in(Side.SERVER, State.TALKING)
    server.receive(_in(Side.CLIENT, State.TALKING).send(Message(text)))
    message = server.next_event()
    assert isinstance(message, Message)
    assert message.text.split() == text.split()
    assert server.next_event() is None
    assert not server.unfinished


def test_a_text_with_half_a_letter_is_refused() -> None:
    with pytest.raises(InvalidInput):
        _in(Side.CLIENT, State.TALKING).send(Message("\ud800"))
