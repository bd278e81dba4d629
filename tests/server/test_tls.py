"""The certificate's files: what is wrong with them is one clear line; a bad new one changes nothing."""

import logging
import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from minechat.errors import CertificateUnusable
from minechat.server.tls import Certificate
from tests.certificates import issue


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    cert, key = issue("localhost").save(tmp_path, "good")
    key.chmod(0o600)
    return cert, key


def refusal(cert: Path | str, key: Path | str | None) -> str:
    with pytest.raises(CertificateUnusable) as refused:
        Certificate(str(cert), None if key is None else str(key))
    line = str(refused.value)
    assert "\n" not in line
    return line


def test_a_good_certificate_and_nothing_older_than_tls_1_2(files: tuple[Path, Path]) -> None:
    certificate = Certificate(*map(str, files))
    assert certificate.context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert certificate.warning is None


def test_a_certificate_and_its_key_in_one_file(files: tuple[Path, Path], tmp_path: Path) -> None:
    both = tmp_path / "both"
    both.write_bytes(files[0].read_bytes() + files[1].read_bytes())
    both.chmod(0o600)
    assert Certificate(str(both)).warning is None
    both.chmod(0o644)
    assert "chmod 600" in refusal(both, None)


def test_files_that_are_missing_or_are_none(files: tuple[Path, Path], tmp_path: Path) -> None:
    cert, key = files
    assert (
        refusal(tmp_path / "no", key)
        == f"cannot read the certificate '{tmp_path}/no': No such file or directory"
    )
    assert refusal(cert, tmp_path / "no") == f"cannot read the key '{tmp_path}/no': No such file or directory"
    assert "it is not a file" in refusal(tmp_path, key)
    assert "cannot be the name of a file" in refusal(cert, "\0")
    os.mkfifo(tmp_path / "pipe")
    assert "it is not a file" in refusal(cert, tmp_path / "pipe")


def test_a_key_that_cannot_be_read(files: tuple[Path, Path], tmp_path: Path) -> None:
    cert, key = files
    if os.geteuid() != 0:
        key.chmod(0)
        assert "Permission denied" in refusal(cert, key)
        return
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents[:3]:
        folder.chmod(0o755)
    os.seteuid(65534)
    try:
        assert "Permission denied" in refusal(cert, key)
    finally:
        os.seteuid(0)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o622, 0o660])
def test_a_key_that_others_can_read_is_refused_with_the_line_that_mends_it(
    files: tuple[Path, Path], mode: int
) -> None:
    cert, key = files
    key.chmod(mode)
    assert refusal(cert, key) == (
        f"other users may read the key '{key}' (mode {mode:04o}); run: chmod 600 {key}"
    )
    key.chmod(0o400)
    Certificate(str(cert), str(key))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_roots_key_may_be_lent_to_a_group_and_nobody_elses(files: tuple[Path, Path], tmp_path: Path) -> None:
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o755)
    cert, key = files
    key.chmod(0o640)
    os.chown(key, 0, 65534)
    os.setegid(65534)
    os.seteuid(65534)
    try:
        Certificate(str(cert), str(key))
    finally:
        os.seteuid(0)
        os.setegid(0)
    assert "chmod 600" in refusal(cert, key)  # of root's own server it asks more


def test_a_key_of_another_certificate(files: tuple[Path, Path], tmp_path: Path) -> None:
    _, other = issue("other").save(tmp_path, "other")
    other.chmod(0o600)
    assert refusal(files[0], other) == f"the key in {other} does not belong to the certificate in {files[0]}"


def test_files_that_hold_something_else(files: tuple[Path, Path], tmp_path: Path) -> None:
    cert, key = files
    noise = tmp_path / "noise"
    cut = tmp_path / "cut"
    noise.write_bytes(os.urandom(1000))
    cut.write_bytes(cert.read_bytes()[:300])
    for path in (noise, cut):
        path.chmod(0o600)
        assert refusal(path, key) == f"{path} holds no certificate in PEM form"
        assert refusal(cert, path) == f"{path} holds no private key in PEM form"
    assert refusal(key, key) == f"{key} holds no certificate in PEM form"


