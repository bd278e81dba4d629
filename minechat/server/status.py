"""The status port: /health, /ready and /metrics over HTTP, for this machine alone."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import cast

import h11

from minechat.errors import AddressUnusable
from minechat.server.ports import accepting, bound, port_of

#: Connections at a time; one more is closed at once.
CONNECTIONS = 16
#: Seconds for a request and its answer together.
DEADLINE = 5.0
#: Bytes of a request's head.
HEAD = 8 * 1024
#: What a browser that was led here by another name would not send (DNS rebinding).
OURS = frozenset({"127.0.0.1", "localhost", "[::1]"})

TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its status, its body and what kind of body it is."""

    status: HTTPStatus
    body: bytes
    kind: str = TEXT


Page = Callable[[], Answer]


def said(status: HTTPStatus, text: str) -> Answer:
    """One line of text."""
    return Answer(status, text.encode() + b"\n")


def loopback(port: int, *, or_free: bool = False) -> socket.socket:
    """A bound port of this machine that no other can reach; on ::1 where there is no 127.0.0.1.

    :param or_free: take a free port when this one is taken
    :raises AddressUnusable: it is taken
    """
    try:
        return bound("127.0.0.1", port)
    except AddressUnusable as error:
        if error.port is None:
            return bound("::1", port)
        if not or_free:
            raise
        return loopback(0)


@asynccontextmanager
async def answering(listening: socket.socket, pages: Mapping[str, Page]) -> AsyncIterator[int]:
    """Answers requests for the pages inside the block; gives the port."""
    visits: set[asyncio.Transport] = set()
    server = await accepting(lambda: _Visit(pages, visits), listening)
    try:
        yield port_of(listening)
    finally:
        server.close()
        for transport in list(visits):
            transport.abort()


class _Visit(asyncio.Protocol):
    """One connection: one request, one answer, the end."""

    def __init__(self, pages: Mapping[str, Page], visits: set[asyncio.Transport]) -> None:
        self._pages = pages
        self._visits = visits
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if len(self._visits) >= CONNECTIONS:
            self._transport.abort()
            return
        self._visits.add(self._transport)
        self._deadline = asyncio.get_running_loop().call_later(DEADLINE, self._transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._transport in self._visits:
            self._visits.remove(self._transport)
            self._deadline.cancel()

    def data_received(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        try:
            self._http.receive_data(data)
            request = self._http.next_event()
        except h11.RemoteProtocolError as error:
            self._send(said(HTTPStatus(error.error_status_hint), "this is not HTTP/1.1"))
            return
        if isinstance(request, h11.Request):
            self._send(self._answer(request), head_only=request.method == b"HEAD")

    def _answer(self, request: h11.Request) -> Answer:
        hosts = [value.decode("latin-1") for name, value in request.headers if name == b"host"]
        if len(hosts) != 1 or _name(hosts[0]) not in OURS:
            return said(HTTPStatus.MISDIRECTED_REQUEST, "only this machine is answered, by its own name")
        if request.method not in (b"GET", b"HEAD"):
            return said(HTTPStatus.METHOD_NOT_ALLOWED, "GET and HEAD are answered")
        page = self._pages.get(request.target.partition(b"?")[0].decode("latin-1"))
        return page() if page else said(HTTPStatus.NOT_FOUND, f"there is {', '.join(self._pages)}")

    def _send(self, answer: Answer, *, head_only: bool = False) -> None:
        headers = [
            ("Content-Type", answer.kind),
            ("Content-Length", str(len(answer.body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Connection", "close"),
        ]
        if answer.status is HTTPStatus.METHOD_NOT_ALLOWED:
            headers.append(("Allow", "GET, HEAD"))
        reason = answer.status.phrase.encode()
        for part in (
            h11.Response(status_code=answer.status, headers=headers, reason=reason),
            h11.Data(data=b"" if head_only else answer.body),
            h11.EndOfMessage(),
        ):
            self._transport.write(self._http.send(part) or b"")
        self._transport.close()


def _name(host: str) -> str:
    """A Host header without its port."""
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdigit() else host).lower()
