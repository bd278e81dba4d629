"""Each turn of the speak port as its bytes, and the server's lines back; what may travel at all."""

import json
import re
from collections.abc import Callable

from minechat.errors import InvalidInput, ProtocolViolation
from minechat.events import Account
from minechat.protocol.lines import encode
from minechat.protocol.turns import (
    Acknowledged,
    Event,
    Greeting,
    Introduced,
    Message,
    Nickname,
    NicknameAsked,
    NoToken,
    NotSent,
    Token,
    TokenUnknown,
    Welcome,
)

LINE_LIMIT = 4096

_GREETING = "Hello %username%! Enter your personal hash or leave it empty to create new account."
_NICKNAME_ASKED = "Enter preferred nickname below:"
_WELCOME = "Welcome to chat! Post your message below. End it with an empty line."
_ACKNOWLEDGED = "Message send. Write more, end message with an empty line."
_NULL = "null"
NOT_SENT = "Message not sent: "
_NOT_SENT_LINE = re.compile(
    r"Message not sent: (?P<reason>.*?)\.(?: Try again in (?P<after>[0-9]{1,9}) s\.)?", re.S
)
_TOKEN = re.compile(r"[!-~]{1,256}")


def decode_not_sent(text: str) -> NotSent:
    """A refusal; the line begins with ``NOT_SENT``."""
    match = _NOT_SENT_LINE.fullmatch(text)
    if match is None:
        return NotSent(text.removeprefix(NOT_SENT))
    after = match["after"]
    return NotSent(match["reason"], int(after) if after else None)


def expect(prefix: str, event: Event) -> Callable[[str], Event]:
    """A reader of one fixed line: other servers may word its end otherwise."""

    def read(text: str) -> Event:
        if not text.startswith(prefix):
            raise ProtocolViolation(f"the server did not say {prefix!r}")
        return event

    return read


def decode_account(text: str) -> Introduced | TokenUnknown:
    """The account line, or ``null``.

    :raises ProtocolViolation: it is neither
    """
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        raise ProtocolViolation("the server's account is not JSON") from None
    if answer is None:
        return TokenUnknown()
    if not isinstance(answer, dict):
        raise ProtocolViolation("the server's account is not a JSON object")
    nickname, token = answer.get("nickname"), answer.get("account_hash")
    if not isinstance(nickname, str) or not isinstance(token, str) or not _TOKEN.fullmatch(token):
        raise ProtocolViolation("the server's account lacks a nickname or a usable token")
    # JSON can name half a surrogate pair, which no encoder of the caller's would take.
    return Introduced(Account(nickname.encode("utf-8", "replace").decode(), token))


def decode_answer(text: str) -> Acknowledged | None:
    """The acknowledgement; None for whatever else a server may say while we talk."""
    # A server may say other things here; only this one line means "stored".
    return Acknowledged() if text.startswith("Message send. ") else None


def encode_turn(event: Event) -> bytes:
    """The bytes of a turn, a message with its empty line.

    :raises InvalidInput: its text cannot travel
    """
    fixed = _FIXED.get(type(event))
    if fixed is not None:
        return fixed
    match event:
        case Token(value) if not _TOKEN.fullmatch(value):
            raise InvalidInput("a token is 1 to 256 printable ASCII characters without blanks")
        case Token(value) | Nickname(value):
            return check_line(value)
        case Message(text):
            return message_bytes(text)
        case Introduced(account):
            record = {"nickname": account.nickname, "account_hash": account.token}
            return encode(json.dumps(record, ensure_ascii=False))
        case NotSent(reason, retry_after):
            again = "" if retry_after is None else f" Try again in {retry_after} s."
            return encode(f"{NOT_SENT}{reason}.{again}")
    raise AssertionError(f"{event} has no bytes")


_FIXED: dict[type, bytes] = {
    Greeting: encode(_GREETING),
    NoToken: b"\n",
    NicknameAsked: encode(_NICKNAME_ASKED),
    TokenUnknown: encode(_NULL),
    Welcome: encode(_WELCOME),
    Acknowledged: encode(_ACKNOWLEDGED),
}


def check_line(value: str) -> bytes:
    """A nickname for the wire.

    :raises InvalidInput: it is not one line, too long for one or holds what is not text
    """
    if "\n" in value or "\r" in value:
        raise InvalidInput("a nickname is one line")
    line = _utf8(value) + b"\n"
    if len(line) > LINE_LIMIT:
        raise InvalidInput(f"a nickname of {len(line) - 1} bytes does not fit into a line of {LINE_LIMIT}")
    return line


def message_bytes(text: str) -> bytes:
    """A message for the wire: blank inner lines go, since an empty line ends it.

    :raises InvalidInput: it holds what is not text
    """
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    return b"".join(_utf8(line) + b"\n" for line in normal.split("\n") if line.strip()) + b"\n"


def _utf8(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidInput("the text holds bytes that are not UTF-8") from None
