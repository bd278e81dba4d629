"""Storage in a file: full disks, lost files, two servers, loops that end too early."""

import asyncio
import os
import re
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path

import pytest

from minechat.errors import DatabaseUnusable, NotStored
from minechat.server.storage import Candidate, Storage, Stored, open_storage
from minechat.server.storage.backup import back_up
from tests.server.storage.disks import small_disk

TOKEN_HASH = b"\0" * 32


def nobody() -> Iterator[Candidate]:
    yield Candidate("Able", "", "Able ", None)


async def author(storage: Storage) -> int:
    return (await storage.add_account(nobody, TOKEN_HASH)).id


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/a.db"


def ignore(_: Sequence[Stored]) -> None:
    """Nobody listens."""


@pytest.mark.needs("mount", "umount")
async def test_a_full_disk_refuses_posts_keeps_reading_and_recovers(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "2m"):
        (disk / "ballast").write_bytes(bytes(1 << 20))
        promised = []
        async with open_storage(url(disk), on_committed=ignore) as storage:
            one = await author(storage)
            text = "x" * 3000
            with pytest.raises(NotStored, match="disk of the server is full"):
                while True:
                    promised.append((await storage.say(one, "n", "general", text)).seq)
            refused = await asyncio.gather(
                *(storage.say(one, "n", "general", text) for _ in range(20)), return_exceptions=True
            )
            assert {type(result) for result in refused} == {NotStored}
            assert await storage.account_by_token(TOKEN_HASH) is not None
            (disk / "ballast").unlink()
            promised += [(await storage.say(one, "n", "general", text)).seq for _ in range(20)]
        with closing(sqlite3.connect(disk / "a.db")) as connection:
            stored = [seq for (seq,) in connection.execute("SELECT seq FROM message ORDER BY seq")]
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert stored == promised == list(range(1, len(promised) + 1))
    assert len(promised) > 40


async def test_a_limit_that_no_free_space_tells_of_is_known_until_it_is_gone(tmp_path: Path) -> None:
    unlimited = resource.getrlimit(resource.RLIMIT_FSIZE)
    async with open_storage(url(tmp_path), on_committed=ignore) as storage:
        one = await author(storage)
        assert storage.takes_posts
        size = max(path.stat().st_size for path in tmp_path.iterdir())
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10_000, unlimited[1]))
        try:
            with pytest.raises(NotStored, match="disk of the server is full"):
                while True:
                    await storage.say(one, "n", "general", "x" * 3000)
            assert not storage.takes_posts
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, unlimited)
        async with asyncio.timeout(10):  # nobody posts: it looks itself
            while not storage.takes_posts:
                await asyncio.sleep(0.01)
        await storage.say(one, "n", "general", "x")


@pytest.mark.needs("mount", "umount")
async def test_on_a_small_disk_the_log_leaves_room_for_what_it_holds(tmp_path: Path) -> None:
    """A log that has filled the disk could never be copied into the database, which has to grow for it."""
    disk = tmp_path / "disk"
    with small_disk(disk, "4m"):
        async with open_storage(url(disk), on_committed=ignore) as storage:
            one = await author(storage)
            said, size = 0, 0
            with pytest.raises(NotStored, match="disk of the server is full"):
                while True:
                    said = (await storage.say(one, "n", "general", "x" * 500)).seq
                    size = max(size, (disk / "a.db-wal").stat().st_size)
        assert size < 2 << 20
        assert said * 500 > 1 << 20


