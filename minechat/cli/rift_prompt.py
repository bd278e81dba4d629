"""The prompt of the line mode: edited at the bottom of a terminal, or plain lines on a dumb one."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

from minechat import system
from minechat.cli.source import StandardInput
from minechat.ui.completion import Completed, Completion, Known

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent


class Place(Protocol):
    """Where lines are typed and messages appear."""

    #: Whether what was typed stays on the screen as it was typed.
    echoes: bool

    def opened(self) -> AbstractContextManager[None]:
        """Around all questions: between them, too, the terminal is as they need it."""

    async def ask(self, question: str, default: str = "") -> str | None:
        """The next line, or several; None at the end."""

    async def ahead(self) -> tuple[int, bool]:
        """How many lines were typed that ``ask`` has not given yet, and whether another one was begun."""

    def forget(self) -> None:
        """What was typed before a secret is asked for may be that secret: no ``ask`` gives it."""

    async def above(self, write: Callable[[], Awaitable[None]]) -> None:
        """Writes while the prompt is out of the way."""


class DumbPlace:
    """A terminal without cursor, or a pipe: lines come as they are, and nothing is drawn."""

    echoes = True

    def __init__(self, typed: StandardInput) -> None:
        self._typed = typed

    def opened(self) -> AbstractContextManager[None]:
        """As it is."""
        return nullcontext()

    async def ask(self, question: str, default: str = "") -> str | None:
        """Without showing the question."""
        return await self._typed.line()

    async def ahead(self) -> tuple[int, bool]:
        """A line that was only begun is the terminal's own."""
        return await self._typed.ahead(), False

    def forget(self) -> None:
        """Secrets come from the same lines."""

    async def above(self, write: Callable[[], Awaitable[None]]) -> None:
        """At once."""
        await write()


class EditedPlace:
    """Line editing by prompt_toolkit, with Tab for names, rooms and commands.

    :param known: what Tab may choose from
    """

    echoes = False

    def __init__(self, known: Callable[[], Known]) -> None:
        from prompt_toolkit import PromptSession  # noqa: PLC0415 - only a terminal needs it

        from minechat.cli.prompt import prompt_keys, prompt_output  # noqa: PLC0415

        self._writing = asyncio.Lock()
        self._session = PromptSession[str](
            output=prompt_output(),
            key_bindings=_with_tab(prompt_keys(), known),
            enable_suspend=True,
            erase_when_done=True,
        )

    def opened(self) -> AbstractContextManager[None]:
        """What is typed while no prompt is there, as a message is on its way, waits for the next one."""
        return system.held(0)

    async def ask(self, question: str, default: str = "") -> str | None:
        try:
            return await self._session.prompt_async(
                question,
                default=default,
                prompt_continuation=" " * len(question),
                handle_sigint=False,
                set_exception_handler=False,
            )
        except EOFError:
            return None

    async def ahead(self) -> tuple[int, bool]:
        """The keys that wait are looked at and left to the next question."""
        from prompt_toolkit.input.typeahead import get_typeahead, store_typeahead  # noqa: PLC0415
        from prompt_toolkit.keys import Keys  # noqa: PLC0415

        there = self._session.app.input
        pressed = [*get_typeahead(there), *there.read_keys()]
        store_typeahead(there, pressed)
        lines, begun, before = 0, False, ""
        for one in pressed:
            if one.key in (Keys.ControlM, Keys.ControlJ) and before != Keys.Escape:
                lines, begun = lines + 1, False
            elif len(one.key) == 1 or one.key == Keys.BracketedPaste:
                begun = True
            before = one.key
        return lines, begun

    def forget(self) -> None:
        from prompt_toolkit.input.typeahead import clear_typeahead  # noqa: PLC0415

        self._session.app.input.read_keys()
        clear_typeahead(self._session.app.input)

    async def above(self, write: Callable[[], Awaitable[None]]) -> None:
        """Erases the prompt and draws it again behind what is written.

        The library's own way gives the terminal back its line mode meanwhile: what is typed in that
        moment would be shown twice, and its Alt-Enter would send half a message.
        """
        app = self._session.app
        async with self._writing:
            if not app.is_running:
                await write()
                return
            app.renderer.erase()
            app._running_in_terminal = True  # draws nothing
            try:
                await write()
            finally:
                app._running_in_terminal = False
                app.renderer.reset()
                app.invalidate()


def _with_tab(keys: "KeyBindings", known: Callable[[], Known]) -> "KeyBindings":
    """Tab takes the next candidate and Shift-Tab the one before, at once: what is typed after it counts."""
    current: Completion | None = None
    done: Completed | None = None

    def step(event: "KeyPressEvent", by: int) -> None:
        nonlocal current, done
        buffer = event.current_buffer
        if done is None or (buffer.text, buffer.cursor_position) != (done.text, done.cursor):
            current = Completion(buffer.text, buffer.cursor_position, known())
        if current:
            done = current.step(by)
            buffer.text = done.text
            buffer.cursor_position = done.cursor

    keys.add("tab")(lambda event: step(event, 1))
    keys.add("s-tab")(lambda event: step(event, -1))
    return keys
