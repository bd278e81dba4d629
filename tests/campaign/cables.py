"""A cable that is cut: peers that are gone without a word are found, and only they."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.campaign._crowd import sockets_of
from tests.campaign.criteria import criterion

#: Connections on each port behind the cable, and beside the server.
PEERS, NEAR = 100, 5
SERVING = re.compile(r"port (\d+) to watch, port (\d+) to register")
SERVER = """
import sys
from minechat.server.doors import entrance
entrance.KEEPALIVE = float(sys.argv.pop(1))
from minechat.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
#: Opens so many connections to each port of an address, says so, and sits there until it is killed.
CROWD = """
import socket, sys, time
host, count, *ports = sys.argv[1:]
peers = [socket.create_connection((host, int(port))) for port in ports for _ in range(int(count))]
print("connected", flush=True)
time.sleep(3600)
"""


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


@contextmanager
def two_hosts() -> Iterator[tuple[str, str]]:
    """Two hosts joined by a cable: 10.124.0.1 and 10.124.0.2."""
    near, far = (f"minechat-{side}-{os.getpid()}" for side in ("near", "far"))
    with ExitStack() as stack:
        for host in (near, far):
            ip("netns", "add", host)
            stack.callback(subprocess.run, ["ip", "netns", "del", host], capture_output=True)
        ip("link", "add", "cable", "netns", near, "type", "veth", "peer", "cable", "netns", far)
        for number, host in enumerate((near, far), 1):
            ip("-n", host, "addr", "add", f"10.124.0.{number}/24", "dev", "cable")
            for link in ("lo", "cable"):
                ip("-n", host, "link", "set", link, "up")
        yield near, far


@contextmanager
def python(host: str, program: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """A Python program on one of the hosts, killed at the end of the block."""
    command = ["ip", "netns", "exec", host, sys.executable, "-uc", program, *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _crowd(host: str, ports: tuple[str, str], count: int) -> subprocess.Popen[str]:
    command = ["ip", "netns", "exec", host, sys.executable, "-uc", CROWD, "10.124.0.1", str(count), *ports]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "connected\n"
    return process


def _until(holds: Callable[[], bool], patience: float, missed: str) -> float:
    """Seconds until it holds."""
    began = time.monotonic()
    while not holds():
        assert time.monotonic() - began < patience, missed
        time.sleep(0.05)
    return time.monotonic() - began


@criterion(
    "peers behind a cut cable are found, and their places are free again", small=2, full=60, needs=("ip",)
)
def cut(size: int, folder: Path) -> str:
    """``size`` is the time of silence in seconds after which the kernel asks, 60 in the product."""
    options = ["--host", "10.124.0.1", "--allow-plain", "--limits", "classroom", "--no-metrics"]
    options += ["--read-port", "0", "--write-port", "0", "--database", f"sqlite:///{folder}/chat.db"]
    with two_hosts() as (near, far), python(near, SERVER, str(size), "server", *options) as server:
        assert server.stderr is not None
        found = SERVING.search(server.stderr.readline())
        assert found is not None, "it did not start"
        base = sockets_of(server.pid)
        stay, everybody = base + 2 * NEAR, base + 2 * (NEAR + PEERS)
        near_crowd = _crowd(near, found.groups(), NEAR)
        far_crowd = _crowd(far, found.groups(), PEERS)
        try:
            _until(lambda: sockets_of(server.pid) == everybody, 10, "they were not all let in")
            ip("-n", near, "route", "add", "blackhole", "10.124.0.2/32")
            took = _until(
                lambda: sockets_of(server.pid) <= stay, 1.5 * size + 5, "they still hold their places"
            )
            assert sockets_of(server.pid) == stay, "somebody whose cable is whole was cut off"
        finally:
            for crowd in (near_crowd, far_crowd):
                crowd.kill()
                crowd.communicate()
    found_after = f"{2 * PEERS} found {took:.1f} s after the cut"
    return f"{found_after}, asked after {size} s of silence; {2 * NEAR} others stayed"
