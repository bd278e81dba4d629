"""The package as a library: its names, what importing it costs, and the program the README shows."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import minechat

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {
    "minechat.cli.typed_server",
    "minechat.server",
    "sqlite3",
    "websockets",
    "textual",
    "asyncpg",
    "nats",
    "prompt_toolkit",
    "tomllib",
}


def test_every_public_name_is_there_and_documented() -> None:
    for name in minechat.__all__:
        assert getattr(minechat, name).__doc__ or name == "State"
    assert dir(minechat) == minechat.__all__


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        minechat.nothing  # noqa: B018


def loaded(statement: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return set(result.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import minechat",
        "import minechat; [getattr(minechat, name) for name in minechat.__all__]",
        "import minechat.cli.chat",
        "import minechat.cli.registration",
        "import minechat.cli.authorization",
    ],
)
def test_the_client_side_loads_nothing_of_the_server(statement: str) -> None:
    assert not {
        module for module in loaded(statement) for heavy in HEAVY if f"{module}.".startswith(f"{heavy}.")
    }


def test_the_package_itself_loads_no_asyncio() -> None:
    assert "asyncio" not in loaded("import minechat.cli")


def example() -> str:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"<!-- example -->\n```python\n(.*?)```", text, re.S)
    assert found
    return found[1]


async def test_the_program_of_the_readme_answers_what_it_hears(tmp_path: Path) -> None:
    import asyncio

    from minechat.server.app import running
    from minechat.server.settings import PROFILES, Settings

    assert len([line for line in example().splitlines() if line.strip()]) <= 12
    settings = Settings(
        read_port=0, write_port=0, database=f"sqlite:///{tmp_path}/chat.db", limits=PROFILES["off"]
    )
    async with running(settings) as server:
        program = example().replace("5050", str(server.write_port)).replace("5000", str(server.read_port))
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=ROOT)
        try:
            async with (
                asyncio.timeout(20),
                minechat.listening(port=server.read_port) as conversation,
                minechat.speaking(port=server.write_port) as speaker,
            ):
                me = await speaker.register("Anna")
                await speaker.say("hello")
                async for event in conversation:
                    if isinstance(event, minechat.Said):
                        if event.text == f"{me.nickname} said: hello":
                            break
                        # Said before the parrot listened: say it again until it hears.
                        await speaker.say("hello")
                    elif isinstance(event, minechat.Connected):
                        await speaker.say("hello")
        finally:
            process.terminate()
            await process.wait()
