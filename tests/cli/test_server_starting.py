"""A server that cannot start: one line at once, and a folder as empty as before, whatever is in the way."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from minechat.server import unix
from minechat.server.selfsigned import ensure
from tests.cli.watched import Stage

COMMAND = ("-m", "minechat", "server")
SELF_SIGNED = "--tls-self-signed"
#: What stands in the way: the options, and what is said of it. {other} is a folder with things of others.
WAYS: dict[str, tuple[str, str]] = {
    "read port": ("--read-port {busy}", "port {busy}: Address already in use (--read-port)"),
    "write port": ("--write-port {busy}", "port {busy}: Address already in use (--write-port)"),
    "metrics port": ("--metrics-port {busy}", "port {busy}: Address already in use (--metrics-port)"),
    "address": ("--host 192.0.2.1", "cannot listen on 192.0.2.1"),
    "admin folder": ("--admin-socket missing/admin", "'missing/admin'"),
    "admin name": ("--admin-socket " + "x" * 300, "File name too long (--admin-socket)"),
    "admin socket of another": ("--admin-socket {other}/admin", "a server that is running uses it (--admin-"),
    "admin socket a file": ("--admin-socket {other}/file", "something else is there"),
    "admin socket on no disk": ("--admin-socket /proc/admin", "'/proc/admin'"),
    "certificate's folder": ("--tls-cert missing/cert --tls-key key", "cannot write 'missing/cert'"),
    "key's folder": ("--tls-cert cert --tls-key missing/key", "cannot write 'missing/key'"),
    "half a certificate": ("--tls-cert cert --tls-key {other}/key", "is there without 'cert'"),
    "no certificate": ("--tls-cert {other}/file --tls-key {other}/key", "holds no certificate"),
    "database's folder": (
        "--database sqlite:///missing/db --tls-cert cert --tls-key key",
        "'{here}/missing/db'",
    ),
    "database a folder": ("--database sqlite:///{other} --tls-cert cert --tls-key key", "a folder"),
    "database no database": (
        "--database sqlite:///{other}/file --tls-cert cert --tls-key key",
        "not a database",
    ),
    "database of another": (
        "--database sqlite:///{other}/admin --tls-cert cert --tls-key key",
        "a server that ",
    ),
    "kind of database": ("--database postgres://x/y --tls-cert cert --tls-key key", "'postgres'"),
}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    (tmp_path / "here").mkdir()
    stage = Stage(tmp_path / "here")
    yield stage
    stage.close()


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Path]:
    """A folder where another server runs, with a file in it, and a key."""
    folder = tmp_path / "other"
    folder.mkdir()
    ensure(str(folder / "cert"), str(folder / "key"), ["other"])
    (folder / "file").write_text("precious " * 100)
    (folder / "file").chmod(0o600)
    with unix.listening(str(folder / "admin")):
        yield folder


@pytest.mark.parametrize("way", WAYS)
def test_what_stands_in_the_way_is_one_line_at_once_and_leaves_no_trace(
    stage: Stage, other: Path, way: str
) -> None:
    busy = stage.port().number
    options, said = (text.format(busy=busy, other=other, here=stage.folder) for text in WAYS[way])
    ports = [flag for flag in ("--read-port", "--write-port", "--metrics-port") if flag not in options]
    there = tree(other)
    server = stage.run(
        *options.split(), *(part for flag in ports for part in (flag, "0")), SELF_SIGNED, command=COMMAND
    )
    assert server.code() == 2, server.told
    assert said in server.told
    assert server.told.count("\n") == 1
    assert server.cpu() < 1.0
    assert os.listdir(stage.folder) == [".env"]  # of the stage, so that no other one is read
    assert tree(other) == there


def tree(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() if one.is_file() else b"" for one in folder.iterdir()}
