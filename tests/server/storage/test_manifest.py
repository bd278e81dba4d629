"""Counts and checksums: of every column, and different whenever anything is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from minechat.server.storage import manifest, migrations, statements
from tests.server.storage.test_migrations import old_database


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(old_database(tmp_path / "a.db"), isolation_level=None)) as connection:
        yield connection


def test_every_column_of_every_table_counts() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.build(connection)
        made = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        assert sorted(made) == sorted(migrations.tables(migrations.NEWEST)) == sorted(statements.ROWS)
        for table in made:
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            rows = connection.execute(statements.ROWS[table])
            assert [column[0] for column in rows.description] == columns


def test_equal_content_has_equal_digests_however_it_lies_on_the_disk(connection: sqlite3.Connection) -> None:
    before = manifest.digests(connection, 1)
    assert {one.table: one.rows for one in before} == {
        "schema_version": 1,
        "room": 2,
        "account": 3,
        "message": 12,
    }
    connection.execute("VACUUM")
    connection.execute("CREATE INDEX said ON message (said_at)")
    assert manifest.digests(connection, 1) == before


@pytest.mark.parametrize(
    ("change", "table"),
    [
        ("UPDATE message SET text = text || ' ' WHERE room_id = 1 AND seq = 2", "message"),
        ("UPDATE message SET said_at = said_at + 1 WHERE room_id = 2 AND seq = 9", "message"),
        ("DELETE FROM message WHERE room_id = 2 AND seq = 9", "message"),
        ("UPDATE account SET token_hash = zeroblob(32) WHERE id = 2", "account"),
        ("UPDATE account SET key = '' WHERE id = 3", "account"),
        ("UPDATE room SET name = 'General' WHERE id = 2", "room"),
    ],
)
def test_any_change_is_a_difference(connection: sqlite3.Connection, change: str, table: str) -> None:
    before = manifest.digests(connection, 1)
    assert manifest.difference(before, before) is None
    connection.execute(change)
    assert manifest.difference(manifest.digests(connection, 1), before) == table


def test_a_text_that_is_no_text_any_more_is_a_difference_too(connection: sqlite3.Connection) -> None:
    before = manifest.digests(connection, 1)
    connection.execute("UPDATE message SET text = CAST(x'ff00fe' AS TEXT) WHERE seq = 1")
    assert manifest.difference(manifest.digests(connection, 1), before) == "message"


def test_what_is_written_is_found_again(connection: sqlite3.Connection) -> None:
    assert manifest.recorded(connection) is None
    found = manifest.digests(connection, 1)
    manifest.write(connection, found)
    recorded = manifest.recorded(connection)
    assert recorded is not None
    assert sorted(recorded) == sorted(found)
    assert manifest.difference(recorded, found) is None
