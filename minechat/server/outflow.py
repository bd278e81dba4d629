"""The way of log lines out of the process: bounded, in a thread, so that it never holds up the server."""

import logging
import os
import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, Full, Queue
from threading import Thread

from minechat.server.figures import Figures
from minechat.server.log import kind

#: Lines that may wait; one more is counted and gone.
WAITING = 1024
#: Seconds between two lines of one class of events.
INTERVAL = 1.0
#: Seconds that the last lines get when the log closes.
FAREWELL = 1.0


class Sparing:
    """At most one line a class of events in each interval, and no event untold.

    A line carries as ``left_out`` how many of its class were left out before it; so lines and what they
    left out add up to the events. The last one left out becomes a line itself when the interval is over.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, interval: float = INTERVAL) -> None:
        self._clock = clock
        self._interval = interval
        self._lines: dict[object, float] = {}
        self._held: dict[object, tuple[logging.LogRecord, int]] = {}

    def admits(self, record: logging.LogRecord) -> bool:
        """Whether this becomes a line now; if not, it is held and counted."""
        name, now = kind(record), self._clock()
        _, count = self._held.get(name, (record, 0))
        if now - self._lines.get(name, -self._interval) < self._interval:
            self._held[name] = (record, count + 1)
            return False
        self._held.pop(name, None)
        self._lines[name] = now
        record.left_out = count
        return True

    def due(self, *, everything: bool = False) -> list[logging.LogRecord]:
        """What was held and may be a line now; all of it when the log closes."""
        now, records = self._clock(), []
        for name, (record, count) in list(self._held.items()):
            if everything or now - self._lines[name] >= self._interval:
                del self._held[name]
                self._lines[name] = now
                record.left_out = count - 1
                records.append(record)
        return records

    def __len__(self) -> int:
        """Classes with something held."""
        return len(self._held)


class Outflow(logging.Handler):
    """Hands lines to a thread that writes them to a descriptor, and never waits for it.

    A full disk, a closed stream, a pipe nobody reads: events are lost and counted, and told as
    ``log_lost`` when writing works again.
    """

    def __init__(
        self,
        fd: int,
        sparing: Sparing,
        figures: Figures,
        *,
        waiting: int = WAITING,
        pause: float = INTERVAL,
    ) -> None:
        super().__init__()
        self._figures = figures
        self._told = 0
        self._torn = False
        self._fd = fd
        self._sparing = sparing
        self._pause = pause
        self._queue: Queue[logging.LogRecord | None] = Queue(waiting)
        self._thread = Thread(target=self._serve, name="minechat-log", daemon=True)

    def start(self) -> None:
        """From now on lines are written; what came before has waited."""
        if self._thread.ident is None:
            self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        if self._sparing.admits(record):
            try:
                self._queue.put_nowait(record)
            except Full:
                self._lose(record)

    def finish(self, deadline: float = FAREWELL) -> None:
        """Writes what waits, and what is held. A stream that takes nothing until the deadline is given up.

        It is replaced by the null device then, so that no later write to it can hold up the end.
        Of a server that never started only what went wrong is told.
        """
        if self._thread.ident is None:
            for record in [self._queue.get() for _ in range(self._queue.qsize())]:
                if record is not None and record.levelno >= logging.WARNING:
                    self._queue.put(record)
        self.start()
        with suppress(Full):
            self._queue.put(None, timeout=deadline)
        self._thread.join(deadline)
        if self._thread.is_alive():
            devnull = os.open(os.devnull, os.O_WRONLY)
            os.dup2(devnull, self._fd)
            os.close(devnull)

    # From here on: the thread.

    def _serve(self) -> None:
        last = time.monotonic()
        while True:
            # Something can be held only soon after a line of its class: else wait without waking up.
            soon = bool(self._sparing) or time.monotonic() - last < 2 * self._pause
            try:
                record = self._queue.get(timeout=self._pause if soon else None)
            except Empty:
                self._tell_held()
                continue
            if record is None:
                self._tell_held(everything=True)
                return
            self._tell(record)
            last = time.monotonic()

    def _tell_held(self, *, everything: bool = False) -> None:
        with self._mine():
            records = self._sparing.due(everything=everything)
        for record in records:
            self._tell(record)

    def _tell(self, record: logging.LogRecord) -> None:
        missing = self._figures.log_lost - self._told
        if missing and self._write(self._line(_lost(missing))):
            self._told += missing
        if not self._write(self._line(record)):
            self._lose(record)

    def _lose(self, record: logging.LogRecord) -> None:
        with self._mine():
            self._figures.log_lost += 1 + getattr(record, "left_out", 0)

    @contextmanager
    def _mine(self) -> Iterator[None]:
        # The lock that the standard library holds while it calls ``emit``; it may be taken twice.
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def _line(self, record: logging.LogRecord) -> bytes:
        return self.format(record).encode("utf-8", "backslashreplace") + b"\n"

    def _write(self, line: bytes) -> bool:
        # A line cut by a full disk must not swallow the next one.
        rest = memoryview(b"\n" + line if self._torn else line)
        while rest:
            try:
                written = os.write(self._fd, rest)
            except BlockingIOError:
                select.select((), (self._fd,), (), self._pause)
                continue
            except OSError:
                return False
            self._torn = True
            rest = rest[written:]
        self._torn = False
        return True


def _lost(count: int) -> logging.LogRecord:
    told = {"fields": {"events": count}, "event": "log_lost"}
    return logging.makeLogRecord({"levelno": logging.WARNING, "levelname": "WARNING", **told})


@contextmanager
def outflow(fd: int, formatter: logging.Formatter, level: int, figures: Figures) -> Iterator[Outflow]:
    """Everything that is logged inside the block goes to a descriptor, in the form of ``formatter``.

    The first lines wait until ``start`` is called: a server says in plain words where it is before it logs.

    :param figures: counts what is lost
    """
    handler = Outflow(fd, Sparing(), figures)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)
    try:
        yield handler
    finally:
        handler.finish()
        root.removeHandler(handler)
        root.setLevel(before)
