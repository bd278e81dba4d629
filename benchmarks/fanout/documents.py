"""Where the last full run is kept: its figures as JSON, the README's tables and the picture made of them."""

import json
from pathlib import Path

from minechat.cli.tables import filled

from .picture import picture
from .results import Results
from .servers import ROOT
from .tables import printed

FIGURES = ROOT / "benchmarks" / "fanout" / "measured.json"
RIFT_FIGURES = ROOT / "benchmarks" / "fanout" / "measured-rift.json"
README = ROOT / "benchmarks" / "README.md"
PICTURE = ROOT / "docs" / "fanout.svg"


def read(path: Path) -> Results:
    """The results that ``keep`` or ``--json`` wrote."""
    return Results.from_json(json.loads(path.read_text(encoding="utf-8")))


def keep(results: Results, path: Path) -> None:
    """Writes the results; a line for each visit, so that a difference can be read."""
    values = results.as_json()
    visits = ",\n".join(f"  {json.dumps(visit)}" for visit in values.pop("visits"))
    head = json.dumps(values, indent=1).removesuffix("\n}")
    path.write_text(f'{head},\n "visits": [\n{visits}\n ]\n}}\n', encoding="utf-8")


def texts(results: Results, part: str) -> dict[Path, str]:
    """The documents as these results make them.

    :param part: of the README: ``fanout``, with the picture, or ``fanout-rift``
    """
    table = "\n" + printed(results, markdown=True) + "\n\n"
    readme = {README: filled(README.read_text(encoding="utf-8"), part, table)}
    return {**readme, PICTURE: picture(results)} if part == "fanout" else readme


def write(results: Results, part: str) -> None:
    """Makes these results the ones that the documents show; see ``texts``."""
    keep(results, FIGURES if part == "fanout" else RIFT_FIGURES)
    for path, text in texts(results, part).items():
        path.write_text(text, encoding="utf-8")
