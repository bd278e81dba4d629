"""Chat in the terminal: the public names of the client side, for programs of your own.

``listening`` hears a conversation and survives reconnects, ``speaking`` registers, logs in and posts.
Texts are as they were said: ``safe`` and ``safe_nick`` make them fit for a terminal.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minechat import errors
    from minechat.client.address import Address
    from minechat.client.listen import State, blocks, listening
    from minechat.client.speak import Speaker, check_message, speaking
    from minechat.client.tls import Tls
    from minechat.errors import MinechatError
    from minechat.events import Account, Connected, LinesSkipped, Lost, Retrying, Said
    from minechat.text import safe, safe_nick

__all__ = [
    "Account",
    "Address",
    "Connected",
    "LinesSkipped",
    "Lost",
    "MinechatError",
    "Retrying",
    "Said",
    "Speaker",
    "State",
    "Tls",
    "blocks",
    "check_message",
    "errors",
    "listening",
    "safe",
    "safe_nick",
    "speaking",
]

# Loaded when first asked for (PEP 562): our commands must be deaf to a Ctrl-C before asyncio is there,
# and one that posts a line loads nothing it does not use.
_HOMES = {
    "minechat.client.address": ("Address",),
    "minechat.client.listen": ("State", "blocks", "listening"),
    "minechat.client.speak": ("Speaker", "check_message", "speaking"),
    "minechat.client.tls": ("Tls",),
    "minechat.errors": ("MinechatError",),
    "minechat.events": ("Account", "Connected", "LinesSkipped", "Lost", "Retrying", "Said"),
    "minechat.text": ("safe", "safe_nick"),
}


def __getattr__(name: str) -> object:
    if name == "errors":
        return import_module("minechat.errors")
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'minechat' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
