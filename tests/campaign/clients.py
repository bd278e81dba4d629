"""The clients under attack: servers that nobody may trust, and one that five hundred clients lose at once."""

import asyncio
import os
import re
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from minechat import system
from minechat.client import backoff
from minechat.client.listen import blocks
from minechat.client.reaching import lookup
from minechat.events import Connected
from tests.bad_tls import Case, bad_servers
from tests.campaign.criteria import criterion

REPOSITORY = Path(__file__).resolve().parents[2]
TOKEN = "5ec2e700-0000-4000-8000-000000000001"
SECRETS = (TOKEN, "Secret Name", "secret text")
COMMANDS = {
    "authorization": ("-m", "secret text"),
    "registration": ("-U", "Secret Name", "--force"),
    "chat": ("--retry", "0"),
}
#: How many lose their server, at the full size and below it, where a second is too short for so many.
EVERYBODY, FEWER = 500, 200
#: Seconds until everybody is there; what has not happened by then never will.
GATHERING = 60.0
#: Seconds that a server takes to start, about.
STARTING = 0.5


@criterion("a server that is not to be trusted gets no secret and is refused within 10 s", small=1, full=5)
def distrust(size: int, folder: Path) -> str:
    """Every command against every bad server; size is the commands' --timeout in seconds."""
    (folder / ".env").touch()
    (folder / "token.txt").write_text(f"{TOKEN}\n")
    (folder / "token.txt").chmod(0o600)
    commands = list(COMMANDS)[: 1 if size == 1 else None]
    with bad_servers(folder) as cases, ThreadPoolExecutor(8) as pool:
        runs = [(command, name) for command in commands for name in cases]
        slowest = max(pool.map(lambda run: _refused(folder, run[0], cases[run[1]], size), runs))
        for name, case in cases.items():
            received = case.server.raw + case.server.read
            assert not any(secret.encode() in received for secret in SECRETS), f"{name} was told a secret"
    assert (folder / "token.txt").read_text() == f"{TOKEN}\n", "the token file was touched"
    return f"{len(runs)} of {len(runs)} refused, the slowest after {slowest:.1f} s, no byte of a secret sent"


def _refused(folder: Path, command: str, case: Case, timeout: int) -> float:
    """Seconds in which the command ended as it must."""
    began = time.monotonic()
    where = ("-H", case.name, "-P", str(case.server.port), *case.trust, "--timeout", str(timeout))
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / f"{command}.py"), *where, "-q", *COMMANDS[command]],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )
    took = time.monotonic() - began
    assert done.returncode == 3, f"{command} ended with {done.returncode}: {done.stderr or done.stdout}"
    assert case.told in done.stderr, f"{command} said {done.stderr!r}"
    assert done.stderr.count("\n") == 1, f"{command} said more than a line: {done.stderr!r}"
    assert took <= 10, f"{command} took {took:.1f} s"
    return took


@dataclass
class Herd:
    """Clients that watch one server; times are of the monotonic clock.

    :ivar connected: when each connection was made, by client
    :ivar attempts: when each was tried
    """

    size: int
    retry_delay: float
    port: int = 0
    connected: list[list[float]] = field(init=False)
    attempts: list[list[float]] = field(init=False)

    def __post_init__(self) -> None:
        self.connected = [[] for _ in range(self.size)]
        self.attempts = [[] for _ in range(self.size)]

    async def client(self, number: int) -> None:
        def resolve(host: bytes, port: int):
            self.attempts[number].append(time.monotonic())
            return lookup(host, port)

        delays = partial(backoff.scaled, self.retry_delay)
        async with blocks("127.0.0.1", self.port, delays=delays, resolve=resolve) as conversation:
            async for item in conversation:
                if isinstance(item, Connected):
                    self.connected[number].append(time.monotonic())

    async def until_there(self, times: int) -> None:
        """Waits until every client has connected so often."""
        async with asyncio.timeout(GATHERING):
            while any(len(made) < times for made in self.connected):
                await asyncio.sleep(0.01)


@criterion("clients that lost one server at once come back in no wave", small=2, full=30)
def wave(size: int, folder: Path) -> str:
    """Size is how long the server is away in seconds; at less than 30 all other times shrink with it."""
    system.raise_descriptor_limit()
    scale = size / 30
    crowd = Herd(EVERYBODY if scale == 1 else FEWER, 5.0 * scale)
    herd, returned = asyncio.run(_lost_and_found(size, folder, crowd))
    back = sorted((made[1] - returned) / scale for made in herd.connected)
    peak = max(bisect_left(back, start + 1) - index for index, start in enumerate(back))
    most, late, last = max(map(len, herd.attempts)) - 1, back[int(herd.size * 0.95)], back[-1]
    assert peak <= 0.3 * herd.size, f"{peak} of {herd.size} came in one second"
    assert late <= 60, f"95 % were back only after {late:.1f} s"
    assert last <= 100, f"the last was back only after {last:.1f} s"
    assert most <= 20, f"one tried {most} times"
    shrunk = "" if scale == 1 else f", all times in units of {scale:.3g} s"
    return (
        f"of {herd.size} at most {peak} in a second, 95 % back {late:.1f} s and all {last:.1f} s "
        f"after its return, at most {most} attempts{shrunk}"
    )


async def _lost_and_found(away: float, folder: Path, herd: Herd) -> tuple[Herd, float]:
    """The herd after its server was killed and came back; and when it was back."""
    with ExitStack() as first:
        herd.port = first.enter_context(_server(folder, 0))
        clients = [asyncio.create_task(herd.client(number)) for number in range(herd.size)]
        await herd.until_there(1)
    await asyncio.sleep(away - STARTING)
    with ExitStack() as second:
        # In a thread: the clients go on trying while it starts.
        await asyncio.to_thread(lambda: second.enter_context(_server(folder, herd.port)))
        returned = time.monotonic()
        await herd.until_there(2)
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
    return herd, returned


@contextmanager
def _server(folder: Path, port: int) -> Iterator[int]:
    """The listen port of a server in a process of its own, which is killed at the end."""
    options = ["--read-port", str(port), "--write-port", "0", "--no-metrics", "--limits", "classroom"]
    with subprocess.Popen(
        [sys.executable, "-m", "minechat", "server", *options, "--database", f"sqlite:///{folder}/chat.db"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            lines = iter(process.stderr.readline, "")
            found = next(filter(None, (re.search(r"port (\d+) to watch", line) for line in lines)), None)
            assert found is not None, "the server did not start"
            yield int(found[1])
        finally:
            process.kill()
