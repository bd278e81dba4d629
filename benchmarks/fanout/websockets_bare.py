"""A bare chat on the library of WebSockets, in its own two ways to reach everybody; it stores nothing.

Run: ``python websockets_bare.py broadcast|loop PORT``. ``broadcast`` is ``websockets.broadcast()``; ``loop``
awaits ``send()`` for one after the other, as the first server of RIFT does. Whoever comes is let in, and
what one says goes to all others as one frame, put together once. No compression, no pings.
"""

import asyncio
import itertools
import json
import resource
import sys
import time

from websockets.asyncio.server import ServerConnection, broadcast, serve
from websockets.exceptions import ConnectionClosed

here: set[ServerConnection] = set()
numbers = itertools.count(1)


def message(text: str) -> str:
    """A frame of RIFT as our server says it, byte for byte but for who said it when."""
    payload = {
        "username": "poster-0",
        "text": text,
        "room": "general",
        "seq": next(numbers),
        "time": round(time.time(), 3),
    }
    frame = {"type": "new_message", "payload": payload}
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))


async def talk(ws: ServerConnection, way: str) -> None:
    """Lets one in and hands on what it says."""
    await ws.recv()
    here.add(ws)
    await ws.send(json.dumps({"type": "auth_success"}))
    try:
        async for frame in ws:
            said = message(json.loads(frame)["payload"]["text"])
            others = here - {ws}
            if way == "broadcast":
                broadcast(others, said)
            else:
                for one in others:
                    await one.send(said)
    except ConnectionClosed:
        pass
    finally:
        here.discard(ws)


async def main(way: str, port: int) -> None:
    """Serves for ever."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    async with serve(
        lambda ws: talk(ws, way), "127.0.0.1", port, compression=None, ping_interval=None, backlog=512
    ):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
