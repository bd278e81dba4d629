"""Requests on RIFT's port: which open a WebSocket, and what all others are answered."""

import pytest

from minechat.server.doors.channel import HEAD, Channel, Kind
from minechat.server.settings import Limits

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
HOST = "chat.example:8765"
ORIGINS = ("https://page.example", "http://localhost:3000")


def request(*more: str, host: str = HOST, line: str = "GET / HTTP/1.1") -> bytes:
    lines = [line, f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade"]
    lines += [f"Sec-WebSocket-Key: {KEY}", "Sec-WebSocket-Version: 13", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


GOOD = request()


def answered(data: bytes, *, secure: bool = False, ended: bool = True) -> bytes:
    """What a request is answered, and that nothing more is taken after it."""
    channel = Channel(Limits(), ORIGINS, secure=secure)
    items = list(channel.receive(data))
    written = b"".join(block for kind, block in items if kind is Kind.WRITE)
    opened = Kind.OPENED in {kind for kind, _ in items}
    assert opened == written.startswith(b"HTTP/1.1 101 ")
    if written and not opened:
        assert items[-1] == (Kind.ENDED, b"") and channel.ended
        assert b"\r\nConnection: close\r\n" in written
        assert list(channel.receive(GOOD)) == []  # nothing is reused after an error
    return written


def status(data: bytes, *, secure: bool = False) -> int:
    return int(answered(data, secure=secure)[9:12])


def test_a_client_of_rift_gets_its_websocket_without_extensions_and_server_names() -> None:
    answer = answered(request("Sec-WebSocket-Extensions: permessage-deflate", "User-Agent: x"))
    head = answer.decode().lower()
    assert head.startswith("http/1.1 101 ") and "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=" in head
    assert "extensions" not in head and "server:" not in head and "protocol:" not in head


def test_health_is_answered_to_get_and_head() -> None:
    answer = answered(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n") and answer.endswith(b"\r\n\r\nok\n")
    head = answered(b"HEAD /health HTTP/1.1\r\nHost: x\r\n\r\n")
    assert head == answer[:-3]
    assert status(b"POST /health HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n") == 405


#: What stands in the request instead, or besides; none of it opens a WebSocket.
MALFORMED = {
    "a query": (request(line="GET /?token=secret HTTP/1.1"), 404),
    "an empty query": (request(line="GET /? HTTP/1.1"), 404),
    "a path": (request(line="GET /chat HTTP/1.1"), 404),
    "two slashes": (request(line="GET // HTTP/1.1"), 404),
    "a fragment": (request(line="GET /#a HTTP/1.1"), 404),
    "the whole address": (request(line=f"GET http://{HOST}/ HTTP/1.1"), 404),
    "an escaped path": (request(line="GET %2F HTTP/1.1"), 404),
    "no path": (request(line="GET  HTTP/1.1"), 404),
    "health with a query": (request(line="GET /health?token=x HTTP/1.1"), 404),
    "a star": (request(line="OPTIONS * HTTP/1.1"), 404),
    "connect": (request(line="CONNECT chat.example:443 HTTP/1.1"), 404),
    "post": (request(line="POST / HTTP/1.1"), 405),
    "head": (request(line="HEAD / HTTP/1.1"), 405),
    "a method in lower case": (request(line="get / HTTP/1.1"), 405),
    "an unknown method": (request(line="BREW / HTTP/1.1"), 405),
    "http/1.0": (request(line="GET / HTTP/1.0"), 505),
    "http/0.9": (b"GET /\r\n\r\n", 400),
    "http/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "http/1.2": (request(line="GET / HTTP/1.2"), 400),
    "lower case http": (request(line="GET / http/1.1"), 400),
    "no version": (request(line="GET /"), 400),
    "more in the line": (request(line="GET / x HTTP/1.1"), 400),
    "a tab in the line": (request(line="GET\t/\tHTTP/1.1"), 400),
    "an umlaut in the path": (GOOD.replace(b"GET / ", "GET /ü ".encode()), 400),
    "an empty line first": (b"\r\n" + GOOD, 400),
    "no host": (GOOD.replace(f"Host: {HOST}\r\n".encode(), b""), 400),
    "two hosts": (request(f"Host: {HOST}"), 400),
    "two other hosts": (request("host: evil.example"), 400),
    "an empty host": (request(host=""), 400),
    "a host with a path": (request(host="chat.example/evil"), 400),
    "a host with a user": (request(host="a@chat.example"), 400),
    "a host with a comma": (request(host="chat.example, evil.example"), 400),
    "a host with a blank": (request(host="chat.example evil"), 400),
    "no upgrade": (GOOD.replace(b"Upgrade: websocket\r\n", b""), 426),
    "another upgrade": (GOOD.replace(b"Upgrade: websocket", b"Upgrade: h2c"), 426),
    "two upgrades": (request("Upgrade: h2c"), 426),
    "no connection": (GOOD.replace(b"Connection: Upgrade\r\n", b""), 426),
    "keep-alive": (GOOD.replace(b"Connection: Upgrade", b"Connection: keep-alive"), 426),
    "no key": (GOOD.replace(f"Sec-WebSocket-Key: {KEY}\r\n".encode(), b""), 400),
    "a short key": (GOOD.replace(KEY.encode(), b"c2hvcnQ="), 400),
    "a key that is none": (GOOD.replace(KEY.encode(), b"!" * 24), 400),
    "two keys": (request(f"Sec-WebSocket-Key: {KEY}"), 400),
    "no version header": (GOOD.replace(b"Sec-WebSocket-Version: 13\r\n", b""), 400),
    "an old version": (GOOD.replace(b"Version: 13", b"Version: 8"), 400),
    "two versions": (request("Sec-WebSocket-Version: 13"), 400),
    "a length": (request("Content-Length: 5"), 400),
    "a negative length": (request("Content-Length: -1"), 400),
    "two lengths": (request("Content-Length: 0", "Content-Length: 7"), 400),
    "chunks": (request("Transfer-Encoding: chunked"), 400),
    "a length and chunks": (request("Content-Length: 0", "Transfer-Encoding: chunked"), 400),
    "chunks with a blank": (request("Transfer-Encoding : chunked"), 400),
    "identity": (request("Transfer-Encoding: identity"), 400),
    "a folded header": (request("X-Long: a", " b"), 400),
    "a folded header with a tab": (request("X-Long: a", "\tb"), 400),
    "a header without a name": (request(": a"), 400),
    "a header without a colon": (request("nothing"), 400),
    "a blank before the colon": (request("X-A : b"), 400),
    "a blank in the name": (request("X A: b"), 400),
    "a nul in a value": (request("X-A: \x00"), 400),
    "a lone cr in a value": (request("X-A: a\rHost: b"), 400),
    "lf only": (GOOD.replace(b"\r\n", b"\n"), 400),
    "lf at one end": (GOOD.replace(b"Upgrade: websocket\r\n", b"Upgrade: websocket\n"), 400),
    "cr only": (GOOD.replace(b"\n", b"") + b"\n", 400),
    "too many headers": (request(*[f"X-{number}: a" for number in range(129)]), 431),
    "a long header": (request(f"X-A: {'a' * 9000}"), 431),
    "many long headers": (request(*[f"X-{number}: {'a' * 4000}" for number in range(9)]), 431),
    "a long line": (request(line=f"GET /{'a' * 9000} HTTP/1.1"), 414),
    "tls": (b"\x16\x03\x01\x02\x00\x01\x00\n", 400),
    "a token of the speak port": (b"3f2c1b7e-0000-4000-8000-000000000000\n\n", 400),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_nothing_malformed_opens_a_websocket(name: str) -> None:
    data, expected = MALFORMED[name]
    assert status(data) == expected
    assert len(MALFORMED) >= 60


@pytest.mark.parametrize("name", MALFORMED)
def test_however_a_malformed_request_is_cut_it_is_answered_the_same(name: str) -> None:
    data, expected = MALFORMED[name]
    for size in (1, 7, 64):
        channel = Channel(Limits(), ORIGINS, secure=False)
        written = b""
        for at in range(0, len(data), size):
            written += b"".join(block for _, block in channel.receive(data[at : at + size]))
        assert (int(written[9:12]), channel.open) == (expected, False)


def test_a_request_that_never_ends_is_answered_when_it_is_too_long() -> None:
    channel = Channel(Limits(), (), secure=False)
    written = b"".join(block for _, block in channel.receive(b"GET / HTTP/1.1\r\n"))
    sent = 16
    while not written:
        line = b"X-A: " + b"a" * 300 + b"\r\n"
        written = b"".join(block for _, block in channel.receive(line))
        sent += len(line)
    assert written.startswith(b"HTTP/1.1 431 ") and sent <= HEAD + 400


def test_nothing_of_a_query_is_repeated() -> None:
    assert b"secret" not in answered(request(line="GET /?token=secret HTTP/1.1"))
    assert b"secret" not in answered(request("X-A\x00: secret"))


@pytest.mark.parametrize("origin", [None, f"http://{HOST}", "https://page.example", "http://localhost:3000"])
def test_who_names_no_origin_or_one_that_may_is_let_in(origin: str | None) -> None:
    assert status(request(*([] if origin is None else [f"Origin: {origin}"]))) == 101


FOREIGN = [
    "http://evil.example",
    "null",
    "",
    "*",
    "https://page.example.evil",
    "https://evilpage.example",
    "https://page.example:443",
    "https://page.example:444",
    "http://page.example",
    "https://page.example/",
    "https://page.example/path",
    "https://PAGE.example",
    "HTTPS://page.example",
    "https://page.exampl",
    "https://page.example.",
    "https://page_example",
    "https://sub.page.example",
    "https://page.example@evil.example",
    "https://evil.example#https://page.example",
    "https://evil.example?https://page.example",
    "https://page.example, https://evil.example",
    "https://page.example https://evil.example",
    f"https://{HOST}",
    f"http://{HOST}.evil",
    f"http://evil.{HOST}",
    f"HTTP://{HOST}",
    "http://chat.example",
    "http://chat.example:8766",
    "http://CHAT.example:8765",
    "http://chat.example:08765",
    "http://[::1]:8765",
    "http://127.0.0.1:8765",
    "http://localhost",
    "https://localhost:3000",
    "file://",
    "chrome-extension://abcdef",
    "data:text/html,x",
    "https://p\u0430ge.example".encode().decode("latin-1"),
]


@pytest.mark.parametrize("origin", FOREIGN)
def test_scripts_of_other_pages_are_kept_out(origin: str) -> None:
    data = request().replace(b"\r\n\r\n", b"\r\nOrigin: " + origin.encode("latin-1") + b"\r\n\r\n")
    assert status(data) == 403


def test_a_second_origin_makes_no_difference() -> None:
    assert status(request("Origin: https://page.example", "Origin: http://evil.example")) == 403
    assert status(request("Origin: https://page.example", "Origin: https://page.example")) == 403


def test_behind_tls_the_same_host_is_one_of_https() -> None:
    assert status(request(f"Origin: https://{HOST}"), secure=True) == 101
    assert status(request(f"Origin: http://{HOST}"), secure=True) == 403
