"""A server with little memory: slow readers and a flood of messages, and what it lets go to stay."""

import asyncio
import time
from contextlib import ExitStack
from math import inf
from pathlib import Path

from tests.campaign._crowd import connected, descriptors_for, serving
from tests.campaign.criteria import criterion
from tests.campaign.readers import MIB, Hearers, Speaker, all_in, never_reading

#: Bytes of address space of a server that has little: its code and the stacks of its threads count too.
LITTLE = 512 * MIB
#: Messages of 4 kB: for somebody who takes none of them that is 25 times what may wait.
MESSAGES = 1700


async def _little_memory(size: int, folder: Path) -> str:
    count, good = MESSAGES, 10
    async with serving(folder, "--limits", "off", address_space=LITTLE) as server:
        with ExitStack() as stack, descriptors_for(size + good + 100):
            base = server.descriptors()
            hearers = Hearers(
                [stack.enter_context(connected(server.read_port, "127.0.0.1")) for _ in range(good)]
            )
            never_reading(stack, server.read_port, size)
            await all_in(server, base + size + good)
            speaker = Speaker(server.write_port, count, inf, filler=3960)
            speaker.start()
            began = time.monotonic()
            while hearers.fewest() < count and speaker.failed is None:
                assert time.monotonic() - began < 60, "a good reader does not hear everything"
                hearers.hear(0.1)
            assert speaker.failed is None, f"the speaker failed: {speaker.failed!r}"
            gone = base + size + good - server.descriptors()
            most = server.most_taken()
    assert gone >= size - 1, f"only {gone} of {size} were dropped"
    return (
        f"{gone} of {size} slow ones dropped, {good} heard {count} of {count} messages of 4 kB, at most "
        f"{most / MIB:.0f} of {LITTLE / MIB:.0f} MiB of address space taken"
    )


@criterion("slow readers and a flood in little memory: the slow go, the server stays", small=100, full=500)
def little_memory(size: int, folder: Path) -> str:
    return asyncio.run(_little_memory(size, folder))
