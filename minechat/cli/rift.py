"""The rift command: who one is, then a screen, lines, a post or an export."""

from collections.abc import Sequence

from minechat.cli.program import start
from minechat.cli.typed import RiftOptions
from minechat.errors import MinechatError


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return start("rift", argv, rift)


async def rift(options: RiftOptions) -> int:
    """Comes in and does what the options ask for; returns the exit code."""
    raise MinechatError("there is no way to a server of RIFT yet")
