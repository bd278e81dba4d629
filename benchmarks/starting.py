"""Starting: from process start to the token on the wire, beside bare imports; the first line; idle cost.

Run: ``uv run python benchmarks/starting.py [repeats]``, or ``--small``.
"""

import compileall
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOKEN = "00000000-0000-4000-8000-000000000000"
GREETING = b"Hello %username%! Enter your personal hash or leave it empty to create new account.\n"
DEADLINE = 20.0
BARE = [sys.executable, "-c", "import asyncio, configargparse, dotenv"]


def bare() -> float:
    """Seconds that a process with the three imports takes, whole."""
    start = time.perf_counter()
    subprocess.run(BARE, check=True)
    return time.perf_counter() - start


def posting(folder: str) -> float:
    """Seconds from the start of ``authorization.py`` to its token on the wire."""
    arrived: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(DEADLINE)
        thread = threading.Thread(target=_take_token, args=(listening, arrived))
        thread.start()
        port = str(listening.getsockname()[1])
        command = [
            sys.executable,
            str(ROOT / "authorization.py"),
            "-H",
            "127.0.0.1",
            "-P",
            port,
            "-m",
            "x",
            "-T",
            TOKEN,
        ]
        start = time.perf_counter()
        subprocess.run(command, cwd=folder, stderr=subprocess.DEVNULL, check=False)
        thread.join()
    return arrived[0] - start


def _take_token(listening: socket.socket, arrived: list[float]) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.sendall(GREETING)
        received = b""
        while TOKEN.encode() not in received:
            received += connection.recv(4096)
        arrived.append(time.perf_counter())


def first_line(folder: str) -> float:
    """Seconds from the start of ``chat.py`` to the first line of its embedded chat on the screen."""
    command = [sys.executable, str(ROOT / "chat.py"), "-P", "0", "--write-port", "0", "-q"]
    start = time.perf_counter()
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seconds = time.perf_counter() - start
        process.terminate()
    return seconds


def watching_cost(folder: str, seconds: float) -> float:
    """Share of a core that watching takes at ten lines a second."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(DEADLINE)
        port = str(listening.getsockname()[1])
        command = [sys.executable, str(ROOT / "chat.py"), "-H", "127.0.0.1", "-P", port]
        with subprocess.Popen(
            command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        ) as process:
            connection, _ = listening.accept()
            with connection:
                drain = threading.Thread(target=process.stdout.read)  # type: ignore[union-attr]
                drain.start()
                connection.sendall(b"Vlad: first\n")
                time.sleep(1)
                before = _cpu(process.pid)
                for number in range(int(seconds * 10)):
                    connection.sendall(f"Vlad: line {number}\n".encode())
                    time.sleep(0.1)
                used = _cpu(process.pid) - before
                process.terminate()
            drain.join()
    return used / seconds


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def row(name: str, figures: list[float], unit: str = "s") -> None:
    low, middle, high = min(figures), statistics.median(figures), max(figures)
    print(f"{name:48} median {middle:.4f}  min {low:.4f}  max {high:.4f} {unit}")


def main(repeats: int, seconds: float) -> None:
    compileall.compile_dir(ROOT / "minechat", quiet=1)
    with tempfile.TemporaryDirectory() as folder:
        bares, posts = [], []
        for _ in range(repeats):
            bares.append(bare())
            posts.append(posting(folder))
        row("python -c 'import asyncio, configargparse, dotenv'", bares)
        row("authorization.py -m x -T token, to the wire", posts)
        row("ratio, pair by pair", [post / plain for post, plain in zip(posts, bares, strict=True)], "")
        row("first line of the embedded chat", [first_line(folder) for _ in range(max(1, repeats // 3))])
        row("watching ten lines a second, share of a core", [watching_cost(folder, seconds)], "")


if __name__ == "__main__":
    if sys.argv[1:] == ["--small"]:
        main(1, 1.0)
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 15, 20.0)
