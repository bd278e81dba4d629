"""Every setting comes from the layer that ranks highest, with its origin, or fails with one line."""

import itertools
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from minechat.cli.settings import AuthorizationOptions, ChatOptions, UsageError, parse


def chat(*argv: str, environ: Mapping[str, str] | None = None, folders: Sequence[str] = ()) -> ChatOptions:
    return parse("chat", argv, environ or {}, folders)


def failure(*argv: str, environ: Mapping[str, str] | None = None, folders: Sequence[str] = ()) -> str:
    with pytest.raises(UsageError) as caught:
        chat(*argv, environ=environ, folders=folders)
    return str(caught.value)


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_every_layer_ranks_above_the_next(dotenv: Path, tmp_path: Path) -> None:
    dotenv.write_text("READ_PORT=3")
    config = tmp_path / "settings.ini"
    config.write_text("read_port = 4")
    layers = {"flag": 1, "environment": 2, "dotenv": 3, "config": 4}
    origins = {
        "flag": "--port",
        "environment": "READ_PORT in the environment",
        "dotenv": f"READ_PORT in {dotenv}",
        "config": f"read_port in {config}",
        "default": "the default of --port",
    }
    for used in itertools.product([True, False], repeat=4):
        present = [name for name, there in zip(layers, used, strict=True) if there]
        options = chat(
            *(["--port", "1"] if "flag" in present else []),
            *(["--config", str(config)] if "config" in present else []),
            environ={"READ_PORT": "2"} if "environment" in present else {},
            folders=[str(tmp_path)] if "dotenv" in present else [],
        )
        highest = (present or ["default"])[0]
        assert options.port == layers.get(highest, 5000)
        assert options.origin("port") == origins[highest]


@pytest.mark.parametrize("argv", [["-P7"], ["-qP7"], ["-P", "7"], ["--port=7"], ["--read_port", "7"]])
def test_a_flag_wins_however_it_is_written(argv: list[str], tmp_path: Path) -> None:
    config = tmp_path / "c"
    config.write_text("read_port=4")
    options = chat(*argv, "--config", str(config), environ={"READ_PORT": "2", "MINECHAT_READ_PORT": "3"})
    assert options.port == 7
    assert options.origin("port").startswith("-")


def test_the_prefixed_name_ranks_above_the_plain_one_and_the_first_name_above_the_second() -> None:
    assert chat(environ={"READ_PORT": "2", "MINECHAT_READ_PORT": "3"}).port == 3
    assert chat(environ={"SEND_PORT": "2", "WRITE_PORT": "3"}).write_port == 3
    assert chat(environ={"SEND_PORT": "2"}).write_port == 2


def test_other_programs_plain_names_are_left_alone() -> None:
    foreign = {"DATABASE_URL": "postgres://x", "USERNAME": "win", "TIMEOUT": "x", "LIMITS": "x"}
    assert chat(environ=foreign).database == "sqlite:///minechat.db"
    assert parse("registration", [], foreign, []).username is None


def test_a_username_is_read_from_dotenv(dotenv: Path, tmp_path: Path) -> None:
    dotenv.write_text("USERNAME=Вася\n")
    assert parse("registration", [], {"USERNAME": "win"}, [str(tmp_path)]).username == "Вася"
    assert parse("registration", [], {"MINECHAT_USERNAME": "Ева"}, [str(tmp_path)]).username == "Ева"


def test_the_first_dotenv_found_is_the_only_one(tmp_path: Path) -> None:
    here, script = tmp_path / "here", tmp_path / "script"
    here.mkdir()
    script.mkdir()
    (script / ".env").write_text("HOST=script\nREAD_PORT=7")
    assert chat(folders=[str(here), str(script)]).host == "script"
    (here / ".env").write_text("HOST=here")
    found = chat(folders=[str(here), str(script)])
    assert (found.host, found.port) == ("here", 5000)


