"""Untrusted text is shown as it is or as visible symbols, and never does anything."""

import json
import re
import runpy
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minechat.protocol.lines import decode
from minechat.text import MARKS, SHOWN, exact_json, safe, safe_line, safe_lines, safe_nick

Render = Callable[[str], str]

HOSTILE = runpy.run_path(str(Path(__file__).parent / "hostile" / "corpus.py"))["load"]()
LINES: list[bytes] = HOSTILE.hostile_lines
PAIRS: list[tuple[str, str]] = HOSTILE.nick_pairs
TEXTS = [*map(decode, LINES), *(nick for pair in PAIRS for nick in pair)]
STAMP = "[22.11.2026 14:05] "

# Few characters, each of which has been somebody's trap, so that they meet each other often.
TRAPS = [
    *map(chr, range(0x20)),
    *"\x7f\x80\x85\x9b\x9f\xa0\xad",
    *"\u0300\u0301\u0307\u0323\u0334\u0344\u0345\u034f\u0483\u20dd\u3099\ufe0f\ufe0e",
    *"\u115f\u1100\u1161\u11a8\uac00\u3164\u2800\u200b\u200c\u200d\u200e\u202e\u2066\u2028\u2029\ufeff",
    *"\u212b\u2126\u0374\u037e\uf900\u1f71\u0958\ud800\udc00\ufffd\ufffe\ue000\U000e0041\U000e0101",
    *"\u1f600\U0001f600\U0001f3fb\U0001f1f7\u2026\u25cc\u241b+[]19\\xfabcou\u0436\u0451\u00e9: ",
]
#: Any text, and texts made of traps.
texts = st.text(st.sampled_from(TRAPS) | st.characters(codec=None), max_size=80) | st.text(
    st.sampled_from(TRAPS), min_size=20, max_size=200
)
lengths = st.sampled_from([1, 2, 9, 100, SHOWN - 1, SHOWN, SHOWN + 1, 2 * SHOWN])
#: A text, a part of it so often that it may have to be cut.
long_texts = st.builds(lambda a, b, n, c: a + (b * n)[: 3 * SHOWN] + c, texts, texts, lengths, texts)
wire_lines = st.one_of(
    texts.map(lambda text: text.encode("utf-8", "surrogatepass")),
    texts.map(lambda text: text.encode("utf-16-le", "surrogatepass")),
    st.text("абвё — «»…", max_size=40).map(str.encode),
    st.text("abc: \r", max_size=40).map(str.encode),
    st.lists(st.sampled_from([b"\xd0", b"\xd1", b"\x80", b"\xbf", b"\xc3", b"\xc0", b"\xed\xa0", b"a"])).map(
        b"".join
    ),
    st.binary(max_size=40),
    st.sampled_from([b"x" * SHOWN, b"x" * (SHOWN + 1), b"a: " + "ж".encode() * SHOWN, *LINES]),
).map(lambda line: line.replace(b"\n", b""))


def acts(char: str) -> bool:
    """Does more than stand in its place, said without the tables under test."""
    code = ord(char)
    if 0x1F000 <= code <= 0x1FAFF or char in "\u200c\u200d":
        return False
    blank = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u180f\u2800\u3164\uffa0"
    category = unicodedata.category(char)
    return category[0] == "C" or category in ("Zl", "Zp") or char in blank or 0xE0000 <= code < 0xE1000


def seen(nick: str) -> str:
    """What a reader sees of a nickname: no invisible character, one kind of space, one form of letters."""
    visible = (char for char in nick if not acts(char) and not re.match("[\u200c\u200d\ufe00-\ufe0f]", char))
    return unicodedata.normalize("NFC", "".join(" " if char.isspace() else char for char in visible))


@pytest.mark.parametrize("render", [safe, safe_nick, safe_line])
def test_hostile_strings_are_shown_without_one_acting_character(render: Render) -> None:
    assert [text for text in TEXTS if any(map(acts, render(text)))] == []


