"""Planted bugs, kept as code: each turns the tests that guard against it red.

Every other module here is one bug, and its first lines say what it does to a user. It puts a function or
a class in the place of the product's, which knows nothing of it; ``sitecustomize.py`` plants it in a run
of pytest and in all that this run starts. A guard that stays green here guards nothing.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
#: How a test says that something is not as it must be, and not that the bug itself is broken.
OBJECTION = re.compile(r"failure: (assert |AssertionError|Failed: DID NOT RAISE).*", re.S)


class Planted:
    """A bug and tests that go red on it, from the folder ``tests``."""

    def __init__(self, bug: str, *guards: str, needs: tuple[str, ...] = ()) -> None:
        self.bug = bug
        self.guards = guards
        self.needs = needs

    def __str__(self) -> str:
        return "-".join((self.bug, *self.needs))


PLANTED = [
    Planted(
        "acknowledge_early",
        "server/storage/test_durability.py::test_no_kill_loses_what_was_acknowledged_or_keeps_it_twice[once]",
        "server/doors/test_rift_acknowledged.py::"
        "test_a_kill_at_an_acknowledgement_loses_nothing_and_what_is_sent_again_is_there_once",
    ),
    Planted(
        "acknowledge_early",
        "server/storage/test_durability.py::test_an_acknowledgement_leaves_after_its_sync",
        needs=("strace",),
    ),
    Planted(
        "synchronous_normal", "server/storage/test_database.py::test_settings_that_the_promise_stands_on"
    ),
    Planted(
        "synchronous_normal",
        "server/storage/test_durability.py::test_an_acknowledgement_leaves_after_its_sync",
        needs=("strace",),
    ),
    Planted(
        "endless_queue",
        "server/test_audience.py::test_a_reader_that_lets_too_much_wait_is_dropped_and_the_others_hear_on",
    ),
    Planted(
        "raw_print",
        "test_text.py::test_escape_sequences_are_shown_as_symbols",
        "test_text.py::test_what_is_not_utf8_is_shown_as_unreadable",
        "test_text.py::test_json_keeps_letters_and_escapes_what_acts",
        r"cli/test_report.py::test_others_words_do_not_reach_the_terminal_alive[\x9b2J]",
        "cli/test_chat_hostile.py::test_nothing_of_it_lives_on_a_pipe_or_in_the_history",
        "cli/test_chat_hostile.py::test_json_stays_one_object_a_message",
        "client/test_history.py::test_a_gap_is_one_harmless_record",
        "server/doors/test_speak.py::test_hostile_text_reaches_readers_as_visible_symbols",
    ),
    Planted(
        "tail_of_long_line",
        "protocol/test_lines.py::test_a_line_over_the_limit_is_an_error_and_its_tail_no_line[1000-4098]",
        "protocol/test_lines.py::test_a_line_that_never_ends_is_kept_nowhere_and_counted_once",
        "protocol/test_speak.py::test_the_tail_of_an_over_long_line_is_never_an_event[4097-State.TALKING]",
        "client/test_listen.py::test_an_over_long_line_is_told_once_and_its_tail_never_heard[10485760]",
        "cli/test_chat_hostile.py::test_a_line_without_an_end_costs_no_memory_and_the_next_is_shown",
    ),
    Planted(
        "half_letters",
        "protocol/test_speak.py::test_a_text_with_half_a_letter_is_refused",
        "protocol/rift/test_strict.py::test_half_a_letter_is_in_no_string_of_a_frame",
        "protocol/test_speak.py::test_a_nickname_with_half_a_letter_can_be_encoded",
        "server/storage/test_commit.py::test_one_bad_operation_does_not_sink_the_rest",
        "server/storage/test_storage.py::test_a_message_that_cannot_be_stored_hurts_nobody_else",
    ),
    Planted(
        "half_lines",
        "client/test_append.py::test_a_file_cut_anywhere_is_mended_when_opened[0]",
        "client/test_append.py::test_a_half_line_of_a_writer_killed_meanwhile_never_swallows_a_line",
        "client/test_append.py::test_a_file_size_limit_is_a_full_disk_too",
        "client/test_history.py::test_a_half_line_is_mended_before_anything_is_appended",
    ),
    Planted(
        "right_not_checked",
        "server/test_admin.py::test_only_this_user_and_root_may_order",
        "server/test_moderation.py::test_a_new_owner_takes_the_place_of_the_old_one",
        "server/test_moderation.py::test_what_was_done_is_read_by_moderators_by_pages",
        "server/test_rooms.py::test_who_knows_of_rooms_has_to_join_before_posting",
        "server/doors/test_rift_rights.py::test_deeds_against_an_equal_or_a_greater_one",
        # Only root can become the other user whose order must be refused.
        *(["server/test_admin.py::test_an_order_of_another_user_is_refused"] if os.geteuid() == 0 else []),
    ),
    Planted(
        "origin_not_checked",
        "server/doors/test_upgrade.py::test_scripts_of_other_pages_are_kept_out[http://evil.example]",
        "server/doors/test_rift_origins.py::test_pages_that_are_named_are_let_in_and_all_others_are_not",
        "server/doors/test_rift_origins.py::"
        "test_pages_named_on_the_command_line_are_let_in_and_all_others_are_not",
    ),
    Planted("unknown_told_by_time", "server/test_hashing.py::test_a_check_against_nothing_takes_as_long"),
    Planted("reset_trap", "server/test_resets.py::test_what_came_before_a_reset_is_stored"),
]


def outcomes(one: Planted, folder: Path) -> dict[str, list[str]]:
    """What each of the guards said in a run with the bug: nothing, where it found nothing wrong."""
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-n0", "-p", "no:cacheprovider", f"--junitxml={report}"]
    run = subprocess.run(
        [*command, f"--basetemp={folder / 'run'}", *(f"tests/{guard}" for guard in one.guards)],
        cwd=ROOT,
        env=os.environ | {"PLANTED": one.bug, "PYTHONPATH": str(HERE), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert run.returncode == pytest.ExitCode.TESTS_FAILED, run.stdout + run.stderr
    return {
        case.get("name", ""): [f"{outcome.tag}: {outcome.get('message')}" for outcome in case]
        for case in ElementTree.parse(report).iter("testcase")
    }


@pytest.mark.parametrize(
    "one", [pytest.param(one, marks=pytest.mark.needs(*one.needs), id=str(one)) for one in PLANTED]
)
def test_a_planted_bug_turns_its_guards_red(one: Planted, tmp_path: Path) -> None:
    said = outcomes(one, tmp_path)
    assert len(said) == len(one.guards)
    blind = {name: words for name, words in said.items() if not OBJECTION.fullmatch("+".join(words))}
    assert blind == {}


def test_every_planted_bug_is_tried() -> None:
    kept = {path.stem for path in HERE.glob("*.py")} - {"sitecustomize", "test_planted"}
    assert {one.bug for one in PLANTED} == kept
