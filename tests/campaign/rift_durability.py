"""Durability of RIFT: an acknowledgement leaves after its message is on the disk, wherever power fails."""

import asyncio
import re
import signal
from pathlib import Path

from tests.campaign._life import DEADLINE, server, signal_of, stored
from tests.campaign._rift_poster import RiftPoster, judge_numbers, poster
from tests.campaign.criteria import criterion
from tests.server.storage.replaying import STRACE, failures

POSTERS = 10
#: What a frame acknowledges, within whatever leaves together.
ACKNOWLEDGED = re.compile(r'\{"type":"message_stored","payload":\{"id":"([^"]+)"')
ENDED = re.compile(r"^\d+ +\+\+\+ (?:exited with \d+|killed by SIG\w+) \+\+\+$")


async def _one_text_each(folder: Path, posters: list[RiftPoster]) -> None:
    """One life to a good end, after which the log is empty."""
    async with server(folder) as life:
        await asyncio.gather(*(one.post(life.rift_port, texts=1) for one in posters))
        await asyncio.to_thread(signal_of, life.process, signal.SIGTERM)


async def _traced(folder: Path, trace: Path, posters: list[RiftPoster], texts: int) -> None:
    """One life that is traced to its end, a kill; strace is out of the way, so that the server meets it."""
    async with server(folder, "strace", "-D", *STRACE, "-o", str(trace)) as life:
        await asyncio.gather(*(one.post(life.rift_port, texts=texts) for one in posters))
        life.kill()
    async with asyncio.timeout(DEADLINE):
        while not ENDED.match((trace.read_text().splitlines() or [""])[-1]):
            await asyncio.sleep(0.05)


@criterion(
    "a power failure at any write loses nothing that was acknowledged over RIFT",
    small=60,
    full=10_000,
    needs=("strace",),
)
def power(size: int, folder: Path) -> str:
    database, trace, left = folder / "chat.db", folder / "trace", folder / "left"
    left.mkdir()
    posters = [poster(number) for number in range(POSTERS)]
    asyncio.run(_one_text_each(folder, posters))
    log = Path(f"{database}-wal")
    assert not log.exists() or not log.stat().st_size, "a good end left something in the log"
    before = database.read_bytes()
    asyncio.run(_traced(folder, trace, posters, 1 + size // POSTERS))
    lost = list(failures(trace.read_text(), database, before, ACKNOWLEDGED, left, most=2000))
    assert not any(lost), f"{max(lost)} acknowledged are lost"
    texts = stored(database)
    judge_numbers(texts, posters)
    seen = set(ACKNOWLEDGED.findall(_sent(trace)))
    assert len(seen) == size, f"{len(seen)} acknowledgements of {size} are in the trace"
    return f"{size} messages, the power failed at {len(lost)} writes and syncs, 0 acknowledged lost"


def _sent(trace: Path) -> str:
    escaped = "".join(re.findall(r'sendto\(\d+<[^>]*>, "([^"]*)"', trace.read_text()))
    return bytes.fromhex(escaped.replace("\\x", "")).decode(errors="replace")
