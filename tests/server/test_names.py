"""Nicknames: mended ones obey the rule, and no two that look alike share the chat."""

import json
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minechat.server import names
from minechat.server.epithets import EPITHETS
from minechat.text import safe_nick
from tests.server import pairs

#: Letters that are easy to take for one another: Latin and Cyrillic, Latin and Greek, Cyrillic and Greek.
LOOK_ALIKES = (
    "aа eе oо pр cс xх yу iі jј sѕ hһ AА BВ EЕ KК MМ HН OО PР CС TТ XХ YУ IІ JЈ SЅ ZΖ dԁ qԛ wԝ GԌ QԚ WԜ "
    "oο vν pρ aα iι uυ AΑ BΒ EΕ HΗ IΙ KΚ MΜ NΝ OΟ PΡ TΤ XΧ YΥ yγ "
    "оο рρ аα АΑ ВΒ ЕΕ НΗ ІΙ КΚ МΜ ОΟ РΡ ТΤ ХΧ ГΓ ПΠ фφ ФΦ "
    "l1 lI I| O0 o0 О0 З3 бσ ьb"
).split()
#: Words of which every letter has such a twin, and the twin word.
TWINS = [
    tuple(pair.split("="))
    for pair in """
    ВОВА=BOBA Саша=Cаша Ocean=Осеаn РОМА=POMA Ася=Aся Петр=Пeтр СЕРОВ=CEPOB ТАНК=TAHK кот=кoт
    Maria=Маriа CATHY=САТНУ HEX=НЕХ PETPO=РЕТРО Oxana=Охаnа ΝΙΚΗ=NIKH ΜΑΡΙΑ=MAPIA ΑΝΝΑ=ANNA
    Anton=Аntоn ΤΟΤΟ=TOTO ΕΒΑ=EBA Kate=Kаte MAMA=МАМА COCA=СОСА XEPCOH=ХЕРСОН Paypal=Раураl
    apple=аррlе scope=ѕсоре jeep=јеер Kim=Kіm Arnold=Amold Ivan=lvan Bill=BilI Zoo=Z00 ΖΕΤΑ=ZETA
    Oleg=0leg xo=хо pop=рор
    """.split()
]
#: One name in several writings.
VARIANTS = (
    ("Ivan", "IVAN"),
    ("Ivan", "ivan"),
    ("Ivan", "Ｉｖａｎ"),
    ("Вася", "ВАСЯ"),
    ("Big Bob", "Big_Bob"),
    ("Big Bob", "big__bob"),
    ("strasse", "straße"),
    ("file", "ﬁle"),
    ("Zoë", "Zoe\u0308"),
    ("Ivan", "𝐈𝐯𝐚𝐧"),
    ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
    ("Bob", "Bob_"),
)

nicks = st.text(
    st.one_of(
        st.characters(),
        st.sampled_from(
            'abcАБВабвΑΒ :_-"\\\t\n\u200b\u200d\u202e\u0301\u0338\u3164漢かカ한가👋🏽\ufe0f\u2800\u00ad'
        ),
    ),
    max_size=80,
)


def obeys(nick: str) -> bool:
    """The rule, said another way than in the code."""
    return (
        len(nick) <= 32
        and len(json.dumps(nick, ensure_ascii=False).encode()) <= 98
        and ":" not in nick
        and nick.isprintable()
        and nick == " ".join(nick.split())
        and nick == unicodedata.normalize("NFC", nick)
        and nick == safe_nick(nick)
        and all(len(scripts(word)) <= 1 for word in nick.split())
    )


def scripts(word: str) -> set[str]:
    """The scripts of letters as their names in Unicode begin, for those of everyday use."""
    known = (
        "LATIN",
        "CYRILLIC",
        "GREEK",
        "HEBREW",
        "ARABIC",
        "HIRAGANA",
        "KATAKANA",
        "HANGUL",
        "CJK UNIFIED",
        "THAI",
    )
    letters = [unicodedata.name(char, "") for char in word if char.isalpha()]
    return {script for name in letters for script in known if name.startswith(script + " ")}


@settings(max_examples=200, deadline=None)
@given(nicks)
def test_a_mended_nickname_obeys_the_rule(nick: str) -> None:
    assert obeys(names.mend(nick)), names.mend(nick)


@settings(max_examples=200, deadline=None)
@given(nicks)
def test_mending_twice_is_mending_once(nick: str) -> None:
    mended = names.mend(nick)
    assert names.mend(mended) == mended


