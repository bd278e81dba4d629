"""How a server is started."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Start:
    """How to start a server: its command, its ports (reading, posting), and files to write beforehand."""

    command: list[str]
    ports: tuple[int, int]
    files: Mapping[str, str] = field(default_factory=dict)
    environment: Mapping[str, str] | None = None
