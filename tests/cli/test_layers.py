"""Files of settings: what is understood, what is refused with one line, what is only warned about."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from minechat.cli.layers import SIZE_LIMIT, read_dotenv
from minechat.cli.settings import ChatOptions, UsageError, parse


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    return tmp_path / ".env"


def test_a_byte_order_mark_is_no_part_of_the_first_name(dotenv: Path, tmp_path: Path) -> None:
    dotenv.write_bytes(b"\xef\xbb\xbfHOST=h\r\nREAD_PORT=7\r\n")
    assert read_dotenv([str(tmp_path)]) == (str(dotenv), {"HOST": "h", "READ_PORT": "7"})


def test_nothing_is_expanded(dotenv: Path, tmp_path: Path) -> None:
    dotenv.write_text("HISTORY='${HOME}/x'\nTOKEN_PATH=${PATH}\n")
    assert read_dotenv([str(tmp_path)])[1] == {"HISTORY": "${HOME}/x", "TOKEN_PATH": "${PATH}"}


def test_no_file_is_no_failure(tmp_path: Path) -> None:
    assert read_dotenv([str(tmp_path), str(tmp_path / "missing")]) == ("", {})
    (tmp_path / "file").write_text("")
    assert read_dotenv([str(tmp_path / "file")]) == ("", {})


def refusal(tmp_path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        parse("chat", [], {}, [str(tmp_path)])
    line = str(caught.value)
    assert str(tmp_path / ".env") in line
    assert "\n" not in line
    return line


def test_utf16_is_named_as_what_it_is(dotenv: Path, tmp_path: Path) -> None:
    dotenv.write_text("HOST=h", encoding="utf-16")
    assert "UTF-8" in refusal(tmp_path)


def test_a_directory_is_refused(dotenv: Path, tmp_path: Path) -> None:
    dotenv.mkdir()
    assert "not a regular file" in refusal(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_refused_without_waiting(dotenv: Path, tmp_path: Path) -> None:
    os.mkfifo(dotenv)
    assert "not a regular file" in refusal(tmp_path)


def test_a_huge_file_is_refused(dotenv: Path, tmp_path: Path) -> None:
    dotenv.write_bytes(b"#" * (SIZE_LIMIT + 1))
    refusal(tmp_path)


def test_nul_bytes_are_refused(dotenv: Path, tmp_path: Path) -> None:
    dotenv.write_bytes(b"HOST=a\0b")
    refusal(tmp_path)


def test_a_line_that_is_no_setting_is_named_by_its_number_only(dotenv: Path, tmp_path: Path) -> None:
    dotenv.write_text("HOST=h\n=s3cret 'x\n")
    line = refusal(tmp_path)
    assert "line 2" in line
    assert "s3cret" not in line


def test_an_unreadable_file_is_refused(dotenv: Path, tmp_path: Path) -> None:
    dotenv.write_text("HOST=h")
    dotenv.chmod(0)
    tmp_path.chmod(0o755)
    # Root reads everything, so somebody else has to try, who may not see where Python is installed:
    # what is needed is imported before.
    code = (
        "import os\n"
        "from minechat.cli.settings import UsageError, parse\n"
        "parse('chat', [], {}, [])\n"
        "if os.getuid() == 0: os.setgid(65534); os.setuid(65534)\n"
        "try: parse('chat', [], {}, [''])\n"
        "except UsageError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout == "cannot read settings: Permission denied (.env); mend or remove it\n", done.stderr


def test_unknown_names_are_warned_about_in_one_line_without_values(dotenv: Path, tmp_path: Path) -> None:
    dotenv.write_text("HOTS=s3cret\nMINECHAT_SPEED=9\nREAD_PORT=7\nSERVER_HOST=::1\n")
    [warning] = parse("chat", [], {}, [str(tmp_path)]).warnings
    assert "HOTS, MINECHAT_SPEED" in warning
    assert "READ_PORT" not in warning
    assert "SERVER_HOST" not in warning
    assert "s3cret" not in warning


def with_config(tmp_path: Path, text: str) -> ChatOptions:
    path = tmp_path / "settings.ini"
    path.write_text(text, encoding="utf-8")
    return parse("chat", ["--config", str(path)], {}, [])


def config_refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(UsageError) as caught:
        with_config(tmp_path, text)
    assert str(tmp_path / "settings.ini") in str(caught.value)
    return str(caught.value)


def test_a_configuration_file_takes_setting_names_in_any_spelling(tmp_path: Path) -> None:
    text = "\ufeffhost = chat.example\n[x]\nREAD-PORT: 7\nMINECHAT_FSYNC = on\nserver_host = ::1\nhistory =\n"
    options = with_config(tmp_path, text)
    assert (options.host, options.port, options.fsync) == ("chat.example", 7, True)
    assert options.history == "history.log"


def test_a_configuration_file_cannot_give_what_is_a_flag_only(tmp_path: Path) -> None:
    assert "message" in config_refusal(tmp_path, "message = x")
    assert "force" in config_refusal(tmp_path, "force")
    assert "config" in config_refusal(tmp_path, "config = /etc/passwd")


def test_bad_values_in_a_configuration_file_are_named(tmp_path: Path) -> None:
    assert "'abc'" in config_refusal(tmp_path, "read_port = abc")
    assert "'perhaps'" in config_refusal(tmp_path, "fsync = perhaps")
    assert "list" in config_refusal(tmp_path, "host = [a, b]")
    assert "not name = value" in config_refusal(tmp_path, "= x")


def test_a_configuration_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        parse("chat", ["--config", str(tmp_path / "none")], {}, [])
