"""What became of each message of a run: acknowledged, refused, not sent, or nobody knows."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterable
from typing import Generic, TypeVar

from minechat.cli import sentences
from minechat.cli.exits import PartlySent
from minechat.cli.report import reason, warn
from minechat.cli.results import OutputUnusable, put_json
from minechat.cli.typed import AuthorizationOptions
from minechat.client.speak import Speaker, check_message
from minechat.errors import MinechatError
from minechat.events import Account

M = TypeVar("M")


class Run(ABC, Generic[M]):
    """A run of messages, each sent once the one before it is acknowledged; keeps count.

    :ivar sent: how many were acknowledged
    """

    def __init__(self) -> None:
        self.sent = 0

    @abstractmethod
    async def send(self, message: M) -> None:
        """Sends one message and waits until it is acknowledged, which it counts."""

    async def send_all(self, messages: AsyncIterable[M], *, total: int | None = None) -> None:
        """Sends each message once the one before it is acknowledged.

        :param total: how many there will be, where that is known
        :raises PartlySent: some were acknowledged before one failed
        :raises OutputUnusable: all were acknowledged, but stdout does not take the last one
        :raises MinechatError: the first one failed
        """
        try:
            async for message in messages:
                await self.send(message)
        except OutputUnusable as error:
            untold = OutputUnusable if self.sent == total else PartlySent
            raise untold(self.untold(error, total)) from error
        except MinechatError as error:
            if not self.sent:
                raise
            raise PartlySent(self.partly(error, total)) from error

    def untold(self, error: MinechatError, total: int | None) -> str:
        """What is said when a message was acknowledged that stdout does not take."""
        return sentences.sent_untold(self.sent, total, str(error))

    def partly(self, error: MinechatError, total: int | None) -> str:
        """What is said when one failed after others were acknowledged."""
        return sentences.partly_sent(self.sent, total, reason(error))


class Delivery(Run[str]):
    """Sends messages by the speak port."""

    def __init__(self, talk: Speaker, account: Account, options: AuthorizationOptions) -> None:
        super().__init__()
        self._talk = talk
        self.account = account
        self.options = options

    async def send(self, message: str) -> None:
        """Sends one message and waits until it is acknowledged; never sends it again.

        :raises MinechatError: as ``Speaker.say``
        :raises OutputUnusable: it was acknowledged, but stdout does not take it
        """
        text = check_message(message)
        try:
            await self._talk.say(text)
        except asyncio.CancelledError:
            warn(self.options.program, sentences.stopped(self.sent + 1))
            raise
        self.sent += 1
        if self.options.json:
            put_json(number=self.sent, nick=self.account.nickname, text=text)

    def tell(self) -> None:
        """One line on stderr at the end of a run that went well."""
        if self.sent and not self.options.quiet:
            warn(self.options.program, sentences.sent(self.sent, self.account.nickname))
