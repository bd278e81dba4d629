"""The prompt of the line mode: edited at the bottom of a terminal, or plain lines on a dumb one."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Protocol

from minechat.cli.source import StandardInput
from minechat.ui.completion import Completion, Known

if TYPE_CHECKING:
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.completion import Completion as Choice
    from prompt_toolkit.document import Document

#: The most candidates that one Tab brings.
_CHOICES = 50


class Place(Protocol):
    """Where lines are typed and messages appear."""

    #: Whether what was typed stays on the screen as it was typed.
    echoes: bool

    async def ask(self, question: str, default: str = "") -> str | None:
        """The next line, or several; None at the end."""

    async def above(self, write: Callable[[], Awaitable[None]]) -> None:
        """Writes while the prompt is out of the way."""


class DumbPlace:
    """A terminal without cursor, or a pipe: lines come as they are, and nothing is drawn."""

    echoes = True

    def __init__(self, typed: StandardInput) -> None:
        self._typed = typed

    async def ask(self, question: str, default: str = "") -> str | None:
        """Without showing the question."""
        return await self._typed.line()

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
        from prompt_toolkit.application import in_terminal  # noqa: PLC0415

        from minechat.cli.prompt import prompt_keys, prompt_output  # noqa: PLC0415

        self._in_terminal = in_terminal
        self._session = PromptSession[str](
            output=prompt_output(),
            key_bindings=prompt_keys(),
            completer=_completer(known),
            complete_while_typing=False,
            enable_suspend=True,
            erase_when_done=True,
        )

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

    async def above(self, write: Callable[[], Awaitable[None]]) -> None:
        if not self._session.app.is_running:
            await write()
            return
        async with self._in_terminal():
            await write()


def _completer(known: Callable[[], Known]):  # type: ignore[no-untyped-def]
    from prompt_toolkit.completion import Completer  # noqa: PLC0415
    from prompt_toolkit.completion import Completion as Chosen  # noqa: PLC0415

    class Names(Completer):
        def get_completions(self, document: "Document", event: "CompleteEvent") -> "Iterable[Choice]":
            line, cursor = document.text, document.cursor_position
            found = Completion(line, cursor, known())
            start = max(line.rfind(blank, 0, cursor) for blank in " \n\t") + 1
            for text in _candidates(found, line, cursor, start):
                yield Chosen(text, start_position=start - cursor)

    return Names()


def _candidates(found: Completion, line: str, cursor: int, start: int) -> Iterable[str]:
    seen: set[str] = set()
    for _ in range(_CHOICES if found else 0):
        done = found.step()
        word = done.text[start : done.cursor]
        if word in seen:
            return
        seen.add(word)
        yield word
