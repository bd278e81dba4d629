"""Writes or checks docs/map.md: every module with the first line of its docstring, folder by folder.

Run: ``uv run python docs/map.py --write`` or ``--check``.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "map.md"
#: Folders with modules, in the order in which they are best read: from the wire up to the door.
FOLDERS = (
    ".",
    "minechat",
    "minechat/protocol",
    "minechat/protocol/rift",
    "minechat/client",
    "minechat/server",
    "minechat/server/doors",
    "minechat/server/storage",
    "minechat/server/dialogues",
    "minechat/ui",
    "minechat/cli",
    "minechat/cli/tasks",
)
HEAD = """# The map of the code

What each module knows, in the words of its first line. Made by `uv run python docs/map.py --write`.
"""


def code_map() -> str:
    """The page: a list a folder.

    :raises SystemExit: a module does not say what it is, or a folder is missing here
    """
    inside = (path.parent.relative_to(ROOT) for path in (ROOT / "minechat").rglob("*.py"))
    missing = {folder.as_posix() for folder in inside} - set(FOLDERS)
    if missing:
        raise SystemExit(f"docs/map.py knows nothing of {', '.join(sorted(missing))}")
    return HEAD + "".join(_folder(folder) for folder in FOLDERS)


def _folder(folder: str) -> str:
    return f"\n## {'top' if folder == '.' else folder}\n\n{''.join(_modules(ROOT / folder))}"


def _modules(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*.py")):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        if docstring is None:
            raise SystemExit(f"{path.relative_to(ROOT)} does not say what it is in its first line")
        yield f"- `{path.name}`: {docstring.splitlines()[0]}\n"


def main(arguments: list[str]) -> int:
    if arguments not in (["--write"], ["--check"]):
        print("usage: python docs/map.py --write|--check", file=sys.stderr)
        return 2
    fresh = code_map()
    stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != fresh
    if stale:
        print(f"{PAGE.relative_to(ROOT)}: the map is stale")
        if arguments == ["--write"]:
            PAGE.write_text(fresh, encoding="utf-8")
    return 1 if stale and arguments == ["--check"] else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
