"""minechat server check: a line for everything a server would need, nothing changed, also while one runs."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.watched import Chat, Stage, until

FREE = ("--read-port", 0, "--write-port", 0, "--rift-port", 0, "--metrics-port", 0)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.close()


def check(stage: Stage, *options: object, code: int = 0) -> Chat:
    """A run that is over, with this exit code."""
    done = stage.run(*options, command=("-m", "minechat", "server", "check"))
    assert done.code() == code, done.told
    return done


def lines(done: Chat) -> dict[str, list[str]]:
    """What was found, by result and subject: the last words of each line."""
    found: dict[str, list[str]] = {}
    for line in done.shown.decode().splitlines():
        result, _, rest = line.partition(" ")
        subject, _, text = rest.strip().partition(": ")
        found.setdefault(f"{result} {subject}", []).append(text)
    return found


def files(stage: Stage) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in stage.folder.iterdir()}


def test_before_the_first_start_all_is_well_and_nothing_is_made(stage: Stage) -> None:
    (stage.folder / ".env").touch()
    before = files(stage)
    done = check(stage, *FREE)
    found = lines(done)
    assert found["ok read port"] == ["127.0.0.1, a free port will do"]
    assert found["ok certificate"] == ["none: both ports speak plainly"]
    assert any("the first start makes it" in text for text in found["ok database"])
    assert not [subject for subject in found if subject.startswith("error")]
    assert done.told == ""
    assert files(stage) == before


def test_while_the_server_runs_its_ports_are_in_use_and_not_taken(stage: Stage) -> None:
    server = stage.run(*FREE, command=("-m", "minechat", "server", "--json"))
    server.until_told('"started"')
    until(lambda: server.told.endswith("\n"))
    started = next(one for one in map(json.loads, server.told.splitlines()) if one["event"] == "started")
    ports = {name: started[name] for name in ("read_port", "write_port", "rift_port", "metrics_port")}
    options = [part for name, port in ports.items() for part in (f"--{name.replace('_', '-')}", port)]
    done = check(stage, *options)
    found = lines(done)
    assert "a server runs on it" in found["ok database"]
    for subject in ("ok read port", "ok write port", "ok rift port", "ok metrics port"):
        assert all("in use, and a server runs on the database" in text for text in found[subject])
    assert "is in use by the server that runs" in found["ok admin socket"][0]
    assert server.running


def test_each_thing_in_the_way_is_an_error_that_names_its_setting(stage: Stage) -> None:
    busy = stage.port().number
    folder = stage.folder / "folder"
    folder.mkdir()
    (stage.folder / ".env").write_text(f"READ_PORT=0\nWRITE_PORT={busy}\nADMIN_SOCKET={folder}\n")
    done = check(
        stage,
        "--metrics-port",
        stage.port().number,
        "--database",
        "sqlite:///no/such.db",
        "--tls-cert",
        "no.pem",
        code=2,
    )
    found = lines(done)
    assert "(--database)" in found["error database"][0]
    assert "(WRITE_PORT in .env)" in found["error write port"][0]
    assert "(--metrics-port)" in found["error metrics port"][0]
    assert "'no.pem'" in found["error certificate"][0]
    assert "(ADMIN_SOCKET in .env)" in found["error admin socket"][0]


def test_quiet_it_says_only_what_is_wrong(stage: Stage) -> None:
    busy = stage.port().number
    done = check(stage, *FREE, "--write-port", busy, "-q", code=2)
    assert [subject for subject in lines(done) if subject.startswith("ok")] == []
    assert f"port {busy}" in lines(done)["error write port"][0]


def test_as_json_each_finding_is_one_object(stage: Stage) -> None:
    done = check(stage, *FREE, "--json")
    objects = [json.loads(line) for line in done.shown.decode().splitlines()]
    assert {one["check"] for one in objects} >= {"limits", "database", "read port", "certificate"}
    assert {one["result"] for one in objects} <= {"ok", "warning"}
    assert all(one["v"] == 1 and one["text"] for one in objects)


def test_a_damaged_database_is_an_error(stage: Stage) -> None:
    (stage.folder / "minechat.db").write_bytes(b"this is no database" * 1000)
    os.chmod(stage.folder / "minechat.db", 0o600)
    before = (stage.folder / "minechat.db").read_bytes()
    done = check(stage, *FREE, code=2)
    assert len(lines(done)["error database"]) == 1
    assert (stage.folder / "minechat.db").read_bytes() == before


def test_tokens_in_the_open_are_a_warning(stage: Stage) -> None:
    done = check(stage, *FREE, "--host", "0.0.0.0", "--allow-plain")
    assert lines(done)["warning address"] == ["tokens travel unencrypted to 0.0.0.0"]
