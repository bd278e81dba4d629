"""How the screen looks: the themes, and the look of each kind of text in each of them."""

import zlib
from dataclasses import dataclass
from functools import lru_cache

from rich.style import Style
from textual.theme import BUILTIN_THEMES, Theme

#: Looks that are the same in every theme; what a look says is also said by a sign or a word.
_PLAIN: dict[str, Style] = {
    "text": Style(),
    "mine": Style(bold=True),
    "pending": Style(dim=True),
    "note": Style(dim=True),
    "stamp": Style(dim=True),
    "sign": Style(dim=True),
    "day": Style(dim=True),
    "bold": Style(bold=True),
    "current": Style(reverse=True),
    "cursor": Style(bold=True, underline=True),
    "mention": Style(bold=True, reverse=True),
    "unread": Style(bold=True),
    "error": Style(bold=True),
    "here": Style(),
    "waiting": Style(bold=True),
    "away": Style(bold=True),
    "title": Style(bold=True),
    "bar": Style(reverse=True),
}


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme.

    :param theme: for Textual
    :param nicks: of nicknames, in the order of the watcher's colours on a terminal
    """

    theme: Theme
    looks: dict[str, Style]
    nicks: tuple[Style, ...]


def _styles(**colours: str) -> dict[str, Style]:
    """The plain looks with colours added."""
    added = {look: _PLAIN.get(look, Style()) + Style.parse(colour) for look, colour in colours.items()}
    return {**_PLAIN, **added}


def _nicks(names: str) -> tuple[Style, ...]:
    return tuple(Style.parse(name.replace("+", " ")) for name in names.split())


_ANSI = BUILTIN_THEMES["ansi-dark"]
_OWN = Palette(
    _ANSI,
    _styles(mention="yellow", unread="red", error="red"),
    _nicks(
        "red green yellow blue magenta cyan"
        " bright_red bright_green bright_blue bright_magenta bright_cyan bold+blue"
    ),
)
_NONE = Palette(_ANSI, _PLAIN, (Style(),))
_DARK = Palette(
    Theme(
        name="minechat-dark",
        primary="#7aa2f7",
        foreground="#d5d9e2",
        background="#15181e",
        surface="#1c2028",
        panel="#252a34",
        warning="#e0af68",
        error="#f7768e",
        success="#9ece6a",
        accent="#7dcfff",
    ),
    _styles(
        stamp="not dim #7d8595", note="not dim #949cae", sign="not dim #4c5464", day="not dim #7d8595",
        pending="not dim #949cae", mention="#e0af68", unread="#f7768e", error="#f7768e", waiting="#e0af68",
        away="#f7768e", here="#9ece6a", title="#7dcfff", bar="not reverse on #252a34",
    ),
    _nicks(
        "#f7768e #9ece6a #e0af68 #7aa2f7 #bb9af7 #7dcfff #ff9e8a #b9f27c #89b4fa #d8a6ff #8be9e0 bold+#7aa2f7"
    ),
)  # fmt: skip
_LIGHT = Palette(
    Theme(
        name="minechat-light",
        primary="#1f5fbf",
        foreground="#1f2430",
        background="#fbfbf9",
        surface="#f1f1ee",
        panel="#e6e6e1",
        warning="#8a5a00",
        error="#b3261e",
        success="#2f6f2f",
        accent="#00677d",
        dark=False,
    ),
    _styles(
        stamp="not dim #6a6f7a", note="not dim #5a606c", sign="not dim #a9adb5", day="not dim #6a6f7a",
        pending="not dim #5a606c", mention="#8a5a00", unread="#b3261e", error="#b3261e", waiting="#8a5a00",
        away="#b3261e", here="#2f6f2f", title="#00677d", bar="not reverse on #e6e6e1",
    ),
    _nicks(
        "#b3261e #2f6f2f #8a5a00 #1f5fbf #8e3a9d #00677d #c2410c #4d7c0f #3454d1 #a21caf #0f766e bold+#1f5fbf"
    ),
)  # fmt: skip

#: By the name that a person gives; ``auto`` takes the terminal's own colours.
PALETTES: dict[str, Palette] = {"auto": _OWN, "dark": _DARK, "light": _LIGHT, "none": _NONE}


class Looks:
    """The style of each look in one theme."""

    def __init__(self, theme: str) -> None:
        self._palette = PALETTES[theme]

    def style(self, look: str) -> Style:
        """:param look: a name, or ``nick:`` and a nickname, which has the same colour every time"""
        if look.startswith("nick:"):
            return self._palette.nicks[_number(look[5:]) % len(self._palette.nicks)]
        return self._palette.looks[look]


@lru_cache(4096)
def _number(nick: str) -> int:
    return zlib.crc32(nick.encode())
