"""Power failures, from a trace: what would lie on the disk had the power gone at any of its writes.

A write reaches the disk for sure when its file is synced after it; before that any part of what was
written since may be there, in any order, in sectors.
"""

import random
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

#: Options of strace that a trace to be replayed needs.
STRACE = ("-f", "-y", "-xx", "-s", "100000", "-e", "trace=pwrite64,fdatasync,fsync,ftruncate,write,sendto")
SECTOR = 512
#: Calls by which an acknowledgement leaves.
ANSWERING = ("write", "sendto")

_CALL = re.compile(r"(?P<process>\d+) +(?P<call>\w+)\((?P<rest>.*)")
_RESUMED = re.compile(r"(?P<process>\d+) +<\.\.\. (?P<call>\w+) resumed>")
_FILE = re.compile(r"\d+<(?P<path>[^>]*)>")
_WRITTEN = re.compile(r'"(?P<data>[^"]*)"\.*, \d+, (?P<offset>\d+)')


@dataclass
class Disk:
    """One file: as the kernel has it, as the disk has it for sure, and what was written in between."""

    cache: bytearray = field(default_factory=bytearray)
    synced: bytes = b""
    pending: list[tuple[int, bytes]] = field(default_factory=list)

    def write(self, offset: int, data: bytes) -> None:
        _put(self.cache, offset, data)
        self.pending += [(offset + at, data[at : at + SECTOR]) for at in range(0, len(data), SECTOR)]

    def cut(self, size: int) -> None:
        del self.cache[size:]
        self.sync()  # of no interest here: SQLite cuts no file that it needs

    def sync(self) -> None:
        self.synced, self.pending = bytes(self.cache), []

    def after_power_failure(self, chance: random.Random) -> bytes:
        """What is there for sure, and a random part of the rest."""
        image = bytearray(self.synced)
        share = chance.choice((0.0, 0.5, 0.9, 1.0))
        for offset, data in self.pending:
            if chance.random() < share:
                _put(image, offset, data)
        return bytes(image)


def replay(
    trace: str, database: Path, before: bytes, acknowledged: re.Pattern[str]
) -> Iterator[tuple[dict[Path, Disk], set[str]]]:
    """After each call of the trace: the files, and the texts that were acknowledged until then.

    :param before: what the database held; its log was empty
    :param acknowledged: finds in what was written to stdout or to a socket the texts that are acknowledged
    """
    disks = {database: Disk(bytearray(before), before), Path(f"{database}-wal"): Disk()}
    texts: set[str] = set()
    begun: dict[str, str] = {}
    for line in trace.splitlines():
        if (resumed := _RESUMED.match(line)) is not None:
            call, rest = resumed["call"], begun.pop(resumed["process"], "")
        elif (found := _CALL.match(line)) is not None:
            call, rest = found["call"], found["rest"]
            # An acknowledgement counts from when it begins to leave.
            if line.endswith("<unfinished ...>") and call not in ANSWERING:
                begun[found["process"]] = rest
                continue
        else:
            continue
        if _apply(call, rest, disks, texts, acknowledged):
            yield disks, texts


def _apply(
    call: str, rest: str, disks: dict[Path, Disk], texts: set[str], acknowledged: re.Pattern[str]
) -> bool:
    if call in ANSWERING:
        if (written := re.match(r'\d+<[^>]*>, "([^"]*)"', rest)) is not None:
            # Around a text there may be a frame's head, which is none.
            texts.update(acknowledged.findall(_plain(written[1]).decode(errors="replace")))
        return False
    file = _FILE.match(rest)
    disk = disks.get(Path(_plain(file["path"]).decode())) if file is not None else None
    if disk is None:
        return False
    if call == "pwrite64" and (written := _WRITTEN.search(rest)) is not None:
        disk.write(int(written["offset"]), _plain(written["data"]))
    elif call == "ftruncate":
        # Another thread may have begun a call meanwhile: then the bracket is on a line of its own.
        length = re.search(r">, (\d+)", rest)
        assert length is not None, rest
        disk.cut(int(length[1]))
    else:
        disk.sync()
    return True


def texts_in(images: dict[Path, bytes], folder: Path) -> set[str]:
    """What SQLite finds in such files; an empty set where there is no database yet."""
    for path, image in images.items():
        (folder / path.name).write_bytes(image)
    database = folder / min(path.name for path in images)
    (folder / f"{database.name}-shm").unlink(missing_ok=True)
    with closing(sqlite3.connect(database)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",), "integrity"
        try:
            return {text for (text,) in connection.execute("SELECT text FROM message")}
        except sqlite3.OperationalError:
            return set()


def _plain(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", "")) if escaped.startswith("\\x") else escaped.encode()


def _put(image: bytearray, offset: int, data: bytes) -> None:
    if len(image) < offset:
        image.extend(bytes(offset - len(image)))
    image[offset : offset + len(data)] = data


def failures(
    trace: str,
    database: Path,
    before: bytes,
    acknowledged: re.Pattern[str],
    folder: Path,
    *,
    most: int | None = None,
) -> Iterator[int]:
    """Lets the power fail after each call; yields how many texts were acknowledged and are lost.

    :param most: after so many calls at most, chosen by chance
    """
    chance = random.Random(1)
    calls = sum(1 for _ in replay(trace, database, before, acknowledged))
    share = 1.0 if most is None else most / calls
    for disks, promised in replay(trace, database, before, acknowledged):
        if chance.random() < share:
            images = {path: disk.after_power_failure(chance) for path, disk in disks.items()}
            yield len(promised - texts_in(images, folder))
