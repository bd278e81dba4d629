"""Hashes of passwords: argon2id in a few threads that yield to the event loop, and a bounded wait."""

import asyncio
import os
import secrets
import sys
import threading
from base64 import b64encode
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from minechat.errors import Refused
from minechat.server.log import event
from minechat.server.precedence import Waiting
from minechat.server.settings import Limits

if TYPE_CHECKING:
    from argon2 import PasswordHasher

Result = TypeVar("Result")

#: KiB of memory, passes over it and lanes of one hash: OWASP's Password Storage Cheat Sheet, about 20 ms.
MEMORY, PASSES, LANES = 19456, 2, 1
#: Bytes of a salt and of a hash (RFC 9106, section 3.1).
SALT, HASH = 16, 32
#: Seconds that somebody waits at most, behind whoever asked less often.
PATIENCE = 5.0
#: Seconds after which to try again when too many wait: there is room again long before.
AGAIN = 0.5
#: How much the threads yield to the rest of the server (setpriority(2)); more, and on a machine that other
#: programs keep busy they would never come to an end.
NICENESS = 10

#: What the reference implementation calls the only failure that is not the hash's own.
_NO_MEMORY = "Memory allocation error"
BUSY = "too many people are logging in at this moment, try again"


class Hashing:
    """Hashes and checks passwords while the block runs; its threads have ended when the block has.

    Passwords are as ``passwords.prepared`` gives them. A check against nothing takes as long as any other.

    :param limits: ``hashes`` and ``hashes_waiting`` are its
    :param refused: counts what was refused, by the name of the limit
    """

    def __init__(
        self, limits: Limits, refused: Counter[str] | None = None, *, patience: float = PATIENCE
    ) -> None:
        self._places = limits.hashes
        self._waiting = Waiting(limits.hashes_waiting, limits.hashes)
        self._refused = Counter() if refused is None else refused
        self._patience = patience
        self._nothing = _hash_of_nothing()
        self._threads: ThreadPoolExecutor | None = None

    async def __aenter__(self) -> "Hashing":
        # The threads start with the first password.
        self._threads = ThreadPoolExecutor(self._places, "minechat-hash", _yield_to_others)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        threads, self._threads = self._threads, None
        assert threads is not None
        await asyncio.to_thread(threads.shutdown)

    async def hash(self, password: str, asked: int = 0) -> str:
        """A new hash of a password, in the PHC string format.

        :param asked: how often whoever asks did so before, as ``Logins`` tells it
        :raises Refused: ``busy``: too many wait already, or there is no memory; nothing was hashed
        """
        return await self._run(lambda: _hasher().hash(password), asked)

    async def verify(self, hashed: str | None, password: str, asked: int = 0) -> bool:
        """Whether the hash is of this password.

        :param hashed: None for an account that is not there, or that has no password: False, and no sooner
        :raises Refused: as ``hash``
        """
        against = self._nothing if hashed is None else hashed
        return await self._run(lambda: _verify(against, password), asked)

    def outdated(self, hashed: str) -> bool:
        """Whether a hash was made with other parameters than today's."""
        return _hasher().check_needs_rehash(hashed)

    async def _run(self, job: Callable[[], Result], asked: int) -> Result:
        ticket = await self._turn_of(asked)
        if self._threads is None:
            self._done(ticket)
            raise Refused("the server is stopping", AGAIN, "stopping")
        running = asyncio.get_running_loop().run_in_executor(self._threads, _within_memory, job)
        running.add_done_callback(lambda _: self._done(ticket))
        # Whoever gives up waiting leaves a thread that works on: its place is taken until it has ended.
        return await asyncio.shield(running)

    async def _turn_of(self, asked: int) -> object:
        """Waits for a place; the ticket that holds it."""
        ticket: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(ticket, asked)
        self._begin()
        shed = self._waiting.shed()
        if isinstance(shed, asyncio.Future) and not shed.done():
            shed.set_exception(self._busy())
        has_place = False
        try:
            async with asyncio.timeout(self._patience):
                await ticket
            has_place = True
        except TimeoutError:
            raise self._busy() from None
        finally:
            if not has_place:
                self._waiting.leave(ticket)
                self._done(ticket)
        return ticket

    def _begin(self) -> None:
        """Gives free places to those whose turn it is."""
        while isinstance(ticket := self._waiting.take(), asyncio.Future):
            if ticket.done():  # cancelled in this very step
                self._waiting.done(ticket)
            else:
                ticket.set_result(None)

    def _done(self, ticket: object) -> None:
        self._waiting.done(ticket)
        self._begin()

    def _busy(self) -> Refused:
        self._refused["hashes"] += 1
        event("login_refused", limit="hashes")
        return Refused(BUSY, AGAIN, "busy")


def _yield_to_others() -> None:
    """Called in each thread of ours: the loop has its processor back at once when both want it."""
    if sys.platform == "linux":  # elsewhere a priority is that of the whole process
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


@cache
def _hasher() -> "PasswordHasher":
    # Loaded with the first password: about 40 ms that no start of a server waits for.
    from argon2 import PasswordHasher  # noqa: PLC0415

    return PasswordHasher(PASSES, MEMORY, LANES, HASH, SALT)


def _verify(hashed: str, password: str) -> bool:
    from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError  # noqa: PLC0415

    try:
        return _hasher().verify(hashed, password)
    except VerifyMismatchError:
        return False
    except (InvalidHashError, VerificationError) as error:
        if str(error) == _NO_MEMORY:
            raise
        event("hash_unreadable")
        return False


def _within_memory(job: Callable[[], Result]) -> Result:
    from argon2.exceptions import HashingError, VerificationError  # noqa: PLC0415

    try:
        return job()
    except (HashingError, VerificationError, MemoryError):
        # A hash takes 19 MiB, and there were none.
        raise Refused(BUSY, AGAIN, "busy") from None


def _hash_of_nothing() -> str:
    """A hash with today's parameters that no password has: made of chance, not of a password."""
    salt, digest = (b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (SALT, HASH))
    return f"$argon2id$v=19$m={MEMORY},t={PASSES},p={LANES}${salt}${digest}"
