"""The SQL texts: complete for their schema, never put together from pieces at run time."""

import ast
import sqlite3
from contextlib import closing
from pathlib import Path

import minechat.server.storage
from minechat.server.storage import statements

FOLDER = Path(minechat.server.storage.__file__).parent


def test_every_statement_fits_the_schema() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        for table in (*statements.VERSION_1, *statements.VERSION_2):
            connection.execute(table)
        for name, sql in vars(statements).items():
            if (
                name.isupper()
                and isinstance(sql, str)
                and sql.split()[0] in ("INSERT", "SELECT", "UPDATE", "DELETE", "WITH")
            ):
                connection.execute(f"EXPLAIN {sql}", [None] * sql.count("?")).fetchall()


def test_sql_stands_in_one_file() -> None:
    nodes = [node for path in FOLDER.glob("*.py") for node in ast.walk(ast.parse(path.read_text()))]
    calls = [node for node in nodes if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)]
    executed = [ast.unparse(call.args[0]) for call in calls if call.func.attr.startswith("execute")]
    assert len(executed) > 15
    loops = ("sql", "pragma")
    assert [sql for sql in executed if not sql.startswith("statements.") and sql not in loops] == []
