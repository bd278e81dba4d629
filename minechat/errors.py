"""Every error minechat raises, in one tree: by whose fault it is and what the caller can do.

MinechatError
├── NetworkError            the way there failed; the same call may work later
│   ├── HostUnknown         the name does not exist: mend the name
│   ├── Unreachable         refused, no route, too many open files
│   ├── TimedOut            nobody answered in time
│   ├── ConnectionLost      the peer or the network ended the connection
│   ├── TlsNotTrusted       the peer cannot prove who it is, or speaks no TLS; nothing was sent
│   ├── NotMinechat         the peer answers, but not in this protocol
│   └── OutcomeUnknown      a message was sent and its acknowledgement never came
├── Rejected                the server understood and said no
│   ├── UnknownToken        register again, or mend the token
│   ├── WrongPassword       no such name with this password, or the session has ended
│   └── Refused             a message or a name was not taken; see retry_after
├── InvalidInput            the caller's own data cannot be sent; nothing was
│   ├── EmptyMessage
│   └── MessageTooLong
├── LocalError              this machine: a file, a database, a port
│   ├── HistoryUnusable
│   ├── TokenFileUnusable
│   ├── SessionsUnusable    the file of remembered sessions
│   ├── ExportUnusable      the file that an export goes to
│   ├── CertificateUnusable a file of certificates or their key
│   ├── DatabaseUnusable
│   ├── BackupUnusable      a backup cannot be written, or is not one, or is damaged
│   ├── AddressUnusable     a port is taken or an address is not ours
│   └── NotStored           the database could not commit; nothing was kept
└── ProtocolViolation       raised by the pure machines; each side maps it
    ├── LineTooLong
    ├── BadFrame            a frame of RIFT that is none; the connection may go on
    └── OutOfTurn           our own side broke the table: a bug in the caller

``str(error)`` is one line that says what happened and, where that helps, what to do.
"""


class MinechatError(Exception):
    """The root of the tree.

    :ivar told_in: the language of its words, ``en`` or ``ru``
    """

    told_in = "en"


class NetworkError(MinechatError):
    """The way to the server failed."""


class HostUnknown(NetworkError):
    """The host name does not exist."""


class Unreachable(NetworkError):
    """No connection could be opened."""


class TimedOut(NetworkError):
    """The peer did not answer before the deadline."""


class ConnectionLost(NetworkError):
    """The connection ended before the talk did."""


class TlsNotTrusted(NetworkError):
    """TLS was wanted and the peer does not prove who it is; nothing of ours was sent."""


class NotMinechat(NetworkError):
    """The peer does not speak the minechat protocol."""


class OutcomeUnknown(NetworkError):
    """A message left, its acknowledgement did not come: it may or may not be in the chat."""


class Rejected(MinechatError):
    """The server said no."""


class UnknownToken(Rejected):
    """The server does not know this token."""


class WrongPassword(Rejected):
    """Nobody has this name and this password, or the session that was remembered has ended.

    :param code: as for ``Refused``
    """

    def __init__(self, reason: str, code: str = "wrong_password") -> None:
        super().__init__(reason)
        self.code = code


class Refused(Rejected):
    """The server did not take a message, a name or another request.

    :param reason: the server's words, not yet made safe for a terminal
    :param retry_after: seconds after which a retry makes sense; None when it never does
    :param code: a word for programs, where the wire has one: the table in docs/rift.md
    """

    def __init__(self, reason: str, retry_after: float | None = None, code: str = "refused") -> None:
        super().__init__(reason)
        self.reason = reason
        self.retry_after = retry_after
        self.code = code


class InvalidInput(MinechatError):
    """What the caller gave cannot be sent; nothing was."""


class EmptyMessage(InvalidInput):
    """A message with nothing in it but blanks."""


class MessageTooLong(InvalidInput):
    """A message over the limits of the wire."""


class LocalError(MinechatError):
    """Something on this machine stands in the way."""


class HistoryUnusable(LocalError):
    """The history file cannot be opened or is not a regular file of ours."""


class TokenFileUnusable(LocalError):
    """The token file cannot be read, written or trusted."""


class SessionsUnusable(LocalError):
    """The file of remembered sessions cannot be read, written or trusted."""


class ExportUnusable(LocalError):
    """What was asked for cannot be written to this file; nothing of it was."""


class CertificateUnusable(LocalError):
    """A file of certificates, or of the key of one, cannot be read, made or used."""


class DatabaseUnusable(LocalError):
    """The database cannot be opened, is damaged or belongs to another server."""


class BackupUnusable(LocalError):
    """A backup cannot be written or read, is damaged, or is not one of ours."""


class AddressUnusable(LocalError):
    """The server cannot listen where it was told to.

    :param host: the address, if that is what stands in the way
    :param port: the port, if that is
    """

    def __init__(self, message: str, *, host: str | None = None, port: int | None = None) -> None:
        super().__init__(message)
        self.host = host
        self.port = port


class NotStored(LocalError):
    """A commit failed; nothing of it was kept."""


class ProtocolViolation(MinechatError):
    """The peer broke the protocol; the connection must end, resynchronising is how smuggling starts."""


class LineTooLong(ProtocolViolation):
    """A line passed the limit before its newline came."""


class BadFrame(ProtocolViolation):
    """A frame of RIFT that cannot be taken. Frames are whole, so the connection may go on after one.

    :param code: a word for programs: the table in docs/rift.md
    :param request: the id that the request bears, where that could be read
    :param to: the type of the frame, where that is one that we know
    """

    def __init__(
        self, reason: str, code: str = "bad_frame", *, request: str | None = None, to: str = ""
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.request = request
        self.to = to


class OutOfTurn(ProtocolViolation):
    """An event that the table of the talk does not allow in this state."""
