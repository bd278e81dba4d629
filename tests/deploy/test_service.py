"""The systemd unit: systemd understands it, it is well shut in, and it starts our server as it runs."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from minechat.cli.settings import parse

UNIT = Path(__file__).parents[2] / "deploy" / "minechat.service"
#: What systemd calls "OK", out of 10; a unit without a word of this has 9.6.
EXPOSURE = 1.3


def values(key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", UNIT.read_text(), re.M)


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The unit with a program that is there: systemd wants to find it."""
    stand_in = shutil.which("true")
    assert stand_in is not None
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text().replace("/opt/minechat/.venv/bin/minechat", stand_in))
    return path


@pytest.mark.needs("systemd-analyze")
def test_systemd_understands_every_line(unit: Path) -> None:
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True)
    about_us = [line for line in done.stderr.splitlines() if "minechat" in line]
    assert (done.returncode, about_us) == (0, [])


@pytest.mark.needs("systemd-analyze")
def test_it_is_well_shut_in(unit: Path) -> None:
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", str(unit)], capture_output=True, text=True
    )
    exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", done.stdout)
    assert exposure is not None, done.stderr
    assert float(exposure[1]) <= EXPOSURE


def test_it_starts_our_server_and_keeps_its_data_where_it_may_write() -> None:
    (start,) = values("ExecStart")
    program, command, *options = shlex.split(start)
    assert (program.rpartition("/")[2], command) == ("minechat", "server")
    settings = dict(value.split("=", 1) for value in values("Environment"))
    parsed = parse("server", options, settings, [])
    (folder,) = values("StateDirectory")
    assert parsed.database == f"sqlite:////var/lib/{folder}/chat.db"
    assert values("StateDirectoryMode") == ["0700"]


def test_it_does_what_the_server_can() -> None:
    assert values("Type") == ["notify"]
    assert values("ExecReload") == ["/bin/kill -HUP $MAINPID"]
    assert values("Restart") == ["on-failure"]
    assert values("RestartPreventExitStatus") == ["2"]
    assert values("SuccessExitStatus") == ["143"]
    assert int(values("TimeoutStopSec")[0]) > 10
    assert int(values("StartLimitBurst")[0]) * int(values("RestartSec")[0]) < int(
        values("StartLimitIntervalSec")[0]
    )
