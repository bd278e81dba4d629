"""The certificate of a server: where it lies, when it is made, and the line for friends."""

from pathlib import Path

import pytest

from minechat.cli import certificate
from minechat.cli.settings import parse
from minechat.cli.typed_server import ServerOptions
from minechat.server.selfsigned import ensure, fingerprint
from tests.certificates import issue


def options(*argv: str) -> ServerOptions:
    return parse("server", argv, environ={}, folders=[])


@pytest.mark.parametrize(
    ("argv", "files"),
    [
        ([], (None, None)),
        (["--tls-cert", "a", "--tls-key", "b"], ("a", "b")),
        (["--tls-cert", "both"], ("both", None)),
        (["--tls-self-signed"], ("minechat.db.crt", "minechat.db.key")),
        (["--tls-self-signed", "--database", "sqlite:////var/x.db"], ("/var/x.db.crt", "/var/x.db.key")),
        (["--tls-self-signed", "--tls-key", "b"], ("minechat.db.crt", "b")),
        (["--tls-self-signed", "--tls-cert", "a", "--tls-key", "b"], ("a", "b")),
    ],
)
def test_the_files_are_those_named_or_lie_beside_the_database(argv: list[str], files: tuple) -> None:
    assert certificate.files(options(*argv)) == files


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def made(wanted: ServerOptions) -> str:
    """A certificate where it is wanted; its file."""
    cert, key = certificate.files(wanted)
    assert cert is not None and key is not None
    assert ensure(cert, key, ["chat.example"])
    return cert


def test_it_is_told_at_the_start_that_made_it(here: Path, capsys) -> None:
    wanted = options("--tls-self-signed")
    assert certificate.will_be_made(wanted)
    made(wanted)
    assert not certificate.will_be_made(wanted)
    certificate.tell_friends(wanted, 5000, 5050, new=True)
    first = capsys.readouterr().err.splitlines()
    certificate.tell_friends(wanted, 5000, 5050, new=False)
    assert capsys.readouterr().err.splitlines() == first[1:]
    assert "minechat.db.crt" in first[0]


@pytest.mark.parametrize("argv", [[], ["--tls-cert", "a", "--tls-key", "b"]])
def test_without_the_wish_none_will_be_made(here: Path, argv: list[str]) -> None:
    assert not certificate.will_be_made(options(*argv))


@pytest.mark.parametrize(("host", "named"), [("192.0.2.7", "192.0.2.7"), ("0.0.0.0", "HOST"), ("::", "HOST")])
def test_friends_get_commands_to_paste(here: Path, capsys, host: str, named: str) -> None:
    wanted = options("--tls-self-signed", "--host", host)
    mark = fingerprint(made(wanted))
    certificate.tell_friends(wanted, 5000, 5050, new=False)
    watching, posting = capsys.readouterr().err.splitlines()
    assert watching.endswith(f": uv run chat.py --host {named} --port 5000 --tls-fingerprint {mark}")
    assert posting.endswith(f": uv run authorization.py --host {named} --port 5050 --tls-fingerprint {mark}")
    script, *argv = watching.partition("uv run ")[2].split()
    assert parse(script.removesuffix(".py"), argv, environ={}, folders=[]).tls


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_where_no_friend_can_come_none_is_promised(here: Path, capsys, host: str) -> None:
    wanted = options("--tls-self-signed", "--host", host)
    made(wanted)
    certificate.tell_friends(wanted, 5000, 5050, new=False)
    watching, posting, remedy = capsys.readouterr().err.splitlines()
    assert f": uv run chat.py --host {host} --port 5000 --tls-fingerprint " in watching
    assert f": uv run authorization.py --host {host} --port 5050 --tls-fingerprint " in posting
    assert "friends" not in watching + posting and "friends" in remedy and "--host" in remedy


def test_who_has_a_certificate_of_an_authority_is_told_nothing(here: Path, capsys) -> None:
    cert, key = issue("chat.example").save(here, "chat")
    certificate.tell_friends(options("--tls-cert", str(cert), "--tls-key", str(key)), 5000, 5050, new=True)
    certificate.tell_friends(options("--tls-self-signed", "-q"), 5000, 5050, new=True)
    certificate.tell_friends(options("--tls-self-signed", "--json"), 5000, 5050, new=True)
    assert capsys.readouterr().err == ""
