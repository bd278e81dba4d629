"""Each thing a server would need is tried alone, and given back."""

import os
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from minechat.cli.tasks import trials
from minechat.errors import AddressUnusable, CertificateUnusable
from minechat.server import unix
from minechat.server.ports import port_of
from minechat.server.selfsigned import ensure
from minechat.server.settings import Limits, Settings
from minechat.server.storage.inspection import Finding, Weight
from tests.certificates import issue


def only(findings: Iterator[Finding]) -> Finding:
    (one,) = findings
    return one


@pytest.fixture
def busy() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield port_of(other)


def test_the_limit_of_open_files_bounds_the_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials.system, "raise_descriptor_limit", lambda: 1024)
    found = only(trials.limits(Limits()))
    assert found.weight is Weight.NOTE
    assert "room for 896 connections, not 4096" in found.text
    assert "ulimit -n 4224" in found.text
    assert only(trials.limits(replace(Limits(), connections=800))).weight is Weight.GOOD


def test_limits_that_cannot_go_together_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials.system, "raise_descriptor_limit", lambda: 1 << 20)
    assert [one.weight for one in trials.limits(replace(Limits(), send_queue=1000))] == [
        Weight.GOOD,
        Weight.BAD,
    ]
    assert [one.weight for one in trials.limits(replace(Limits(), send_queues=5000))] == [
        Weight.GOOD,
        Weight.NOTE,
    ]


def test_a_free_port_stays_free(busy: int) -> None:
    assert only(trials.port("127.0.0.1", 0, served=False)).weight is Weight.GOOD
    with pytest.raises(AddressUnusable):
        only(trials.port("127.0.0.1", busy, served=False))
    assert "in use" in only(trials.port("127.0.0.1", busy, served=True)).text
    with pytest.raises(AddressUnusable):
        only(trials.port("192.0.2.1", 5000, served=True))


@pytest.mark.parametrize(
    ("served", "or_free", "weight"),
    [(True, False, Weight.GOOD), (False, True, Weight.NOTE), (False, False, None)],
)
def test_a_taken_metrics_port_matters_where_it_was_named(
    busy: int, served: bool, or_free: bool, weight: Weight | None
) -> None:
    settings = Settings(metrics_port=busy, metrics_port_or_free=or_free)
    if weight is None:
        with pytest.raises(AddressUnusable):
            only(trials.metrics_port(settings, served=served))
    else:
        assert only(trials.metrics_port(settings, served=served)).weight is weight


def test_no_metrics_port_is_well() -> None:
    assert only(trials.metrics_port(Settings(), served=False)).text == "none is wanted"


def test_a_certificate_is_read_as_a_server_would(tmp_path: Path) -> None:
    cert, key = f"{tmp_path}/chat.crt", f"{tmp_path}/chat.key"
    settings = Settings(certificate=cert, key=key)
    assert "will be made" in only(trials.certificate(settings, self_signed=True)).text
    with pytest.raises(CertificateUnusable):
        only(trials.certificate(settings, self_signed=False))
    ensure(cert, key, ("localhost",))
    assert only(trials.certificate(settings, self_signed=True)) == (Weight.GOOD, f"{cert!r}: it is good")
    os.unlink(key)
    with pytest.raises(CertificateUnusable, match="bring it back"):
        only(trials.certificate(settings, self_signed=True))


def test_a_certificate_that_is_soon_over_is_a_warning(tmp_path: Path) -> None:
    files = issue("localhost", ends=3).save(tmp_path, "chat")
    cert, key = map(str, files)
    os.chmod(key, 0o600)
    found = only(trials.certificate(Settings(certificate=cert, key=key), self_signed=False))
    assert found == (Weight.NOTE, f"{cert!r}: it ends in 3 days")


@pytest.mark.parametrize(
    ("prepare", "problem"),
    [
        (lambda path: path.parent.rmdir(), "the folder it belongs in does not exist"),
        (lambda path: path.touch(), "something else is there"),
        (lambda path: path.mkdir(), "something else is there"),
    ],
)
def test_where_no_admin_socket_can_be_is_told(
    tmp_path: Path, prepare: Callable[[Path], None], problem: str
) -> None:
    path = tmp_path / "folder" / "chat.admin"
    path.parent.mkdir()
    assert only(trials.admin_socket(str(path), served=False)).weight is Weight.GOOD
    prepare(path)
    with pytest.raises(AddressUnusable, match=problem):
        only(trials.admin_socket(str(path), served=False))


def test_a_name_too_long_for_a_socket_is_told(tmp_path: Path) -> None:
    assert only(trials.admin_socket(str(tmp_path / ("x" * 80)), served=False)).weight is Weight.GOOD
    for length in (110, 300):
        with pytest.raises(AddressUnusable, match="too long"):
            only(trials.admin_socket(str(tmp_path / ("x" * length)), served=False))
    assert os.listdir(tmp_path) == []


def test_an_admin_socket_of_a_server_that_runs_is_left_to_it(tmp_path: Path) -> None:
    path = str(tmp_path / "chat.admin")
    with unix.listening(path):
        with pytest.raises(AddressUnusable, match="a server that is running uses it"):
            only(trials.admin_socket(path, served=False))
        assert "is in use by the server that runs" in only(trials.admin_socket(path, served=True)).text
        os.unlink(path)
        with pytest.raises(AddressUnusable, match="the server that runs does not answer"):
            only(trials.admin_socket(path, served=True))
