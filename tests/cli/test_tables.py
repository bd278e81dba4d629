"""What is made from the options is up to date, complete, and works as it stands."""

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest
from dotenv import dotenv_values

from minechat.cli import tables
from minechat.cli.commands import COMMANDS
from minechat.cli.exits import EXITS
from minechat.cli.kinds import convert
from minechat.cli.options import COMMON, PLAIN
from minechat.cli.settings import parse

REPOSITORY = Path(__file__).parents[2]
EVERY = [(command, option) for command, c in COMMANDS.items() for option in c.options + COMMON]
SETTINGS = {name: option for _, option in reversed(EVERY) for name in option.settings}


def test_the_files_in_the_repository_are_what_the_options_say() -> None:
    command = [sys.executable, "-m", "minechat.cli.tables", "--check"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_example_lists_every_setting_once_and_sets_none() -> None:
    lines = (REPOSITORY / ".env.example").read_text("utf-8").splitlines()
    assert all(line.startswith("#") for line in lines)
    named = re.findall(r"^# ([A-Z_]+)=", "\n".join(lines), re.MULTILINE)
    assert sorted(named) == sorted(SETTINGS)
    assert any(line.startswith("# HOST=minechat.dvmn.org") for line in lines)


def test_the_example_works_as_it_stands_and_uncommented(tmp_path: Path) -> None:
    text = (REPOSITORY / ".env.example").read_text("utf-8")
    (tmp_path / ".env").write_text(text, "utf-8")
    options = parse("chat", [], {}, [str(tmp_path)])
    assert (options.host, options.warnings) == (None, ())
    values = dotenv_values(stream=io.StringIO(re.sub(r"(?m)^# ([A-Z_]+=)", r"\1", text)), interpolate=False)
    for name, option in SETTINGS.items():
        assert values[name] == (option.example or option.default or "")
        if values[name]:
            convert(option.kind, str(values[name]))


@pytest.mark.parametrize("texts", [None, tables.russian()])
def test_the_tables_have_a_row_for_every_setting_and_every_code(texts: tables.Texts | None) -> None:
    settings = tables.settings_table(texts)
    assert all(f"`{name}`" in settings for name in SETTINGS)
    exits = tables.exits_table(texts)
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", exits, re.MULTILINE)] == list(EXITS)


@pytest.mark.parametrize("name", ["README.md", "README.ru.md"])
def test_the_readmes_name_just_the_settings_that_need_no_prefix(name: str) -> None:
    text = (REPOSITORY / name).read_text("utf-8")
    after = text.partition("`MINECHAT_<NAME>`")[2].partition(". ")[0]
    assert set(re.findall(r"`([A-Z_]+)`", after)) == PLAIN


def test_every_option_and_every_code_has_a_russian_text_and_no_text_is_left_over() -> None:
    texts = tables.russian()
    for command, option in EVERY:
        assert re.search("[а-яё]", tables.meaning(command, option, texts))
    assert set(texts["exits"]) == {str(code) for code in EXITS}
    plain = {option.name.removeprefix("--") for _, option in EVERY}
    full = {f"{command}.{option.name.removeprefix('--')}" for command, option in EVERY}
    assert set(texts["options"]) <= plain | full


def test_a_stale_file_is_named_and_written(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("top\n<!-- exits -->\nold\n<!-- /exits -->\nend\n")

    def run(what: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "minechat.cli.tables", what]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    stale = run("--check")
    assert (stale.returncode, stale.stdout) == (1, ".env.example is stale\nREADME.md is stale\n")
    assert readme.read_text().count("old") == 1
    assert run("--write").returncode == 0
    assert readme.read_text().startswith("top\n<!-- exits -->\n")
    assert "| 130 | ended by Ctrl-C |" in readme.read_text()
    assert readme.read_text().endswith("<!-- /exits -->\nend\n")
    assert "old" not in readme.read_text()
    assert run("--check").returncode == 0
    assert run("--both").returncode == 2
