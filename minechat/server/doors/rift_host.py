"""What a visit of RIFT has around it: its connection, and what all visits share."""

from typing import Protocol

from minechat.errors import Refused
from minechat.protocol.rift.commands import Command
from minechat.protocol.rift.replies import Reply
from minechat.server.doors.host import Host
from minechat.server.doors.rift_answers import Failure
from minechat.server.happenings import Happening
from minechat.server.outlets import Outlet

__all__ = ["Client", "Host", "Voice"]

#: Why a connection is closed (RFC 6455, section 7.4.1): the client or we are done; the server stops; the
#: owner, or a rule, does not want it.
DONE, GOING_AWAY, AGAINST_THE_RULES = 1000, 1001, 1008


class Client(Protocol):
    """The connection, as a visit sees it."""

    #: Where messages of rooms and answers go out, in one order.
    outlet: Outlet

    def send(self, frame: bytes) -> None:
        """Sends one text message, behind all that was sent before; a connection that is gone drops it.

        Never waits.
        """

    async def drained(self) -> None:
        """Returns when the client took all that was sent to it so far, or is gone."""

    def hush(self, hush: bool) -> None:
        """With True nothing more is received, until it is called with False; what has arrived waits."""

    def known(self) -> None:
        """The client has said who it is."""

    def close(self, code: int, reason: str = "") -> None:
        """Closes the connection when all that was sent has gone out; then the visit is told ``lost``."""


class Voice(Protocol):
    """The visit, as the guest in it sees it."""

    #: The connection is gone: nothing can wait, and nobody hears an answer.
    gone: bool
    #: Nothing more is taken or said.
    ended: bool

    @property
    def features(self) -> frozenset[str]:
        """What the client understands."""

    def say(self, reply: Reply) -> None:
        """Sends a reply, if the client asked for the like."""

    def refuse(self, reason: Failure, command: Command | None = None) -> None:
        """Sends why a request was not carried out, in the words of this state."""

    async def wait(self, seconds: float, limit: str) -> None:
        """Lets so much time go by, unless there is a reason to hurry; counted as refused by this limit."""

    def tell(self, happening: Happening) -> None:
        """What the hub tells a member."""

    def dismiss(self, reason: Refused) -> None:
        """Tells the client why and ends the visit at once."""

    def end(self, code: int) -> None:
        """Ends the visit."""

    def go_on(self) -> None:
        """Something that was waited for is there."""
