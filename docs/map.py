"""Writes or checks the map of the code in the two READMEs, made from the first line of each module.

Run: ``uv run python docs/map.py --write`` or ``--check``.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

from minechat.cli.tables import filled

ROOT = Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.ru.md")
#: In the order in which they are best read: from the wire up to the door.
FOLDERS = (
    ".",
    "minechat",
    "minechat/protocol",
    "minechat/client",
    "minechat/server",
    "minechat/server/doors",
    "minechat/server/storage",
    "minechat/server/dialogues",
    "minechat/cli",
    "minechat/cli/tasks",
)


def code_map() -> str:
    """The map as Markdown: a list a folder, each module with the first line of its docstring."""
    return "\n" + "".join(_folder(folder) for folder in FOLDERS)


def _folder(folder: str) -> str:
    return f"**{'top' if folder == '.' else folder}**\n\n{''.join(_modules(ROOT / folder))}\n"


def _modules(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.py")):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        if docstring is None:
            raise SystemExit(f"{path.relative_to(ROOT)} does not say what it is in its first line")
        yield f"- `{path.name}`: {docstring.splitlines()[0]}\n"


def stale() -> list[tuple[Path, str]]:
    """The READMEs whose map is not the code's, and what they should say."""
    texts = [
        (ROOT / name, filled((ROOT / name).read_text(encoding="utf-8"), "map", code_map()))
        for name in READMES
    ]
    return [(path, text) for path, text in texts if path.read_text(encoding="utf-8") != text]


def main(arguments: list[str]) -> int:
    if arguments not in (["--write"], ["--check"]):
        print("usage: python docs/map.py --write|--check", file=sys.stderr)
        return 2
    found = stale()
    for path, text in found:
        print(f"{path.name}: the map is stale")
        if arguments == ["--write"]:
            path.write_text(text, encoding="utf-8")
    return 1 if found and arguments == ["--check"] else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
