"""A certificate of one's own: made once and whole, its key private, and clients can check it."""

import datetime
import os
import re
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtensionOID

from minechat.client.tls import Tls
from minechat.errors import CertificateUnusable
from minechat.server import selfsigned
from minechat.server.selfsigned import ensure, fingerprint
from minechat.server.tls import Certificate
from tests.certificates import issue

NAMES = (
    "chat.example",
    "[fe80::1%eth0]",
    "0.0.0.0",
    "чат.example",
    "localhost",
    "127.0.0.1",
    "::1",
    "localhost",
)


def made(folder: Path) -> tuple[str, str]:
    cert, key = str(folder / "chat.crt"), str(folder / "chat.key")
    assert ensure(cert, key, NAMES)
    return cert, key


def certificate(path: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate(Path(path).read_bytes())


def test_it_is_made_once_and_stays(tmp_path: Path) -> None:
    cert, key = made(tmp_path)
    before = Path(cert).read_bytes(), Path(key).read_bytes()
    assert not ensure(cert, key, ["other.example"])
    assert (Path(cert).read_bytes(), Path(key).read_bytes()) == before
    assert sorted(os.listdir(tmp_path)) == ["chat.crt", "chat.key"]


def test_it_is_for_the_names_given_and_good_for_ten_years(tmp_path: Path) -> None:
    cert, _ = made(tmp_path)
    read = certificate(cert)
    names = read.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_ALTERNATIVE_NAME).value
    assert [str(name.value) for name in names] == [
        "chat.example",
        "fe80::1",
        "xn--80a0bn.example",
        "localhost",
        "127.0.0.1",
        "::1",
    ]
    now = datetime.datetime.now(datetime.UTC)
    assert read.not_valid_before_utc < now - datetime.timedelta(hours=23)
    assert now.year + 10 == read.not_valid_after_utc.year
    assert read.public_key().curve.name == "secp256r1"


def test_the_fingerprint_is_that_of_the_first_certificate_of_the_file(tmp_path: Path) -> None:
    cert, _ = made(tmp_path)
    expected = certificate(cert).fingerprint(hashes.SHA256()).hex(":").upper()
    Path(cert).write_bytes(b"a chain \xff may say anything\n" + Path(cert).read_bytes() + issue("x").pem)
    assert fingerprint(cert) == expected
    assert Tls(fingerprint=fingerprint(cert)).fingerprint == expected.replace(":", "")