@pytest.mark.parametrize("render", [safe, safe_nick, safe_line])
@given(text=texts)
@settings(deadline=None, max_examples=200)
def test_no_acting_character_passes(render: Render, text: str) -> None:
    assert not any(map(acts, render(text)))


@pytest.mark.parametrize("render", [safe, safe_nick, safe_line])
@given(text=long_texts)
@settings(deadline=None, max_examples=200)
def test_what_is_safe_stays_as_it_is(render: Render, text: str) -> None:
    once = render(text)

    assert render(once) == once


@pytest.mark.parametrize("render", [safe, safe_nick, safe_line])
def test_what_is_safe_of_the_corpus_stays_as_it_is(render: Render) -> None:
    assert [text for text in TEXTS if render(render(text)) != render(text)] == []


def test_escape_sequences_are_shown_as_symbols() -> None:
    assert safe("\x1b]52;c;cm0=\x07") == "␛]52;c;cm0=␇"
    assert safe("\x9b31m\x7f") == r"\x9b31m␡"
    assert safe("a\r\n\0b") == "a␍␊␀b"
    assert safe("\u202eabc\u2028\U000e0041") == r"\u202eabc\u2028\U000e0041"


@pytest.mark.parametrize(
    "text",
    [
        "привет — «мир»…", "naïve café", "日本語 한글", "שלום مرحبا", "می\u200cخواهم", "हिन्दी", "ที่นี่", "Việt",
        "🙂👨\u200d👩\u200d👧❤\ufe0f", r"C:\x9b ␛ ◌",
    ],
)  # fmt: skip
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert safe(text) == text
    assert safe_line("Vlad: " + text) == "Vlad: " + text
    assert json.loads(exact_json(text)) == text
    assert text in exact_json(text) or "\\" in text


def test_a_base_carries_a_few_marks_and_one_symbol_stands_for_the_rest() -> None:
    assert safe("Z" + "\u0301" * MARKS + "a") == "Z" + "\u0301" * MARKS + "a"
    assert safe("Z" + "\u0301" * 4000 + "a") == "Z" + "\u0301" * MARKS + "◌a"
    assert safe("x" + "\u200d\ufe0f" * 100) == "x" + "\u200d\ufe0f" * 4 + "◌"


def test_marks_without_a_base_do_not_reach_what_stands_before_the_text() -> None:
    assert safe("\u0301\u20ddabc") == "◌abc"
    assert safe_nick("\u0334Vlad") == r"\u0334Vlad"
    assert safe_line("\u0334: \u0334") == r"\u0334: ◌"


@given(text=long_texts)
@settings(deadline=None, max_examples=200)
def test_a_text_is_never_longer_than_what_may_be_shown(text: str) -> None:
    assert len(safe(text)) <= SHOWN
    assert len(safe_nick(text)) <= SHOWN


@pytest.mark.parametrize("char", ["x", "ж", "\x9b", "\u202e", "\U000e0041", "\n"])
@pytest.mark.parametrize("count", [410, SHOWN, SHOWN + 1, 60_000])
def test_a_cut_tells_how_many_characters_are_missing(char: str, count: int) -> None:
    shown, mark, missing = safe(char * count).rpartition("…[+")

    one = len(safe(char))
    if one * count <= SHOWN:
        assert not mark
    else:
        assert len(shown) // one + int(missing.rstrip("]")) == count
        assert len(shown) % one == 0
        assert len(shown) > SHOWN - 20


def test_a_nickname_has_no_other_spaces_no_joiners_and_one_form() -> None:
    assert safe_nick("Brave\u00a0Vlad") == r"Brave\xa0Vlad"
    assert safe_nick("V\u200dl\ufe0f") == r"V\u200dl\ufe0f"
    assert safe_nick("Jose\u0301") == r"Jose\u0301"
    assert safe_nick("José Ёлка x\u0323") == "José Ёлка x\u0323"
    assert safe_nick("\u212bke") == r"\u212bke"


