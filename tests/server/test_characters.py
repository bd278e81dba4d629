"""The cast for an hour on a clock of its own: no repeat, no silence, replies in time, dialogues whole."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import pairwise
from random import Random

import pytest

from minechat.server.characters import FIRST, PAUSE, Cast, perform
from minechat.server.dialogues import Dialogue, Line, Script, Step, load

SCRIPTS = load()
HOUR = 3600.0
TEN_MINUTES = 600.0

Ask = tuple[float, str]


class CurtainFalls(Exception):
    """The test has seen enough."""


class Stage:
    """A performance where only sleeping moves the clock, and people may speak while it does."""

    def __init__(
        self, scripts: Iterable[Script], seed: int, audience: Callable[[Random], Iterable[str]]
    ) -> None:
        self.now = 1000.0
        self.random = Random(seed)
        self.cast = Cast(tuple(scripts), random=Random(seed), clock=lambda: self.now)
        self.said: list[tuple[float, Line]] = []
        self.asked: dict[str, list[float]] = {}
        self._audience = audience

    async def play(self, seconds: float, pause: Callable[[], float] | None = None) -> None:
        self._end = self.now + seconds
        with suppress(CurtainFalls):
            await perform(self._speak, self.cast, pause=pause, clock=lambda: self.now, sleep=self._sleep)

    def _speak(self, nick: str, text: str) -> None:
        self.said.append((self.now, Line(nick, text)))
        self.cast.heard(nick, "Nora, Глеб, hello?")  # characters do not hear each other

    async def _sleep(self, seconds: float) -> None:
        if self.now >= self._end:
            raise CurtainFalls
        wakes = self.now + seconds
        for nick in self._audience(self.random):
            self.now += (wakes - self.now) * self.random.random()
            self.asked.setdefault(nick, []).append(self.now)
            self.cast.heard(nick, question(self.random))
        self.now = wakes


def question(random: Random) -> str:
    name = random.choice(
        ["Nora", "gus", "WREN", "Otto's", "@juno", "Bram", "Глеба", "Рит", "Зое", "ТИМУР", "Ниной"]
    )
    return f"{random.choice(['hello', 'привет', 'как дела', 'a book', 'soup', 'so'])}, {name}!"


def quiet(random: Random) -> Iterable[str]:
    return ()


def crowd(random: Random) -> Iterable[str]:
    """Now one, now ten of thirty people, all of them naming characters."""
    return [f"Goofy Zz{random.randrange(30)}q" for _ in range(random.choice([0, 1, 1, 2, 10]))]


def chatterbox(random: Random) -> Iterable[str]:
    return ["Goofy Zz0q"] * 3


def template(line: Line) -> str:
    """The written line behind a said one."""
    for number in range(30):
        if f"Zz{number}q" in line.text:
            return line.text.replace(f"Zz{number}q", "{name}")
    return line.text


REPLIES = {said for script in SCRIPTS for reply in script.replies for said in reply.say}
ANYTHING = [quiet, crowd, chatterbox]


@pytest.mark.parametrize("audience", ANYTHING)
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("pace", ["natural", "hasty"])
async def test_for_an_hour_nothing_is_said_twice_within_ten_minutes_nor_is_there_silence(
    audience: Callable[[Random], Iterable[str]], seed: int, pace: str
) -> None:
    stage = Stage(SCRIPTS, seed, audience)
    await stage.play(HOUR, None if pace == "natural" else lambda: PAUSE[0])
    last: dict[str, float] = {}
    before = 1000.0 + FIRST - PAUSE[0]  # as if a line had come before the first, which comes early
    for when, line in stage.said:
        for key in {template(line).casefold(), line.text.casefold()}:
            assert when - last.get(key, -TEN_MINUTES) >= TEN_MINUTES, key
            last[key] = when
        assert when - before <= 2.0, line
        assert template(line) in REPLIES or when - before >= PAUSE[0] - 1e-6, line
        before = when
    assert stage.now - before <= 2.0
    assert len(stage.said) >= HOUR / 2.0


def test_the_shortest_run_of_all_dialogues_outlasts_ten_minutes_at_the_fastest_pace() -> None:
    # When no dialogue is ready, each was performed within ten minutes, all but the end of one.
    dialogues = [dialogue for script in SCRIPTS for dialogue in script.dialogues]
    shortest = [sum(min(map(len, step)) for step in dialogue.steps) for dialogue in dialogues]
    longest = max(sum(max(map(len, step)) for step in dialogue.steps) for dialogue in dialogues)
    assert (sum(shortest) - longest) * PAUSE[0] > TEN_MINUTES


@pytest.mark.parametrize("seed", range(4))
async def test_a_person_is_answered_after_one_to_two_seconds(seed: int) -> None:
    stage = Stage(
        SCRIPTS, seed, lambda random: [f"Goofy Zz{random.randrange(30)}q"] * (random.random() < 0.03)
    )
    await stage.play(HOUR)
    answers = [(when, line) for when, line in stage.said if template(line) in REPLIES]
    named = [(when, line) for when, line in answers if "{name}" in template(line)]
    assert len(answers) > 50
    assert named
    for when, line in named:
        delays = [
            when - asked for nick, asks in stage.asked.items() for asked in asks if nick[6:] in line.text
        ]
        assert any(1.0 <= delay <= 2.0 + 1e-6 for delay in delays), line
    every = [asked for asks in stage.asked.values() for asked in asks]
    assert all(any(1.0 <= when - asked <= 2.0 + 1e-6 for asked in every) for when, _ in answers)
    unanswered = [
        asked for asked in every if not any(1.0 <= when - asked <= 2.0 + 1e-6 for when, _ in answers)
    ]
    assert len(unanswered) <= len(every) / 20  # asked again too soon, or nothing new to answer


async def test_one_person_cannot_make_the_characters_flood() -> None:
    stage = Stage(SCRIPTS, 1, chatterbox)
    await stage.play(600.0)
    answered = [when for when, line in stage.said if template(line) in REPLIES]
    assert len(answered) > 20
    assert all(later >= earlier + 3.0 for earlier, later in pairwise(answered))


async def test_characters_do_not_answer_each_other() -> None:
    stage = Stage(SCRIPTS, 2, quiet)
    await stage.play(HOUR)
    assert not [line for _, line in stage.said if line.text in REPLIES]


def script(language: str, *dialogues: tuple[Step, ...]) -> Script:
    steps = [Dialogue(str(number), dialogue) for number, dialogue in enumerate(dialogues)]
    return Script(language, ("Nora",), tuple(steps), ())


def said(text: str) -> Step:
    return ((Line("Nora", text),),)


def fork(*texts: str) -> Step:
    return tuple((Line("Nora", text),) for text in texts)


def heard_in_turn(scripts: list[Script], times: list[float], seed: int = 0) -> list[str | None]:
    """What a cast says at each of the times."""
    now = [0.0]
    cast = Cast(scripts, random=Random(seed), clock=lambda: now[0])
    lines = []
    for now[0] in times:
        line = cast.next_line()
        lines.append(line and line.text)
    return lines


@pytest.mark.parametrize("seed", range(10))
def test_dialogues_run_to_their_end_and_languages_take_turns(seed: int) -> None:
    groups = [
        script(name, *[tuple(said(f"{name}{talk}{number}") for number in range(3)) for talk in "abcd"])
        for name in ("en", "ru")
    ]
    lines = heard_in_turn(groups, [float(second) for second in range(24)], seed)
    talks = [lines[start : start + 3] for start in range(0, 24, 3)]
    assert all(talk == [f"{str(talk[0])[:3]}{number}" for number in range(3)] for talk in talks)
    assert [str(talk[0])[:2] for talk in talks] == [str(talks[0][0])[:2], str(talks[1][0])[:2]] * 4
    assert len({str(talk[0]) for talk in talks}) == 8


@pytest.mark.parametrize("seed", range(10))
def test_of_branches_the_one_said_longest_ago_is_taken(seed: int) -> None:
    groups = [script("en", (said("well?"), fork("yes", "no", "perhaps")))]
    lines = heard_in_turn(groups, [700.0 * turn for turn in range(18)], seed)
    answers = lines[1::2]
    assert Counter(answers) == {"yes": 3, "no": 3, "perhaps": 3}
    assert all(len(set(answers[turn : turn + 3])) == 3 for turn in range(7))


@pytest.mark.parametrize("seed", range(10))
def test_dialogues_return_in_no_fixed_order_but_none_soon_and_none_never(seed: int) -> None:
    groups = [script("en", *[(said(talk),) for talk in "abcdefgh"])]
    lines = heard_in_turn(groups, [700.0 * turn for turn in range(120)], seed)
    assert all(len(set(lines[turn : turn + 5])) == 5 for turn in range(116))
    assert set(lines[:40]) == set(lines[80:]) == set("abcdefgh")
    assert lines[:8] != lines[8:16] or lines[8:16] != lines[16:24]


def test_silence_rather_than_a_repeat_when_there_is_nothing_new_to_say() -> None:
    groups = [script("en", (said("one"), said("two")))]
    lines = heard_in_turn(groups, [0.0, 1.0, 2.0, 599.0, 600.5, 601.0, 602.0])
    assert lines == ["one", "two", None, None, None, "one", "two"]


def test_a_line_in_two_dialogues_is_left_out_the_second_time() -> None:
    groups = [script("en", (said("a"), said("a"), said("b")))]
    assert heard_in_turn(groups, [0.0, 1.0, 2.0]) == ["a", "b", None]


def test_the_names_of_the_cast_are_known() -> None:
    names = Cast.load(random=Random(0)).names()
    assert names == {name for one in SCRIPTS for name in one.cast}
    assert len(names) == 12


async def test_speaking_goes_on_until_cancelled() -> None:
    spoken: list[str] = []
    enough = asyncio.Event()

    def speak(nick: str, text: str) -> None:
        spoken.append(text)
        if len(spoken) == 20:
            enough.set()

    task = asyncio.create_task(perform(speak, Cast.load(random=Random(0)), pause=lambda: 0.001))
    async with asyncio.timeout(10):
        await enough.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(set(spoken)) == len(spoken)


async def test_a_hub_that_fails_ends_the_performance() -> None:
    def speak(nick: str, text: str) -> None:
        raise OSError("the hub is gone")

    with pytest.raises(OSError, match="the hub is gone"):
        await perform(speak, Cast.load(random=Random(0)), pause=lambda: 0.0)
