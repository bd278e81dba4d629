"""The WebSocket of RIFT's port under the cases of Autobahn's suite, where that is installed."""

import asyncio
import json
from collections import Counter
from pathlib import Path

from minechat.server.doors.rift_clients import Clients
from minechat.server.doors.rift_host import Client
from minechat.server.settings import Limits
from tests.campaign.criteria import criterion
from tests.server.doors.test_rift import Echo, house

#: Its groups that are about texts: of binary frames, of the length of messages and of compression, which we
#: do not take, the server has rules of its own.
GROUPS = ("7.1.*", "1.1.*", "2.*", "3.*", "4.*", "5.*", "6.*", "7.*", "10.*")
#: What the library is documented to do in its own way: a text in parts that a close frame interrupts.
OWN_WAY = {"7.1.5"}
#: As no client of RIFT may: the cases come in many parts, and all at once.
FREE = Limits(
    request_rate=None, new_connections=None, connections_per_source=None, fragments=1 << 20, frame=1 << 24
)


class Plain(Echo):
    """Gives back every text, whatever it says."""

    def received(self, text: bytes) -> None:
        self.client.send(text)


@criterion("Autobahn finds nothing wrong", small=1, full=len(GROUPS), needs=("wstest",))
def autobahn(size: int, folder: Path) -> str:
    """Size is how many of its groups are tried."""
    return asyncio.run(_autobahn(GROUPS[:size], folder))


async def _autobahn(groups: tuple[str, ...], folder: Path) -> str:
    async with house(FREE) as home:
        home.clients.visit = _plain
        spec = {
            "outdir": str(folder / "reports"),
            "servers": [{"agent": "minechat", "url": f"ws://127.0.0.1:{home.port}"}],
            "cases": groups,
            "exclude-cases": [],
            "exclude-agent-cases": {},
        }
        (folder / "spec.json").write_text(json.dumps(spec))
        command = ("wstest", "-m", "fuzzingclient", "-s", str(folder / "spec.json"))
        with (folder / "told").open("wb") as told:
            suite = await asyncio.create_subprocess_exec(*command, cwd=folder, stdout=told, stderr=told)
            assert await suite.wait() == 0, (folder / "told").read_text()[-500:]
    return _judged(json.loads((folder / "reports" / "index.json").read_text())["minechat"])


def _plain(host: Clients, client: Client, source: str) -> Plain:
    return Plain(host, client, source)


def _judged(cases: dict[str, dict[str, str]]) -> str:
    wrong = {
        name
        for name, one in cases.items()
        if {one["behavior"], one["behaviorClose"]} & {"FAILED", "WRONG CODE", "UNCLEAN"}
    }
    told = Counter(one["behavior"] for one in cases.values())
    assert wrong <= OWN_WAY, f"{sorted(wrong)} failed, {dict(told)}"
    return f"{len(cases)} cases: {dict(told)}; failed but for {sorted(OWN_WAY)}: 0"