def test_two_nicknames_never_look_the_same() -> None:
    assert len(set(PAIRS)) >= 200
    same = [(one, other) for one, other in PAIRS if seen(safe_nick(one)) == seen(safe_nick(other))]

    assert same == []


def test_two_nicknames_never_look_the_same_on_a_terminal() -> None:
    screen = pyte.Screen(600, 1)
    stream = pyte.Stream(screen)

    def shown(nick: str) -> str:
        screen.reset()
        stream.feed(safe_nick(nick) + ": hi")
        return screen.display[0]

    assert [(one, other) for one, other in PAIRS if shown(one) == shown(other)] == []


def test_only_the_first_separator_ends_the_nickname() -> None:
    assert safe_line("a\u00a0b: c\u00a0d: e\u00a0f") == "a\\xa0b: c\u00a0d: e\u00a0f"
    assert safe_line("a\u00a0b") == "a\u00a0b"
    assert safe_line(": \x1b") == ": ␛"


def test_no_line_turns_into_another_ones_nickname() -> None:
    turned = [line for line in map(decode, LINES) if ": " not in line and ": " in safe_line(line)]

    assert turned == []


def test_nothing_in_a_line_separates_records() -> None:
    block = b"".join(line + b"\n" for line in LINES)

    assert len(safe_lines(block).decode().splitlines()) == len(LINES)


@given(lines=st.lists(wire_lines, max_size=8))
@settings(deadline=None, max_examples=300)
def test_a_block_equals_its_lines(lines: list[bytes]) -> None:
    block = b"".join(line + b"\n" for line in lines)
    one_by_one = b"".join(safe_line(decode(line)).encode() + b"\n" for line in lines)

    assert safe_lines(block) == one_by_one
    assert safe_lines(one_by_one) == one_by_one


@pytest.mark.parametrize("size", [0, 1, 2, 5, 1000])
@pytest.mark.parametrize("usual", [b"Vlad: hi", "Влад: привет".encode(), "Влад: — «о»".encode(), b""])
def test_a_hostile_line_anywhere_in_a_block_changes_no_other_line(usual: bytes, size: int) -> None:
    for line in LINES[::7]:
        for lines in ([line] + [usual] * size, [usual] * size + [line], [usual, line] * min(size, 9)):
            block = b"".join(each + b"\n" for each in lines)
            kept = safe_line(decode(line)).encode()
            assert safe_lines(block).split(b"\n") == [
                *(kept if each is line else each for each in lines),
                b"",
            ]


def test_every_character_gives_the_same_in_a_block_alone_and_among_its_neighbours() -> None:
    for first in [*range(0, 0xD800, 32), *range(0xE000, 0x20000, 32), *range(0xE0000, 0xE1000, 256)]:
        chars = [chr(code) for code in range(first, first + 32) if code != ord("\n")]
        lines = [*chars, "".join(chars)]
        block = "".join(line + "\n" for line in lines).encode()
        assert safe_lines(block).decode() == "".join(
            safe_line(decode(line.encode())) + "\n" for line in lines
        )


@pytest.mark.parametrize("char", ["x", "ж", "—", "\x9b"])
@pytest.mark.parametrize("length", range(SHOWN - 2, SHOWN + 4))
@pytest.mark.parametrize("before", [0, 1, 100, SHOWN - 1, SHOWN, 10_000])
def test_lines_about_as_long_as_may_be_shown_are_cut_alike(char: str, length: int, before: int) -> None:
    usual = "y" * before + "\n"
    block = (usual + char * length + "\n" + usual).encode()

    expected = "".join(safe_line(line) + "\n" for line in block.decode().split("\n")[:-1])
    assert safe_lines(block).decode() == expected
    assert safe_lines((char * length).encode()).decode() == safe_line(char * length)


def test_a_block_of_bytes_without_a_newline_is_made_safe_too() -> None:
    assert safe_lines(b"") == b""
    assert safe_lines(b"Vlad: \x1b") == "Vlad: ␛".encode()


