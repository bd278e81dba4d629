"""What was typed at a terminal that shows it as it was typed, until the chat tells it once more."""

#: The most messages that are remembered; a person never has so many on their way.
MOST = 200


class Typed:
    """Messages by place and text, each as often as it was typed; the oldest go when they are too many."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], int] = {}

    def __len__(self) -> int:
        """How many different messages there are."""
        return len(self._counts)

    def add(self, place: str, text: str) -> None:
        """This was typed."""
        self._counts[place, text] = self._counts.get((place, text), 0) + 1
        if len(self._counts) > MOST:
            del self._counts[next(iter(self._counts))]

    def taken(self, place: str, text: str) -> bool:
        """Forgets it once; whether it was typed here."""
        count = self._counts.pop((place, text), 0)
        if count > 1:
            self._counts[place, text] = count - 1
        return count > 0
