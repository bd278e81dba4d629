"""Loads more of a timeline when its reader comes near an end of what is there."""

from collections.abc import Callable
from time import monotonic

from minechat.client.session import Session
from minechat.errors import MinechatError
from minechat.ui.conversation import Conversation

#: Messages in a page.
PAGE = 100
#: Seconds after a failure in which nothing is asked for.
PAUSE = 2.0


class Past:
    """Asks a session for pages, one at a time for each place.

    :param changed: called when a page has come
    """

    def __init__(self, session: Session, changed: Callable[[Conversation], None]) -> None:
        self._session, self._changed = session, changed
        self._not_before = 0.0

    @property
    def is_there(self) -> bool:
        """Whether this chat has a history at all."""
        return "history" in self._session.abilities

    async def load(self, place: Conversation, *, older: bool) -> None:
        """Loads one page; nothing where that is being done, was just refused or cannot be."""
        first, last = place.first_seq(), place.last_seq()
        if place.loading or monotonic() < self._not_before:
            return
        if not self.is_there:
            place.at_start = True
            return
        place.loading = True
        try:
            if older:
                place.earlier(await self._session.history(place.name, before=first, limit=PAGE))
            else:
                place.later(await self._session.history(place.name, after=last or 0, limit=PAGE))
        except MinechatError:
            self._not_before = monotonic() + PAUSE
            return
        finally:
            place.loading = False
        self._changed(place)

    def again(self) -> None:
        """There is a new connection: nothing stands in the way any more."""
        self._not_before = 0.0
