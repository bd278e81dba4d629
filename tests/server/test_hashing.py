"""Hashes: of argon2id, never more at once than places, refused at once when too many wait."""

import asyncio
import gc
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import pytest

from minechat.errors import Refused
from minechat.server import hashing as module
from minechat.server.hashing import NICENESS, Hashing
from minechat.server.settings import Limits
from tests.server.people import cheap_hashes


class Gate:
    """Lets the threads work only when it is open; counts how many are in it."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.inside = 0
        self.most = 0
        self.jobs = 0
        self._lock = threading.Lock()

    def guard(self, job: Callable[[], object]) -> object:
        with self._lock:
            self.inside += 1
            self.jobs += 1
            self.most = max(self.most, self.inside)
        assert self.open.wait(20)
        try:
            return job()
        finally:
            with self._lock:
                self.inside -= 1


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    gate, within = Gate(), module._within_memory
    monkeypatch.setattr(module, "_within_memory", lambda job: gate.guard(lambda: within(job)))
    return gate


@pytest.fixture
async def hashing() -> AsyncIterator[Hashing]:
    with cheap_hashes():
        async with Hashing(Limits()) as hashing:
            yield hashing


async def test_a_hash_has_the_parameters_of_today_and_is_of_its_password_alone() -> None:
    async with Hashing(Limits()) as hashing:
        hashed = await hashing.hash("correct horse")
        assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert await hashing.verify(hashed, "correct horse")
        assert not await hashing.verify(hashed, "correct hors")
        assert await hashing.hash("correct horse") != hashed
        assert not hashing.outdated(hashed)


async def test_a_hash_of_other_parameters_is_outdated_and_still_good(hashing: Hashing) -> None:
    from argon2 import PasswordHasher

    old = PasswordHasher(1, 16, 1).hash("correct horse")
    assert hashing.outdated(old)
    assert await hashing.verify(old, "correct horse")


@pytest.mark.parametrize("password", ["", "x", "correct horse", "я" * 128])
async def test_nothing_is_of_no_password(hashing: Hashing, password: str) -> None:
    assert not await hashing.verify(None, password)


async def test_a_check_against_nothing_takes_as_long(gate: Gate) -> None:
    gate.open.set()
    async with Hashing(Limits()) as hashing:
        hashed = await hashing.hash("correct horse")
        took: dict[bool, list[float]] = {True: [], False: []}
        for _ in range(15):
            for known in (True, False):
                began = time.perf_counter()
                await hashing.verify(hashed if known else None, "wrong")
                took[known].append(time.perf_counter() - began)
    # Without the hash it would be a thousandth of it.
    assert min(took[False]) > min(took[True]) / 2


async def test_what_is_no_hash_is_of_no_password(hashing: Hashing) -> None:
    for broken in ("", "x", "$argon2id$v=19$m=8", "$2b$12$" + "x" * 53, "$argon2id$v=19$m=8,t=1,p=1$?$?"):
        assert not await hashing.verify(broken, "correct horse")


async def test_never_are_more_hashed_at_once_than_there_are_places(hashing: Hashing, gate: Gate) -> None:
    work = [asyncio.create_task(hashing.verify(None, "x")) for _ in range(22)]
    while gate.inside < 2:
        await asyncio.sleep(0)
    gate.open.set()
    assert await asyncio.gather(*work) == [False] * 22
    assert gate.most == 2 and gate.jobs == 22


async def test_one_too_many_is_refused_at_once_and_never_hashed(gate: Gate) -> None:
    refused: Counter[str] = Counter()
    with cheap_hashes():
        async with Hashing(Limits(), refused) as hashing:
            work = [asyncio.create_task(hashing.verify(None, "x")) for _ in range(22)]
            await asyncio.sleep(0)
            began = time.perf_counter()
            with pytest.raises(Refused, match="try again") as caught:
                await hashing.verify(None, "x")
            assert time.perf_counter() - began < 0.05
            assert caught.value.code == "busy" and 0 < (caught.value.retry_after or 0) <= 1
            assert refused == {"hashes": 1}
            gate.open.set()
            await asyncio.gather(*work)
    assert gate.jobs == 22


async def test_who_asks_often_gives_way_to_who_asks_for_the_first_time(hashing: Hashing, gate: Gate) -> None:
    """The heart of it: an honest login meets full lines of those who guess."""
    guesses = [asyncio.create_task(hashing.verify(None, "x", 2 + number)) for number in range(21)]
    await asyncio.sleep(0)
    # One place is kept free of them, so that the first need not even wait.
    honest = [asyncio.create_task(hashing.verify(None, "x")) for number in range(3)]
    await turns(10)
    assert [number for number, guess in enumerate(guesses) if guess.done()] == [19, 20]
    for guess in guesses[19:]:
        with pytest.raises(Refused, match="try again"):
            guess.result()
    gate.open.set()
    done, _ = await asyncio.wait(honest)
    assert all(one.result() is False for one in done)
    await asyncio.gather(*guesses, return_exceptions=True)
    assert gate.jobs == 22


async def test_who_waits_too_long_is_refused(gate: Gate) -> None:
    with cheap_hashes():
        async with Hashing(Limits(hashes=1), patience=0.05) as hashing:
            first = asyncio.create_task(hashing.verify(None, "x"))
            await asyncio.sleep(0)
            with pytest.raises(Refused, match="try again"):
                await hashing.verify(None, "x")
            gate.open.set()
            assert not await first
            assert not await hashing.verify(None, "x")
    assert gate.jobs == 2


async def test_whoever_goes_frees_the_place_in_the_line_or_when_the_hash_is_done(
    hashing: Hashing, gate: Gate
) -> None:
    async def ask(number: int) -> bool:
        return await hashing.verify(None, "x", number)

    tasks = [asyncio.create_task(ask(0)) for _ in range(22)]
    while gate.inside < 2:
        await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert all(task.cancelled() for task in tasks)
    more = [asyncio.create_task(ask(0)) for _ in range(20)]
    await asyncio.sleep(0)
    assert gate.inside == 2 and len(hashing._waiting) == 20
    gate.open.set()
    await asyncio.gather(*more)
    assert gate.most == 2 and gate.jobs == 22
    assert hashing._waiting.served == 0


async def test_cancelled_at_any_step_no_place_is_lost(hashing: Hashing) -> None:
    for steps in range(12):
        tasks = [asyncio.create_task(hashing.verify(None, "x")) for _ in range(6)]
        await turns(steps)
        for task in tasks[::2]:
            task.cancel()
        await asyncio.wait(tasks)
    assert not await hashing.verify(None, "x")
    assert hashing._waiting.served == len(hashing._waiting) == 0


async def test_the_threads_end_with_the_block(gate: Gate) -> None:
    gate.open.set()
    with cheap_hashes():
        async with Hashing(Limits()) as hashing:
            await asyncio.gather(*(hashing.hash("x") for _ in range(4)))
            assert any(thread.name.startswith("minechat-hash") for thread in threading.enumerate())
        assert not any(thread.name.startswith("minechat-hash") for thread in threading.enumerate())
        with pytest.raises(Refused, match="stopping") as caught:
            await hashing.verify(None, "x")
    assert caught.value.code == "stopping"


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has a priority of its own on Linux alone")
async def test_the_threads_yield_to_the_loop(hashing: Hashing, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []
    within = module._within_memory

    def look(job: Callable[[], object]) -> object:
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return within(job)

    monkeypatch.setattr(module, "_within_memory", look)
    await hashing.verify(None, "x")
    assert seen == [NICENESS]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) < NICENESS


async def test_the_loop_turns_while_passwords_are_hashed() -> None:
    async with Hashing(Limits()) as hashing:
        work = asyncio.gather(*(hashing.verify(None, "x") for _ in range(10)))
        turns = 0
        while not work.done():
            await asyncio.sleep(0.001)
            turns += 1
        await work
    # 10 hashes of 20 ms and more, two at a time: a loop that waits for each would turn a few times.
    assert turns > 20


async def test_without_memory_it_is_refused_as_busy(
    hashing: Hashing, monkeypatch: pytest.MonkeyPatch
) -> None:
    from argon2.exceptions import HashingError

    def no_memory() -> None:
        raise HashingError("Memory allocation error")

    monkeypatch.setattr(module, "_hasher", no_memory)
    with pytest.raises(Refused) as caught:
        await hashing.hash("x")
    assert caught.value.code == "busy"


async def test_a_server_that_nobody_logs_in_to_loads_no_argon2() -> None:
    program = (
        "import asyncio, sys, threading\n"
        "from minechat.server.hashing import Hashing\n"
        "from minechat.server.settings import Limits\n"
        "async def main():\n"
        "    async with Hashing(Limits()):\n"
        "        assert threading.active_count() == 1\n"
        "asyncio.run(main())\n"
        "assert 'argon2' not in sys.modules\n"
    )
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program)
    assert await process.wait() == 0


def test_no_password_is_kept_by_what_is_left_of_a_hash() -> None:
    async def main() -> None:
        async with Hashing(Limits()) as hashing:
            with suppress(Refused):
                await hashing.verify(None, "canary" * 2)

    with cheap_hashes():
        asyncio.run(main())
    gc.collect()
    assert not [one for one in gc.get_objects() if isinstance(one, list | dict) and "canary" * 2 in one]