def test_what_is_not_utf8_is_shown_as_unreadable() -> None:
    assert safe_lines(b"a\0\xff\xd0\nb\xc0\x9b[31m\xed\xa0\x80\r\n").decode() == (
        "a\ufffd\ufffd\ufffd\nb\ufffd\ufffd[31m\ufffd\ufffd\ufffd\n"
    )


@given(text=texts.filter(lambda text: not re.search("[\ud800-\udbff][\udc00-\udfff]", text)))
@settings(deadline=None, max_examples=300)
def test_json_reads_back_exactly_and_is_safe_to_show(text: str) -> None:
    literal = exact_json(text)

    assert json.loads(literal) == text
    assert safe(literal) == literal


def test_json_keeps_letters_and_escapes_what_acts() -> None:
    assert exact_json('ж"\\é 🙂') == '"ж\\"\\\\é 🙂"'
    assert exact_json("\x1b\x7f\x9b\u202e\u2028\U000e0041") == r'"\u001b\u007f\u009b\u202e\u2028\udb40\udc41"'
    assert exact_json("a" + "\u0301" * 9) == '"a' + "\u0301" * 8 + r'\u0301"'
    assert len(exact_json("x" * 10_000)) == 10_002


def terminal_state(screen: pyte.Screen) -> dict[str, Any]:
    state = {"title": screen.title, "icon": screen.icon_name, "modes": set(screen.mode)}
    return state | {"margins": screen.margins, "charset": screen.charset, "tabs": set(screen.tabstops)}


class Terminal(pyte.Screen):
    """Remembers what a terminal would type back to the program."""

    typed = ""

    def write_process_input(self, data: str) -> None:
        self.typed += data


def test_a_terminal_keeps_its_title_its_modes_and_the_column_of_nicknames() -> None:
    screen = Terminal(2 * SHOWN + 100, 3)
    stream = pyte.Stream(screen)
    before = terminal_state(screen)

    for line in LINES:
        shown = safe_line(decode(line))
        stream.feed(f"\r\n{STAMP}{shown}")
        row = screen.buffer[screen.cursor.y]
        assert "".join(row[column].data for column in range(len(STAMP))) == STAMP
        first = unicodedata.normalize("NFD", row[len(STAMP)].data)[:1]
        assert first == unicodedata.normalize("NFD", shown or " ")[:1]
        assert {cell.fg for cell in row.values()} == {"default"}
    assert terminal_state(screen) == before
    assert screen.typed == ""


FULL = 64 * 1024
LONG = {
    "ascii": "x" * FULL,
    "separators": ": " * (FULL // 2),
    "cyrillic": "ж" * (FULL // 2),
    "c1": "\x80" * (FULL // 2),
    "c1 among letters": "a\x80" * (FULL // 3),
    "one base": "a" + "\u0301" * (FULL // 2 - 1),
    "one base, marks unsorted": "a" + "\u0301\u0323" * (FULL // 4 - 1),
    "one base, marks of two": "a" + "\u0344" * (FULL // 2 - 1),
    "one base, in the nickname too": "a" + "\u0301\x9b" * 2048 + ": a" + "\u202e\u0301" * 12000,
    "jamo": "\u1100\u1161\u11a8" * (FULL // 9),
    "zero width": "\u200b" * (FULL // 3),
    "tags": "\U000e0041" * (FULL // 4),
    "all different": "".join(map(chr, range(0x800, 0x800 + FULL // 3))),
    "all different, in the nickname too": "".join(map(chr, range(0x2E80, 0x2E80 + 4096)))
    + ": "
    + "".join(map(chr, range(0x800, 0x800 + 4096))) * 3,
}


@pytest.mark.parametrize("name", LONG)
def test_the_longest_line_is_made_safe_in_five_milliseconds(name: str) -> None:
    line = LONG[name].encode()[:FULL] + b"\n"

    def milliseconds() -> float:
        start = time.thread_time()
        safe_lines(line)
        return (time.thread_time() - start) * 1000

    assert min(milliseconds() for _ in range(20)) < 5
