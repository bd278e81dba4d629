"""Lines of a session on standard output: for a person at a prompt, and for programs."""

import asyncio
import os
import sys
from contextlib import suppress

from minechat.cli.questions import Questions
from minechat.cli.results import OutputUnusable
from minechat.cli.rift_lines import Lines
from minechat.cli.rift_modes import destination
from minechat.cli.rift_plain import Plain, first_of
from minechat.cli.rift_post import Post, typed_messages
from minechat.cli.rift_prompt import DumbPlace, EditedPlace, Place
from minechat.cli.rift_words import RiftWords
from minechat.cli.screen import Screen, StdoutClosed
from minechat.cli.source import StandardInput
from minechat.cli.typed import RiftOptions
from minechat.client.session import Session
from minechat.ui.commands import available
from minechat.ui.completion import Known


class View:
    """The two streams of one run, and the session behind them.

    :param edited: there is a prompt to draw at the bottom of a terminal
    """

    def __init__(
        self,
        session: Session,
        options: RiftOptions,
        words: RiftWords,
        marks: dict[str, int] | None = None,
        *,
        edited: bool = False,
    ) -> None:
        self._session = session
        self._options = options
        self._words = words
        self._out, self._err = Screen(sys.stdout), Screen(sys.stderr)
        self._typed_at: Place | None = EditedPlace(self._known) if edited else None
        # A screen reader reads the terminal from top to bottom: there everything goes to one stream.
        self._one_stream = os.isatty(1) and not options.json
        self.lines = Lines(
            session,
            words,
            place=destination(options),
            address=f"{options.host}:{options.port}",
            form=options.timestamp_format,
            last=options.last,
            show=self._show,
            tell=self._tell,
            marks=marks,
            only=self._only(),
            as_json=options.json,
            utf8=self._out.utf8,
        )

    async def converse(self, typed: StandardInput) -> None:
        """Shows everything and takes what is typed, until the person leaves or the session ends."""
        place = self._typed_at or DumbPlace(typed)
        plain = Plain(self._session, self.lines, place, self._words, Questions(typed))
        sentence = "here" if self._one_stream else "typing"
        await self.lines.tell(sentence, name=self._session.nickname, place=self.lines.place)
        with place.opened():
            await self._within(self.lines.follow(self._options.count), plain.converse())

    async def watch(self) -> None:
        """Shows messages until the options end it."""
        await self._within(self.lines.follow(self._options.count))

    async def both(self, typed: StandardInput) -> None:
        """Shows messages and says each line of standard input; its end is the end of a run without one."""
        post = Post(self._session, self._options, self._words, quiet=True)
        messages = typed_messages(self._options, typed, self._words, required=False)
        if self._options.count is None and self._options.for_seconds is None:
            await self._within(self.lines.follow(), post.deliver(messages))
        else:
            await self._within(
                self.lines.follow(self._options.count), _for_ever_after(post.deliver(messages))
            )

    async def _within(self, *coroutines: object) -> None:
        with suppress(StdoutClosed):
            try:
                async with asyncio.timeout(self._options.for_seconds) as limit:
                    await first_of(*coroutines)
            except TimeoutError:
                if not limit.expired():
                    raise

    async def _show(self, lines: str) -> None:
        data = lines.encode("utf-8", "backslashreplace")
        if self._typed_at is None:
            await self._out.write(data)
        else:
            await self._typed_at.above(lambda: self._out.write(data))

    async def _tell(self, line: str) -> None:
        if self._one_stream:
            await self._show(f"{line}\n")
        elif not self._options.quiet:
            # Nobody has to read it.
            with suppress(StdoutClosed, OutputUnusable):
                await self._err.line(line)

    def _only(self) -> str | None:
        """The one place of a program that named one; a person hears all."""
        named = self._options.to is not None or not self._options.is_default("room")
        return destination(self._options) if named and not os.isatty(1) else None

    def _known(self) -> Known:
        lines = self.lines
        people = [*lines.speakers, *sorted(lines.people.difference(lines.speakers, [self._session.nickname]))]
        rooms = [name for name in lines.places if not name.startswith("@")]
        talks = [name for name in lines.places if name.startswith("@")]
        return Known(people=people, rooms=rooms, talks=talks, commands=available(self._session.abilities))


async def _for_ever_after(first: object) -> None:
    await first  # type: ignore[misc]
    await asyncio.Event().wait()
