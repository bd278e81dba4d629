"""The line mode of minechat rift: a prompt at the bottom, each message once above it, slash commands."""

import asyncio
from collections.abc import Callable
from typing import Any

from minechat.cli.questions import Questions, characters
from minechat.cli.rift_ahead import Ahead, Meant, leads
from minechat.cli.rift_lines import Lines
from minechat.cli.rift_prompt import Place
from minechat.cli.rift_words import RiftWords
from minechat.client.export import export, export_mine
from minechat.client.session import GENERAL, Session
from minechat.errors import InvalidInput, LocalError, MinechatError, OutcomeUnknown, Rejected
from minechat.protocol.rift.fields import NEW_SHORTEST
from minechat.protocol.rift.replies import Room
from minechat.ui.calls import Call, parse
from minechat.ui.commands import BY_NAME, available
from minechat.ui.moves import is_about_place
from minechat.ui.told import describe

#: A text of more lines than this is sent after a question only.
ASKED_FROM = 11
#: The most characters of a refused text that stand at the prompt again.
OFFERED = 500
#: Messages that ``/history`` shows without a number.
PAST = 20


class Plain:
    """One person at the prompt.

    :param questions: for passwords; None where there is no terminal to ask at
    """

    def __init__(
        self,
        session: Session,
        lines: Lines,
        prompt: Place,
        words: RiftWords,
        questions: Questions | None = None,
    ) -> None:
        self._session = session
        self._lines = lines
        self._prompt = prompt
        self._words = words
        self._questions = questions
        self._again = ""
        self._ahead = Ahead()
        self._own: dict[str, Callable[[dict[str, Any]], Any]] = {
            "say": lambda given: self._say(self._lines.place, given["text"]),
            "pm": lambda given: self._say(f"@{given['to']}", given["text"]),
            "go": lambda given: self._go(given["place"]),
            "history": lambda given: self._history(given.get("count", PAST)),
            "topic": lambda given: self._topic(),
            "export": lambda given: self._export(given["file"]),
            "export-mine": lambda given: self._export_mine(given["file"]),
            "password": lambda given: self._password(),
            "help": lambda given: self._help(given.get("command")),
        }

    async def converse(self) -> None:
        """Takes lines until the person leaves."""
        while True:
            text = await self._prompt.ask(f"{self._lines.place}> ", self._again)
            self._again = ""
            meant = self._ahead.next()
            if text is None:
                return
            if text.strip() and not await self.entered(text, meant):
                return

    async def entered(self, text: str, meant: Meant = Meant.HERE) -> bool:
        """Does what a line says; False when it says to leave. What fails is told.

        :param meant: what was not typed for here is not said here
        """
        language = self._words.language
        try:
            call = parse(text, self._lines.place, self._session.abilities, language)
            if call.slash.name == "exit":
                return False
            if meant is not Meant.HERE and is_about_place(call):
                await self._keep(text, meant)
            elif await self._is_meant(text):
                await self._do(call)
                if leads(text):
                    self._ahead.led()
        except (InvalidInput, LocalError, OutcomeUnknown, Rejected) as error:
            await self._failed(text, self._words.reason(error))
        except MinechatError as error:
            await self._failed(text, self._words.not_sent(error))
        else:
            return call.order != "log_out"
        return True

    async def _failed(self, text: str, reason: str) -> None:
        """Tells why a line was not carried out."""
        await self._lines.say_line(reason)
        lines, begun = await self._prompt.ahead()
        if leads(text):
            self._ahead.led_nowhere(lines, begun=begun)
        if (lines or begun) and not self._prompt.echoes:
            # At the prompt again it would become one line with what is typed there.
            await self._lines.tell("not_done", line=text)
        elif len(text) <= OFFERED:
            self._again = text

    async def _keep(self, text: str, meant: Meant) -> None:
        """Tells of a line that it was not typed for here; one that was only begun can still be sent."""
        lines, begun = await self._prompt.ahead()
        if meant is Meant.ELSEWHERE or lines or begun:
            await self._lines.tell("typed_for_elsewhere", line=text)
            return
        await self._lines.tell("begun_for_elsewhere", place=self._lines.place)
        self._again = text

    async def _is_meant(self, text: str) -> bool:
        lines = text.count("\n") + 1
        if lines < ASKED_FROM:
            return True
        answer = await self._prompt.ask(self._words.count("paste", lines))
        return (answer or "").strip().casefold() in ("y", "yes", "н", "да", "д")

    async def _do(self, call: Call) -> None:
        if call.order is None:
            await self._own[call.slash.name](call.arguments)
            return
        reply = await self._session.order(call.order, **call.fields)
        for line in describe(reply, self._words.language):
            await self._lines.say_line(line)
        if isinstance(reply, Room):
            await self._went(reply.info.room)
        elif call.order == "leave_room" and call.fields["room"] == self._lines.place:
            await self._went(GENERAL)

    async def _say(self, place: str, text: str) -> None:
        self._words.check(text)
        if self._prompt.echoes:
            self._lines.said_here.add(place, text)
        try:
            await self._session.say(place, text)
        except BaseException:
            self._lines.said_here.taken(place, text)
            raise

    async def _go(self, place: str) -> None:
        name = place.removeprefix("#")
        if not name.startswith("@") and name not in self._lines.places:
            raise InvalidInput(self._words("not_in", place=name))
        await self._went(name)

    async def _went(self, place: str) -> None:
        if place == self._lines.place:
            return
        self._lines.place = place
        there = self._lines.places.get(place)
        topic = f": {there.topic}" if there is not None and there.topic else ""
        await self._lines.tell("went", place=place, topic=topic)

    async def _history(self, count: int) -> None:
        if not await self._lines.past(self._lines.place, count):
            await self._lines.tell("nothing_said")

    async def _topic(self) -> None:
        place = self._lines.places.get(self._lines.place)
        if place is None or not place.topic:
            await self._lines.tell("no_topic", place=self._lines.place)
        else:
            await self._lines.tell("topic", place=place.name, topic=place.topic)

    async def _export(self, file: str) -> None:
        place = self._lines.place
        count = await export(self._session, place, file)
        await self._lines.say_line(self._words.count("exported", count, place=place, file=file))

    async def _export_mine(self, file: str) -> None:
        count = await export_mine(self._session, file)
        await self._lines.say_line(self._words.count("exported_mine", count, file=file))

    async def _password(self) -> None:
        if self._questions is None:
            raise InvalidInput(self._words("no_terminal"))
        self._prompt.forget()
        old = await self._questions.secret(self._words("old_password"))
        new = await self._new_password(self._questions)
        await self._session.order("change_password", new=new, **({"old": old} if old else {}))
        await self._lines.tell("password_changed")

    async def _new_password(self, questions: Questions) -> str:
        """Typed twice; what no server takes is found before the second time."""
        new = await questions.secret(self._words("new_password", least=NEW_SHORTEST)) or ""
        if (size := characters(new)) < NEW_SHORTEST:
            raise InvalidInput(self._words("password_short", size=size, least=NEW_SHORTEST))
        if new != await questions.secret(self._words("password_again")):
            raise InvalidInput(self._words("passwords_differ"))
        return new

    async def _help(self, command: str | None) -> None:
        language = self._words.language
        wanted = available(self._session.abilities) if command is None else (BY_NAME[command],)
        for slash in wanted:
            await self._lines.say_line(f"{slash.shown(language)}  {slash.help(language)}")


async def first_of(*coroutines: Any) -> None:
    """Runs all until one ends, and stops the others.

    :raises Exception: what the first one raised
    """
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
