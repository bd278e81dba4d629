"""What every test may ask for: tools that may be missing, and a folder that others may enter."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# How long one example takes is the machine's matter; a test that is about time says so itself.
settings.register_profile("minechat", deadline=None)
settings.load_profile("minechat")


def pytest_xdist_auto_num_workers() -> int:
    """Two for each processor: half of the time of a test is a process that starts, a socket or a disk."""
    return min(16, 2 * (os.cpu_count() or 1))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for marker in item.iter_markers("needs"):
            missing = [tool for tool in marker.args if shutil.which(tool) is None]
            if missing:
                item.add_marker(pytest.mark.skip(reason=f"not installed here: {', '.join(missing)}"))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """An empty folder that other users may enter, with a short name; pytest's own are closed to them."""
    with tempfile.TemporaryDirectory(prefix="minechat-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
