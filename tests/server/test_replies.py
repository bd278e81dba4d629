"""Answers to people: to whom, how soon, how often, and what of a person's words gets into them."""

from collections import Counter
from functools import cache
from itertools import pairwise
from math import inf
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minechat.server.dialogues import Reply, load
from minechat.server.memory import Memory
from minechat.server.replies import QUEUE, Replies, called

PLENTY = tuple(f"answer {number}" for number in range(400))


@cache
def replies_of_the_package() -> list[Reply]:
    return [reply for script in load() for reply in script.replies]


class Desk:
    """Replies on a clock of the test's own."""

    def __init__(self, *replies: Reply, seed: int = 0) -> None:
        self.now = 0.0
        self.memory = Memory(lambda: self.now)
        self.replies = Replies(replies, self.memory, random=Random(seed), clock=lambda: self.now)

    def ask(self, person: str, text: str) -> str | None:
        """What is answered to a person, or None."""
        self.replies.heard(person, text)
        if self.replies.due() == inf:
            return None
        self.now = self.replies.due()
        line = self.replies.take()
        self.now += 10.0
        return line and line.text


NORA = Reply("Nora", (), ("yes?", "hm?"))


@pytest.mark.parametrize(
    ("nick", "name"),
    [
        ("Goofy Anna", "Anna"),
        ("Goofy Anna Maria", "Anna Maria"),
        ("Hopeful ", "Hopeful"),
        ("Happy", "Happy"),
        ("Anna Maria", "Anna Maria"),
        ("Brave Вася", "Вася"),
    ],
)
def test_a_person_is_called_without_the_epithet(nick: str, name: str) -> None:
    assert called(nick) == name


def test_the_first_one_named_answers() -> None:
    desk = Desk(NORA, Reply("Gus", (), ("what?",)))
    assert desk.ask("Goofy Anna", "is Gus or Nora there") == "what?"


def test_nobody_named_nobody_answers() -> None:
    assert Desk(NORA).ask("Goofy Anna", "nor a word, honoraria") is None


def test_a_fitting_answer_goes_before_a_general_one() -> None:
    desk = Desk(NORA, Reply("Nora", ("hello",), ("hello, {name}", "come in, {name}")))
    assert {desk.ask("Goofy Anna", "Hello Nora"), desk.ask("Goofy Anna", "hello, nora")} == {
        "hello, Anna",
        "come in, Anna",
    }
    assert desk.ask("Goofy Anna", "hello nora") in NORA.say


def test_no_answer_is_given_twice_within_ten_minutes_not_even_to_another_person() -> None:
    desk = Desk(Reply("Nora", (), ("well, {name}",)))
    assert desk.ask("Goofy Anna", "nora") == "well, Anna"
    assert desk.ask("Goofy Ben", "nora") is None
    desk.now = 600.0
    assert desk.ask("Goofy Ben", "nora") is None
    desk.now = 700.0
    assert desk.ask("Goofy Ben", "nora") == "well, Ben"


@pytest.mark.parametrize("seed", range(10))
def test_two_templates_that_come_out_alike_are_one_answer(seed: int) -> None:
    desk = Desk(Reply("Nora", ("so",), ("{name}!", "Anna!")), Reply("Nora", (), ("hm",)), seed=seed)
    assert [desk.ask("Goofy Anna", "so, nora") for _ in range(3)] == ["Anna!", "hm", None]


def test_what_was_said_while_an_answer_waited_is_not_said_again() -> None:
    desk = Desk(Reply("Nora", (), ("well, well",)))
    desk.replies.heard("Goofy Anna", "nora")
    desk.memory.note("well, well")
    desk.now = 2.0
    assert desk.replies.take() is None


@pytest.mark.parametrize("seed", range(50))
def test_an_answer_is_due_one_to_two_seconds_later(seed: int) -> None:
    desk = Desk(NORA, seed=seed)
    desk.now = 100.0
    desk.replies.heard("Goofy Anna", "nora")
    assert 101.0 <= desk.replies.due() <= 102.0
    assert desk.replies.take() is None


@pytest.mark.parametrize("seed", range(20))
def test_one_person_gets_an_answer_every_three_seconds_at_most(seed: int) -> None:
    desk = Desk(Reply("Nora", (), PLENTY), seed=seed)
    answered = []
    for tick in range(2000):
        desk.now = tick / 20
        desk.replies.heard("Goofy Anna", "nora nora")
        if desk.replies.take():
            answered.append(desk.now)
    assert len(answered) > 20
    assert all(later >= earlier + 3.0 for earlier, later in pairwise(answered))


def test_only_so_many_wait_and_a_crowd_that_keeps_asking_is_still_answered() -> None:
    desk = Desk(Reply("Nora", (), PLENTY))
    answered: list[int] = []
    for tick in range(200):
        desk.now = tick / 50
        for number in range(10):
            desk.replies.heard(f"Goofy P{tick}n{number}", "nora")
        if desk.replies.take():
            answered.append(tick)
    assert answered
    desk.now += 2.0
    left = 0
    while desk.replies.take():
        left += 1
    assert 0 < left <= QUEUE


def test_a_template_waits_for_one_person_only() -> None:
    desk = Desk(Reply("Nora", (), ("so, {name}", "well, {name}")))
    for name in ("Anna", "Ben", "Cid"):
        desk.replies.heard(f"Goofy {name}", "nora")
    desk.now = 2.0
    said = [line.text.split(",")[0] for line in iter(desk.replies.take, None)]
    assert Counter(said) == {"so": 1, "well": 1}


@pytest.mark.parametrize("nick", ["{name}", "{0.__class__}", "{", "%s", "Goofy {name} {x!r}"])
def test_a_nickname_is_no_template(nick: str) -> None:
    assert Desk(Reply("Nora", (), ("so, {name}.",))).ask(nick, "nora") == f"so, {called(nick)}."


@given(st.text(min_size=1, max_size=64), st.randoms(use_true_random=False))
def test_any_nickname_leaves_the_line_under_200_bytes(nick: str, random: Random) -> None:
    template = random.choice(
        ["{name}", "{name} и {name}, " + "ж" * 70, "x" * 180 + "{name}", "ж" * 94 + "{name}"]
    )
    desk = Desk(Reply("Глеб", (), (template,)))
    text = desk.ask(nick, "глеб")
    assert text is not None
    assert len(f"Глеб: {text}\n".encode()) < 200


@given(
    st.text(alphabet=st.characters(codec="utf-8"), max_size=200), st.sampled_from(["Nora", "Глеба", "wren"])
)
def test_a_persons_text_never_reaches_an_answer(text: str, name: str) -> None:
    known = {said for reply in replies_of_the_package() for said in reply.say}
    desk = Desk(*replies_of_the_package())
    answer = desk.ask("Goofy Zzyzx", f"{text} {name} {text}")
    assert answer is not None
    assert answer.replace("Zzyzx", "{name}") in known