async def test_another_program_is_waited_for_and_then_posts_are_refused(tmp_path: Path) -> None:
    async with open_storage(url(tmp_path), on_committed=ignore, busy_timeout=0.05) as storage:
        one = await author(storage)
        with closing(sqlite3.connect(tmp_path / "a.db", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(NotStored, match="another program"):
                await storage.say(one, "n", "general", "x")
            assert await storage.account_by_token(TOKEN_HASH) is not None
        assert (await storage.say(one, "n", "general", "x")).seq == 1


@pytest.mark.parametrize("gone", ["a.db", "a.db-wal"])
async def test_a_database_taken_away_stops_the_storage(tmp_path: Path, gone: str) -> None:
    async with open_storage(url(tmp_path), on_committed=ignore) as storage:
        one = await author(storage)
        broken = asyncio.create_task(storage.broken())
        (tmp_path / gone).unlink()
        for _ in range(3):
            with pytest.raises(NotStored):
                await storage.say(one, "n", "general", "x")
        with pytest.raises(DatabaseUnusable, match="removed or replaced"):
            await broken


async def test_a_reader_that_fails_stops_the_server_and_not_the_authors(tmp_path: Path) -> None:
    def fails(_: Sequence[Stored]) -> None:
        raise LookupError("a bug")

    seen: list[BaseException] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: seen.append(context["exception"]))
    async with open_storage(url(tmp_path), on_committed=fails) as storage:
        assert (await storage.say(await author(storage), "n", "general", "x")).seq == 1
        with pytest.raises(LookupError):
            await storage.broken()
    assert [type(error) for error in seen] == [LookupError]


@pytest.mark.skipif(not Path("/proc/self/fdinfo").exists(), reason="no /proc here")
async def test_one_connection_writes_whatever_is_asked(tmp_path: Path) -> None:
    def writing() -> int:
        found = 0
        for link in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):
                if link.readlink() == tmp_path / "a.db":
                    flags = (Path("/proc/self/fdinfo") / link.name).read_text().split("flags:")[1].split()[0]
                    found += int(flags, 8) & os.O_ACCMODE != os.O_RDONLY
        return found

    counts = []
    async with open_storage(url(tmp_path), on_committed=lambda _: counts.append(writing())) as storage:
        one = await author(storage)
        await asyncio.gather(
            *(storage.say(one, "n", "general", "x") for _ in range(20)),
            *(storage.accounts(0, 10) for _ in range(5)),
            *(asyncio.to_thread(back_up, str(tmp_path / "a.db"), str(tmp_path / f"{n}")) for n in range(3)),
        )
        counts.append(writing())
    assert set(counts) == {1}


async def test_a_second_server_on_the_same_file_is_refused(tmp_path: Path) -> None:
    async with open_storage(url(tmp_path), on_committed=ignore) as storage:
        one = await author(storage)
        with pytest.raises(DatabaseUnusable, match="a server that is running uses it"):
            async with open_storage(url(tmp_path), on_committed=ignore):
                pass
        assert (await storage.say(one, "n", "general", "x")).seq == 1


async def test_no_thread_outlives_the_storage(tmp_path: Path) -> None:
    before = threading.enumerate()
    async with open_storage(url(tmp_path), on_committed=ignore):
        mine = set(threading.enumerate()) - set(before)
        assert {one.name for one in mine} == {"minechat-storage", "minechat-search"}
    assert not any(one.is_alive() for one in mine)
    with pytest.raises(DatabaseUnusable):
        async with open_storage(f"sqlite:///{tmp_path}/nowhere/a.db", on_committed=ignore):
            pass
    assert threading.enumerate() == before


async def test_being_cancelled_while_it_opens_leaves_nothing_behind(tmp_path: Path) -> None:
    async def use() -> None:
        async with open_storage(url(tmp_path), on_committed=ignore):
            await asyncio.get_running_loop().create_future()

    before = threading.enumerate()
    task = asyncio.create_task(use())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert threading.enumerate() == before
    async with open_storage(url(tmp_path), on_committed=ignore):
        pass


CLOSES_TOO_EARLY = """
import asyncio, sys
from minechat.server.storage import Candidate, open_storage
loop = asyncio.new_event_loop()
context = open_storage(f"sqlite:///{sys.argv[1]}/a.db", on_committed=lambda _: None)
storage = loop.run_until_complete(context.__aenter__())
names = lambda: iter([Candidate("Able", "", "Able ", None)])
row = loop.run_until_complete(storage.add_account(names, bytes(32)))
async def say(count):
    return [storage.say(row.id, "n", "general", "x" * 1000) for _ in range(count)]
said = loop.run_until_complete(say(5000))
loop.close()
if sys.argv[2] == "join":
    storage._writer.close()
    storage._thread.join(20)
    assert not storage._thread.is_alive()
"""


@pytest.mark.parametrize("end", ["join", "leave"])
def test_a_loop_that_is_closed_while_the_writer_works_hangs_and_prints_nothing(
    tmp_path: Path, end: str
) -> None:
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", CLOSES_TOO_EARLY, tmp_path, end],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


async def test_a_token_is_nowhere_in_the_files_and_its_hash_is(tmp_path: Path) -> None:
    from minechat.server.accounts import Accounts

    async with open_storage(url(tmp_path), on_committed=ignore) as storage:
        registered = await Accounts(storage, registrations=lambda _: None).register("Вася", "here")
        everything = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    everything += (tmp_path / "a.db").read_bytes()
    for form in (registered.token, registered.token.replace("-", "")):
        assert form.encode() not in everything
        assert bytes.fromhex(registered.token.replace("-", "")) not in everything
    assert registered.person.token_hash in everything
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", registered.token)
    assert os.stat(tmp_path / "a.db").st_mode & 0o777 == 0o600
