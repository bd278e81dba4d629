"""What a visit of the speak port has around it: its connection, and what all visits share."""

import asyncio
from collections.abc import Coroutine
from typing import Protocol

from minechat.server.figures import Figures
from minechat.server.hub import Hub
from minechat.server.settings import Limits

#: Something that must be waited for.
Work = Coroutine[object, object, None]


class Client(Protocol):
    """The connection, as a visit sees it."""

    def write(self, data: bytes) -> None:
        """Sends this; a connection that is gone drops it."""

    def hush(self, hush: bool) -> None:
        """With True nothing more is received, until it is called with False."""

    def known(self) -> None:
        """The client has said who it is."""

    def close(self) -> None:
        """Closes the connection when all that was written is sent."""


class Host(Protocol):
    """What all visits share."""

    hub: Hub
    limits: Limits
    figures: Figures

    def run(self, work: Work) -> asyncio.Task[None] | None:
        """Runs what must be waited for; None when the server is ending and nothing more is begun."""

    def failed(self, bug: BaseException) -> None:
        """Ends the server: it must not stay up and be deaf."""

    def over(self, visit: object) -> None:
        """This visit has ended and does nothing more."""