@pytest.mark.parametrize(
    ("given", "mended"),
    [
        ("Вася", "Вася"),
        ("Maximus", "Maximus"),
        ("  Big \t Bob\u3000", "Big Bob"),
        ("Server: hello", "Server_ hello"),
        ("a\x1b[31mb", "a_[31mb"),
        ("e\u0301", "é"),
        ("ad\u200bmin", "admin"),
        ("e\u200b\u0301", "é"),
        ("A\U00011a8ae\U00011a8a\u0301", "Aé"),
        ("\u202eevil", "evil"),
        ("Ваcя", "Ва c я"),
        ("Васяpro2", "Вася pro2"),
        ("\u3164\u2800\u200b", ""),
        ("", ""),
        (" ", ""),
        ("\u0301a", "a"),
        ("a" + "\u0338" * 50, "a" + "\u0338" * 3),
        ("я" * 100, "я" * 32),
        ("𠀀" * 100, "𠀀" * 24),
        ("x" * 31 + " y", "x" * 31),
        ("\ud800", "_"),
        ("Zoë 👋", "Zoë 👋"),
    ],
)
def test_a_nickname_is_kept_as_far_as_it_can_be(given: str, mended: str) -> None:
    assert names.mend(given) == mended


@settings(max_examples=200, deadline=None)
@given(nicks, st.integers(1, 999_999_999))
def test_a_number_always_fits(nick: str, number: int) -> None:
    numbered = names.numbered(names.mend(nick), number)
    assert numbered.endswith(str(number))
    assert obeys(numbered)


def test_the_longest_account_line_stays_within_200_bytes() -> None:
    epithet = max(EPITHETS, key=len)
    for nick in ('"' * 99, "𠀀" * 99, "я" * 99, "\\" * 99, "漢" * 99):
        longest = names.numbered(names.mend(nick), 999_999_999)
        account = {"nickname": f"{epithet} {longest}", "account_hash": "x" * 36}
        assert len(json.dumps(account, ensure_ascii=False).encode()) + 1 <= 200


@settings(max_examples=200, deadline=None)
@given(nicks)
def test_the_key_of_a_key_is_the_key(nick: str) -> None:
    assert names.key(names.key(nick)) == names.key(nick)


@settings(max_examples=200, deadline=None)
@given(nicks)
def test_a_key_knows_no_case_no_form_and_no_underscore(nick: str) -> None:
    mended = names.mend(nick)
    key = names.key(mended)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert names.key(unicodedata.normalize(form, mended)) == key
    assert names.key(mended.casefold()) == key
    assert names.key(mended.replace(" ", "_")) == key


@pytest.mark.parametrize("pair", LOOK_ALIKES)
def test_letters_that_look_alike_share_a_key(pair: str) -> None:
    one, other = pair
    assert names.key(f"Jolly {one}") == names.key(f"Jolly {other}")


@pytest.mark.parametrize(("one", "other"), [*TWINS, *VARIANTS])
def test_names_that_look_alike_are_not_both_given(one: str, other: str) -> None:
    first, second = names.mend(one), names.mend(other)
    # Mended apart (a word of two scripts is split) they no longer look alike.
    split = second != unicodedata.normalize("NFC", other)
    assert split or names.key(f"Jolly {first}") == names.key(f"Jolly {second}")


def test_there_are_enough_pairs() -> None:
    assert len(LOOK_ALIKES) + len(TWINS) + len(VARIANTS) >= 100


def test_keys_are_those_that_databases_hold() -> None:
    # A newer Python brings newer tables of Unicode: keys that change need a migration.
    golden = json.loads((Path(__file__).parent / "keys.json").read_text("ascii"))
    assert len(golden) == 1000
    assert {name: names.key(name) for name, _ in golden} == dict(golden)


@pytest.mark.parametrize(("one", "other"), pairs.variants()[::5])
def test_one_name_in_two_writings_has_one_key(one: str, other: str) -> None:
    assert names.key(names.mend(one)) == names.key(names.mend(other))


def test_ordinary_names_stay_apart() -> None:
    people = (
        "Anna Boris Clara David Elena Fedor Galina Helen Kirill Maria Oleg Peter Robert Sofia Viktor "
        "Анна Борис Вера Глеб Дарья Елена Жанна Захар Ирина Кирилл Лев Мария Олег Пётр Семён Фёдор Юлия"
    ).split()
    assert len({names.key(name) for name in people}) == len(people)


def test_epithets_are_many_short_capitalised_words() -> None:
    assert len(EPITHETS) == len(set(EPITHETS)) >= 150
    assert all(word.isascii() and word.isalpha() and word.istitle() and len(word) <= 12 for word in EPITHETS)
    assert len({names.key(word) for word in EPITHETS}) > 0.9 * len(EPITHETS)
