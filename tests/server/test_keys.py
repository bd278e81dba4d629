"""Keys of names: those that look alike share one, ordinary names do not."""

import json
import unicodedata
from itertools import combinations
from pathlib import Path

import pytest
from hypothesis import given, settings

from minechat.server import names
from minechat.server.epithets import EPITHETS
from minechat.server.keys import Known, keys_of
from tests.server import pairs
from tests.server.test_names import nicks

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

#: Common first names and words, each once.
ORDINARY = """
    Tom Rom Tim Tod Ted Ned Nat Nay Ray Jay Kay Kate Kare Kara Tara Sara Lara Mara Mary Gary Cary Zara Dan
    Don Den Dean Jean Joan John Josh Jack Jake Luke Mike Nick Rick Dick Mick Max Rex Roy Troy Ron Rob Bob
    Bill Will Gil Neil Nell Noel Joel Emil Emily Emma Ella Ellie Elie Mila Mia Nia Lia Lea Leo Theo Ali Al
    Ian Ivan Evan Eva Eve Ava Ada Ida Ira Iris Boris Doris Loris Norris Morris Anna Hanna Hannah Ann Dana
    Lana Nina Gina Dina Lina Vera Nora Dora Cora Flora Otto Hugo Oscar Paul Saul Carl Karl Earl Peter Petra
    Simon Simone Denis Denise fun sun run gun bun cat car cap bat bar bad bag dog dot fog for far fur hot
    hat ham him fail fall mail mall tail tall ball bail one two ten red blue green black white home tome
    room loom book look took club tree free coffee guest guess poet port post past part hello world music
    magic tiger river winter summer club0 club6 club3 club8 x2 x3 x5 x8 user2 user3 user10 user20 anna1
    anna2 Анна Инна Нина Зина Лина Дина Рина Ира Кира Лера Вера Лена Гена Женя Сеня Ваня Таня Саня Аня Яна
    Яков Иван Степан Семён Павел Пётр Фёдор Артём Роман Раман Руслан Рустам Тимур Артур Марк Макар Захар
    Назар Лазарь Игорь Олег Глеб Лев Юлия Юлиан Илья Дарья Марья Мария Марина Ирина Арина Карина Полина
    Алина Галина Элина Вова Дима Дина2 Рома Тома Сома Миша Маша Паша Саша Даша Гоша Гриша Коля Толя Поля Оля
    Юра Шура Жора Света кот код год рад ряд род рот рост мост хвост лес вес бес дом дым ком лом пол гол
    бол вол дол бар пар шар жар дар бор вор тор спор мир пир жир вид лид гид дед лёд мёд ход вход сон тон
    фон звон лук жук бук сук стук свет цвет совет привет ответ зима лето весна осень река рука мука щука
    утро вечер город голод холод молод чай чайник читатель писатель учитель мечта почта дача удача задача
""".split()


@settings(max_examples=200, deadline=None)
@given(nicks)
def test_the_key_of_a_key_is_the_key(nick: str) -> None:
    keys = keys_of(nick)
    assert keys_of(keys.small).small == keys.small
    assert keys_of(keys.capital).capital == keys.capital
    assert keys_of(keys.shown).shown == keys.shown


@settings(max_examples=200, deadline=None)
@given(nicks)
def test_keys_know_no_case_no_form_and_no_underscore(nick: str) -> None:
    mended = names.mend(nick)
    keys = keys_of(mended)
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert keys_of(unicodedata.normalize(form, mended)) == keys
    assert keys_of(mended.casefold())[:2] == keys[:2]
    assert keys_of(mended.replace(" ", "_")) == keys
    assert bool(keys.small) == bool(keys.capital) == bool(keys.shown)


@pytest.mark.parametrize("pair", LOOK_ALIKES)
def test_letters_that_look_alike_share_a_key(pair: str) -> None:
    one, other = pair
    assert keys_of(f"Jolly {one}").is_like(keys_of(f"Jolly {other}"))


@pytest.mark.parametrize(("one", "other"), [*TWINS, *VARIANTS])
def test_names_that_look_alike_are_not_both_given(one: str, other: str) -> None:
    first, second = names.mend(one), names.mend(other)
    # Mended apart (a word of two scripts is split) they no longer look alike.
    split = second != unicodedata.normalize("NFC", other)
    assert split or keys_of(f"Jolly {first}").is_like(keys_of(f"Jolly {second}"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(("Tom", "ТОМ"), ("TOM", "том".upper()), ("Вова", "BOBA"), ("ВАСЯ", "Вася"), ("pay", "рау")),
        *(("Pay", "рау"), ("Zoo", "z00"), ("Ivan", "lvan"), ("ivan", "1VAN"), ("bill", "BI11")),
        *(("Arnold", "AMOLD".lower()), ("Μανος", "Mavoc"), ("Тарас", "Ταραϲ"), ("Боб", "6ОБ")),
    ],
)
def test_letters_that_look_alike_in_one_case_only_are_enough(one: str, other: str) -> None:
    assert keys_of(one).is_like(keys_of(other))
    assert keys_of(other).is_like(keys_of(one))


def test_there_are_enough_pairs() -> None:
    assert len(LOOK_ALIKES) + len(TWINS) + len(VARIANTS) >= 100


def test_keys_are_those_that_databases_hold() -> None:
    # A newer Python brings newer tables of Unicode: keys that change need a migration.
    golden = json.loads((Path(__file__).parent / "keys.json").read_text("ascii"))
    assert len(golden) == 1000
    assert {name: list(keys_of(name)) for name, *_ in golden} == {name: keys for name, *keys in golden}


@pytest.mark.parametrize(("one", "other"), pairs.variants()[::5])
def test_one_name_in_two_writings_shares_a_key(one: str, other: str) -> None:
    assert keys_of(names.mend(one)).is_like(keys_of(names.mend(other)))


def test_ordinary_names_stay_apart() -> None:
    assert len(ORDINARY) == len(set(ORDINARY)) > 300
    people = {name: keys_of(name) for name in ORDINARY}
    assert [pair for pair in combinations(people, 2) if people[pair[0]].is_like(people[pair[1]])] == []
    many = {word: keys_of(word) for word in EPITHETS}
    assert [pair for pair in combinations(many, 2) if many[pair[0]].is_like(many[pair[1]])] == []


def test_no_letter_of_an_alphabet_is_like_another_of_it() -> None:
    for letters in (
        "abcdefghijklmnopqrstuvwxyz",
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
    ):
        for one, other in combinations(letters, 2):
            assert not keys_of(one).is_like(keys_of(other)), (one, other)
            assert not keys_of(one.upper()).is_like(keys_of(other.upper())), (one, other)


def test_names_are_compared_with_many_others() -> None:
    known = Known(["admin", "Нора"])
    assert all(known.has_like(name) for name in ("ADM1N", "admln", "аdmin", "НОРА", "HOPA", "Admin_"))
    assert not any(known.has_like(name) for name in ("admins", "Вера", ""))
    assert not Known([]).has_like("admin")
