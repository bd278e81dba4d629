"""Whom a client trusts: authorities or one fingerprint, and nobody else gets a byte of it."""

import asyncio
import os
import re
import ssl
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.client.address import Address
from minechat.client.connection import connection
from minechat.client.reaching import lookup
from minechat.client.speak import speaking
from minechat.client.tls import Tls, digits
from minechat.errors import (
    CertificateUnusable,
    ConnectionLost,
    InvalidInput,
    NetworkError,
    TimedOut,
    TlsNotTrusted,
)
from tests.bad_tls import Case, bad_servers
from tests.certificates import issue

pytestmark = pytest.mark.usefixtures("quiet")

TOKEN = "5ec2e700-0000-4000-8000-000000000001"
#: Kinds of bad servers that might get better by themselves.
PASSING = {
    "a stalled handshake": TimedOut,
    "a dripping handshake": TimedOut,
    "gone in the handshake": ConnectionLost,
}


def trust(case: Case) -> Tls:
    """The command line's words as a value."""
    named = dict(zip(case.trust[::2], case.trust[1::2], strict=False))
    return Tls(named.get("--tls-ca"), named.get("--tls-fingerprint"))


async def post(case: Case) -> tuple[str, type[Exception]]:
    """What stood in the way of a post: the words about it, and its kind."""
    began = time.monotonic()
    with pytest.raises(NetworkError) as caught:
        async with speaking(case.name, case.server.port, timeout=0.7, tls=trust(case)) as talk:
            await talk.authorize(TOKEN)
    assert time.monotonic() - began < 2
    return str(caught.value), type(caught.value)


async def test_no_bad_server_is_trusted_nor_gets_a_byte_before_it_is(tmp_path: Path) -> None:
    with bad_servers(tmp_path) as cases:
        tried = await asyncio.gather(*(post(case) for case in cases.values()))
        assert len(cases) >= 12
        for (name, case), (told, kind) in zip(cases.items(), tried, strict=True):
            assert (name, kind) == (name, PASSING.get(name, TlsNotTrusted))
            assert case.told in told, name
            assert "\n" not in told
            assert (name, case.server.read) == (name, b"")
            assert TOKEN.encode() not in case.server.raw
            assert len(case.server.accepted) == 1, name


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"hello\n")
    await reader.read()


async def greeted(port: int, tls: Tls, host: str = "127.0.0.1") -> bool:
    async with connection(Address(host, port), tls=tls) as (reader, _):
        return await reader.read(100) == b"hello\n"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_an_authority_vouches_for_the_names_it_signed(serve, owner, host: str) -> None:
    assert await greeted(await serve(greet, tls=owner.tls), Tls(ca=owner.ca), host)


async def test_an_authority_vouches_for_an_address_of_ipv6(serve, owner) -> None:
    assert await greeted(await serve(greet, "::1", tls=owner.tls), Tls(ca=owner.ca), "[::1]")


async def test_a_certificate_that_signed_itself_may_be_named_as_the_authority(serve, tmp_path: Path) -> None:
    issued = issue("localhost")
    certificate, _ = issued.save(tmp_path, "own")
    port = await serve(greet, tls=issued.context(tmp_path, "own"))
    assert await greeted(port, Tls(ca=str(certificate)), "localhost")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_both_versions_that_are_safe_are_spoken(serve, tmp_path: Path, version: ssl.TLSVersion) -> None:
    issued = issue("127.0.0.1")
    port = await serve(greet, tls=issued.context(tmp_path, "own", version))
    assert await greeted(port, Tls(fingerprint=issued.fingerprint))


@pytest.mark.parametrize("written", [str.upper, str.lower, lambda text: text.replace(":", "")])
async def test_a_fingerprint_alone_decides(serve, tmp_path: Path, written) -> None:
    issued = issue("chat.example", ends=-0.5)  # another name, and expired
    port = await serve(greet, tls=issued.context(tmp_path, "own"))
    assert await greeted(port, Tls(fingerprint=written(issued.fingerprint)))


