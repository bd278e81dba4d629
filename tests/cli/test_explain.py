"""What -v tells: every setting, its value, its origin, and no secret."""

import pytest

from minechat.cli.commands import COMMANDS
from minechat.cli.explain import explained
from minechat.cli.settings import parse

#: What stands alone on a command line and is no free text.
OPERANDS = {"role": "member"}
SECRET = "6b2c9a80-0000-4000-8000-000000000001"


def lines(command: str, *argv: str, **environ: str) -> list[str]:
    alone = [option.field for option in COMMANDS[command].options if not option.flags]
    operands = [OPERANDS.get(field, "bans") for field in alone]
    options = parse(command, [*operands, *argv, "-v"], environ=environ, folders=[])
    return list(explained(options, COMMANDS[command].options))


@pytest.mark.parametrize("command", COMMANDS)
def test_each_setting_is_told_once(command: str) -> None:
    with_settings = [option.name for option in COMMANDS[command].options if option.settings]
    assert [line.partition(" is ")[0] for line in lines(command)] == with_settings


def test_a_setting_is_told_with_its_value_and_its_origin() -> None:
    told = lines("chat", "-P", "7", FSYNC="on", MINECHAT_FSYNC="yes", HISTORY="h.log")
    assert "--port is 7 (-P)" in told
    assert "--fsync is yes (MINECHAT_FSYNC in the environment)" in told
    assert "--history is h.log (HISTORY in the environment)" in told
    assert "--host is not set (the default of --host)" in told
    assert "--characters is yes (the default of --characters)" in told


def test_a_token_is_never_told() -> None:
    told = lines("authorization", TOKEN=SECRET)
    assert "--token is set, and not shown (TOKEN in the environment)" in told
    assert SECRET not in "".join(told)


def test_a_database_with_a_password_is_never_told() -> None:
    told = lines("chat", "--database", f"postgresql://minechat:{SECRET}@db/chat")
    assert "--database is set, and not shown (--database)" in told
    assert SECRET not in "".join(told)


def test_a_command_tells_it_on_stderr_unless_quiet(commands, unused_port: int) -> None:
    (commands.folder / ".env").write_text(f"TOKEN={SECRET}\nTIMEOUT=3\n")
    for command, more in (("registration", ["-v"]), ("authorization", ["-m", "x", "-vv"])):
        done = commands.run(command, "-P", unused_port, "-U", "Vlad", *more)
        assert (done.returncode, done.stdout) == (3, "")
        assert f"{command}.py: --timeout is 3.0 (TIMEOUT in .env)\n" in done.stderr
        assert SECRET not in done.stderr
    quiet = commands.run("registration", "-P", unused_port, "-U", "Vlad", "-v", "-q")
    assert quiet.stderr.count("\n") == 1
