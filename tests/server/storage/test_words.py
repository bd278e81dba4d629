"""Words of texts and of queries: what is folded, and that nothing of a query is ever taken for syntax."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.server.storage import search_statements
from minechat.server.storage.words import LONGEST, entry, holds, question, words

HOSTILE = (
    *('"', "'", "*", "a*b", "NEAR", "NEAR(a b)", "a AND", "OR", "NOT a", "^a", "text : a", "a:b", "{a b}: c"),
    *(
        "-a",
        "a + b",
        "(",
        ")",
        "@1",
        "@1 a",
        "a\x00b",
        "\x00",
        ";DROP TABLE word",
        "%",
        "_",
        "\\",
        "👋🏽",
        "a👋b",
    ),
    *("\ud800", "ё" * 100_000, "x " * 50_000, "\N{BOM}", "\u202ea", "אב", "漢字", "i̇", "ﬃ", "ß", "Ⅷ", "٣"),
)


@pytest.fixture(scope="module")
def index() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        for sql in search_statements.SCHEMA:
            connection.execute(sql)
        yield connection


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, hello world!", ["hello", "world"]),
        ("Ёлка и елка", ["елка", "и"]),
        ("е\N{COMBINING DIAERESIS}лка", ["елка"]),
        ("STRASSE Straße ﬁn", ["strasse", "fin"]),
        ("snake_case 2-3", ["snake_case", "2", "3"]),
        ("漢字 ＡＢＣ", ["漢字", "abc"]),
        ("👋 — ...", []),
        ("", []),
        ("x" * 200, ["x" * LONGEST]),
    ],
)
def test_words_are_folded_and_told_once(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@pytest.mark.parametrize(
    ("text", "query", "expected"),
    [
        ("The quick fox", "fox qui", True),
        ("The quick fox", "uick", False),
        ("Ёжик", "еж", True),
        ("a_b", "b", False),
        ("x" * 200, "x" * 300, True),
    ],
)
def test_a_text_holds_words_that_begin_its_own(text: str, query: str, *, expected: bool) -> None:
    assert holds(text, words(query)) is expected


def find(index: sqlite3.Connection, text: str, query: str, room_id: int = 7) -> bool:
    """Whether FTS5 finds a text, alone in an index, by a query."""
    index.execute("SAVEPOINT one")
    try:
        index.execute(search_statements.ADD_WORDS, (1, entry(7, text)))
        rows = index.execute(
            "SELECT rowid FROM word WHERE word MATCH ?", (question(words(query), [room_id]),)
        )
        return rows.fetchall() == [(1,)]
    finally:
        index.execute("ROLLBACK TO one")


@given(text=st.text(), query=st.text(min_size=1))
def test_the_index_finds_what_holds_the_words_and_nothing_else(
    index: sqlite3.Connection, text: str, query: str
) -> None:
    if words(query):
        assert find(index, text, query) is holds(text, words(query))
        assert not find(index, text, query, room_id=8)


@given(text=st.text(), data=st.data())
def test_any_word_of_a_text_and_any_beginning_of_it_finds_it(
    index: sqlite3.Connection, text: str, data: st.DataObject
) -> None:
    there = words(text)
    if there:
        word = data.draw(st.sampled_from(there))
        begin = word[: data.draw(st.integers(1, len(word)))]
        assert words(begin) == [begin] and find(index, text, begin)


@pytest.mark.parametrize("query", HOSTILE)
def test_a_hostile_query_is_words_or_nothing(index: sqlite3.Connection, query: str) -> None:
    if words(query):
        assert find(index, query.replace("\ud800", ""), query)
