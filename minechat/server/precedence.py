"""Whose turn is next when many wait for a scarce thing: whoever asked for it the least."""

#: Who has asked so often before never takes the last free place of several.
OFTEN = 2


class Waiting:
    """Those who wait, and those who are served.

    Who asked fewer times before is served first, and of those who asked as often the one that came first: a
    crowd that asks again and again waits for itself, and nobody who asks for the first time waits for it.

    :param most: so many may wait; with one more the last in order is shed, be it the newcomer
    :param places: so many are served at once; of several, those who ask ``OFTEN`` never take the last, so
        that nobody else waits for them, and the machine is not busy with them alone
    """

    def __init__(self, most: int, places: int) -> None:
        self._most = most
        self._places = places
        self._waiting: dict[object, int] = {}  # in the order they came
        self._served: set[object] = set()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def served(self) -> int:
        """How many are served."""
        return len(self._served)

    def add(self, ticket: object, asked: int) -> None:
        """Lets somebody wait; ``take`` and then ``shed`` are to follow.

        :param ticket: stands for this request; any object, equal to no other
        :param asked: how often they asked before
        """
        self._waiting[ticket] = asked

    def shed(self) -> object | None:
        """The ticket that gives way, as too many wait, and waits no longer; None when there is room."""
        if len(self._waiting) <= self._most:
            return None
        last = max(reversed(self._waiting), key=self._waiting.__getitem__)
        del self._waiting[last]
        return last

    def leave(self, ticket: object) -> None:
        """This one waits no more; no harm when it is served or gone."""
        self._waiting.pop(ticket, None)

    def take(self) -> object | None:
        """The ticket that is served from now on; None when nobody waits who may be served now."""
        if not self._waiting or len(self._served) >= self._places:
            return None
        first = min(self._waiting, key=self._waiting.__getitem__)
        if self._waiting[first] >= OFTEN and 0 < len(self._served) == self._places - 1:
            return None
        del self._waiting[first]
        self._served.add(first)
        return first

    def done(self, ticket: object) -> None:
        """This one is served no more."""
        self._served.discard(ticket)
