"""Asking a person at a terminal: line editing, Alt-Enter, and what Ctrl-C and Ctrl-D mean there."""

import os
import signal
import sys
from typing import TYPE_CHECKING, Protocol

from minechat.cli.source import StandardInput

if TYPE_CHECKING:
    from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
    from prompt_toolkit.output import Output


class Prompt(Protocol):
    """Someone who can be asked."""

    async def ask(self, question: str, *, default: str = "", hidden: bool = False) -> str | None:
        """The answer, or None when the person leaves with Ctrl-D; Ctrl-C is the program's SIGINT.

        :param default: the answer to begin with, for mending one that was refused
        :param hidden: the answer is a secret and is not shown
        """


def open_prompt(typed: StandardInput) -> Prompt:
    """The best prompt for a terminal on stdin: line editing needs one on stdout and stderr too.

    :param typed: read line by line where there is no line editing
    """
    return EditedPrompt() if os.isatty(1) and os.isatty(2) else PlainPrompt(typed)


class PlainPrompt:
    """Asks on stderr and takes the line as the terminal gives it, for when stdout goes elsewhere."""

    def __init__(self, typed: StandardInput) -> None:
        self._typed = typed

    async def ask(self, question: str, *, default: str = "", hidden: bool = False) -> str | None:
        print(question, end="", file=sys.stderr, flush=True)
        return await self._typed.line()


class EditedPrompt:
    """Line editing and the session's history by prompt_toolkit, on stderr: stdout is for data."""

    def __init__(self) -> None:
        # Half of all the time to start goes into this import, and a post in one line never needs it.
        from prompt_toolkit import PromptSession  # noqa: PLC0415
        from prompt_toolkit.history import DummyHistory  # noqa: PLC0415

        output, keys = prompt_output(), prompt_keys()
        self._open = PromptSession[str](output=output, key_bindings=keys, enable_suspend=True)
        # A session of its own: Up at the next question must not bring a secret back.
        self._hidden = PromptSession[str](
            output=output, key_bindings=keys, is_password=True, history=DummyHistory()
        )

    async def ask(self, question: str, *, default: str = "", hidden: bool = False) -> str | None:
        session = self._hidden if hidden else self._open
        try:
            return await session.prompt_async(
                question,
                default=default,
                prompt_continuation=" " * len(question),
                handle_sigint=False,
                set_exception_handler=False,
            )
        except EOFError:
            return None


def prompt_output() -> "Output":
    """Where line editing draws: stderr, and without questions to the terminal."""
    from prompt_toolkit.output.defaults import create_output  # noqa: PLC0415
    from prompt_toolkit.output.vt100 import Vt100_Output  # noqa: PLC0415

    output = create_output(stdout=sys.stderr)
    if isinstance(output, Vt100_Output):
        # An answer to a cursor query that comes after the prompt has ended would look like typing.
        output.enable_cpr = False
    return output


def prompt_keys() -> "KeyBindings":
    """Alt-Enter begins a new line, and Ctrl-C is SIGINT."""
    from prompt_toolkit.key_binding import KeyBindings  # noqa: PLC0415

    keys = KeyBindings()

    @keys.add("escape", "enter")
    def new_line(event: "KeyPressEvent") -> None:
        event.current_buffer.insert_text("\n")

    @keys.add("c-c")
    def interrupt(event: "KeyPressEvent") -> None:
        # The terminal is raw, so the key is only a byte: one way out for the key and for the signal.
        signal.raise_signal(signal.SIGINT)

    return keys
