"""Writes or checks what is made from the options: .env.example and the tables of the two READMEs."""

import sys
import tomllib
from collections.abc import Callable, Iterable, Sequence
from importlib import resources
from pathlib import Path

from minechat.cli import report
from minechat.cli.commands import COMMANDS
from minechat.cli.exits import EXITS
from minechat.cli.options import COMMON, PLAIN, PREFIX, Option

EXAMPLE_HEAD = """\
# Settings of minechat: copy this file to .env and uncomment what you need.
# The command line and the environment rank higher; there every name begins with {prefix}
# ({plain} are also taken as they stand).
"""
ENGLISH: dict[str, str] = {
    "settings_head": "| Setting | Option | Default | Meaning |",
    "exits_head": "| Code | Meaning |",
    "none": "none",
}

Texts = dict[str, dict[str, str]]


def main(argv: Sequence[str] | None = None) -> int:
    """``--write`` rewrites the files under the working directory, ``--check`` names those that are stale."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments not in (["--write"], ["--check"]):
        report.write(sys.stderr, "usage: python -m minechat.cli.tables --write|--check\n")
        return 2
    stale = [(path, text) for path, text in _files(Path()) if _read(path) != text]
    for path, text in stale:
        if arguments == ["--write"]:
            path.write_text(text, encoding="utf-8")
        report.write(sys.stdout, f"{path} {'written' if arguments == ['--write'] else 'is stale'}\n")
    return 1 if stale and arguments == ["--check"] else 0


def env_example() -> str:
    """The text of .env.example: every setting on one line, commented out."""
    head = EXAMPLE_HEAD.format(prefix=PREFIX, plain=", ".join(sorted(PLAIN)))
    return head + "".join(f"# {line}\n" for line in _example_lines())


def settings_table(texts: Texts | None = None) -> str:
    """Every option that is a setting too, as a Markdown table, in English or from ``texts``."""
    rows = []
    for options in _by_setting().values():
        names = _code(options[0][1].settings)
        flags = _code(dict.fromkeys(option.name for _, option in options))
        rows.append(f"| {names} | {flags} | {_defaults(options, texts)} | {meaning(*options[0], texts)} |")
    return _table(texts, "settings_head", rows)


def exits_table(texts: Texts | None = None) -> str:
    """Every exit code as a Markdown table."""
    rows = [
        f"| {code} | {texts['exits'][str(code)] if texts else meaning} |" for code, meaning in EXITS.items()
    ]
    return _table(texts, "exits_head", rows)


def russian() -> Texts:
    """The Russian texts: ``options`` by name, ``exits`` by code, ``heads`` of the tables."""
    return tomllib.loads(resources.files("minechat.cli").joinpath("russian.toml").read_text("utf-8"))


def filled(text: str, mark: str, table: str) -> str:
    """``text`` with what stands between its two marks replaced; unchanged when it has no such marks."""
    begin, end = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    head, found, rest = text.partition(begin)
    _, closed, tail = rest.partition(end)
    return f"{head}{begin}\n{table}{end}{tail}" if found and closed else text


def _files(folder: Path) -> Iterable[tuple[Path, str]]:
    yield folder / ".env.example", env_example()
    languages: tuple[tuple[str, Callable[[], Texts | None]], ...] = (
        ("README.md", lambda: None),
        ("README.ru.md", russian),
    )
    for name, texts in languages:
        path = folder / name
        if path.exists():
            text = filled(_read(path), "settings", settings_table(texts()))
            yield path, filled(text, "exits", exits_table(texts()))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _by_setting() -> dict[str, list[tuple[str, Option]]]:
    """Options that are settings, with their commands, by the first name of the setting."""
    settings: dict[str, list[tuple[str, Option]]] = {}
    for command, definition in COMMANDS.items():
        for option in definition.options + COMMON:
            if option.settings:
                settings.setdefault(option.settings[0], []).append((command, option))
    return settings


def _defaults(options: list[tuple[str, Option]], texts: Texts | None) -> str:
    none = texts["heads"]["none"] if texts else ENGLISH["none"]
    commands: dict[str, list[str]] = {}
    for command, option in options:
        default = option.usual if option.default is None else option.default
        shown = f"`{default}`" if default else none
        commands.setdefault(shown, []).append(command)
    if len(commands) == 1:
        return next(iter(commands))
    return "; ".join(f"{', '.join(named)}: {shown}" for shown, named in commands.items())


def meaning(command: str, option: Option, texts: Texts | None = None) -> str:
    """What an option of a command does, in English or from ``texts``."""
    if texts is None:
        return option.help
    name = option.name.removeprefix("--")
    return texts["options"].get(f"{command}.{name}") or texts["options"][name]


def _code(words: Iterable[str]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _example_lines() -> Iterable[str]:
    for options in _by_setting().values():
        option = options[0][1]
        for name in option.settings:
            note = option.help if name == option.settings[0] else f"another name of {option.settings[0]}"
            yield f"{name}={option.example or option.default or ''}  # {note}"


def _table(texts: Texts | None, head: str, rows: Sequence[str]) -> str:
    title = texts["heads"][head] if texts else ENGLISH[head]
    line = "|---" * (title.count("|") - 1) + "|"
    return "\n".join(["", title, line, *rows, ""]) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
