"""The two READMEs say the same: headings, code, markers, and what each section names."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.markdown import FENCE, INLINE, NUMBER

ROOT = Path(__file__).parent.parent
ENGLISH = (ROOT / "README.md").read_text(encoding="utf-8")
RUSSIAN = (ROOT / "README.ru.md").read_text(encoding="utf-8")

MARK = re.compile(r"<!-- (/?\w+) -->")
GENERATED = re.compile(r"<!-- (exits|settings) -->.*?<!-- /\1 -->", re.S)


def skeleton(readme: str) -> list[str]:
    """Headings by their level, markers, and code without the comments of a shell: what both must share."""
    token = re.compile(rf"{FENCE.pattern}|^(#+) |{MARK.pattern}", re.M | re.S)
    return [_bone(match) for match in token.finditer(GENERATED.sub(r"<!-- \1 --><!-- /\1 -->", readme))]


def _bone(match: re.Match[str]) -> str:
    language, code, heading, marker = match.groups()
    if code is None:
        return heading or marker
    return re.sub(r" *(^| )# .*$", "", code, flags=re.M) if language == "sh" else code


def sections(readme: str) -> list[str]:
    return re.split(r"^#+ ", GENERATED.sub("", FENCE.sub("", readme)), flags=re.M)


def test_both_readmes_have_the_same_headings_code_and_markers() -> None:
    assert skeleton(RUSSIAN) == skeleton(ENGLISH)


@pytest.mark.parametrize(
    "what",
    [
        pytest.param(INLINE, id="code"),
        pytest.param(NUMBER, id="numbers"),
        pytest.param(re.compile(r"\]\((?!README)[^)]*\)"), id="links"),
    ],
)
def test_each_section_names_the_same_things_in_both_languages(what: re.Pattern[str]) -> None:
    english, russian = ([Counter(what.findall(part)) for part in sections(doc)] for doc in (ENGLISH, RUSSIAN))
    assert russian == english
