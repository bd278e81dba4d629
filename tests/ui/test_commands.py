"""The table of slash commands is whole: names, abilities, orders and help agree with the talk."""

import dataclasses

import pytest

from minechat.protocol.rift import commands as frames
from minechat.ui.commands import BY_NAME, COMMANDS, available
from minechat.ui.slashes import Slash

KINDS = {"person", "room", "place", "command", "text", "duration", "role", "number", "file"}
FRAMES = {
    "".join("_" + c.lower() if c.isupper() else c for c in name).lstrip("_"): kind
    for name, kind in vars(frames).items()
    if isinstance(kind, type) and issubclass(kind, frames.Command)
}


def test_no_two_commands_share_a_name() -> None:
    names = [name for slash in COMMANDS for name in (slash.name, *slash.aliases)]
    assert len(names) == len(set(names)) == len(BY_NAME)


@pytest.mark.parametrize("slash", COMMANDS, ids=lambda slash: slash.name)
def test_every_command_is_one_that_the_talk_knows(slash: Slash) -> None:
    if slash.order is None:
        return
    fields = {field.name for field in dataclasses.fields(FRAMES[slash.order])}
    given = {argument.field for argument in slash.arguments} | set(slash.fields)
    assert given | ({"room"} if slash.here else set()) <= fields
    assert slash.ability == slash.order


@pytest.mark.parametrize("slash", COMMANDS, ids=lambda slash: slash.name)
def test_every_command_is_explained_in_both_languages_on_one_line(slash: Slash) -> None:
    assert slash.help_en.isascii()
    assert any("а" <= letter <= "я" for letter in slash.help_ru)
    assert "\n" not in slash.help_en + slash.help_ru
    assert set(slash.kinds) <= KINDS
    assert slash.usage.startswith(f"/{slash.name}")


@pytest.mark.parametrize("slash", COMMANDS, ids=lambda slash: slash.name)
def test_only_the_last_argument_takes_the_rest_and_none_after_a_spare_one_is_needed(slash: Slash) -> None:
    assert not any(argument.rest for argument in slash.arguments[:-1])
    spare = [argument.optional for argument in slash.arguments]
    assert spare == sorted(spare)


def test_every_deed_of_the_talk_has_a_command() -> None:
    # Coming in is not typed behind a slash; the rest the screen does itself.
    elsewhere = {
        "command", "register", "auth", "room_message", "private_message", "get_history", "get_my_data",
        "change_password",
    }  # fmt: skip
    assert set(FRAMES) - {slash.order for slash in COMMANDS} == elsewhere


def test_what_a_chat_cannot_do_is_not_offered() -> None:
    assert [slash.name for slash in available(())] == ["go", "help", "exit"]
    assert available({slash.ability for slash in COMMANDS if slash.ability}) == COMMANDS
    assert "kick" in [slash.name for slash in available({"kick"})]


def test_what_a_command_takes_is_said_in_a_sentence() -> None:
    assert BY_NAME["kick"].takes("en") == "/kick takes a name and perhaps a reason: /kick NAME [REASON]"
    assert BY_NAME["pm"].takes("en") == "/pm takes a name and a text: /pm NAME TEXT"
    assert BY_NAME["leave"].takes("en") == "/leave takes perhaps a room: /leave [ROOM]"
    assert BY_NAME["conversations"].takes("en") == "/conversations takes nothing"
    assert BY_NAME["kick"].takes("ru") == "команда пишется так: /kick ИМЯ [ПРИЧИНА]"
