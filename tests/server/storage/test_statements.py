"""The SQL texts: complete for their schema, never put together from pieces at run time."""

import ast
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import minechat.server.storage
from minechat.server.storage import migrations, search_statements, statements

HOMES = ("statements.", "search_statements.")
KINDS = ("INSERT", "SELECT", "UPDATE", "DELETE", "WITH", "DROP")
FOLDER = Path(minechat.server.storage.__file__).parent


def test_every_statement_fits_the_schema(tmp_path: Path) -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        with closing(sqlite3.connect(tmp_path / "source")) as source:
            migrations.build(source)
        connection.execute(statements.ATTACH_SOURCE, (str(tmp_path / "source"),))
        migrations.build(connection)
        connection.execute(statements.MAKE_MANIFEST)
        tables = (statements.ROWS, statements.COUNTS, statements.COPY_ROWS)
        texts = [*vars(statements).values(), *(sql for table in tables for sql in table.values())]
        ours = [text for text in texts if isinstance(text, str) and text.split()[0] in KINDS]
        assert len(ours) > 40
        for sql in ours:
            values = max(map(int, re.findall(r"\?(\d+)", sql)), default=sql.count("?"))
            connection.execute(f"EXPLAIN {sql}", [None] * values).fetchall()


def test_sql_stands_in_files_of_its_own() -> None:
    nodes = [node for path in FOLDER.glob("*.py") for node in ast.walk(ast.parse(path.read_text()))]
    calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    executed = [ast.unparse(call.args[0]) for call in calls if call.func.attr.startswith("execute")]
    assert len(executed) > 15
    loops = ("sql", "section.sql", "pragma", "check", "checkpoint")
    assert [sql for sql in executed if not sql.startswith(HOMES) and sql not in loops] == []


def test_every_statement_of_the_search_fits_its_schema() -> None:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrations.build(connection)
        for step in search_statements.SCHEMA:
            connection.execute(step)
        texts = [text for text in vars(search_statements).values() if isinstance(text, str)]
        ours = [text for text in texts if text.split() and text.split()[0] in KINDS]
        assert len(ours) >= 12
        for sql in ours:
            connection.execute(f"EXPLAIN {sql}", [None] * sql.count("?")).fetchall()
