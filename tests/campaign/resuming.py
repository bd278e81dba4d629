"""Sessions of RIFT whose server goes away: all come back, and nobody misses a message or hears one twice."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from minechat import system
from minechat.client import backoff
from minechat.client.rift import Credentials, rift
from minechat.client.rift_session import RiftSession, rift_session
from minechat.client.session import GENERAL, Heard, PlacesChanged
from minechat.errors import ConnectionLost
from minechat.protocol.rift import commands as c
from minechat.protocol.rift import replies as r
from tests.campaign.criteria import criterion

REPOSITORY = Path(__file__).resolve().parents[2]
#: How many lose their server, at the full size and below it; and how many of them share an account.
EVERYBODY, FEWER, SHARING = 500, 60, 10
#: Accounts that speak while the others are away, and messages of each that need no waiting.
SPEAKERS, BURST = 20, 5
#: Sessions that speak all the time.
TALKERS = 20
#: Seconds until something has happened; what has not by then never will.
DEADLINE = 180.0
#: Letters of which none looks like another.
NAMES = "abcdeghkmnpr"
PASSWORD = "a good long secret"


@dataclass
class Server:
    """A server of RIFT in a process of its own, which can be ended and started again on its port."""

    folder: Path
    limits: str
    port: int = 0
    _process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        log = self.folder / "server.log"
        command = [sys.executable, "-m", "minechat", "server", "--read-port", "0", "--write-port", "0"]
        command += ["--rift-port", str(self.port), "--no-metrics", "--limits", self.limits]
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [*command, "--database", f"sqlite:///{self.folder}/chat.db"],
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)},
                stderr=output,
            )
        async with asyncio.timeout(30):
            while not (found := re.search(r"port (\d+) for RIFT", log.read_text())):
                assert self._process.poll() is None, log.read_text()[-300:]
                await asyncio.sleep(0.01)
        self.port = int(found[1])

    async def end(self, by: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(by)
        await asyncio.to_thread(self._process.wait, 30)
        assert "Traceback" not in (log := (self.folder / "server.log").read_text()), log[-500:]

    def memory(self, what: str) -> int:
        """Bytes: ``VmRSS`` now, ``VmHWM`` at their most."""
        assert self._process is not None
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return 1024 * int(status.split(f"{what}:")[1].split()[0])

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@asynccontextmanager
async def serving(folder: Path, limits: str) -> AsyncIterator[Server]:
    server = Server(folder, limits)
    try:
        await server.start()
        yield server
    finally:
        server.close()


@dataclass
class Ear:
    """Somebody's session and the numbers that it told, with when each came (monotonic)."""

    session: RiftSession
    numbers: list[int | None] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    listed: bool = False

    async def hear(self) -> None:
        async for event in self.session.events():
            if isinstance(event, Heard):
                self.numbers += [message.seq for message in event.messages]
                self.times += [time.monotonic()] * len(event.messages)
            elif isinstance(event, PlacesChanged):
                self.listed = True

    def reached(self, seq: int) -> float | None:
        """When this message was told; None where it was not."""
        return self.times[self.numbers.index(seq)] if seq in self.numbers else None


async def until(fact: Callable[[], bool], what: str) -> None:
    began = time.monotonic()
    while not fact():
        assert time.monotonic() - began < DEADLINE, f"after {DEADLINE:g} s not yet: {what}"
        await asyncio.sleep(0.02)


