"""Textual without its habits: no traceback with texts and secrets, no sequence that is not needed."""

import asyncio
import sys
from collections.abc import Coroutine, Sequence

from textual.app import App
from textual.driver import Driver
from textual.filter import ANSIToTruecolor, LineFilter, NoColor


class QuietApp(App[int]):
    """An application that fails quietly: whoever runs it raises ``failure`` once the terminal is whole.

    :ivar failure: what ended it, where that was no wish of its person
    :ivar bare: it has no colours at all
    """

    ENABLE_COMMAND_PALETTE = False
    ALLOW_SELECT = False
    failure: BaseException | None = None
    bare = False

    def get_driver_class(self) -> type[Driver]:
        """How a terminal is spoken to here."""
        if sys.platform == "win32":
            return super().get_driver_class()
        from minechat.ui.terminal import Terminal  # noqa: PLC0415 - Windows has no such module

        return Terminal

    def on_load(self) -> None:
        """One order of things on every Python: where it can, Textual lets a task begin inside its starter.

        Then a command would run before its line has left the box.
        """
        asyncio.get_running_loop().set_task_factory(None)

    def start(self, work: Coroutine[None, None, None]) -> None:
        """Work beside the keys; its failure ends the application."""
        self.run_worker(self._guarded(work), exit_on_error=False)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """No colour where that is wished; the environment was read at the door, not here."""
        if self.bare:
            return (NoColor(),)
        return [kept for kept in self._filters if isinstance(kept, ANSIToTruecolor) and kept.enabled]

    def panic(self, *_renderables: object) -> None:
        """Textual's threads end the application by this, with a traceback to print."""
        self.failure = self.failure or ConnectionError("the terminal cannot be read")
        self.exit(1)

    async def _guarded(self, work: Coroutine[None, None, None]) -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - whoever runs the application raises it again
            self._handle_exception(error)

    def _handle_exception(self, error: Exception) -> None:
        """Ends the application; Textual would print what the variables of each function held."""
        self.failure = self.failure or error
        self._exception = self._exception or error
        self.exit(1)

    def _set_pointer_shape(self, shape: str) -> None:
        """The shape of the mouse pointer is not ours to change; older terminals take it for a title."""
