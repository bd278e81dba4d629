"""Which passwords there can be: one form for all ways to type them, what is refused, and one by chance."""

import secrets
import unicodedata

from minechat.errors import Refused
from minechat.protocol.rift.fields import NEW_LONGEST as LONGEST
from minechat.protocol.rift.fields import NEW_SHORTEST as SHORTEST
from minechat.protocol.rift.fields import PASSWORD as BYTES

#: What a password made by chance is of: nothing in it is taken for another when it is read out or copied.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
#: How many groups it has, and characters of each: 118 bits.
GROUPS, GROUP = 6, 4


def fresh() -> str:
    """A password that nobody has, made by chance: ``k7mw-3hzp-...``."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def prepared(password: str) -> str | None:
    """The form that is hashed: normal form C, all blanks alike (OpaqueString of RFC 8265, section 4.2).

    :returns: None for one that nobody can have: it is longer than any, or no text
    """
    # Characters first: a text of any length is not encoded to find that it is too long.
    if len(password) > BYTES or not _is_text(password) or len(password.encode()) > BYTES:
        return None
    blanks_alike = "".join(" " if unicodedata.category(char) == "Zs" else char for char in password)
    return unicodedata.normalize("NFC", blanks_alike)


def chosen(password: str) -> str:
    """The form that is hashed of a new password.

    :raises Refused: ``bad_password``
    """
    form = prepared(password)
    if form is None or not SHORTEST <= len(form) <= LONGEST:
        raise _refused(f"a password has {SHORTEST} to {LONGEST} characters, and {BYTES} bytes at most")
    if any(unicodedata.category(char) == "Cc" for char in form):
        raise _refused("a password must not hold control characters")
    return form


def _is_text(password: str) -> bool:
    """Whether it can be encoded: half of a surrogate pair cannot."""
    return not any("\ud800" <= char <= "\udfff" for char in password)


def _refused(reason: str) -> Refused:
    return Refused(reason, code="bad_password")
