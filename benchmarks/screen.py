"""The screen of a person: how fast it starts, how fast it answers a key in a flood, how little it keeps.

Run: ``uv run python benchmarks/screen.py [--small]``. Everything is measured from outside, in a real
pseudo-terminal: a key is answered when its letter stands on the terminal. The chat is a session in memory,
so that the screen alone is measured; but for the start of ``minechat rift``, which a person with a
remembered session makes against a real server.
"""

import os
import pty
import select
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.cli.rift_people import rift_server  # noqa: E402 - the script may be started from anywhere

MESSAGES = 10_000
START, KEY_P99, MEMORY = 1.0, 0.050, 200.0
#: Letters that nobody in the flood writes; each press is told from all others by its own.
FIRST_LETTER = 0x4E00
READY, DONE = b"hello from Vasya", b"the end of it"
#: The hint in the box, without the letter under the cursor: it is drawn last of the first screen.
WHOLE = b"essage, or /help"
CHAT = (sys.executable, str(ROOT / "benchmarks" / "screen_chat.py"))


class Program:
    """A command with a screen, in a terminal of 120 columns and 40 rows."""

    def __init__(self, *command: str, folder: Path = ROOT, **environment: str) -> None:
        self._master, slave = pty.openpty()
        subprocess.run(["stty", "cols", "120", "rows", "40"], stdin=slave, check=True)
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=folder,
            env={**os.environ, "TERM": "xterm-256color", **environment},
        )
        os.close(slave)
        self._seen = b""

    def press(self, text: str) -> None:
        os.write(self._master, text.encode())

    def until(self, wanted: bytes, patience: float = 120.0) -> float:
        """Waits until these bytes were written; the time when they were read."""
        deadline = time.perf_counter() + patience
        while wanted not in self._seen:
            assert time.perf_counter() < deadline, f"never came: {wanted!r}; {self._seen[-2000:]!r}"
            ready, _, _ = select.select([self._master], [], [], 0.5)
            if ready:
                self._seen = self._seen[-200:] + os.read(self._master, 65_536)
        return time.perf_counter()

    def has(self, wanted: bytes) -> bool:
        return wanted in self._seen

    def memory(self) -> tuple[float, float]:
        """Resident memory now and at its peak, in MiB."""
        lines = Path(f"/proc/{self.process.pid}/status").read_text("ascii").splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        return tuple(int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))  # type: ignore[return-value]

    def end(self) -> None:
        self.process.terminate()
        while self.process.poll() is None:
            ready, _, _ = select.select([self._master], [], [], 0.1)
            if ready:
                try:
                    os.read(self._master, 65_536)
                except OSError:
                    break
        self.process.wait()
        os.close(self._master)


def start_up(repeats: int) -> list[float]:
    """Seconds from the start of the process to the first whole screen."""
    found = []
    for _ in range(repeats):
        program = Program(*CHAT, "quiet")
        found.append(program.until(WHOLE) - program.started)
        program.end()
    return found


def real_start_up(repeats: int) -> tuple[list[float], list[float]]:
    """Seconds from the start of ``minechat rift`` to its first whole screen, and to the messages on it."""
    screens, messages = [], []
    with tempfile.TemporaryDirectory() as name:
        home, served = Path(name, "home"), Path(name, "served")
        served.mkdir()
        with rift_server(served) as server:
            person, _ = server.person(home)
            person.says(READY.decode())
            for _ in range(repeats):
                program = Program(*person.argv("rift"), folder=home, **person.environment)
                screens.append(program.until(WHOLE) - program.started)
                messages.append(program.until(READY) - program.started)
                program.end()
    return screens, messages


def latencies(rounds: int, *, flood: bool) -> list[float]:
    """Seconds from a key to its letter on the terminal, while messages arrive or in quiet."""
    found, letter = [], FIRST_LETTER
    for _ in range(rounds):
        program = Program(*CHAT, "flood" if flood else "quiet")
        program.until(READY)
        end = time.perf_counter() + 3.0
        while not program.has(DONE) if flood else time.perf_counter() < end:
            pressed = time.perf_counter()
            program.press(chr(letter))
            found.append(program.until(chr(letter).encode()) - pressed)
            letter += 1
            if letter % 60 == 0:
                program.press("\x15")  # empties the box
            time.sleep(0.007)
        program.end()
    return found


def scrolled(messages: int) -> tuple[float, float, float]:
    """Resident memory, its peak in MiB, and the seconds it took to scroll up through so many and back."""
    program = Program(*CHAT, "scroll", str(messages))
    program.until(READY)
    began = time.perf_counter()
    program.until(DONE, 1200.0)
    took = time.perf_counter() - began
    now, peak = program.memory()
    program.end()
    return now, peak, took


def report(what: str, value: float, unit: str, target: float | None = None, extremes: str = "") -> bool:
    """One line; whether the target is met."""
    met = target is None or value <= target
    aim = "" if target is None else f"   target {target:g} {unit}: {'met' if met else 'MISSED'}"
    print(f"{what:58} {value:9.1f} {unit}{extremes}{aim}", flush=True)
    return met


def report_start(what: str, found: list[float], target: float | None = START) -> bool:
    """The median of several starts, with the extremes beside it."""
    extremes = f" ({min(found) * 1000:.0f} to {max(found) * 1000:.0f})"
    goal = None if target is None else target * 1000
    return report(f"{what}, median", statistics.median(found) * 1000, "ms", goal, extremes)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main(small: bool) -> int:
    repeats = 3 if small else 9
    met = report_start("start to first screen", start_up(repeats))
    screens, messages_there = real_start_up(repeats)
    met &= report_start("minechat rift, a remembered session, to first screen", screens)
    report_start("  to the last messages on it", messages_there, None)
    for flood in (False, True):
        found = latencies(1 if small else 8, flood=flood)
        name = f"a key while {MESSAGES:,} messages arrive" if flood else "a key in quiet"
        report(f"{name} ({len(found)} presses), p50", percentile(found, 0.50) * 1000, "ms")
        met &= report(f"{name}, p99", percentile(found, 0.99) * 1000, "ms", KEY_P99 * 1000)
        report(f"{name}, worst", max(found) * 1000, "ms")
    messages = 10_000 if small else 100_000
    now, peak, took = scrolled(messages)
    met &= report(f"resident after scrolling up {messages:,} messages and back", now, "MiB", MEMORY)
    met &= report("  its peak", peak, "MiB", MEMORY)
    report("  the time it took", took, "s")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main("--small" in sys.argv))
