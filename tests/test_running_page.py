"""docs/running.md says what is so: its metrics, options, codes and numbers are those of the code."""

import logging
import re
from pathlib import Path

from minechat.cli.commands import COMMANDS
from minechat.cli.exits import EXITS
from minechat.cli.limits import LIMITS
from minechat.server import credentials, hashing, penalties, pulse
from minechat.server.condition import ENOUGH
from minechat.server.exposition import QUANTILES, Now, exposition
from minechat.server.figures import REMEMBERED, Figures
from minechat.server.log import TextFormatter
from minechat.server.settings import PROFILES
from tests.markdown import INLINE

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "running.md").read_text(encoding="utf-8")


def test_every_metric_is_told_and_none_that_is_not() -> None:
    now = Now(connections={"read": 1}, queued=0, database=0, space=0, ready=True)
    text = exposition(Figures(), lambda: now)().decode()
    served = set(re.findall(r"^# TYPE (minechat_\w+) ", text, re.M))
    assert set(re.findall(r"^\| `(minechat_\w+)", PAGE, re.M)) == served
    assert set(re.findall(r"`(minechat_\w+)", PAGE)) == served
    labels = dict(re.findall(r"`(minechat_\w+)\{(\w+)\}`", PAGE))
    figures = Figures()
    figures.dropped["queue"] += 1
    figures.refused["connections"] += 1
    text = exposition(figures, lambda: now)().decode()
    shown = dict(re.findall(r"^(minechat_\w+)\{(?!quantile|version|python)(\w+)=", text, re.M))
    assert labels == shown


def test_it_says_of_the_commit_delay_what_the_figures_say() -> None:
    (meaning,) = re.findall(r"^\| `minechat_commit_delay_seconds` \| (.+) \|$", PAGE, re.M)
    assert f":param commit: {meaning}\n" in (Figures.__doc__ or "")


def test_every_option_and_command_it_names_is_there() -> None:
    flags = {flag for command in COMMANDS.values() for option in command.options for flag in option.flags}
    flags |= {"--json", "--extra", "--build"}
    assert set(re.findall(r"--[a-z][a-z-]+", PAGE)) <= flags
    for command in re.findall(r"(?:uv run |`)minechat (server \w+)", PAGE):
        if command != "server takes":
            assert command in COMMANDS, command


def test_its_numbers_and_codes_are_those_of_the_code() -> None:
    assert {int(code) for code in re.findall(r"[Ee]xit code (\d+)", PAGE)} <= set(EXITS)
    assert "exit code 143 or 130" in PAGE
    assert f"less than {ENOUGH >> 20} MiB" in PAGE
    assert f"the last {REMEMBERED:,}" in PAGE
    assert ", ".join(f"{share:g}" for share in QUANTILES[:-1]) + f" and {QUANTILES[-1]:g}" in PAGE
    assert f"over {pulse.BLOCKED:g} it is logged as `loop_blocked`" in PAGE


def test_the_line_of_the_log_it_shows_is_one() -> None:
    fields = {"reason": "queue", "waiting": 262144}
    record = logging.makeLogRecord(
        {"levelname": "INFO", "created": 1795356300.0, "event": "reader_dropped", "fields": fields}
    )
    assert TextFormatter().format(record) in PAGE.splitlines()


def test_what_it_says_of_systemd_is_in_the_unit() -> None:
    unit = (ROOT / "deploy" / "minechat.service").read_text(encoding="utf-8")
    for said in (
        "StateDirectory=minechat",
        "WatchdogSec=30",
        "StartLimitBurst=5",
        "StartLimitIntervalSec=300",
    ):
        assert f"{said}\n" in unit
    assert "RestartPreventExitStatus=2\n" in unit


def test_the_files_it_names_are_there() -> None:
    for name in INLINE.findall(PAGE):
        if name.strip("`").startswith("deploy/"):
            assert (ROOT / name.strip("`")).is_file()
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", PAGE):
        assert (ROOT / "docs" / link).is_file()


def test_the_limits_it_shows_are_those_of_the_profiles() -> None:
    fields = {option.flags[0]: option.field.removeprefix("limit_") for option in LIMITS}
    rows = re.findall(r"^\| `(--[a-z-]+)` \| ([\d.]+) \| ([\d.]+) \|", PAGE, re.M)
    assert rows
    for flag, *shown in rows:
        profiles = [getattr(PROFILES[profile], fields[flag]) for profile in ("default", "classroom")]
        assert [float(number) for number in shown] == profiles, flag


def test_its_numbers_of_accounts_are_those_of_the_code() -> None:
    assert f"{hashing.MEMORY // 1024} MiB of memory" in PAGE
    assert f"After {penalties.FREE} wrong passwords in a row" in PAGE
    assert penalties.LONGEST_DELAY == 60, "a minute at most"
    assert f"the last {credentials.KEPT} of an account" in PAGE
    limits = PROFILES["default"]
    assert 4 * (limits.login_penalty or 0) > limits.login_penalty_from >= 3 * (limits.login_penalty or 0)
    assert limits.login_penalty_most == 600, "up to ten minutes"
    assert f"after {limits.ping_interval:g} seconds whether it lives" in PAGE


def test_every_event_it_names_is_logged_somewhere() -> None:
    (table,) = re.findall(r"^\| Event \|.*?\n\n", PAGE, re.M | re.S)
    named = re.findall(r"^\| `(\w+)` \|", table, re.M)
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "minechat" / "server").rglob("*.py"))
    assert named
    assert [one for one in named if f'event("{one}"' not in code] == []
