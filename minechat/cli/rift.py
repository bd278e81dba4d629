"""The rift command: who one is, then a screen, lines, a post or an export."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from minechat.cli import exits, full_screen, program
from minechat.cli.exits import UsageError
from minechat.cli.report import warn
from minechat.cli.rift_login import Identity, Login
from minechat.cli.rift_marks import Save, marking
from minechat.cli.rift_modes import Mode, destination, for_person, mode_here
from minechat.cli.rift_words import RiftWords, language
from minechat.cli.source import StandardInput
from minechat.cli.trust import trusted
from minechat.cli.typed import RiftOptions
from minechat.client import backoff
from minechat.client.remembered import Sessions
from minechat.client.rift_session import RiftSession, rift_session
from minechat.errors import MinechatError, Refused, WrongPassword

if TYPE_CHECKING:
    from minechat.cli.rift_post import Outgoing

#: Seconds that the first attempt to connect may take before the screen opens all the same.
PATIENCE = 0.5
_SCREENS = (Mode.SCREEN, Mode.PROMPT, Mode.TYPED)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return program.start("rift", argv, rift)


async def rift(options: RiftOptions) -> int:
    """Comes in and does what the options ask for; returns the exit code.

    :raises WrongPassword: the password is wrong, or the session has ended and nobody can be asked
    :raises Refused: with the server's words and when to try again
    :raises MinechatError: what else stands in the way
    """
    words = RiftWords(language(options.language), to_person=for_person(options))
    try:
        return await _rift(options, words)
    except MinechatError as error:
        words.retell(error)
        raise


async def _rift(options: RiftOptions, words: RiftWords) -> int:
    typed = StandardInput()
    login = Login(options, Sessions(_session_path(options, words)), typed, words)
    if options.forget:
        name = await login.forget()
        if not options.quiet:
            warn(options.program, words("forgotten", name=name, server=login.server))
        return exits.DONE
    await login.prepare()
    mode = mode_here(options)
    messages: list[Outgoing] | None = None
    if mode is Mode.POST:
        from minechat.cli.rift_post import known_messages  # noqa: PLC0415 - a screen needs none of it

        messages = await known_messages(options, typed, words, required=not options.password_stdin)
    run = Run(options, words, typed, mode, messages)
    while True:
        identity = await login.identity()
        try:
            return await run.once(login, identity)
        except WrongPassword:
            if not login.ended(identity):
                raise
        except Refused as error:
            raise Refused(words.reason(error), error.retry_after, error.code) from None


class Run:
    """What one run does once it is known who somebody is."""

    def __init__(
        self,
        options: RiftOptions,
        words: RiftWords,
        typed: StandardInput,
        mode: Mode,
        messages: "list[Outgoing] | None",
    ) -> None:
        self._options = options
        self._words = words
        self._typed = typed
        self._mode = mode
        self._messages = messages

    async def once(self, login: Login, identity: Identity) -> int:
        """Opens a session and does it; returns the exit code.

        :raises WrongPassword: the session has ended
        """
        marks = dict(identity.remembered.marks) if identity.remembered is not None else {}
        given = marks if self._mode is Mode.SCREEN else {}
        async with self._session(identity, given) as session:
            await self._first_attempt(session)
            try:
                code = await self._do(session, marks, partial(login.mark, identity))
            finally:
                if self._mode in _SCREENS:
                    login.mark_at_the_end(identity, session.marks if self._mode is Mode.SCREEN else marks)
            if session.logged_out:
                login.forget_here(identity)
            elif session.failure is not None:
                raise session.failure
            return code

    async def _first_attempt(self, session: RiftSession) -> None:
        if self._mode in _SCREENS:
            if self._mode is Mode.SCREEN:
                await asyncio.gather(full_screen.loaded(), _settled(session))
            else:
                await _settled(session)
            return
        error = await session.tried()
        if error is not None and (session.failure is not None or self._mode in (Mode.POST, Mode.EXPORT)):
            raise error

    async def _do(self, session: RiftSession, marks: dict[str, int], save: Save) -> int:
        match self._mode:
            case Mode.SCREEN:
                async with marking(save, lambda: session.marks):
                    return await self._screen(session)
            case Mode.EXPORT:
                from minechat.cli.rift_export import export  # noqa: PLC0415

                await export(session, self._options, self._words)
            case Mode.POST:
                await self._post(session)
            case _:
                await self._lines(session, marks, save)
        return exits.DONE

    async def _post(self, session: RiftSession) -> None:
        from minechat.cli.rift_post import Post, each, typed_messages  # noqa: PLC0415

        post = Post(session, self._options, self._words)
        if self._messages is None:
            required = not self._options.password_stdin
            await post.deliver(typed_messages(self._options, self._typed, self._words, required=required))
        else:
            await post.deliver(each(self._messages), total=len(self._messages))

    async def _lines(self, session: RiftSession, marks: dict[str, int], save: Save) -> None:
        from minechat.cli.rift_views import View  # noqa: PLC0415 - a post needs none of it

        view = View(session, self._options, self._words, marks, edited=self._mode is Mode.PROMPT)
        match self._mode:
            case Mode.WATCH:
                await view.watch()
            case Mode.BOTH:
                await view.both(self._typed)
            case _:
                try:
                    async with marking(save, lambda: marks | view.lines.read):
                        await view.converse(self._typed)
                finally:
                    marks |= view.lines.read

    async def _screen(self, session: RiftSession) -> int:
        options = self._options
        default = options.is_default("timestamp_format")
        return await full_screen.shown(
            session,
            language=self._words.language,
            theme=options.theme,
            colour=options.color,
            timestamp_format=None if default else options.timestamp_format,
            address=f"{options.host}:{options.port}",
            place=destination(options),
        )

    @asynccontextmanager
    async def _session(self, identity: Identity, marks: dict[str, int]) -> AsyncIterator[RiftSession]:
        options = self._options
        async with rift_session(
            options.host,
            options.port,
            identity.credentials,
            marks=marks,
            timeout=options.timeout,
            keepalive=options.keepalive,
            tls=trusted(options),
            delays=partial(backoff.scaled, options.retry_delay),
            stable_after=6 * options.retry_delay,
        ) as session:
            yield session


async def _settled(session: RiftSession) -> None:
    """A screen is alive while the network is gone; only who we are must be settled, if that is quick."""
    with suppress(TimeoutError):
        await asyncio.wait_for(session.tried(), PATIENCE)
    if session.failure is not None:
        raise session.failure


def _session_path(options: RiftOptions, words: RiftWords) -> str:
    if options.session_path is not None:
        return options.session_path
    from platformdirs import user_state_dir  # noqa: PLC0415 - not where the path is named

    folder = user_state_dir("minechat", appauthor=False)
    if not os.path.isabs(folder):
        raise UsageError(words("no_state_folder"))
    return os.path.join(folder, "sessions.json")
