"""Every key of the screen, as data: what it does, its documentation, and its twins on a Russian keyboard."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.binding import Binding

from minechat.ui.words import Words

#: The letters of the Russian layout on the keys of the Latin one.
_LATIN = dict(zip("йцукенгшщзфывапролдячсмить", "qwertyuiopasdfghjklzxcvbnm", strict=True))


#: With Esc before them, O and P begin the sequences of other keys.
_LETTERS = (
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNQRSTUVWXYZ"
    "абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ"
)


@dataclass(frozen=True, slots=True)
class Taught:
    """A key that Textual does not know by itself, in the form of its own tables."""

    value: str


@dataclass(frozen=True, slots=True)
class Key:
    """What some keys do.

    :param keys: as Textual names them; all do the same
    :param shown: as they stand in the documentation
    :param action: of the application; "" where a widget does it itself
    :param word: its sentence in the tables of words
    """

    keys: tuple[str, ...]
    shown: str
    action: str
    word: str


_NUMBERS = tuple(f"alt+{number}" for number in range(1, 10))

KEYS: tuple[Key, ...] = (
    Key(("enter",), "Enter", "", "key_send"),
    Key(("alt+enter", "ctrl+j", "shift+enter"), "Alt-Enter, Ctrl-J", "", "key_new_line"),
    Key(("tab",), "Tab", "", "key_complete"),
    Key(("ctrl+u",), "Ctrl-U", "", "key_delete_before"),
    Key(("ctrl+k",), "Ctrl-K", "", "key_delete_after"),
    Key(("ctrl+w",), "Ctrl-W", "", "key_delete_word"),
    Key(("ctrl+a", "ctrl+e"), "Ctrl-A, Ctrl-E", "", "key_line"),
    Key(("alt+b", "alt+f"), "Alt-B, Alt-F", "", "key_word"),
    Key(("alt+d",), "Alt-D", "", "key_delete_word_right"),
    Key(("up",), "Up", "", "key_recall"),
    Key(("down",), "Down", "", "key_recall_forth"),
    Key(("pageup",), "PageUp", "screens(-1)", "key_up"),
    Key(("pagedown",), "PageDown", "screens(1)", "key_down"),
    Key(("ctrl+up",), "Ctrl-Up", "lines(-1)", "key_line_up"),
    Key(("ctrl+down",), "Ctrl-Down", "lines(1)", "key_line_down"),
    Key(("ctrl+home", "alt+home"), "Ctrl-Home", "start", "key_start"),
    Key(("ctrl+end", "alt+end"), "Ctrl-End", "end", "key_end"),
    Key(_NUMBERS, "Alt-1 … Alt-9", "number", "key_number"),
    Key(("alt+down", "ctrl+n"), "Alt-Down, Ctrl-N", "turn(1)", "key_next"),
    Key(("alt+up", "ctrl+p"), "Alt-Up, Ctrl-P", "turn(-1)", "key_previous"),
    Key(("alt+a",), "Alt-A", "unread", "key_unread"),
    Key(("f6", "shift+tab"), "F6, Shift-Tab", "around", "key_focus"),
    Key(("escape",), "Esc", "box", "key_box"),
    Key(("f1",), "F1", "help", "key_help"),
    Key(("f2", "alt+r"), "F2, Alt-R", "rooms", "key_rooms"),
    Key(("f3", "alt+p"), "F3, Alt-P", "people", "key_people"),
    Key(("ctrl+l",), "Ctrl-L", "redraw", "key_redraw"),
    Key(("ctrl+c", "ctrl+q"), "Ctrl-C, Ctrl-Q", "leave", "key_quit"),
)


def latin(key: str) -> str:
    """The same key on a Latin keyboard: with Ctrl or Alt, a Russian letter is meant by its place.

    Terminals send the letter that is written on the key, so Alt-A comes as ``alt+ф``.
    """
    modifiers, _, letter = key.rpartition("+")
    return f"{modifiers}+{_LATIN[letter]}" if modifiers and letter in _LATIN else key


def _actions() -> Iterator[tuple[str, str]]:
    for row in KEYS:
        for key in row.keys if row.action else ():
            yield key, f"number({key[-1]})" if row.action == "number" else row.action


#: What the application does on a key. A widget with the focus asks here first, when the key's turn comes:
#: as bindings that go before all else they would overtake the letters that were typed before them.
ACTIONS: dict[str, str] = dict(_actions())


def bindings() -> Iterator[Binding]:
    """The same for Textual, where no widget has the focus."""
    return (Binding(key, action, show=False) for key, action in ACTIONS.items())


def teach_terminal_keys() -> None:
    """Corrects what Textual takes some keys for: Alt-Enter for Enter, which sends; Alt-1 for a letter.

    Alt with a letter that is for nothing, or Esc right before one, would be the letter or even ``^``.
    """
    table = cast("dict[str, object]", ANSI_SEQUENCES_KEYS)
    table["\x1b\r"] = (Taught("alt+enter"),)
    for number in "123456789":
        table[f"\x1b{number}"] = (Taught(f"alt+{number}"),)
    for letter in _LETTERS:
        shift = "shift+" if letter.isupper() else ""
        table[f"\x1b{letter}"] = (Taught(f"alt+{shift}{letter.lower()}"),)


def documentation(words: Words) -> list[tuple[str, str]]:
    """All keys, and what each does."""
    return [(row.shown, words(row.word)) for row in KEYS]
