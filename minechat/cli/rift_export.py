"""Exports for scripts: the history of a place or one's own data, to a new file or to standard output."""

import sys

from minechat.cli.report import warn
from minechat.cli.rift_modes import destination
from minechat.cli.rift_words import RiftWords
from minechat.cli.screen import Screen, StdoutClosed
from minechat.cli.typed import RiftOptions
from minechat.client import export as exporting
from minechat.client.session import Session
from minechat.client.transcript import json_line, text_line

STDOUT = "-"


async def export(session: Session, options: RiftOptions, words: RiftWords) -> None:
    """Writes what --export or --export-mine asks for.

    :raises ExportUnusable: the file is there already, or cannot be written
    :raises MinechatError: as ``Session.history``
    """
    as_json = True if options.json else None
    form = options.timestamp_format
    place = destination(options)
    if STDOUT in (options.export, options.export_mine):
        try:
            await _to_stdout(session, options, place)
        except StdoutClosed:
            return
    elif options.export is not None:
        count = await exporting.export(session, place, options.export, as_json=as_json, form=form)
        _tell(options, words.count("exported", count, place=place, file=options.export))
    elif options.export_mine is not None:
        count = await exporting.export_mine(session, options.export_mine, as_json=as_json, form=form)
        _tell(options, words.count("exported_mine", count, file=options.export_mine))


async def _to_stdout(session: Session, options: RiftOptions, place: str) -> None:
    screen, form = Screen(sys.stdout), options.timestamp_format
    if options.export_mine is not None:
        line = exporting.entry_line(options.json, form)
        async for entries in exporting.own_pages(session):
            await _write(screen, [line(entry) for entry in entries])
        return
    async for messages in exporting.pages(session, place):
        if options.json:
            await _write(screen, [json_line(message) for message in messages])
        else:
            await _write(screen, [text_line(message, form, with_place=False) for message in messages])


async def _write(screen: Screen, lines: list[str]) -> None:
    await screen.write("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))


def _tell(options: RiftOptions, line: str) -> None:
    if not options.quiet:
        warn(options.program, line)
