"""What went wrong is told in Russian: each code, each sentence of our server, each error of the client."""

import ast
import os
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

import minechat
from minechat import errors
from minechat.client.address import Address
from minechat.client.failures import network_error
from minechat.client.session import StateChanged
from minechat.errors import (
    ConnectionLost,
    MessageTooLong,
    MinechatError,
    NetworkError,
    Refused,
    WrongPassword,
)
from minechat.protocol.rift.codes import CODES
from minechat.server import hashing, logins, owner
from minechat.ui import failures_russian, refusals_russian
from minechat.ui.reasons import reason, retell, translated
from tests.ui.screens import screen
from tests.ui.stage import StagedSession

ROOT = Path(minechat.__file__).parent
SENTENCES = {**refusals_russian.SENTENCES, **failures_russian.SENTENCES}
#: The classes of our errors, and what makes them: each first argument is a sentence for people.
RAISED = {name for name, kind in vars(errors).items() if isinstance(kind, type)} - {"OutOfTurn"}
RAISED |= {"_refused", "_bad", "MinuteBudget"}
#: What people of a chat never read: orders of the server's owner, its files, its start and its certificates.
ELSEWHERE = tuple(f"server/{name}" for name in "admin orders owner ports selfsigned tls unix".split())
OF_THE_OWNER = {"AddressUnusable", "BackupUnusable", "DatabaseUnusable"}
#: Sentences about what a person never writes, as keys of frames, or about what the owner did.
OF_PROGRAMS = (
    "must be of printable",
    "is no number",
    "is missing",
    "must be true",
    "must be a list",
)


def test_every_documented_code_has_a_russian_sentence() -> None:
    assert refusals_russian.CODES.keys() == CODES.keys()
    for code, sentence in refusals_russian.CODES.items():
        assert is_russian(sentence), code


def is_russian(text: str) -> bool:
    return any("а" <= char <= "я" for char in text.casefold())


def blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name}


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_sentence_keeps_what_was_filled_into_it(sentence: str) -> None:
    told = SENTENCES[sentence]
    assert is_russian(told)
    # What waits is told by ``retry_after``; the name of a command nobody wrote is left out.
    assert blanks(sentence) - blanks(told) <= {"seconds", "word"}
    assert blanks(told) <= blanks(sentence)
    values = {name: f"<{name}>" for name in blanks(sentence)}
    assert translated(sentence.format(**values), "ru") == told.format(**values)


