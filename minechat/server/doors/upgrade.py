"""A request on the port of RIFT: whether it opens a WebSocket, and what all others are answered."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from websockets.datastructures import Headers
from websockets.exceptions import (
    HeaderLineTooLong,
    InvalidMethod,
    InvalidUpgrade,
    RequestLineTooLong,
    TooManyHeaders,
)
from websockets.http11 import Request

#: Where the WebSocket is; a query, which could hold a token, is refused and never logged.
PATH = "/"
HEALTH = "/health"
_HOST = re.compile(r"[0-9A-Za-z._~-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of HTTP, after which the connection ends.

    :param head_only: the body is told of and not sent
    """

    status: HTTPStatus
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)
    head_only: bool = False

    def encode(self) -> bytes:
        body = self.text.encode() + b"\n"
        fixed = {
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Connection": "close",
        }
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in {**fixed, **self.headers}.items()]
        head = "\r\n".join(lines).encode() + b"\r\n\r\n"
        return head if self.head_only else head + body


OK = Answer(HTTPStatus.OK, "ok")
TOO_LARGE = Answer(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "this is too long for a request")
STOPPING = Answer(HTTPStatus.SERVICE_UNAVAILABLE, "the server is stopping", {"Retry-After": "5"})
_BAD = Answer(HTTPStatus.BAD_REQUEST, "this is not a request of HTTP/1.1 for a WebSocket")
_ONE_HOST = Answer(HTTPStatus.BAD_REQUEST, "a request needs one Host")
_OLD = Answer(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "HTTP/1.1 is answered")
_NOWHERE = Answer(HTTPStatus.NOT_FOUND, f"there is a WebSocket at {PATH}, and {HEALTH}")
_METHOD = Answer(HTTPStatus.METHOD_NOT_ALLOWED, "GET is answered", {"Allow": "GET"})
_METHODS = Answer(HTTPStatus.METHOD_NOT_ALLOWED, "GET and HEAD are answered", {"Allow": "GET, HEAD"})
_UPGRADE = Answer(
    HTTPStatus.UPGRADE_REQUIRED, "here is a WebSocket, for a client of RIFT", {"Upgrade": "websocket"}
)
_FOREIGN = Answer(HTTPStatus.FORBIDDEN, "scripts of this page may not connect here")


def unavailable(reason: str, retry_after: float | None) -> Answer:
    """What a connection is answered that is not let in, whatever it asks for."""
    headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
    return Answer(HTTPStatus.SERVICE_UNAVAILABLE, reason, headers)


def other_answer(request: Request, *, origins: Collection[str], secure: bool) -> Answer | None:
    """What a request is answered that may not open the WebSocket; None for one whose upgrade is to be judged.

    :param origins: pages whose scripts may connect, besides those of the same host
    :param secure: whether it came through TLS
    """
    if request.protocol != "HTTP/1.1":
        return _OLD
    hosts = request.headers.get_all("Host")
    if len(hosts) != 1 or not _HOST.fullmatch(hosts[0]):
        return _ONE_HOST
    if request.path == HEALTH:
        head_only = request.method == "HEAD"
        answered = Answer(OK.status, OK.text, head_only=True) if head_only else OK
        return answered if request.method in ("GET", "HEAD") else _METHODS
    if request.path != PATH:
        return _NOWHERE
    return _origin_answer(request.headers, hosts[0], origins, secure=secure)


def _origin_answer(headers: Headers, host: str, origins: Collection[str], *, secure: bool) -> Answer | None:
    """Nothing against a client that names no origin: it is no browser. All else must be the same exactly."""
    named = headers.get_all("Origin")
    if not named:
        return None
    same = ("https://" if secure else "http://") + host
    return None if len(named) == 1 and (named[0] == same or named[0] in origins) else _FOREIGN


def failure(error: Exception | None) -> Answer:
    """What a request is answered that the library does not take."""
    if isinstance(error, InvalidMethod):
        return _METHOD
    if isinstance(error, InvalidUpgrade):
        return _UPGRADE
    if isinstance(error, RequestLineTooLong):
        return Answer(HTTPStatus.REQUEST_URI_TOO_LONG, TOO_LARGE.text)
    return TOO_LARGE if isinstance(error, HeaderLineTooLong | TooManyHeaders) else _BAD
