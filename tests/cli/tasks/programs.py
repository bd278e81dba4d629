"""The tasks of a server's owner as real processes."""

import subprocess
import sys
from pathlib import Path


def task(folder: Path, *words: str | Path, database: str = "a.db") -> subprocess.CompletedProcess[str]:
    """Runs ``minechat server`` and these words in a folder, on the database there."""
    command = [sys.executable, "-m", "minechat", "server", *map(str, words)]
    return subprocess.run(
        [*command, "--database", f"sqlite:///{database}"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=30,
    )


def refused(result: subprocess.CompletedProcess[str]) -> str:
    """The one line of a task that could not be done."""
    assert (result.returncode, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    return line
