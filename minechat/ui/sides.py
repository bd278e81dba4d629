"""The two lists: beside the timeline where there is room, else in its place while they are wanted."""

from minechat.ui.listing import Listing
from minechat.ui.timeline import Timeline

#: From these widths on a list stands beside the timeline by itself.
ROOMS_FROM, PEOPLE_FROM = 80, 104
#: Below this width a list takes the place of the timeline.
BESIDE_FROM = 60


class Sides:
    """Shows and hides the lists."""

    def __init__(self, rooms: Listing, people: Listing, timeline: Timeline) -> None:
        self._lists = {"rooms": rooms, "people": people}
        self._from = {"rooms": ROOMS_FROM, "people": PEOPLE_FROM}
        self._wished: dict[str, bool] = {}
        self._alone: str | None = None
        self._timeline = timeline
        self._width = 0

    def fit(self, width: int) -> None:
        """The screen has this width now."""
        self._width = width
        self._show()

    @property
    def covering(self) -> Listing | None:
        """The list that stands in place of the timeline."""
        return self._lists[self._alone] if self._alone and self._width < BESIDE_FROM else None

    def toggle(self, name: str) -> None:
        """Shows or hides a list."""
        if self._width < BESIDE_FROM:
            self._alone = None if self._alone == name else name
        else:
            self._wished[name] = not self._is_beside(name)
        self._show()

    def uncover(self) -> None:
        """Shows the timeline where a list stands in its place."""
        self._alone = None
        self._show()

    def shown(self) -> list[Listing]:
        """The lists that are to be seen."""
        return [listing for listing in self._lists.values() if listing.display]

    def _is_beside(self, name: str) -> bool:
        return self._width >= BESIDE_FROM and self._wished.get(name, self._width >= self._from[name])

    def _show(self) -> None:
        alone = self._alone if self._width < BESIDE_FROM else None
        for name, listing in self._lists.items():
            listing.set_class(self._is_beside(name), "beside")
            listing.set_class(alone == name, "alone")
        self._timeline.set_class(alone is not None, "covered")
