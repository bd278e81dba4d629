"""Answers to messages come in the order in which they were said, each when its commit is known."""

import asyncio

import pytest

from minechat.errors import NotStored
from minechat.server.doors.rift_commits import Commits
from minechat.server.storage import Stored


def stored(seq: int) -> Stored:
    return Stored("general", seq, "ann", "hi")


async def test_answers_keep_their_order_whatever_commit_is_known_first() -> None:
    loop, told = asyncio.get_running_loop(), list[Stored | BaseException]()
    commits = Commits()
    one, other, third = (loop.create_future() for _ in range(3))
    for commit in (one, other, third):
        commits.add(commit, told.append)
    failed = NotStored("disk full")
    other.set_exception(failed)
    third.set_result(stored(2))
    await asyncio.sleep(0)
    assert (told, len(commits)) == ([], 3)
    one.set_result(stored(1))
    await commits.settled()
    assert (told, len(commits)) == ([stored(1), failed, stored(2)], 0)


async def test_who_waits_goes_on_when_few_enough_are_left() -> None:
    loop, commits = asyncio.get_running_loop(), Commits()
    due = [loop.create_future() for _ in range(3)]
    for commit in due:
        commits.add(commit, lambda outcome: None)
    waiting = asyncio.create_task(commits.settled(1))
    for commit, done in zip(due, (False, True, True), strict=True):
        commit.set_result(stored(1))
        for _ in range(3):
            await asyncio.sleep(0)
        assert waiting.done() is done
    await asyncio.wait_for(commits.settled(), 1)


async def test_a_commit_that_was_given_up_is_told_as_such() -> None:
    told, commits = list[Stored | BaseException](), Commits()
    commit: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()
    commits.add(commit, told.append)
    commit.cancel()
    await commits.settled()
    with pytest.raises(asyncio.CancelledError):
        raise told[0]  # type: ignore[misc]
