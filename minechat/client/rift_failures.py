"""What the WebSocket library says about a connection as an error of ours: one line that names the address."""

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage, InvalidStatus

from minechat.client.address import Address
from minechat.client.failures import network_error
from minechat.errors import (
    ConnectionLost,
    MinechatError,
    NotMinechat,
    Refused,
    Rejected,
    TimedOut,
    WrongPassword,
)
from minechat.protocol.rift.replies import AuthFail, Error, RegisterFail
from minechat.text import safe

#: Statuses of HTTP by which a server says that it takes nobody now (RFC 9110, 15.6.4, and RFC 6585, 4).
_NOT_NOW = (429, 503)
#: What we say when a server breaks the protocol of WebSocket (RFC 6455, 7.4.1).
_BROKEN = {
    1002: "it breaks the rules of WebSocket",
    1007: "it sends what is not text",
    1009: "a frame is too large",
}
_PING = "keepalive ping timeout"  # the library's words for 1011
_PLAIN = "; if it speaks TLS, give --tls or --tls-fingerprint"


def refusal(reply: RegisterFail | AuthFail | Error) -> Rejected:
    """What the server refused, as an error.

    A connection that was ended and may come again after a while, as after a new nickname, has its session.
    """
    if reply.code == "wrong_password" or (reply.code == "ended" and reply.retry_after is None):
        return WrongPassword(reply.error, reply.code)
    return Refused(reply.error, reply.retry_after, reply.code)


def opening_error(exc: Exception, address: Address, *, encrypted: bool) -> MinechatError:
    """Why no WebSocket was opened on a connection that was there."""
    hint = "" if encrypted else _PLAIN
    if isinstance(exc, InvalidStatus):
        return _status_error(exc, address)
    if isinstance(exc, InvalidMessage) and _is_silence(exc.__cause__):
        return ConnectionLost(f"{address} ended the connection before it answered{hint}")
    if isinstance(exc, InvalidHandshake):
        return NotMinechat(f"{address} does not speak RIFT{hint}")
    return NotMinechat(f"{address} sends its visitors elsewhere; it does not speak RIFT")


def _is_silence(cause: BaseException | None) -> bool:
    # What the library calls an end is often a line of another protocol.
    return isinstance(cause, EOFError | OSError) and str(cause.__cause__) != "line without CRLF"


def _status_error(exc: InvalidStatus, address: Address) -> MinechatError:
    status = exc.response.status_code
    if status in _NOT_NOW:
        return Refused(
            f"{address} takes nobody now", _seconds(exc.response.headers.get("Retry-After")), "busy"
        )
    if status == 403:
        return Refused(f"{address} does not let us in (HTTP status 403)", None, "not_allowed")
    return NotMinechat(f"{address} is a server of HTTP that speaks no RIFT (status {status})")


def _seconds(value: str | None) -> float | None:
    return (
        float(value) if value is not None and value.isascii() and value.isdigit() and len(value) < 6 else None
    )


def closing_error(exc: ConnectionClosed, address: Address) -> MinechatError:
    """Why an open WebSocket is closed."""
    if exc.sent is not None and not exc.rcvd_then_sent:
        if exc.sent.code in _BROKEN:
            return NotMinechat(f"{address} does not speak this protocol: {_BROKEN[exc.sent.code]}")
        if exc.sent.reason == _PING:
            return TimedOut(f"{address} does not answer any more")
    if isinstance(exc.__cause__, OSError) and exc.rcvd is None:
        return network_error(exc.__cause__, address)
    reason = f": {safe(exc.rcvd.reason)}" if exc.rcvd is not None and exc.rcvd.reason else ""
    return ConnectionLost(f"{address} ended the connection{reason}")
