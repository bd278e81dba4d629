"""``minechat server list`` as a program: accounts, bans and deeds, for people and for programs."""

import json
import os
import re
from pathlib import Path

from minechat import system
from tests.cli.tasks.programs import refused, task
from tests.cli.tasks.ruling import done, serving
from tests.server.raw import SENT, log_in

STAMP = r"\d\d\.\d\d\.\d{4} \d\d:\d\d"


async def test_accounts_bans_and_deeds_stand_in_columns(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        client, name, _ = await log_in(server.write_port, "Вася")
        client.send(b"hello\n\n")
        assert await client.line() == SENT
        _, silent, _ = await log_in(server.write_port, "Eva")
        await done(tmp_path, "ban", name, "--for", "1h", "--reason", "flooding")
        await done(tmp_path, "ban", "192.0.2.7")
        live = [(await done(tmp_path, "list", what))[0] for what in ("accounts", "bans", "audit")]
    assert [task(tmp_path, "list", what).stdout for what in ("accounts", "bans", "audit")] == live
    accounts, bans, deeds = [shown.splitlines() for shown in live]
    assert accounts[0].split() == ["number", "messages", "last", "said", "created", "nickname"]
    assert re.fullmatch(rf"#1 +1 +{STAMP}  {STAMP}  {name}", accounts[1])
    assert re.fullmatch(rf"#2 +0 +never +{STAMP}  {silent}", accounts[2])
    assert re.fullmatch(rf"{STAMP}  {STAMP}  {name} +flooding", bans[1])
    assert re.fullmatch(rf"for ever          {STAMP}  192\.0\.2\.7", bans[2])
    by = re.escape(f"by {system.user_name(os.geteuid())}: ")
    assert re.fullmatch(rf"{STAMP}  ban   192\.0\.2\.7 +{by}for ever", deeds[1])
    assert re.fullmatch(rf"{STAMP}  ban   {name} +{by}until .*Z: flooding", deeds[2])


def test_who_does_not_say_which_list_is_told_all_there_are(tmp_path: Path) -> None:
    assert "WHAT (accounts, bans or audit) (the command line)" in refused(task(tmp_path, "list"))
    assert "accounts, bans, audit" in refused(task(tmp_path, "list", "everything"))


async def test_json_holds_exact_times_and_names(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        _, name, _ = await log_in(server.write_port, "Вася")
        out, told = await done(tmp_path, "list", "accounts", "--json")
    account = json.loads(out)
    assert told == ""
    assert (account["v"], account["number"], account["nickname"]) == (1, 1, name)
    assert account["last_said"] is None and account["messages"] == 0
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d", account["created"])


async def test_an_empty_list_says_so(tmp_path: Path) -> None:
    async with serving(tmp_path):
        for what, words in (
            ("accounts", "there are no accounts"),
            ("bans", "nobody is banned"),
            ("audit", "the owner has ordered nothing yet"),
        ):
            assert await done(tmp_path, "list", what) == ("", f"minechat server list: {words}\n")
        assert await done(tmp_path, "list", "bans", "--quiet") == ("", "")


async def test_more_than_a_page_comes_whole(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        for number in range(53):
            await log_in(server.write_port, f"Вася{number}")
        out, _ = await done(tmp_path, "list", "accounts", "--json")
    assert [json.loads(line)["number"] for line in out.splitlines()] == list(range(1, 54))


def test_neither_a_server_nor_a_database_is_one_line_and_makes_none(tmp_path: Path) -> None:
    result = task(tmp_path, "list", "accounts")
    assert (result.returncode, result.stdout) == (2, "")
    assert (
        result.stderr.count("\n") == 1 and "there is no server and no database (--database)" in result.stderr
    )
    assert os.listdir(tmp_path) == []