def test_an_empty_setting_counts_as_unset(dotenv: Path, tmp_path: Path) -> None:
    dotenv.write_text("HOST=\nREAD_PORT=\nFSYNC=\nHISTORY\nTIMEOUT=''")
    options = chat(environ={"HOST": "", "READ_PORT": "", "MINECHAT_FSYNC": ""}, folders=[str(tmp_path)])
    assert (options.host, options.port, options.fsync, options.history, options.timeout) == (
        None,
        5000,
        False,
        "history.log",
        10.0,
    )


@pytest.mark.parametrize("argv", [["-F", ""], ["--history="], ["--host", ""], ["--color", ""]])
def test_an_empty_flag_is_refused(argv: list[str]) -> None:
    assert "the value is empty" in failure(*argv)


def test_an_empty_message_is_refused() -> None:
    with pytest.raises(UsageError, match="empty"):
        parse("authorization", ["-m", "one", "-m", ""], {}, [])


def test_values_may_begin_with_a_dash_and_hold_percents_and_dollars(dotenv: Path, tmp_path: Path) -> None:
    dotenv.write_text("TIMESTAMP_FORMAT='-%d ${HOME}'\nHISTORY=-h\n")
    options = chat(environ={"MINECHAT_DATABASE_URL": "--help"}, folders=[str(tmp_path)])
    assert options.timestamp_format == "-%d ${HOME}"
    assert options.history == "-h"
    assert options.database == "--help"


@pytest.mark.parametrize(("word", "value"), [("yes", True), ("ON", True), ("0", False), ("false", False)])
def test_switches_from_the_environment(word: str, value: bool) -> None:
    assert chat(environ={"MINECHAT_FSYNC": word}).fsync is value
    assert chat(environ={"MINECHAT_CHARACTERS": word}).characters is value
    assert chat("--no-fsync", environ={"MINECHAT_FSYNC": word}).fsync is False


def test_a_switch_that_is_neither_yes_nor_no_names_its_origin() -> None:
    line = failure(environ={"MINECHAT_FSYNC": "perhaps"})
    assert "'perhaps'" in line
    assert "MINECHAT_FSYNC in the environment" in line


@pytest.mark.parametrize(
    ("argv", "environ", "value", "origin"),
    [
        (["-P", "70000"], {}, "70000", "-P"),
        (["--port=x"], {}, "'x'", "--port"),
        ([], {"READ_PORT": "abc"}, "'abc'", "READ_PORT in the environment"),
        ([], {"HOST": "two words"}, "'two words'", "HOST in the environment"),
        ([], {"MINECHAT_TIMESTAMP_FORMAT": "%n"}, "'%n'", "MINECHAT_TIMESTAMP_FORMAT in the environment"),
        (["--for", "-1"], {}, "'-1'", "--for"),
        (["--limits", "none"], {}, "'none'", "--limits"),
    ],
)
def test_a_bad_value_is_named_with_its_origin(
    argv: list[str], environ: dict[str, str], value: str, origin: str
) -> None:
    line = failure(*argv, environ=environ)
    assert value in line
    assert f"({origin})" in line
    assert "; use " in line or "; it must " in line
    assert "\n" not in line


def test_a_huge_bad_value_is_not_told_whole() -> None:
    assert len(failure("-P", "9" * 10_000)) < 200


def test_a_bad_value_in_dotenv_is_named_with_its_file(dotenv: Path, tmp_path: Path) -> None:
    dotenv.write_text("READ_PORT=abc")
    assert f"(READ_PORT in {dotenv})" in failure(folders=[str(tmp_path)])


def test_a_bad_value_that_another_layer_outranks_does_no_harm(dotenv: Path, tmp_path: Path) -> None:
    dotenv.write_text("READ_PORT=abc\nFSYNC=perhaps")
    assert chat("-P", "7", "--fsync", folders=[str(tmp_path)]).port == 7


def test_unknown_options_are_refused_without_their_values() -> None:
    line = failure("--tokn=secret", "--hots", "secret")
    assert "--tokn" in line
    assert "secret" not in line
    assert "perhaps --history" in failure("--histry", "x")
    assert "secret" not in failure("-tsecret")


