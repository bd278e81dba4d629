"""What its person wrote before, to be taken up again."""

MOST = 200


class Recall:
    """The inputs of this session; stepping back from what is being written keeps that."""

    def __init__(self) -> None:
        self._inputs: list[str] = []
        self._at = 0
        self._draft = ""

    def add(self, text: str) -> None:
        """Something was entered."""
        if not self._inputs or self._inputs[-1] != text:
            self._inputs.append(text)
            del self._inputs[:-MOST]
        self._at, self._draft = len(self._inputs), ""

    def back(self, now: str) -> str | None:
        """The input before; None at the first one.

        :param now: what stands in the box
        """
        if self._at == 0:
            return None
        if self._at == len(self._inputs):
            self._draft = now
        self._at -= 1
        return self._inputs[self._at]

    def forth(self) -> str | None:
        """The input after; at last what was being written; None when that stands there already."""
        if self._at >= len(self._inputs):
            return None
        self._at += 1
        return self._draft if self._at == len(self._inputs) else self._inputs[self._at]
