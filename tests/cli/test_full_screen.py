"""The code of the full screen, loaded beside the connection: only what is needed."""

import subprocess
import sys

LOADED = """
import asyncio, gc, sys
import minechat.cli.rift
from minechat.cli import full_screen
assert "textual" not in sys.modules
asyncio.run(full_screen.loaded())
assert "minechat.ui.app" in sys.modules and gc.isenabled()
asyncio.run(full_screen.loaded())  # once more, after new questions
"""
NEEDLESS = "minechat.server sqlite3 argon2 prompt_toolkit minechat.client.speak prometheus_client"


def run(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_screen_is_loaded_in_a_thread_and_garbage_is_looked_for_again() -> None:
    run(LOADED)


def test_a_screen_loads_no_server_no_database_and_no_prompt() -> None:
    run(f"{LOADED}\nfound = set({NEEDLESS!r}.split()) & set(sys.modules)\nassert not found, found\n")


def test_what_is_missing_is_told_where_it_is_waited_for() -> None:
    program = """
import asyncio, gc, sys
sys.modules["textual"] = None
from minechat.cli import full_screen
try:
    asyncio.run(full_screen.loaded())
except ModuleNotFoundError:
    assert gc.isenabled()
else:
    raise SystemExit(1)
"""
    run(program)
