"""Processes of the benchmark: started on one core, measured from /proc, and dead when the benchmark ends."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")
SERVER_CORE, LOAD_CORE = 0, 1
#: Seconds for a server to open its ports.
PATIENCE = 20.0


def end_servers_on_signals() -> None:
    """Lets a signal end what was started too: turned into an exception, it passes every ``finally``."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda received, _: sys.exit(128 + received))


@contextlib.contextmanager
def started(
    command: Sequence[str],
    folder: Path,
    *,
    core: int | None,
    environment: Mapping[str, str] | None = None,
    stdin: int = subprocess.DEVNULL,
    stdout: int | None = None,
) -> Iterator[subprocess.Popen[str]]:
    """A process in ``folder`` that is gone, with its children, when the block ends; it writes to a file."""
    with open(folder / f"{Path(command[0]).name}.log", "a", encoding="utf-8") as log, _on(core):
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=stdin,
            stdout=log if stdout is None else stdout,
            stderr=log,
            text=True,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()


@contextlib.contextmanager
def _on(core: int | None) -> Iterator[None]:
    """What starts in this block runs on that core, if the machine has it: children inherit it."""
    cores = os.sched_getaffinity(0)
    if core in cores:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


def free_ports(count: int) -> list[int]:
    """TCP ports of 127.0.0.1 that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def wait_for_port(port: int, process: subprocess.Popen[str], log: Path) -> None:
    """Returns when the port accepts.

    :raises RuntimeError: the process ended or opened nothing; the last lines it wrote are in the message
    """
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    last = "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-10:])
    raise RuntimeError(f"{process.args[0]} does not serve port {port}:\n{last}")


def cpu_seconds(pid: int) -> float:
    """User and system time of a process, its living children and those it has waited for; see proc(5)."""
    return sum(_cpu_of(one) for one in _tree(pid))


def resident(pid: int) -> int:
    """Bytes of memory that a process and its children have resident."""
    return sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) * PAGE for one in _tree(pid))


def _cpu_of(pid: int) -> float:
    # The second field is the program's name in parentheses and may hold blanks: count from its end.
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) * TICK


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from _tree(int(child))


def installed(program: str) -> str | None:
    """The path of a program, also of one for administrators, or None."""
    path = os.environ.get("PATH", os.defpath)
    return shutil.which(program, path=f"{path}:/usr/sbin:/sbin")
