"""A blocking call that hangs holds up neither its caller nor the end of the process."""

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from minechat.client.threads import in_daemon_thread

pytestmark = pytest.mark.usefixtures("quiet")


async def test_the_result_comes_from_another_thread() -> None:
    def where(plus: int) -> tuple[threading.Thread, int]:
        return threading.current_thread(), 1 + plus

    thread, result = await in_daemon_thread(where, 2)
    assert thread is not threading.current_thread()
    assert thread.daemon
    assert result == 3


@pytest.mark.parametrize("error", [OSError(5, "x"), KeyError("x"), SystemExit(3)])
async def test_what_the_call_raises_is_raised_here(error: BaseException) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(type(error)):
        await in_daemon_thread(fail)


async def test_the_loop_goes_on_while_the_call_blocks() -> None:
    go = threading.Event()
    call = asyncio.create_task(in_daemon_thread(go.wait, 5))
    await asyncio.sleep(0)
    go.set()
    assert await call is True


@pytest.mark.parametrize("late", ["result", "error"])
async def test_a_cancelled_caller_leaves_at_once_and_the_late_outcome_is_dropped(late: str) -> None:
    go, threads = threading.Event(), []

    def hang() -> int:
        threads.append(threading.current_thread())
        go.wait(10)
        if late == "error":
            raise OSError
        return 1

    call = asyncio.create_task(in_daemon_thread(hang))
    while not threads:
        await asyncio.sleep(0)
    began = time.monotonic()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert time.monotonic() - began < 1
    go.set()
    threads[0].join(5)
    await asyncio.sleep(0)  # what the thread left for the loop is done here


def test_a_call_that_outlives_its_loop_ends_quietly() -> None:
    go, threads = threading.Event(), []

    def hang() -> None:
        threads.append(threading.current_thread())
        go.wait(10)

    async def main() -> None:
        call = asyncio.create_task(in_daemon_thread(hang))
        while not threads:
            await asyncio.sleep(0)
        call.cancel()

    asyncio.run(main())
    go.set()
    threads[0].join(5)
    assert not threads[0].is_alive()  # an exception in it fails the test


def test_a_process_ends_while_its_call_still_hangs() -> None:
    program = (
        "import asyncio, time\n"
        "from minechat.client.threads import in_daemon_thread\n"
        "async def main():\n"
        "    call = asyncio.create_task(in_daemon_thread(time.sleep, 30))\n"
        "    await asyncio.sleep(0)\n"
        "asyncio.run(main())\n"
        "print('over')\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=10)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "over\n", "")
