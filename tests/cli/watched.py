"""The chat command as a process with all that it prints, and the listen port it watches."""

import os
import pty
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
#: Seconds until a fact that does not come is a failure.
DEADLINE = 20.0


def until(fact: Callable[[], object], what: Callable[[], object] = lambda: "") -> None:
    """Waits for a fact; ``what`` is shown when it does not come."""
    give_up = time.monotonic() + DEADLINE
    while not fact():
        assert time.monotonic() < give_up, what()
        time.sleep(0.003)


class Port:
    """A listening port of 127.0.0.1; every accepted connection is the test's to feed and to end."""

    def __init__(self, port: int = 0) -> None:
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.settimeout(DEADLINE)
        self.number: int = self._listener.getsockname()[1]
        self.accepted: list[socket.socket] = []

    def patience(self, seconds: float) -> None:
        """How long ``accept`` waits."""
        self._listener.settimeout(seconds)

    def accept(self) -> socket.socket:
        connection, _ = self._listener.accept()
        connection.settimeout(DEADLINE)
        self.accepted.append(connection)
        return connection

    def close(self) -> None:
        for connection in self.accepted:
            connection.close()
        self._listener.close()


def reset(connection: socket.socket) -> None:
    """Ends a connection with RST."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Collected:
    """Everything that comes out of a descriptor, read by a thread until its end."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.data = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        try:
            while more := os.read(self._descriptor, 1 << 16):
                self.data += more
        except OSError:
            pass  # the other end of a pseudo-terminal is closed

    def end(self) -> bytes:
        """All of it, after its end."""
        self._thread.join(DEADLINE)
        assert not self._thread.is_alive()
        return self.data


class Chat:
    """One run of chat.py (or of a sub-command) in a folder with an empty .env and a bare environment.

    :param terminal: stdout is a pseudo-terminal, whose other end is ``screen``
    :param collect: read what it prints from the start; without it ``stdout`` is the test's to read
    :param before: words before the command, such as ``faketime`` and its time
    """

    def __init__(
        self,
        folder: Path,
        *options: object,
        terminal: bool = False,
        collect: bool = True,
        command: tuple[str, ...] = ("chat.py",),
        before: tuple[str, ...] = (),
        environment: dict[str, str] | None = None,
        **how: object,
    ) -> None:
        (folder / ".env").touch()
        self.folder = folder
        program = [str(REPOSITORY / command[0])] if command[0].endswith(".py") else list(command)
        bare = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm"}
        bare |= {"LANG": "C.UTF-8", "PYTHONPATH": str(REPOSITORY)}
        if planted := os.environ.get("PLANTED"):  # see tests/planted
            bare |= {"PLANTED": planted, "PYTHONPATH": os.environ["PYTHONPATH"]}
        self.screen, stdout = pty.openpty() if terminal else os.pipe()
        self.stdout = self.screen
        standard = {"stdin": subprocess.DEVNULL, "stdout": stdout, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(
            [*before, sys.executable, *program, *map(str, options)],
            cwd=folder,
            env=bare | (environment or {}),
            **{**standard, **how},  # type: ignore[call-overload]  # plain keywords
        )
        os.close(stdout)
        self.out = Collected(self.screen) if collect else None
        self.err = Collected(self.process.stderr.fileno()) if self.process.stderr else None

    @property
    def history(self) -> bytes:
        file = self.folder / "history.log"
        return file.read_bytes() if file.exists() else b""

    @property
    def shown(self) -> bytes:
        assert self.out is not None
        return self.out.data

    @property
    def told(self) -> str:
        assert self.err is not None
        return self.err.data.decode()

    def until_told(self, text: str, times: int = 1) -> None:
        until(lambda: self.told.count(text) >= times, lambda: (self.told, self.shown[-2000:]))

    def until_shown(self, text: bytes) -> None:
        until(lambda: text in self.shown, lambda: (self.told, self.shown[-2000:]))

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    @property
    def running(self) -> bool:
        """Whether it has not ended yet; leaves the exit code for ``code``."""
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def code(self) -> int:
        """The exit code, once everything that was printed has been read."""
        until(lambda: not self.running, lambda: self.told)
        self._used = self._cpu()
        code = self.process.wait()
        for stream in (self.out, self.err):
            if stream is not None:
                stream.end()
        return code

    def memory(self) -> int:
        """Resident bytes now."""
        return self._status("VmRSS")

    def most_memory(self) -> int:
        """The most bytes that were resident at one time."""
        return self._status("VmHWM")

    def _status(self, field: str) -> int:
        lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(field))

    def cpu(self) -> float:
        """Seconds of processor time used so far, or in all once it has ended."""
        return self._cpu() if self.process.returncode is None else self._used

    def _cpu(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.out, self.err):
            if stream is not None:
                stream.end()
        if self.process.stderr:
            self.process.stderr.close()
        if self.screen >= 0:
            os.close(self.screen)

    def hang_up(self) -> None:
        """Closes the test's end of stdout: the terminal or the pipe is gone."""
        os.close(self.screen)
        self.screen = -1


class Stage:
    """Ports and chats of one test; ends them all with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._opened: list[Port | Chat] = []

    def port(self, number: int = 0) -> Port:
        port = Port(number)
        self._opened.append(port)
        return port

    def chat(self, port: Port | int, *options: object, **how: object) -> Chat:
        """A chat that watches a port of this machine and tries again soon when it is lost."""
        number = port if isinstance(port, int) else port.number
        return self.run("--host", "127.0.0.1", "-P", number, "--retry-delay", "0.02", *options, **how)

    def run(self, *options: object, folder: Path | None = None, **how: object) -> Chat:
        """A chat with these options and no others."""
        chat = Chat(folder or self.folder, *options, **how)  # type: ignore[arg-type]  # plain keywords
        self._opened.append(chat)
        return chat

    def close(self) -> None:
        while self._opened:
            self._opened.pop().close()
