"""A real terminal in tests: a program on a pseudo-terminal, its bytes drawn by pyte, its modes kept."""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from typing import Any

import pyte

DEADLINE = 20.0
_MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")


class Terminal:
    """A program in a terminal of its own.

    :param signals: whether the terminal sends it signals, as the one that controls it
    :ivar written: every byte that the program wrote
    """

    def __init__(
        self,
        *arguments: str,
        columns: int = 100,
        rows: int = 24,
        signals: bool = True,
        **environment: str,
    ) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(slave)
        self._slave = slave
        kept = {key: value for key, value in os.environ.items() if key in ("PATH", "HOME", "LANG")}
        self._process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**kept, "TERM": "xterm-256color", "LANG": "C.UTF-8", "ESCDELAY": "25", **environment},
            start_new_session=True,
            preexec_fn=None if not signals else lambda: fcntl.ioctl(slave, termios.TIOCSCTTY, 0),  # noqa: PLW1509 - no threads yet
        )
        self.written = b""
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)

    @property
    def rows(self) -> list[str]:
        # pyte's own display fails on a wide letter of which one half was written over.
        lines = [self.screen.buffer[row] for row in range(self.screen.lines)]
        return ["".join(line[at].data for at in range(self.screen.columns)).rstrip() for line in lines]

    @property
    def text(self) -> str:
        return "\n".join(self.rows)

    @property
    def modes(self) -> dict[str, bool]:
        """The private modes that the program set or reset, as they are now."""
        found: dict[str, bool] = {}
        for match in _MODE.finditer(self.written):
            found |= dict.fromkeys(match[1].decode().split(";"), match[2] == b"h")
        return found

    def settings(self) -> list[Any]:
        """How the line discipline is set, as stty shows it."""
        return termios.tcgetattr(self._slave)

    def press(self, data: str) -> None:
        os.write(self._master, data.encode())

    def signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def hang_up(self) -> None:
        """The window is closed."""
        os.close(self._slave)
        os.close(self._master)
        self._master = -1

    def until(self, fact: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE
        while not fact():
            assert time.monotonic() < deadline, f"it never came; the screen:\n{self.text}"
            self.read(0.05)

    def until_shown(self, text: str) -> None:
        self.until(lambda: text in self.text)

    def read(self, patience: float) -> bool:
        """Reads what there is, once; whether there was something."""
        ready, _, _ = select.select([self._master], [], [], patience)
        if ready:
            data = os.read(self._master, 65_536)
            self.written += data
            self._stream.feed(data)
        return bool(ready)

    def code(self) -> int:
        """Its exit code, once it has ended and all that it wrote is read."""
        deadline = time.monotonic() + DEADLINE
        while self._process.poll() is None:
            assert time.monotonic() < deadline, f"it never ended; the screen:\n{self.text}"
            if self._master >= 0:
                self.read(0.05)
            else:
                time.sleep(0.01)
        while self._master >= 0 and self.read(0.2):
            pass
        return self._process.returncode

    def close(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for descriptor in (self._master, self._slave) if self._master >= 0 else ():
            os.close(descriptor)
