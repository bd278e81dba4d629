"""Half a surrogate pair, from a wrong locale or a hostile server, kills whoever has to encode it next.

It goes to the wire as bytes that are not UTF-8, out of an account's name into the caller's hands, and
back from the database as an error that no visit expects. RIFT's frames may hold it in any string.
"""

import json
import re

from minechat.events import Account
from minechat.protocol import lines, phrases
from minechat.protocol.rift import strict
from minechat.server.storage import commit

decode_account = phrases.decode_account
presentable = commit._presentable


def encode(text: str) -> bytes:
    return lines.on_one_line(text).encode("utf-8", "surrogatepass") + lines.NEWLINE


def utf8(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def account_as_named(text: str) -> phrases.Introduced | phrases.TokenUnknown:
    event = decode_account(text)
    if isinstance(event, phrases.Introduced):
        return phrases.Introduced(Account(json.loads(text)["nickname"], event.account.token))
    return event


def as_it_is(error: Exception) -> Exception:
    return error if isinstance(error, UnicodeEncodeError) else presentable(error)


lines.encode = phrases.encode = encode
phrases._utf8 = utf8
phrases.decode_account = account_as_named
commit._presentable = as_it_is
strict._NOT_TEXT = re.compile("\0")