@pytest.mark.parametrize(
    "data",
    [b"", b"nothing", b"-----BEGIN CERTIFICATE-----\nAAA", b"-----BEGIN CERTIFICATE-----\n!\n-----END "],
)
def test_what_holds_no_certificate_has_no_fingerprint(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "chat.crt"
    path.write_bytes(data)
    with pytest.raises(CertificateUnusable, match=re.escape(f"{str(path)!r} holds no certificate")):
        fingerprint(str(path))


@pytest.mark.parametrize("name", ["missing", ".", "nul\0"])
def test_a_file_that_cannot_be_read_has_no_fingerprint(tmp_path: Path, name: str) -> None:
    with pytest.raises(CertificateUnusable, match="cannot read the certificate"):
        fingerprint(f"{tmp_path}/{name}")


def test_the_server_loads_it_and_clients_that_name_it_trust_it(tmp_path: Path) -> None:
    cert, key = made(tmp_path)
    strict = ssl.create_default_context(cafile=cert)
    strict.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN  # as from Python 3.13 on
    for client in (Tls(ca=cert).context, strict):
        for name in ("chat.example", "127.0.0.1", "::1"):
            there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
            asking = client.wrap_bio(back, there, server_hostname=name)
            answering = Certificate(cert, key).context.wrap_bio(there, back, server_side=True)
            for side in (asking, answering, asking):
                try:
                    side.do_handshake()
                except ssl.SSLWantReadError:
                    continue
            assert asking.version() == "TLSv1.3"


def test_half_a_pair_is_refused_and_kept(tmp_path: Path) -> None:
    cert, key = str(tmp_path / "chat.crt"), str(tmp_path / "chat.key")
    for there, missing in ((cert, key), (key, cert)):
        Path(there).write_text("kept")
        with pytest.raises(
            CertificateUnusable, match=f"^{re.escape(f'{there!r} is there without {missing!r}')}; .+$"
        ):
            ensure(cert, key, NAMES)
        assert os.listdir(tmp_path) == [os.path.basename(there)]
        assert Path(there).read_text() == "kept"
        os.unlink(there)


def test_a_link_that_leads_nowhere_is_not_followed(tmp_path: Path) -> None:
    cert, key = tmp_path / "chat.crt", tmp_path / "chat.key"
    key.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CertificateUnusable, match="is there without"):
        ensure(str(cert), str(key), NAMES)
    assert os.listdir(tmp_path) == ["chat.key"]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_comes_meanwhile_is_not_overwritten(tmp_path: Path, monkeypatch, links: bool) -> None:
    cert, key = tmp_path / "chat.crt", tmp_path / "chat.key"
    make, link = selfsigned._made, os.link

    def slowly(names):
        key.write_text("another's")
        return make(names)

    def refuse(source, target):
        raise PermissionError(1, "no second names here")

    monkeypatch.setattr(selfsigned, "_made", slowly)
    monkeypatch.setattr(os, "link", link if links else refuse)
    with pytest.raises(CertificateUnusable, match=r"chat\.key.*nothing is overwritten"):
        ensure(str(cert), str(key), NAMES)
    assert key.read_text() == "another's"
    assert os.listdir(tmp_path) == ["chat.key"]


@pytest.mark.parametrize("name", ["missing/chat", "nul\0"])
def test_a_place_that_cannot_be_written_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(CertificateUnusable, match=r"^cannot write "):
        ensure(f"{tmp_path}/{name}.crt", f"{tmp_path}/{name}.key", NAMES)


MAKE = (
    "import sys\nfrom minechat.server.selfsigned import ensure\nprint(ensure('chat.crt', 'chat.key', ['x']))"
)


def run(folder: Path, *before: str, code: str = MAKE, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, sys.executable, "-c", code],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.getcwd(), **environment},
        capture_output=True,
        text=True,
        timeout=30,
    )


@pytest.mark.needs("strace")
def test_both_files_are_private_from_their_first_system_call(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    before = ("sh", "-c", 'umask 000; exec "$@"', "sh", "strace", "-f", "-o", str(trace))
    done = run(
        tmp_path, *before, "-e", "trace=open,openat,creat,chmod,fchmod,link,linkat,rename,renameat,fsync"
    )
    assert done.stdout == "True\n", done.stderr
    calls = trace.read_text()
    created = re.findall(r"openat\([^\n]*chat\.\w+\.new[^\n]*O_CREAT[^\n]*", calls)
    assert len(created) == 2
    assert all("O_EXCL" in call and ", 0600)" in call for call in created)
    assert "chmod(" not in calls
    # Each is on the disk before it has its name, and the key before the certificate.
    order = re.findall(r'(?:(fsync)\(|link(?:at)?\(.*"(chat\.\w+)").*= 0', calls)
    assert [call or name for call, name in order] == [
        "fsync",
        "chat.key",
        "fsync",
        "fsync",
        "chat.crt",
        "fsync",
    ]
    for name in ("chat.crt", "chat.key"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_without_its_library_the_extra_is_named(tmp_path: Path) -> None:
    code = f"import sys\nsys.modules['cryptography'] = None\n{MAKE}"
    done = run(tmp_path, code=code)
    assert done.returncode == 1
    assert "uv sync --extra tls" in done.stderr
    assert "pip install 'minechat[tls]'" in done.stderr
    assert os.listdir(tmp_path) == []
