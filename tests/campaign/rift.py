"""RIFT: any command in any state, and frames made to gain what nobody gave, at full size."""

import asyncio
import json
import math
import sys
from copy import deepcopy
from pathlib import Path
from random import Random, SystemRandom
from typing import Any

from minechat.errors import BadFrame
from minechat.protocol.rift.codes import CODES
from minechat.protocol.rift.command_table import BY_WORD
from minechat.protocol.rift.frames import parse
from minechat.server.app import running
from minechat.server.settings import PROFILES, Settings
from tests.campaign.criteria import criterion
from tests.server.doors.rift_client import QUIET, Rift, member
from tests.server.doors.rift_machine import Walked, walk

#: Steps of one example, with a server of its own; and examples of one seed, so that each is soon there again.
STEPS, EXAMPLES = 50, 50
#: Letters that are told of one step to a miss.
TOLD = 200


def settings(folder: Path) -> Settings:
    return Settings(
        read_port=0,
        write_port=0,
        rift_port=0,
        database=f"sqlite:///{folder}/chat.db",
        limits=PROFILES["off"],
    )


@criterion("any command in any state is answered as a model of the server says", small=500, full=100_000)
def any_order(size: int, folder: Path) -> str:
    walked, examples = Walked(), min(EXAMPLES, math.ceil(size / STEPS))
    while walked.steps < size:
        number = SystemRandom().randrange(2**32)
        try:
            walk(examples, STEPS, walked, number=number)
        except Exception as miss:
            _tell_steps(miss)
            where = f"walk({examples}, {STEPS}, number={number})"
            raise AssertionError(f"{where}, after {walked.steps} steps: {_words(miss)}") from miss
    answers = f"{sum(walked.seen.values())} answers of {len(walked.seen)} kinds"
    return f"{walked.steps} steps, {answers}, 0 undocumented, 0 stuck"


def _words(miss: BaseException) -> str:
    """Of what the server did, not of what was found about it when it was tried again."""
    inner = miss.exceptions[0] if isinstance(miss, BaseExceptionGroup) else miss
    return f"{type(inner).__name__}: {str(inner)[:TOLD]}"


def _tell_steps(miss: BaseException) -> None:
    """Prints what led to a miss: as many lines as an example has steps, none of them long."""
    for note in getattr(miss, "__notes__", ()):
        for line in note.splitlines():
            print(line[:TOLD], file=sys.stderr)


@criterion("of frames bent at random none changes a role", small=500, full=100_000)
def bent_frames(size: int, folder: Path) -> str:
    return asyncio.run(_bent_frames(size, folder))


async def _bent_frames(size: int, folder: Path) -> str:
    random, taken = Random(7), 0
    async with running(settings(folder)) as server:
        assert server.rift_port is not None
        port = server.rift_port
        async with member(port, "olga", *QUIET) as owner, member(port, "mallory", *QUIET) as mallory:
            await owner.done("create_room", room="tea")
            await mallory.done("join_room", room="tea")
            before = await owner.done("get_members", room="tea")
            for _ in range(size):
                taken += await _tried(mallory, bent(random))
            after = await owner.done("get_members", room="tea")
    assert without_id(after) == without_id(before), "a role changed"
    return f"{size} frames, {taken} of them commands, 0 roles changed"


def without_id(members: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in members.items() if key != "id"}


async def _tried(client: Rift, frame: str) -> bool:
    """Sends a frame, unless it is one that harms nobody; whether it was a command."""
    try:
        command = parse(frame)
    except BadFrame as reason:
        assert reason.code in CODES
        is_command = False
    else:
        is_command = True
        if type(command) in HARMLESS:
            return True
    await client.socket.send(frame)
    while (await client.receive())["type"] not in ("error", "done"):
        pass
    return is_command


#: Commands of which a member may carry out what is asked, so that they prove nothing.
HARMLESS = {
    row.command
    for row in BY_WORD.values()
    if row.word
    not in ("set_role", "kick", "ban", "mute", "unmute", "unban", "invite", "set_topic", "get_audit")
}
SEED: dict[str, Any] = {
    "type": "set_role",
    "payload": {"room": "tea", "username": "mallory", "role": "owner", "id": "1"},
}
EXTRA = ("role", "by", "is_admin", "sender", "from", "username", "account_id", "type")
ODD = (None, True, 1, 0, -1, 1.5, "", "owner", "moderator", [], {}, ["owner"], {"role": "owner"}, "general")


def bent(random: Random) -> str:
    """A frame that would make its sender the owner, with a few things changed."""
    frame = json.loads(json.dumps(SEED))
    for _ in range(random.randint(0, 3)):
        where = random.choice(
            (frame, frame["payload"]) if isinstance(frame.get("payload"), dict) else (frame,)
        )
        where[random.choice((*where, *EXTRA))] = deepcopy(random.choice(ODD))
    if random.random() < 0.5:
        frame["type"] = random.choice(sorted(BY_WORD))
    text = json.dumps(frame)
    if random.random() < 0.3:
        text = text.replace("{", '{"role": "owner", ', 1 + random.randrange(2))
    if random.random() < 0.2:
        at = random.randrange(len(text))
        text = text[:at] + chr(random.randrange(1, 0x300)) + text[at + random.randrange(3) :]
    return text
