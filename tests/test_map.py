"""The map of the code is made from the code, and the way a student reads stays short."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: From the command to the socket and to the history file.
WAY = (
    "chat.py",
    "minechat/cli/chat.py",
    "minechat/client/listen.py",
    "minechat/client/connection.py",
    "minechat/client/history.py",
)


def test_the_map_is_fresh() -> None:
    result = subprocess.run(
        [sys.executable, "docs/map.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_way_from_the_command_to_the_socket_and_the_file_is_read_in_one_sitting() -> None:
    lines = sum(len((ROOT / name).read_text(encoding="utf-8").splitlines()) for name in WAY)
    assert lines <= 400
    for readme in ("README.md", "README.ru.md"):
        text = (ROOT / readme).read_text(encoding="utf-8")
        assert all(f"`{name}`" in text for name in WAY)


def test_only_the_three_scripts_stand_at_the_top_each_under_ten_lines() -> None:
    scripts = sorted(ROOT.glob("*.py"))
    assert [script.name for script in scripts] == ["authorization.py", "chat.py", "registration.py"]
    assert all(len(script.read_text(encoding="utf-8").splitlines()) < 10 for script in scripts)
