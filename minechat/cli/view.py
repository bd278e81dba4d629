"""What a watcher sees: records on stdout in the chosen form, the state of the connection on stderr."""

import json
import sys
from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from minechat.cli import records, report, sentences
from minechat.cli.results import OutputUnusable
from minechat.cli.screen import Screen, StdoutClosed, wants_colour
from minechat.cli.settings import ChatOptions
from minechat.client.listen import State
from minechat.events import LinesSkipped, Lost, Retrying
from minechat.text import exact_json, safe_lines


class View:
    """The two streams of the watcher and how its options want them."""

    def __init__(self, options: ChatOptions) -> None:
        self._program = options.program
        self._format = options.timestamp_format
        self._json = options.json
        self._quiet = options.quiet
        self._colour = not options.json and wants_colour(options.color)
        self._lost_to: str | None = None
        self._screen = Screen(sys.stdout)
        self._status = Screen(sys.stderr)

    def stamp(self) -> str:
        """The time now, as it begins a record, without its brackets."""
        return datetime.now().astimezone().strftime(self._format)

    async def show(self, block: bytes, stamped: bytes, stamp: bytes) -> None:
        """Shows a block: as JSON, in colour, or as it stands in the history.

        :param stamped: the block as records of the history, with this stamp
        :raises StdoutClosed: nobody reads stdout any more
        :raises OutputUnusable: the disk behind stdout is full, or the like
        """
        if self._json:
            # What another encoding lacks is escaped as in Python, which is no JSON.
            literal = exact_json if self._screen.utf8 else json.dumps
            await self._screen.write(records.json_lines(block, datetime.now().astimezone(), literal))
        elif self._colour:
            await self._screen.write(records.coloured(stamped, stamp))
        else:
            await self._screen.write(stamped)

    async def past(self, kept: bytes) -> None:
        """Shows records that were read from the history."""
        if kept:
            await self._screen.write(safe_lines(kept))

    async def state(self, state: State) -> None:
        """Tells a change of the connection's state on stderr; of lines left out even when quiet."""
        if isinstance(state, LinesSkipped):
            self.warn(sentences.state(state))
            return
        if isinstance(state, Retrying) and state.reason == self._lost_to:
            state = replace(state, reason="")  # the line before has just said it
        self._lost_to = state.reason if isinstance(state, Lost) else None
        await self.tell(sentences.state(state))

    def gap(self, state: State) -> str | None:
        """What the history says about it, when something is missing from here on."""
        return sentences.state_in_history(state) if isinstance(state, Lost | LinesSkipped) else None

    async def tell(self, text: str) -> None:
        """One line on stderr, unless quiet; the text is ours or was made safe. Nobody has to read it."""
        if not self._quiet:
            with suppress(StdoutClosed, OutputUnusable):
                await self._status.line(text)

    def warn(self, text: str) -> None:
        """One line on stderr at once: something is missing."""
        report.warn(self._program, text)
