"""What a database holds, as the owner sees it: a line or a JSON object for each table."""

from collections.abc import Sequence

from minechat.cli.results import put, put_json
from minechat.server.storage.manifest import TableDigest


def show(found: Sequence[TableDigest], *, as_json: bool) -> None:
    """One line on stdout for each table: its name, its number of rows, their checksum."""
    for one in found:
        if as_json:
            put_json(table=one.table, rows=one.rows, sha256=one.sha256)
        else:
            put(f"{one.table:<15} {one.rows:>12}  sha256 {one.sha256}")
