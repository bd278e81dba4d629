"""What a run of rift is, by its options and its standard streams."""

import pytest

from minechat.cli.rift_modes import Mode, mode
from minechat.cli.settings import parse


@pytest.mark.parametrize(
    ("argv", "stdin", "stdout", "wanted"),
    [
        ([], True, True, Mode.SCREEN),
        (["--plain"], True, True, Mode.PROMPT),
        (["--count", "3"], True, True, Mode.PROMPT),
        (["--json"], True, True, Mode.WATCH),
        ([], True, False, Mode.TYPED),
        (["--plain"], True, False, Mode.TYPED),
        (["--json"], True, False, Mode.WATCH),
        ([], False, True, Mode.POST),
        (["--lines"], False, True, Mode.POST),
        (["--lines", "--plain"], False, True, Mode.BOTH),
        (["--plain"], False, False, Mode.WATCH),
        (["--for", "3"], False, True, Mode.WATCH),
        (["-m", "hi"], True, True, Mode.POST),
        (["-m", "hi", "--plain"], False, False, Mode.POST),
        (["--export", "f"], True, True, Mode.EXPORT),
        (["--export-mine", "f", "--plain"], False, False, Mode.EXPORT),
    ],
)
def test_each_mode_has_its_reasons(argv: list[str], stdin: bool, stdout: bool, wanted: Mode) -> None:
    options = parse("rift", argv, {}, [])
    assert mode(options, stdin=stdin, stdout=stdout, dumb=False) is wanted


def test_a_dumb_terminal_gets_no_cursor_and_a_job_in_the_background_reads_nothing() -> None:
    options = parse("rift", [], {}, [])
    assert mode(options, stdin=True, stdout=True, dumb=True) is Mode.TYPED
    assert mode(options, stdin=True, stdout=False, dumb=False, foreground=False) is Mode.WATCH
