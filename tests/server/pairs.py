"""Names that people take for one another: 500 pairs of look-alikes, 200 of one name in two writings."""

import unicodedata
from itertools import cycle, islice

#: Families of letters that look alike, in capitals or in small letters; none of it comes from the product.
FAMILIES = (
    "AАΑ BВΒ CС EЕΕ HНΗ IІΙl1| JЈ KКΚ MМΜ NΝ OОΟ0 PРΡ SЅ TТΤ XХΧ YУΥ ZΖ aаα cсϲ eе iіι jј oоοσ pрρ sѕ "
    "xхχ yуγ vν uυ hһ dԁ qԛ wԝ ГΓ ПΠ ФΦ фφ 3Зз б6 ьb"
).split()
NAMES = """
    Anna Boris Clara David Elena Fedor Galina Helen Kirill Maria Oleg Peter Robert Sofia Viktor Oscar Tom
    Kate Xenia Yana Paul Jack Simon Alice Emma Arthur Max Toby Hector Pia Cora Bob Ben Betty Moses Thea
    Анна Борис Вера Глеб Дарья Елена Жанна Захар Ирина Кирилл Мария Олег Пётр Семён Фёдор Тамара Роман
    Вова Коля Оксана Степан Рита Ася Матвей Нестор Павел Хасан Эмма Артур Марат Тарас Раиса Аркадий
    Σοφία Νίκη Μαρία Άννα Πέτρος Ελένη Τάσος Χάρης Ορέστης Κατερίνα
""".split()
#: What cannot be seen, or is no more than a writing of the same.
INVISIBLE = ("\u200b", "\u00ad", "\u2060", "\ufeff", "\u180e", "\u200d", "\u034f", "\u3164", "\U000e0041")


def twins(count: int = 500) -> list[tuple[str, str]]:
    """Pairs of names, the second with letters of the first exchanged for look-alikes."""
    made = dict.fromkeys(pair for shift in range(1, 6) for name in NAMES for pair in _twins(name, shift))
    assert len(made) >= count
    return list(made)[:count]


def _twins(name: str, shift: int) -> list[tuple[str, str]]:
    families = {letter: family for family in FAMILIES for letter in family}

    def other(letter: str) -> str:
        family = families.get(letter, letter)
        return family[(family.index(letter) + shift) % len(family)]

    places = [place for place, letter in enumerate(name) if other(letter) != letter]
    whole = "".join(map(other, name))
    single = [name[:place] + other(name[place]) + name[place + 1 :] for place in places[:3]]
    return [(name, twin) for twin in (whole, *single) if twin != name]


def variants(count: int = 200) -> list[tuple[str, str]]:
    """Pairs of one name in two writings: case, width, form, blanks and what cannot be seen."""
    writings = cycle(
        [
            str.upper,
            str.swapcase,
            lambda name: unicodedata.normalize("NFD", name),
            lambda name: "".join(map(_wide, name)),
            lambda name: f"{name}_",
            lambda name: f"\u2007{name}\u3000",
            *(lambda name, unseen=unseen: name[:2] + unseen + name[2:] for unseen in INVISIBLE),
        ]
    )
    return [
        (name, writing(name)) for name, writing in islice(zip(cycle(NAMES), writings, strict=False), count)
    ]


def _wide(letter: str) -> str:
    return chr(ord(letter) + 0xFEE0) if "!" <= letter <= "~" else letter


def look(name: str) -> str:
    """What is seen of a name from far away, said another way than in the product."""
    seen = unicodedata.normalize("NFKC", name)
    seen = "".join(letter for letter in seen if unicodedata.category(letter) not in ("Cf", "Mn", "Cc"))
    heads = {letter: family[0] for family in FAMILIES for letter in family}
    return " ".join("".join(heads.get(letter, letter) for letter in seen.replace("_", " ")).split())
