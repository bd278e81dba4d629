"""The fan-out's tables and picture show the run that is kept as data."""

import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from benchmarks.fanout import documents
from benchmarks.fanout.picture import MODES, picture

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize(
    ("part", "figures"), [("fanout", documents.FIGURES), ("fanout-rift", documents.RIFT_FIGURES)]
)
def test_the_readme_and_the_picture_show_the_kept_run(part: str, figures: Path) -> None:
    for path, text in documents.texts(documents.read(figures), part).items():
        assert path.read_text(encoding="utf-8") == text, (
            f"{path.name}: python -m benchmarks.fanout --from ... --write"
        )


def test_the_picture_holds_a_dot_for_each_server_and_way_to_load_it() -> None:
    results = documents.read(documents.FIGURES)
    drawn = ET.fromstring(picture(results))
    dots = len(drawn.findall(f".//{SVG}circle")) - len(MODES)  # the legend has one each
    assert dots == len(MODES) * len(results.servers())


def test_a_run_is_kept_as_it_was(tmp_path: Path) -> None:
    results = documents.read(documents.FIGURES)
    documents.keep(results, tmp_path / "kept.json")
    assert (tmp_path / "kept.json").read_bytes() == documents.FIGURES.read_bytes()
