"""A program with the screen in it, for tests in a real terminal: python -m tests.ui.living PLOT [THEME]."""

import asyncio
import os
import sys
from contextlib import suppress

from minechat.text import safe
from minechat.ui.app import Preferences, run
from tests.hostile import corpus
from tests.ui.stage import StagedSession


async def quiet(session: StagedSession) -> None:
    """Somebody says hello."""
    session.hear("general", "Vasya", "hello from Vasya")


async def failing(session: StagedSession) -> None:
    """The session ends by a defect as soon as somebody has said so."""
    session.hear("general", "Vasya", "now it fails")
    await asyncio.sleep(0.3)
    session.close(ZeroDivisionError("a defect"))


async def hostile(session: StagedSession) -> None:
    """Everything that has ever harmed a terminal is said, is a nickname, a room, a topic, a reason."""
    material = corpus.load()
    lines = [line.decode("utf-8", "surrogateescape") for line in material.hostile_lines]
    texts = [text.encode("utf-8", "replace").decode() for text in lines]
    for number, text in enumerate(texts):
        session.hear("general", text[:60], text)
        if number % 50 == 0:
            session.tell_harm(text[:60])
            await asyncio.sleep(0.02)
    session.hear("general", "Eva", "that was all")


async def cancelled(session: StagedSession) -> None:
    """Whoever runs the screen is cancelled."""
    session.hear("general", "Vasya", "now it ends")
    await asyncio.sleep(0.3)
    asyncio.get_running_loop().call_soon(RUNNING[0].cancel)


RUNNING: list[asyncio.Task[None]] = []
PLOTS = {"cancelled": cancelled, "quiet": quiet, "failing": failing, "hostile": hostile}


async def main(plot: str, theme: str = "auto") -> int:
    """Runs the screen; its exit code, or 70 and 71 with the name of what was raised."""
    session = StagedSession()

    async def play() -> None:
        await asyncio.sleep(0)
        session.connect()
        await PLOTS[plot](session)

    RUNNING.append(asyncio.current_task())  # type: ignore[arg-type]
    playing = asyncio.get_running_loop().create_task(play())
    try:
        return await run(session, Preferences(theme=theme))
    except ZeroDivisionError as error:
        print("raised:", safe(str(error)))
        return 70
    except asyncio.CancelledError:
        print("raised: cancelled")
        return 71
    finally:
        playing.cancel()


if __name__ == "__main__":
    code = asyncio.run(main(*sys.argv[1:]))
    with suppress(OSError):
        sys.stdout.flush()  # the terminal may be gone
    os._exit(code)
