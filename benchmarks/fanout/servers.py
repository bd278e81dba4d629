"""The servers that are measured, which wire each speaks, and how our own three are started."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from . import peers
from .accounts import people
from .processes import free_ports, installed
from .start import Start

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


@dataclass(frozen=True)
class Server:
    """A server of the comparison; ``program`` is what has to be installed, None where it is ours."""

    name: str
    wire: str
    program: str | None
    start: Callable[[str, Mapping[str, str]], Start]
    ask_version: str = "--version"

    def path(self) -> str | None:
        """The path of its program, or None: not installed."""
        return sys.executable if self.program is None else installed(self.program)

    def version(self) -> str | None:
        """The version of an installed peer, as it says it itself."""
        if self.program is None or (path := self.path()) is None:
            return None
        said = subprocess.run([path, self.ask_version], capture_output=True, text=True, check=False)
        found = re.search(r"\d+(\.\d+)+", said.stdout + said.stderr)
        return found and found.group()


def _ours(python: str, programs: Mapping[str, str]) -> Start:
    read, post = free_ports(2)
    # The code beside this benchmark is measured, and nothing of the caller's settings may change it.
    environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": programs["code"], "HOME": "."}
    arguments = f"server --limits off --no-metrics --no-rift --read-port {read} --write-port {post}".split()
    return Start([python, "-m", "minechat", *arguments], (read, post), environment=environment)


def _rift(python: str, programs: Mapping[str, str]) -> Start:
    read, post, port = free_ports(3)
    environment = {"PATH": os.environ.get("PATH", os.defpath), "PYTHONPATH": programs["code"], "HOME": "."}
    ports = f"--read-port {read} --write-port {post} --rift-port {port}"
    # The load generator answers no ping.
    arguments = f"server --limits off --no-metrics --ping-interval 3600 {ports}".split()
    command = [python, "-m", "minechat", *arguments]
    return Start(command, (port, port), environment=environment, prepare=people)


def _bare(way: str) -> Callable[[str, Mapping[str, str]], Start]:
    def start(python: str, _: Mapping[str, str]) -> Start:
        (port,) = free_ports(1)
        return Start([python, str(HERE / "websockets_bare.py"), way, str(port)], (port, port))

    return start


def _floor(_: str, programs: Mapping[str, str]) -> Start:
    read, post = free_ports(2)
    return Start([programs["floor"], str(read), str(post)], (read, post))


def _naive(python: str, programs: Mapping[str, str]) -> Start:
    read, post = free_ports(2)
    return Start([python, str(HERE / "naive.py"), str(read), str(post)], (read, post))


SERVERS = {
    server.name: server
    for server in (
        Server("minechat", "minechat", None, _ours),
        Server("floor", "lines", None, _floor),
        Server("redis", "redis", "redis-server", peers.redis),
        Server("nats", "nats", "nats-server", peers.nats),
        Server("inspircd", "irc", "inspircd", peers.inspircd),
        Server("ngircd", "irc", "ngircd", peers.ngircd),
        Server("mosquitto", "mqtt", "mosquitto", peers.mosquitto, "-h"),
        Server("naive", "lines", None, _naive),
        Server("rift", "rift", None, _rift),
        Server("broadcast", "rift", None, _bare("broadcast")),
        Server("loop", "rift", None, _bare("loop")),
    )
}
#: Our port of RIFT, beside what the library of WebSockets offers for the same.
RIFT = ("rift", "broadcast", "loop")
#: What needs nothing installed but a compiler.
SMALL = ("minechat", "floor", "naive")


def usual() -> list[str]:
    """The servers of a full run: one for IRC is enough, and ngIRCd takes a minute to let 1,000 readers in."""
    irc = "inspircd" if SERVERS["inspircd"].path() or not SERVERS["ngircd"].path() else "ngircd"
    return [name for name, server in SERVERS.items() if server.wire not in ("irc", "rift") or name == irc]
