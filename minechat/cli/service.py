"""The service manager that started the server (systemd): told when it is ready, reloads, stops and lives."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from typing import Never

from minechat import system

#: Seconds between two lines of status where nobody expects a sign of life.
PAUSE = 10.0


class Service:
    """What sd_notify(3) has words for; silent where no service manager listens.

    :param address: of the socket it listens on
    :param watchdog: seconds within which it expects a sign of life; None when it does not
    """

    def __init__(self, address: str, watchdog: float | None = None) -> None:
        self._address = address
        self._pause = PAUSE if watchdog is None else watchdog / 3

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Service":
        """The one that the environment names. A watchdog that waits for another process is not ours."""
        usec = environ.get("WATCHDOG_USEC", "")
        meant = environ.get("WATCHDOG_PID", "") in ("", str(os.getpid()))
        watchdog = int(usec) / 1_000_000 if usec.isdecimal() and int(usec) and meant else None
        return cls(environ.get("NOTIFY_SOCKET", ""), watchdog)

    def __bool__(self) -> bool:
        return bool(self._address)

    async def watch(self, status: Callable[[], str]) -> Never:
        """Says that the server is ready, then gives signs of life and its status for as long as it runs."""
        system.notify(self._address, "READY=1", f"STATUS={status()}")
        while True:
            await asyncio.sleep(self._pause)
            system.notify(self._address, "WATCHDOG=1", f"STATUS={status()}")

    def reloading(self) -> None:
        """The configuration is read again; ``ready`` follows."""
        system.notify(self._address, "RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def ready(self) -> None:
        system.notify(self._address, "READY=1")

    def stopping(self) -> None:
        system.notify(self._address, "STOPPING=1", "STATUS=stopping")
