"""How a server is started."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Start:
    """How to start a server: its command, its ports (reading, posting), and files to write beforehand.

    :param prepare: called before it starts, with its folder, the number of readers and that of posters
    """

    command: list[str]
    ports: tuple[int, int]
    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] | None = None
    prepare: Callable[[Path, int, int], None] | None = None