def test_options_are_not_guessed_from_their_beginnings() -> None:
    assert "--hist" in failure("--hist", "x")


def test_arguments_without_an_option_are_refused() -> None:
    assert "'extra'" in failure("extra")


def test_color_obeys_the_terminal_unless_told() -> None:
    assert chat().color == "auto"
    assert chat(environ={"NO_COLOR": "1"}).color == "never"
    assert chat(environ={"TERM": "dumb"}).color == "never"
    assert chat(environ={"NO_COLOR": ""}).color == "auto"
    assert chat("--color", "always", environ={"NO_COLOR": "1", "TERM": "dumb"}).color == "always"


def test_history_can_be_switched_off_over_every_layer(tmp_path: Path) -> None:
    config = tmp_path / "c"
    config.write_text("history = from-config")
    assert chat("--no-history", "--config", str(config), environ={"HISTORY": "h"}).history is None
    assert chat("--no-history", "-F", "back").history == "back"
    assert chat("--config", str(config)).history == "from-config"


def test_a_chat_without_a_host_is_embedded() -> None:
    assert chat().embedded
    assert not chat("-H", "h").embedded
    assert chat("-H", "h", "--embedded").embedded


def test_messages_keep_their_order_and_nothing_else_can_set_them(dotenv: Path, tmp_path: Path) -> None:
    dotenv.write_text("MESSAGE=from dotenv\n")
    options = parse(
        "authorization", ["-m", "b", "-T", "t", "-ma"], {"MINECHAT_MESSAGE": "x"}, [str(tmp_path)]
    )
    assert options.message == ("b", "a")


def test_a_token_never_shows_in_the_options() -> None:
    options: AuthorizationOptions = parse("authorization", ["-T", "s3cret"], {}, [])
    assert options.token == "s3cret"
    assert "s3cret" not in repr(options)
    assert "s3cret" not in "".join(options.origins.values())


def test_the_environment_of_the_process_stays_as_it_is(
    dotenv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dotenv.write_text("HOST=h\nTOKEN=t\nOTHER=o\n")
    monkeypatch.chdir(tmp_path)
    before = dict(os.environ)
    assert parse("authorization", []).host == "h"
    assert dict(os.environ) == before


def test_usage_errors_know_whether_json_was_asked_for() -> None:
    with pytest.raises(UsageError) as caught:
        chat("--json", "-P", "x")
    assert caught.value.as_json
    assert caught.value.program == "minechat chat"


@pytest.mark.parametrize("argv", [["-h"], ["-q", "--help"], ["--version"], ["-vh"]])
def test_help_and_version_work_whatever_the_layers_hold(
    argv: list[str], dotenv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dotenv.write_bytes("READ_PORT=1".encode("utf-16"))
    environ = {"READ_PORT": "abc", "MINECHAT_FSYNC": "perhaps"}
    with pytest.raises(SystemExit) as caught:
        chat(*argv, "--config", "/nowhere", environ=environ, folders=[str(tmp_path)])
    assert caught.value.code == 0
    assert capsys.readouterr().out


def test_a_plain_post_imports_neither_dotenv_nor_what_only_failures_need(tmp_path: Path) -> None:
    unused = {
        *("dotenv", "minechat.text", "traceback", "difflib", "tomllib", "importlib.metadata", "ipaddress"),
        *("prompt_toolkit", "sqlite3", "aiofiles", "minechat.server"),
    }
    code = (
        "import sys\n"
        "from minechat.cli.settings import parse\n"
        "parse('authorization', ['-m', 'x', '-T', 't'])\n"
        f"print(sorted({unused} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "[]\n", done.stderr


def test_a_deleted_working_directory_is_no_obstacle(tmp_path: Path) -> None:
    code = (
        "import os\nfrom minechat.cli.settings import parse\n"
        "os.mkdir('gone')\nos.chdir('gone')\nos.rmdir('../gone')\n"
        "print(parse('chat', []).port)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "5000\n", done.stderr