def sentences_of(path: Path) -> Iterator[tuple[int, str]]:
    """The sentences that a module makes errors of, each blank filled in."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name not in RAISED - OF_THE_OWNER:
            continue
        for argument in node.args[: 2 if name == "MinuteBudget" else 1]:
            text = filled(argument)
            if text is not None and " " in text:
                yield node.lineno, text


def filled(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    literals = "".join(str(part.value) for part in node.values if isinstance(part, ast.Constant))
    if not any(map(str.isalpha, literals)):
        return None
    text = ""
    for part in node.values:
        # What follows a word without a space is a hint, which may be left out.
        hint = text[-1:].isalpha()
        blank = "" if hint else filled_blank(ast.unparse(part))
        text += str(part.value) if isinstance(part, ast.Constant) else blank
    return text


def filled_blank(expression: str) -> str:
    """What may stand in a blank of the source: any word where not just a few may."""
    if "DONE[kind]" in expression:
        return "muted"
    if "what" in expression:
        return "host"
    return "too many wrong passwords" if "_WORDS" in expression else "W"


MODULES = sorted(
    path
    for folder in ("client", "protocol", "server")
    for path in (ROOT / folder).rglob("*.py")
    if not path.relative_to(ROOT).as_posix().startswith(ELSEWHERE)
)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_whatever_client_and_server_say_of_an_error_has_a_russian_sentence(path: Path) -> None:
    for line, text in sentences_of(path):
        if not any(text.find(words) >= 0 for words in OF_PROGRAMS):
            assert is_russian(translated(text, "ru")), f"{path.name}:{line}: {text}"


def test_the_sentences_that_stand_in_names_are_known_too() -> None:
    ended = ("your nickname is now Vasya", str(owner._TOKEN_REPLACED), owner._BUSY)
    for text in (hashing.BUSY, *ended, *(f"{words}, try again in 5 s" for words in logins._WORDS.values())):
        assert is_russian(translated(text, "ru"))


def test_words_that_no_table_knows_stand_behind_what_their_code_means() -> None:
    assert reason(Refused("Hush!", code="muted"), "ru") == "вам запрещено здесь писать: Hush!"
    assert reason(Refused("Hush!", code="hushed"), "ru") == "Hush!"
    assert reason(Refused("Тише!", code="muted"), "ru") == "Тише!"
    assert reason(Refused("", code="muted"), "ru") == "вам запрещено здесь писать"
    assert reason(Refused("Hush!", code="muted"), "en") == "Hush!"
    assert reason(WrongPassword("nope", "ended"), "ru") == f"{refusals_russian.CODES['ended']}: nope"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("you are muted in books", "вам запрещено писать в books"),
        ("you are muted in books: too loud: {x}", "вам запрещено писать в books: too loud: {x}"),
        ("User Big_Boris is not online.", "участника Big_Boris нет в сети"),
        ("too many wrong passwords, try again in 40 s", "слишком много неверных паролей"),
        ("nothing was sent: h:1 ended the connection", "ничего не отправлено: h:1 закрыл соединение"),
        (
            f"the file 'a, b' cannot be written: {os.strerror(28)}",
            "файл 'a, b' не записать: на диске нет места",
        ),
        ("cannot reach h:1: Odd thing", "h:1 недоступен: Odd thing"),
        (
            "h:1 does not speak RIFT; if it speaks TLS, give --tls or --tls-fingerprint",
            "h:1 не говорит по RIFT; если он говорит по TLS, добавьте --tls или --tls-fingerprint",
        ),
        ("create_room: topic is longer than 390 characters", "тема: не больше 390 символов"),
        ("something else", "something else"),
        ("", ""),
    ],
)
def test_what_was_filled_in_is_told_too(text: str, wanted: str) -> None:
    assert translated(text, "ru") == wanted
    assert translated(text, "en") == text


def test_what_the_system_says_is_told_in_russian() -> None:
    refused = network_error(ConnectionRefusedError(111, "Connection refused"), Address("h", 1))
    assert reason(refused, "ru") == "h:1 не принимает соединений; запущен ли сервер?"
    for number in (101, 113) if os.name == "posix" else ():
        told = reason(network_error(OSError(number, os.strerror(number)), Address("h", 1)), "ru")
        assert told.startswith("h:1 недоступен: "), told


def test_a_hostile_server_gains_nothing_by_long_or_nested_words() -> None:
    nested = "nothing was sent: " * 20_000
    assert translated(nested, "ru").startswith("ничего не отправлено: ")
    odd = "you are muted in : : {0} {reason} %s" * 10_000
    assert reason(Refused(odd, code="muted"), "ru").endswith(odd[-100:])


def test_an_error_is_told_again_and_stays_what_it_is() -> None:
    error: MinechatError = Refused("there is no such room", 5.0, "no_room")
    retell(error, "ru")
    assert (str(error), error.retry_after, error.code) == ("такой комнаты нет", 5.0, "no_room")  # type: ignore[attr-defined]
    retell(error, "ru")
    assert str(error) == "такой комнаты нет"
    lost: NetworkError = ConnectionLost("h:1 ended the connection")
    retell(lost, "en")
    assert str(lost) == "h:1 ended the connection"


async def test_the_screen_tells_why_in_its_language() -> None:
    session = StagedSession()
    async with screen(session, size=(160, 24), language="ru") as shown:
        session.connect()
        await shown.until_shown("на связи")
        session.refusals["general"] = [
            Refused("you do too much in rooms at once", 40.0, "refused_so"),
            Refused("Hush!", code="muted"),
            MessageTooLong("the message is 5000 bytes long; 4096 fit in one"),
        ]
        await shown.enter("one")
        await shown.until_shown("не отправлено: слишком много действий в комнатах сразу; повторите")
        await shown.enter("two")
        await shown.until_shown("не отправлено: вам запрещено здесь писать: Hush!")
        await shown.enter("three")
        await shown.until_shown("не отправлено: в сообщении 5000 байт; помещается 4096")
        session.answers["join_room"] = Refused("Members only.", code="not_allowed")
        await shown.enter("/join attic")
        await shown.until_shown("вам это не разрешено: Members only.")
        session.lose("h:1 ended the connection: too many wrong passwords, try again in 40 s")
        await shown.until_shown("h:1 закрыл соединение: слишком много")


async def test_a_state_is_told_by_its_code_where_its_words_are_not_known() -> None:
    session = StagedSession()
    async with screen(session, language="ru") as shown:
        session.tell(StateChanged(state="ended", reason="Off you go", code="banned"))
        await shown.until_shown("сеанс окончен: вам запрещён вход: Off you go")