async def test_one_wrong_digit_of_a_fingerprint_is_refused(serve, owner) -> None:
    port = await serve(greet, tls=owner.tls)
    right = digits(owner.issued.fingerprint)
    for place in (0, 31, 63):
        wrong = right[:place] + ("0" if right[place] != "0" else "1") + right[place + 1 :]
        with pytest.raises(TlsNotTrusted, match="another certificate"):
            await greeted(port, Tls(fingerprint=wrong))


@given(st.binary(min_size=32, max_size=32), st.booleans(), st.booleans())
def test_a_fingerprint_is_read_in_every_common_form(value: bytes, colons: bool, capital: bool) -> None:
    text = value.hex(":" if colons else "") if colons else value.hex()
    assert digits(text.upper() if capital else text) == value.hex().upper()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A" * 63,
        "A" * 65,
        "G" * 64,
        "A" * 64 + "\n",
        " " + "A" * 64,
        "AA:" * 31,
        "AA:" * 32,
        "A:" * 63 + "A",
        "SHA256:" + "A" * 64,
        "А" * 64,
        "AA-" * 31 + "AA",
        "AAAA:" * 15 + "AAAA",
        "٠" * 64,
    ],
)
def test_what_is_no_fingerprint_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="64 hexadecimal digits"):
        Tls(fingerprint=text)


def test_a_fingerprint_and_an_authority_are_not_both_asked() -> None:
    with pytest.raises(InvalidInput, match="not both"):
        Tls(ca="ca.pem", fingerprint="A" * 64)


def test_a_file_of_authorities_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "noise").write_bytes(os.urandom(2000))
    (tmp_path / "cut").write_bytes(issue("x").pem[:300])
    os.mkfifo(tmp_path / "pipe")
    began = time.monotonic()
    for name in ("empty", "noise", "cut", "pipe", "missing", ".", "nul\0"):
        with pytest.raises(CertificateUnusable, match=re.escape(repr(f"{tmp_path}/{name}"))) as caught:
            Tls(ca=f"{tmp_path}/{name}").context  # noqa: B018 - it is read when first asked for
        assert "\n" not in str(caught.value)
    assert time.monotonic() - began < 1


async def test_a_bad_file_of_authorities_is_found_before_anybody_is_asked(tmp_path: Path) -> None:
    with pytest.raises(CertificateUnusable):
        async with connection(
            Address("chat.example", 1), tls=Tls(ca=str(tmp_path)), resolve=lambda *_: pytest.fail("asked")
        ):
            pass


def test_the_name_that_is_asked_for_is_that_of_the_certificate() -> None:
    def name(host: str) -> str:
        return Tls().terms(Address(host, 5000))["server_hostname"]

    assert name("chat.example.") == "chat.example"
    assert name("чат.example") == "xn--80a0bn.example"
    assert name("fe80::1%eth0") == "fe80::1"


async def test_names_connecting_and_tls_share_one_deadline(tmp_path: Path) -> None:
    with bad_servers(tmp_path) as cases:
        port = cases["a stalled handshake"].server.port
        woken = threading.Event()

        def slow(host: bytes, _: int):
            woken.wait(0.4)
            return lookup(b"127.0.0.1", port)

        began = time.monotonic()
        with pytest.raises(TimedOut, match=r"within 0\.6 s"):
            async with connection(Address("chat.example", 1), timeout=0.6, tls=Tls(), resolve=slow):
                pass
        assert 0.5 < time.monotonic() - began < 0.9


async def test_a_cancelled_handshake_ends_at_once(tmp_path: Path, until) -> None:
    with bad_servers(tmp_path) as cases:
        server = cases["a stalled handshake"].server
        task = asyncio.create_task(greeted(server.port, Tls()))
        await until(lambda: server.raw)
        began = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - began < 0.5