def test_a_key_locked_by_a_password_is_told_and_nobody_is_asked(tmp_path: Path) -> None:
    issued = issue("localhost")
    cert, key = issued.save(tmp_path, "locked")
    locked = serialization.BestAvailableEncryption(b"secret")
    key.write_bytes(
        issued.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)
    )
    key.chmod(0o600)
    assert refusal(cert, key) == f"the key in {key} is locked by a password; take it off"


@pytest.mark.parametrize(
    ("begins", "ends", "warning"),
    [
        (-10, -1, "it has expired"),
        (1, 10, "it is not valid yet"),
        (-10, 5, "it ends in 5 days"),
        (-10, 30, None),
    ],
)
def test_dates_are_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, begins: float, ends: float, warning: str | None
) -> None:
    cert, key = issue("localhost", begins=begins, ends=ends).save(tmp_path, "dated")
    key.chmod(0o600)
    with caplog.at_level(logging.INFO, "minechat.server"):
        assert Certificate(str(cert), str(key)).warning == warning
    assert [record.getMessage() for record in caplog.records] == ["certificate_out_of_date"] * bool(warning)


def test_a_certificate_of_a_kind_that_no_client_can_use_is_refused_and_never_taken_over(
    files: tuple[Path, Path], tmp_path: Path
) -> None:
    cert, key = files
    certificate = Certificate(str(cert), str(key))
    before = shown(certificate)
    # A curve that OpenSSL loads, and no version of TLS agrees on.
    odd_cert, odd_key = issue("localhost", key=ec.generate_private_key(ec.SECP256K1())).save(tmp_path, "odd")
    odd_key.chmod(0o600)
    assert (
        refusal(odd_cert, odd_key) == f"no client could use the certificate in {odd_cert}: no shared cipher"
    )
    cert.write_bytes(odd_cert.read_bytes())
    key.write_bytes(odd_key.read_bytes())
    assert not certificate.reload()
    assert shown(certificate) == before


def test_a_system_that_allows_tls_1_2_alone(files: tuple[Path, Path], tmp_path: Path) -> None:
    policy = tmp_path / "openssl.cnf"
    policy.write_text(
        "openssl_conf = all\n[all]\nssl_conf = tls\n[tls]\nsystem_default = newest\n[newest]\n"
        "MaxProtocol = TLSv1.2\n"
    )
    program = (
        "import sys; from minechat.server.tls import Certificate; print(Certificate(*sys.argv[1:]).warning)"
    )
    told = subprocess.run(
        [sys.executable, "-c", program, *map(str, files)],
        env={**os.environ, "OPENSSL_CONF": str(policy)},
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (told.stdout, told.stderr) == ("None\n", "")


def shown(certificate: Certificate) -> bytes:
    """The certificate that a client is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(back, there)
    server = certificate.context.wrap_bio(there, back, server_side=True)
    for side in (client, server):
        with pytest.raises(ssl.SSLWantReadError):
            side.do_handshake()
    client.do_handshake()
    return client.getpeercert(binary_form=True) or b""


def test_a_new_certificate_is_shown_after_a_reload_and_a_bad_one_leaves_the_old(
    files: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cert, key = files
    certificate = Certificate(str(cert), str(key))
    before = shown(certificate)
    new_cert, new_key = issue("localhost").save(tmp_path, "new")
    new_key.chmod(0o600)
    # Renewed half-way: the certificate is new, the key still the old one.
    cert.write_bytes(new_cert.read_bytes())
    with caplog.at_level(logging.INFO, "minechat.server"):
        assert not certificate.reload()
    assert [record.getMessage() for record in caplog.records] == ["certificate_kept"]
    assert shown(certificate) == before
    key.write_bytes(new_key.read_bytes())
    assert certificate.reload()
    assert shown(certificate) != before
    key.unlink()
    assert not certificate.reload()
