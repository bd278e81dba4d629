"""Watching at full speed: lines a second to a file and a history, beside nc with ts and tee.

Run: ``uv run python benchmarks/watching.py [lines] [repeats]``. Times run from the accepted connection to the
end of the watching process; the peers are printed as not installed where they are missing.
"""

import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINE = 80
BLOCK = 10_000  # lines sent at once


def lines_of(text: str, count: int) -> bytes:
    """``count`` lines of 80 bytes, each with its number, their newline included."""
    numbered = []
    for number in range(count):
        head = f"Nick: {number:07d} ".encode()
        body = (text * LINE).encode()[: LINE - 1 - len(head)].decode("utf-8", "ignore").encode()
        numbered.append((head + body).ljust(LINE - 1, b".") + b"\n")
    return b"".join(numbered)


class Source:
    """A server that sends the given bytes to one connection as fast as it takes them, and closes."""

    def __init__(self, data: bytes, repeat: int) -> None:
        self._block = data
        self._repeat = repeat
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(20.0)
        self.port = self._listening.getsockname()[1]
        self.accepted = 0.0
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def _send(self) -> None:
        connection, _ = self._listening.accept()
        self.accepted = time.perf_counter()
        with connection:
            for _ in range(self._repeat):
                connection.sendall(self._block)
        self._listening.close()


def chat(port: int, folder: str) -> list[str]:
    return [
        sys.executable, str(ROOT / "chat.py"), "--host", "127.0.0.1", "-P", str(port),
        "-F", f"{folder}/history", "--retry", "0", "-q",
    ]  # fmt: skip


def piped(command: str) -> Callable[[int, str], list[str]]:
    return lambda port, folder: ["sh", "-c", command.format(port=port, history=f"{folder}/history")]


CONTENDERS: dict[str, tuple[Callable[[int, str], list[str]], tuple[str, ...]]] = {
    "chat.py": (chat, ()),
    "nc | tee -a": (piped("nc -d 127.0.0.1 {port} | tee -a {history}"), ("nc", "tee")),
    "nc | ts | tee -a": (
        piped("nc -d 127.0.0.1 {port} | ts '[%d.%m.%Y %H:%M]' | tee -a {history}"),
        ("nc", "ts", "tee"),
    ),
}


def run(name: str, block: bytes, lines: int) -> tuple[float, int]:
    """Lines a second of one run, and its peak resident memory in KiB; every line must have arrived once."""
    command, _ = CONTENDERS[name]
    source = Source(block, lines // BLOCK)
    with tempfile.TemporaryDirectory() as folder, open(f"{folder}/screen", "wb") as screen:
        process = subprocess.Popen(
            command(source.port, folder), cwd=folder, stdout=screen, stdin=subprocess.DEVNULL
        )
        peak = peak_memory(process)
        seconds = time.perf_counter() - source.accepted
        check(Path(folder, "history"), block, lines)
        assert (
            Path(folder, "screen").stat().st_size == Path(folder, "history").stat().st_size
            or name == "chat.py"
        )
    return lines / seconds, peak


def peak_memory(process: subprocess.Popen[bytes]) -> int:
    """Waits for the end of a process; the most resident memory seen, in KiB."""
    _, _, usage = os.wait4(process.pid, 0)
    return usage.ru_maxrss


def check(history: Path, block: bytes, lines: int) -> None:
    """Every line exactly once and in order: the numbers of each block follow one another."""
    expected = [line[6:13] for line in block.split(b"\n")[:-1]]
    found = 0
    with history.open("rb") as file:
        for record in file:
            if record.startswith(b"---"):
                continue
            at = record.index(b"Nick: ") + 6
            assert record[at : at + 7] == expected[found % BLOCK], f"record {found} is not the next one"
            found += 1
    assert found == lines, f"{found} records of {lines} lines"


def main(lines: int, repeats: int) -> None:
    texts = {
        "ASCII": "the quick brown fox jumps over the lazy dog ",
        "Cyrillic": "съешь ещё этих мягких булок ",
    }
    print(f"{lines} lines of {LINE} bytes, {repeats} repeats, interleaved; lines a second")
    for kind, text in texts.items():
        block = lines_of(text, BLOCK)
        rates: dict[str, list[float]] = {}
        peaks: dict[str, int] = {}
        for _ in range(repeats):
            for name, (_, needs) in CONTENDERS.items():
                if any(shutil.which(tool) is None for tool in needs):
                    continue
                size = lines if "ts" not in needs else max(BLOCK, lines // 10 // BLOCK * BLOCK)
                rate, peak = run(name, block, size)
                rates.setdefault(name, []).append(rate)
                peaks[name] = max(peak, peaks.get(name, 0))
        for name in CONTENDERS:
            report(kind, name, rates, peaks)


def report(kind: str, name: str, rates: dict[str, list[float]], peaks: dict[str, int]) -> None:
    if name not in rates:
        print(f"{kind:9} {name:18} not installed")
        return
    ours, found = rates["chat.py"], rates[name]
    median = statistics.median(found)
    ratio = statistics.median(ours) / median
    memory = f"  peak {peaks[name] / 1024:.0f} MiB" if name == "chat.py" else ""
    print(
        f"{kind:9} {name:18} median {median:>11,.0f}  min {min(found):>11,.0f}  max {max(found):>11,.0f}"
        f"  chat.py / this {ratio:.2f}{memory}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000_000, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
