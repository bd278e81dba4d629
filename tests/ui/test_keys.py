"""The table of keys: no key twice, all documented, the same under a Russian layout and in every terminal."""

import pytest
from textual import events
from textual._xterm_parser import XTermParser

from minechat.ui import keys
from minechat.ui.words import Words


def typed(data: str) -> list[str]:
    """What a terminal's bytes are for us."""
    keys.teach_terminal_keys()
    parser = XTermParser()
    found = [*parser.feed(data), *parser.feed("")]
    return [keys.latin(event.key) for event in found if isinstance(event, events.Key)]


def test_no_key_does_two_things() -> None:
    named = [key for row in keys.KEYS for key in row.keys]
    assert len(named) == len(set(named))


@pytest.mark.parametrize("language", ["en", "ru"])
def test_every_key_is_in_the_documentation(language: str) -> None:
    lines = keys.documentation(Words(language))
    assert len(lines) == len(keys.KEYS)
    assert any("Alt-1 … Alt-9" in shown for shown, _ in lines)


@pytest.mark.parametrize(
    ("data", "key"),
    [
        ("\x1b\r", "alt+enter"),
        ("\x1b[13;3u", "alt+enter"),
        ("\n", "ctrl+j"),
        ("\r", "enter"),
        ("\x1b1", "alt+1"),
        ("\x1b9", "alt+9"),
        ("\x1ba", "alt+a"),
        ("\x1bф", "alt+a"),
        ("\x1b[1092;3u", "alt+a"),
        ("\x1b[1089;5u", "ctrl+c"),
        ("\x1b[1081;5u", "ctrl+q"),
        ("\x03", "ctrl+c"),
        ("\x1b[1;3A", "alt+up"),
        ("\x1b[1;5F", "ctrl+end"),
        ("\x1bOP", "f1"),
        ("\x1bb", "alt+b"),
        ("\x1bи", "alt+b"),
        ("\x1bD", "alt+shift+d"),
    ],
)
def test_what_terminals_send_is_understood(data: str, key: str) -> None:
    assert typed(data) == [key]


def test_alt_with_a_letter_or_esc_right_before_one_writes_nothing() -> None:
    keys.teach_terminal_keys()
    parser = XTermParser()
    data = "".join(f"\x1b{letter}" for letter in "bfdxyzABQюЖё") + "\x1b\x1bx\x1b"
    found = [*parser.feed(data), *parser.feed("")]
    pressed = [event for event in found if isinstance(event, events.Key)]
    assert not [event.character for event in pressed if event.is_printable]


def test_letters_without_ctrl_or_alt_stay_what_they_are() -> None:
    assert typed("фы") == ["ф", "ы"]
    assert keys.latin("ctrl+right") == "ctrl+right"
