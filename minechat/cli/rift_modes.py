"""What a run of minechat rift is: a screen, lines at a prompt, lines for programs, a post or an export."""

import os
from enum import Enum, auto

from minechat import system
from minechat.cli.typed import RiftOptions


class Mode(Enum):
    """What to do once somebody is in."""

    SCREEN = auto()  # Textual
    PROMPT = auto()  # lines on a terminal, with a prompt that is edited
    TYPED = auto()  # lines on a dumb terminal, or stdout elsewhere: what is typed is said
    WATCH = auto()  # messages to stdout and nothing else
    BOTH = auto()  # the same, and each line of stdin is said
    POST = auto()  # -m, or what stdin holds
    EXPORT = auto()


def mode(options: RiftOptions, *, stdin: bool, stdout: bool, dumb: bool, foreground: bool = True) -> Mode:
    """What the options and the standard streams ask for.

    :param stdin: it is a terminal
    :param stdout: it is a terminal
    :param dumb: the terminal has no cursor to move
    :param foreground: reading from the terminal would not stop us
    """
    if options.export is not None or options.export_mine is not None:
        return Mode.EXPORT
    return Mode.POST if options.message else _open_end(options, stdin, stdout, dumb, foreground)


def _open_end(options: RiftOptions, stdin: bool, stdout: bool, dumb: bool, foreground: bool) -> Mode:
    """What goes on until somebody or something ends it."""
    watching = options.plain or options.count is not None or options.for_seconds is not None
    if not stdin:
        if not watching:
            return Mode.POST
        return Mode.BOTH if options.lines else Mode.WATCH
    if options.json or not (stdout or foreground):
        return Mode.WATCH
    if dumb or not stdout:
        return Mode.TYPED
    return Mode.PROMPT if watching else Mode.SCREEN


def for_person(options: RiftOptions) -> bool:
    """Whether somebody at a terminal reads what this process says, and not a program."""
    return os.isatty(1) and mode_here(options) in (Mode.SCREEN, Mode.PROMPT, Mode.TYPED)


def destination(options: RiftOptions) -> str:
    """Where messages go that name no place of their own."""
    return options.room if options.to is None else f"@{options.to.removeprefix('@')}"


def mode_here(options: RiftOptions) -> Mode:
    """The same for this process."""
    return mode(
        options,
        stdin=os.isatty(0),
        stdout=os.isatty(1),
        dumb=os.environ.get("TERM") == "dumb",
        foreground=system.in_foreground(0),
    )
