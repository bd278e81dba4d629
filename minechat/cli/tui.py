"""The two-socket chat on a full screen: whose token it is, the history behind it, and where the server is."""

import os
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from functools import partial
from typing import NamedTuple

from minechat.cli import full_screen, sentences
from minechat.cli.checks import loopback
from minechat.cli.exits import UsageError
from minechat.cli.questions import Questions
from minechat.cli.report import warn
from minechat.cli.results import put
from minechat.cli.rift_words import RiftWords, language
from minechat.cli.source import StandardInput
from minechat.cli.speaker import check_name
from minechat.cli.trust import trusted
from minechat.cli.typed import ChatOptions
from minechat.cli.view import View
from minechat.client import backoff
from minechat.client.history import history
from minechat.client.lines import Kept, LineSession, line_session
from minechat.client.speak import speaking
from minechat.client.tokens import check_free, read_token, save_token
from minechat.errors import InvalidInput, MinechatError, Refused, TokenFileUnusable
from minechat.events import Account

#: Warnings that came while the screen was open; the last ones are told when it has closed.
_WARNINGS = 20


class Where(NamedTuple):
    """A server's host, and its two ports."""

    host: str
    port: int
    speak_port: int


async def tui(options: ChatOptions) -> int:
    """Shows the chat until its person leaves; returns the exit code.

    :raises UsageError: there is no terminal for it
    :raises MinechatError: as the plain chat, and as the token file
    """
    _check_terminal()
    words = RiftWords(language(options.language), to_person=not options.json)
    try:
        return await _tui(options, words)
    except MinechatError as error:
        words.retell(error)
        raise


async def _tui(options: ChatOptions, words: RiftWords) -> int:
    async with AsyncExitStack() as stack:
        told = stack.enter_context(_told_afterwards(options.program, words))
        where = Where(options.host or "", options.port, options.write_port)
        if options.embedded:
            from minechat.cli.embedded import embedded  # noqa: PLC0415 - only who hosts needs a server

            where = Where(*await stack.enter_async_context(embedded(options, View(options))))
        token = await _token(options, words, where)
        kept = await stack.enter_async_context(_kept(options, told.append))
        session = await stack.enter_async_context(_session(options, where, token, kept))
        code = await _shown(session, options, words, f"{where.host}:{where.port}")
        if session.failure is not None:
            raise session.failure
        return code


def _check_terminal() -> None:
    if not (os.isatty(0) and os.isatty(1)):
        raise UsageError(sentences.NO_TERMINAL_FOR_SCREEN)


async def _shown(session: LineSession, options: ChatOptions, words: RiftWords, address: str) -> int:
    await full_screen.loaded()
    default = options.is_default("timestamp_format")
    return await full_screen.shown(
        session,
        language=words.language,
        theme=options.theme,
        colour=options.color,
        timestamp_format=None if default else options.timestamp_format,
        address=address,
    )


async def _token(options: ChatOptions, words: RiftWords, where: Where) -> str | None:
    """The token of a setting, of the file, or of a nickname that is registered now; None only watches."""
    if options.token is not None:
        if options.origin("token").startswith("-") and not options.quiet:
            warn(options.program, sentences.token_visible())
        _warn_of_plain(options, where)
        return options.token
    token = read_token(options.token_path)
    if token is not None:
        _warn_of_plain(options, where)
        return token
    check_free(options.token_path, replace=False)
    return await _registered(options, words, where)


def _warn_of_plain(options: ChatOptions, where: Where) -> None:
    if not (options.tls or options.quiet or loopback(where.host)):
        warn(options.program, sentences.token_travels_plain(where.host))


async def _registered(options: ChatOptions, words: RiftWords, where: Where) -> str | None:
    questions = Questions(StandardInput())
    _warn_of_plain(options, where)
    while True:
        name = await questions.ask(words("nickname", path=options.token_path))
        if not name:
            return None
        try:
            name = check_name(name, sentences.PROMPT)
            tls = trusted(options)
            async with speaking(where.host, where.speak_port, timeout=options.timeout, tls=tls) as talk:
                account = await talk.register(name)
        except (InvalidInput, Refused) as error:
            warn(options.program, words.reason(error))
            continue
        _save(options, account)
        return account.token


def _save(options: ChatOptions, account: Account) -> None:
    try:
        save_token(options.token_path, account.token, replace=False)
    except TokenFileUnusable as error:
        put(account.token)
        raise TokenFileUnusable(sentences.token_not_saved(account.nickname, str(error))) from None


@asynccontextmanager
async def _kept(options: ChatOptions, tell: Callable[[str], None]) -> AsyncIterator[Kept | None]:
    if options.history is None:
        yield None
        return
    view = View(options)
    async with history(options.history, fsync=options.fsync, warn=tell, stamp=view.stamp) as file:
        yield Kept(file, options.history, view.stamp, view.gap, partial(_time_of, options.timestamp_format))


def _time_of(form: str, stamp: str) -> float | None:
    """What time a stamp of the history is, as far as its form tells."""
    try:
        return time.mktime(time.strptime(stamp, form))
    except (ValueError, OverflowError):
        return None


@asynccontextmanager
async def _session(
    options: ChatOptions, where: Where, token: str | None, kept: Kept | None
) -> AsyncIterator[LineSession]:
    async with line_session(
        where.host,
        where.port,
        where.speak_port,
        token,
        kept=kept,
        timeout=options.timeout,
        keepalive=options.keepalive,
        tls=trusted(options),
        delays=partial(backoff.scaled, options.retry_delay),
        stable_after=6 * options.retry_delay,
    ) as session:
        yield session


@contextmanager
def _told_afterwards(program: str, words: RiftWords) -> Iterator[deque[str]]:
    """A line on stderr would stand in the middle of the screen."""
    told: deque[str] = deque(maxlen=_WARNINGS)
    try:
        yield told
    finally:
        for line in told:
            warn(program, words.told(line))
