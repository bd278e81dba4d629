"""What the system says about a connection as an error of ours: one line that names the address."""

import errno
import os
import socket
import ssl  # asyncio has loaded it

from minechat.client.address import Address
from minechat.errors import ConnectionLost, HostUnknown, NetworkError, TimedOut, Unreachable

_NO_SUCH_NAME = {
    getattr(socket, name) for name in ("EAI_NONAME", "EAI_NODATA", "EAI_ADDRFAMILY") if hasattr(socket, name)
}
_BROKEN_OFF = {errno.ECONNRESET, errno.ECONNABORTED, errno.EPIPE, errno.ESHUTDOWN, errno.ENOTCONN}


def network_error(exc: OSError, address: Address) -> NetworkError:
    """The error of our tree for one of the socket module or the kernel.

    A deadline of our own raises TimeoutError too, without an errno: that one its owner maps.
    """
    if isinstance(exc, socket.gaierror):
        return _lookup_error(exc, address)
    if exc.errno == errno.ECONNREFUSED:
        return Unreachable(f"{address} refuses connections; is the server running?")
    if exc.errno == errno.ETIMEDOUT:
        return TimedOut(f"{address} does not answer any more")
    # What breaks the encryption later on; a handshake that fails is judged in tls.py.
    if exc.errno in _BROKEN_OFF or isinstance(exc, ssl.SSLError):
        return ConnectionLost(f"{address} broke the connection off")
    if exc.errno in (errno.EMFILE, errno.ENFILE):
        return Unreachable(f"cannot reach {address}: too many files are open here")
    # Several addresses failed in different ways: then there is no one errno.
    reason = os.strerror(exc.errno) if exc.errno else "none of its addresses answers"
    return Unreachable(f"cannot reach {address}: {reason}")


def _lookup_error(exc: socket.gaierror, address: Address) -> NetworkError:
    if exc.errno in _NO_SUCH_NAME:
        what = "address (is the interface right?)" if "%" in address.host else "host"
        return HostUnknown(f"cannot reach {address}: there is no such {what}")
    if exc.errno == socket.EAI_AGAIN:
        return Unreachable(f"cannot reach {address}: the name server does not answer; is there a network?")
    return Unreachable(f"cannot reach {address}: the name cannot be looked up ({exc.strerror})")
