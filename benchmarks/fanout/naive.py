"""The naive server: asyncio streams, and one write for each message and reader.

Run: ``python naive.py READ_PORT POST_PORT``. This is what a first chat server looks like; it
does not even wait for slow readers, which costs more. What a poster says goes to every reader, line by line.
"""

import asyncio
import contextlib
import resource
import sys

readers: set[asyncio.StreamWriter] = set()


async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Keeps a reader until it leaves."""
    readers.add(writer)
    with contextlib.suppress(ConnectionError):
        while await reader.read(1024):
            pass
    readers.discard(writer)
    writer.close()


async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hands each line of a poster to every reader."""
    with contextlib.suppress(ConnectionError):
        while line := await reader.readline():
            for one in readers:
                one.write(line)
    writer.close()


async def main(read_port: int, post_port: int) -> None:
    """Serves for ever."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    async with (
        await asyncio.start_server(attend, "127.0.0.1", read_port, backlog=512),
        await asyncio.start_server(hear, "127.0.0.1", post_port),
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:3])))
