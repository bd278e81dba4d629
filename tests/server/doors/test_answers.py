"""The answers a client is due: in the order of its messages, whatever becomes known first."""

import asyncio

import pytest

from minechat.errors import DatabaseUnusable, NotStored, Refused
from minechat.protocol.speak import NotSent
from minechat.server.doors.answers import YES, Answers, refusal
from minechat.server.storage import Stored


def commit() -> asyncio.Future[Stored]:
    return asyncio.get_running_loop().create_future()


async def test_an_answer_waits_for_those_before_it_and_the_first_one_is_news() -> None:
    told: list[bool] = []
    answers, first, second = Answers(lambda: told.append(True)), commit(), commit()
    answers.await_commit(first)
    answers.await_commit(second)
    answers.add(YES)
    second.set_exception(NotStored("the disk of the server is full"))
    await asyncio.sleep(0)
    assert (list(answers.known()), len(answers), told) == ([], 3, [])
    first.set_result(Stored("general", 1, "Anna", "x"))
    await asyncio.sleep(0)
    assert told == [True]
    assert list(answers.known()) == [YES, NotSent("the disk of the server is full"), YES]
    assert len(answers) == 0


@pytest.mark.parametrize("bug", [ZeroDivisionError(), DatabaseUnusable("a commit failed half-way")])
async def test_there_is_no_answer_to_an_unknown_outcome(bug: Exception) -> None:
    answers, one = Answers(lambda: None), commit()
    answers.await_commit(one)
    one.set_exception(bug)
    with pytest.raises(type(bug)):
        list(answers.known())


def test_a_refusal_names_whole_seconds_where_a_retry_helps() -> None:
    assert refusal(Refused("too fast", 1.2)) == NotSent("too fast", 2)
    assert refusal(Refused("banned")) == NotSent("banned", None)