async def accounts(port: int, count: int) -> list[Credentials]:
    """New accounts, each known by a session."""

    async def one(number: int) -> Credentials:
        async with rift("127.0.0.1", port, timeout=60) as wire:
            name = "Guest" + NAMES[number // len(NAMES)] + NAMES[number % len(NAMES)]
            await wire.register(name, PASSWORD)
            answer = await wire.log_in(Credentials(username=name, password=PASSWORD))
            return Credentials(session=answer.session)

    # More at once would be told that the server is busy: it hashes two passwords at a time.
    found: list[Credentials] = []
    for first in range(0, count, 10):
        found += await asyncio.gather(*map(one, range(first, min(count, first + 10))))
    return found


@asynccontextmanager
async def listening(port: int, who: list[Credentials], scale: float) -> AsyncIterator[list[Ear]]:
    """A session for each, which hears until the end."""
    async with AsyncExitStack() as stack:
        ears = []
        for credentials in who:
            session = rift_session(
                "127.0.0.1",
                port,
                credentials,
                timeout=30.0,
                catch_up=10**6,  # however long one is away: nothing may be passed over
                delays=partial(backoff.scaled, 5.0 * scale),
                stable_after=30.0 * scale,
            )
            ears.append(Ear(await stack.enter_async_context(session)))
        tasks = [asyncio.create_task(ear.hear()) for ear in ears]
        try:
            await until(lambda: all(ear.listed for ear in ears), "everybody is there")
            yield ears
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def speak(port: int, who: list[Credentials], texts: list[str]) -> int:
    """Each says all this, one after the other; the number of the last message."""

    async def one(credentials: Credentials) -> int:
        async with rift("127.0.0.1", port, timeout=60) as wire:
            await wire.log_in(credentials)
            stored = [await wire.ask(c.RoomMessage(text=text)) for text in texts]
            return max(one.seq for one in stored if isinstance(one, r.MessageStored))

    return max(await asyncio.gather(*map(one, who)))


def check_whole(ears: list[Ear], last: int) -> None:
    """Everybody was told everything to the last message, once and in order."""
    for ear in ears:
        whole = list(range(ear.numbers[0] or 0, last + 1))
        missing, twice = set(whole) - set(ear.numbers), len(ear.numbers) - len(set(ear.numbers))
        assert ear.numbers == whole, (
            f"{len(missing)} missing, such as {min(missing, default=None)}, {twice} twice"
        )


@criterion("sessions of RIFT that lost one server at once resume without a gap or a double", small=4, full=30)
def resume(size: int, folder: Path) -> str:
    """Size is how long the server is away in seconds; at less than 30 all other times shrink with it."""
    system.raise_descriptor_limit()
    return asyncio.run(_resume(size, folder))


async def _resume(away: float, folder: Path) -> str:
    scale = away / 30
    count = EVERYBODY if scale == 1 else FEWER
    async with serving(folder, "classroom") as server:
        known = await accounts(server.port, count // SHARING + SPEAKERS)
        # A new process for all that follows: what hashes of passwords took would pass for its quiet memory.
        await server.end(signal.SIGTERM)
        await server.start()
        speakers = known[:SPEAKERS]
        async with listening(server.port, known[SPEAKERS:] * SHARING, scale) as ears:
            first = await speak(server.port, speakers[:1], ["first"])
            await until(lambda: all(first in ear.numbers for ear in ears), "everybody hears")
            quiet = server.memory("VmRSS")
            await server.end(signal.SIGKILL)
            await asyncio.sleep(away)
            await server.start()
            returned = time.monotonic()
            missed = await speak(server.port, speakers, [f"missed {number}" for number in range(BURST)])
            await until(lambda: all(missed in ear.numbers for ear in ears), "everybody is back")
            back = sorted(((ear.reached(missed) or 0.0) - returned) / scale for ear in ears)
            peak = server.memory("VmHWM")
            check_whole(ears, missed)
    late, last = back[int(count * 0.95)], back[-1]
    assert late <= 60, f"95 % had resumed only after {late:.1f} s"
    assert last <= 100, f"the last had resumed only after {last:.1f} s"
    assert peak <= 2 * quiet, f"{peak >> 20} MiB at the most, {quiet >> 20} MiB when it was quiet before"
    shrunk = "" if scale == 1 else f", times in units of {scale:.3g} s"
    return (
        f"of {count} 95 % had resumed {late:.1f} s and all {last:.1f} s after its return, each was told "
        f"{missed - first} missed messages once; at most {peak >> 20} MiB, {quiet >> 20} before{shrunk}"
    )


@criterion(
    "people who talk through RIFT while its server is restarted lose and double nothing", small=2, full=20
)
def talk_on(size: int, folder: Path) -> str:
    """Size is the number of restarts by SIGTERM."""
    return asyncio.run(_talk_on(size, folder))


async def _talk_on(restarts: int, folder: Path) -> str:
    async with serving(folder, "off") as server:
        known = await accounts(server.port, TALKERS)
        async with listening(server.port, known, 0.05) as ears:
            talking = [asyncio.create_task(_talk(ear, number)) for number, ear in enumerate(ears)]
            for _ in range(restarts):
                before = len(ears[0].numbers)
                await until(lambda before=before: len(ears[0].numbers) > before + 50, "people talk")
                await server.end(signal.SIGTERM)
                await server.start()
            for ear in ears:
                ear.listed = False  # no more
            said = [text for texts in await asyncio.gather(*talking) for text in texts]
            last = await speak(server.port, known[:1], ["last"])
            await until(lambda: all(last in ear.numbers for ear in ears), "everybody hears the last")
            check_whole(ears, last)
            stored = await _stored(server.port, known[0], last)
    assert len(stored) == len(set(stored)), "a message was stored twice"
    assert set(said) <= set(stored), f"{len(set(said) - set(stored))} acknowledged messages are lost"
    assert set(stored) == {*said, "last"}, "a message is there whose author was not told"
    return f"{len(said)} messages of {TALKERS} people through {restarts} restarts, each stored and told once"


async def _talk(ear: Ear, number: int) -> list[str]:
    """Talks until told to stop; what was acknowledged. Every message that was begun must be."""
    said: list[str] = []
    attempt = 0
    while ear.listed:
        attempt += 1
        text = f"{number}: {attempt}"
        try:
            await ear.session.say(GENERAL, text)
        except ConnectionLost:  # nothing was sent
            await asyncio.sleep(0.02)
            continue
        said.append(text)
    return said


async def _stored(port: int, who: Credentials, last: int) -> list[str]:
    texts: list[str] = []
    async with rift("127.0.0.1", port) as wire:
        await wire.log_in(who)
        after = 0
        while after < last:
            page = await wire.ask(c.GetHistory(room=GENERAL, after=after, limit=100))
            assert isinstance(page, r.History)
            texts += [one.text for one in page.messages]
            after = page.messages[-1].seq
    return texts
