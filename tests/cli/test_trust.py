"""Whom the commands trust: what the settings say, what is refused, and no secret for a bad server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from minechat.cli.exits import UsageError
from minechat.cli.settings import parse
from minechat.cli.trust import trusted
from minechat.client.tls import Tls
from tests.bad_tls import Case, Recorded, bad_servers, speaking_tls
from tests.certificates import Issued, issue

MARK = "AB:" * 31 + "CD"
TOKEN = "5ec2e700-0000-4000-8000-000000000001"
COMMANDS = ("chat", "registration", "authorization")


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("argv", "environ", "expected"),
    [
        ("", {}, None),
        ("--tls", {}, Tls()),
        ("", {"MINECHAT_TLS": "yes"}, Tls()),
        ("--tls-ca ca.pem", {}, Tls(ca="ca.pem")),
        ("--tls --tls-ca ca.pem", {}, Tls(ca="ca.pem")),
        ("", {"MINECHAT_TLS_CA": "ca.pem"}, Tls(ca="ca.pem")),
        (f"--tls-fingerprint {MARK}", {}, Tls(fingerprint=MARK)),
        (f"--tls-fingerprint {MARK.lower().replace(':', '')}", {}, Tls(fingerprint=MARK)),
        ("", {"MINECHAT_TLS_FINGERPRINT": MARK}, Tls(fingerprint=MARK)),
        ("--no-tls", {"MINECHAT_TLS": "yes"}, None),
        ("--no-tls", {"MINECHAT_TLS_FINGERPRINT": MARK}, None),
        ("", {"MINECHAT_TLS": "no"}, None),
        ("", {"TLS": "yes", "TLS_FINGERPRINT": MARK}, None),  # without the prefix they may be another's
    ],
)
def test_whom_the_settings_trust(
    command: str, argv: str, environ: dict[str, str], expected: Tls | None
) -> None:
    options = parse(command, ["-H", "chat.example", *argv.split()], environ=environ, folders=[])
    found = trusted(options)
    assert (found is None) == (expected is None)
    if found and expected:
        assert (found.ca, found.fingerprint) == (expected.ca, expected.fingerprint)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("argv", "environ", "told"),
    [
        ("--tls-fingerprint AB", {}, "--tls-fingerprint"),
        (f"--tls-fingerprint {MARK}:EF", {}, "--tls-fingerprint"),
        ("", {"MINECHAT_TLS_FINGERPRINT": "nonsense"}, "MINECHAT_TLS_FINGERPRINT"),
        (f"--tls-ca x --tls-fingerprint {MARK}", {}, "--tls-ca and --tls-fingerprint"),
        (f"--tls-fingerprint {MARK}", {"MINECHAT_TLS_CA": "x"}, "MINECHAT_TLS_CA"),
        ("--no-tls --tls-ca x", {}, "--no-tls"),
        ("", {"MINECHAT_TLS": "off", "MINECHAT_TLS_FINGERPRINT": MARK}, "MINECHAT_TLS"),
        (f"--tls-fingerprint {MARK}", {"MINECHAT_TLS": "off"}, "MINECHAT_TLS"),
    ],
)
def test_what_contradicts_itself_is_refused(
    command: str, argv: str, environ: dict[str, str], told: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse(command, ["-H", "chat.example", *argv.split()], environ=environ, folders=[])
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_server_opened_here_is_plain_whatever_the_settings_say() -> None:
    for argv in ([], ["--embedded", "-H", "chat.example"]):
        assert trusted(parse("chat", argv, environ={"MINECHAT_TLS": "yes"}, folders=[])) is None
        with pytest.raises(UsageError, match=r"\(--tls\); name another with --host"):
            parse("chat", [*argv, "--tls"], environ={}, folders=[])


# The scripts.


@pytest.fixture(scope="module")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Case]]:
    with bad_servers(tmp_path_factory.mktemp("bad")) as cases:
        yield cases


KINDS = (
    "self-signed",
    "for another name",
    "not the pinned one",
    "TLS 1.1",
    "plain text",
    "a stalled handshake",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_bad_server_gets_no_secret_and_the_user_one_line(
    commands, bad: dict[str, Case], command: str
) -> None:
    commands.keep_token(TOKEN)
    own = {
        "chat": ("--retry", "0"),
        "registration": ("-U", "Secret Name", "--force"),
        "authorization": ("-m", "secret text"),
    }[command]

    def run(kind: str) -> CompletedProcess[str]:
        case = bad[kind]
        return commands.run(
            command, "-H", case.name, "-P", case.server.port, *case.trust, "--timeout", "1", "-q", *own
        )

    with ThreadPoolExecutor() as pool:
        runs = dict(zip(KINDS, pool.map(run, KINDS), strict=True))
    for kind, done in runs.items():
        assert (kind, done.returncode, done.stdout) == (kind, 3, "")
        assert done.stderr.count("\n") == 1, done.stderr
        assert bad[kind].told in done.stderr
        assert "(-H)" in done.stderr
        for received in (bad[kind].server.raw, bad[kind].server.read):
            assert not any(secret in received for secret in (TOKEN.encode(), b"Secret Name", b"secret text"))
    assert commands.token_file.read_text() == f"{TOKEN}\n"


def test_by_default_a_server_that_is_not_trusted_ends_the_chat_at_once(commands, bad) -> None:
    case = bad["self-signed"]
    done = commands.run("chat", "-H", case.name, "-P", case.server.port, "--tls")
    assert (done.returncode, done.stdout) == (3, "")
    assert "give that with --tls-fingerprint" in done.stderr
    assert (commands.folder / "history.log").read_bytes() == b""


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Recorded, Issued, Path]]:
    """A server for localhost that listens to all and answers nothing but its greeting, and its authority."""
    folder = tmp_path_factory.mktemp("good")
    authority = issue("Authority of the tests", authority=True)
    issued = issue("localhost", by=authority)
    server = Recorded(speaking_tls(issued.context(folder, "good")))
    yield server, issued, authority.save(folder, "authority")[0]
    server.close()


def test_the_authorities_of_the_system_are_those_that_tls_alone_trusts(commands, good) -> None:
    server, _, authority = good
    where = ("-H", "localhost", "-P", server.port, "-T", TOKEN, "-m", "x", "--timeout", "1", "--tls")
    done = commands.run("authorization", *where)
    assert "signed by nobody known here" in done.stderr
    # The variable by which a user tells OpenSSL of another store.
    done = commands.run("authorization", *where, SSL_CERT_FILE=str(authority))
    assert (done.returncode, "did not answer" in done.stderr) == (3, True), done.stderr
    assert TOKEN.encode() in server.read


def test_no_token_is_told_however_much_is_told(commands, good) -> None:
    server, issued, _ = good
    where = ("-H", "127.0.0.1", "-P", server.port, "--timeout", "1", "-vv")
    pinned = ("--tls-fingerprint", issued.fingerprint)
    commands.keep_token(TOKEN)
    ways = (pinned, ("--tls-fingerprint", MARK), (*pinned, "--json"), ("--tls",))
    with ThreadPoolExecutor() as pool:
        runs = [*pool.map(lambda more: commands.run("authorization", *where, *more, "-m", "x"), ways)]
    for done in runs:
        assert done.returncode == 3
        assert TOKEN not in done.stdout + done.stderr
    assert TOKEN.encode() in server.read
    assert TOKEN.encode() not in server.raw


def test_a_file_of_authorities_that_cannot_be_used_is_told_with_its_origin(commands, good) -> None:
    server, _, _ = good
    done = commands.run(
        "authorization",
        "-H",
        "localhost",
        "-P",
        server.port,
        "-T",
        TOKEN,
        "-m",
        "x",
        "-q",
        MINECHAT_TLS_CA="missing",
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "'missing'" in done.stderr
    assert "(MINECHAT_TLS_CA in the environment)" in done.stderr
    assert done.stderr.count("\n") == 1
