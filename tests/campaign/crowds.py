"""Crowds at the door: floods of connections, silent ones, and good people among them."""

import asyncio
import ssl
import statistics
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from tests.campaign._crowd import (
    GREETING,
    Member,
    address,
    alive,
    back_to,
    connected,
    crowd,
    descriptors_for,
    greeted,
    percentile,
    serving,
    until_settled,
)
from tests.campaign.criteria import criterion
from tests.certificates import issue


async def _one_address(size: int, folder: Path) -> str:
    async with serving(folder) as server:
        base = server.descriptors()
        member = Member(server.write_port, "Anna")
        readers = [connected(server.read_port, "127.0.200.2") for _ in range(5)]
        took: list[float] = []
        inside = 0
        with ExitStack() as stack, descriptors_for(size + 100):
            for number in range(size):
                began = time.perf_counter()
                sock = stack.enter_context(connected(server.write_port, "127.0.9.9"))
                if greeted(sock):
                    inside += 1
                else:
                    took.append(time.perf_counter() - began)
                if number % 500 == 0:
                    member.post(f"post {number}")
        assert inside == 64, f"{inside} were let in"
        assert all(map(alive, readers)), "a reader was dropped"
        for reader in readers:
            reader.close()
        for number in range(3):  # that a reader is gone shows at the second thing said
            member.post(f"still here {number}")
        member.close()
        back = await back_to(base, server)
    slowest = percentile(took, 0.99)
    assert slowest <= 0.05, f"refused in {slowest * 1000:.0f} ms"
    return (
        f"64 of {size} stayed, the others were told why in {statistics.median(took) * 1000:.1f} ms "
        f"(p99 {slowest * 1000:.1f}), nobody inside was dropped, descriptors back in {back:.1f} s"
    )


@criterion(
    "a flood of connections from one address: 64 stay, the others are refused at once", small=300, full=1000
)
def one_address(size: int, folder: Path) -> str:
    return asyncio.run(_one_address(size, folder))


async def _many_addresses(size: int, folder: Path) -> str:
    cap = size * 3 // 4
    async with serving(folder, "--max-connections", str(cap)) as server:
        base = server.descriptors()
        member = Member(server.write_port, "Anna")
        with descriptors_for(size + 100), crowd(server.read_port, map(address, range(size))) as readers:
            member.post("in the flood")
            await until_settled(server)
            inside = server.descriptors() - base
            stayed = sum(map(alive, readers))
            assert abs(inside - cap) <= 1, f"{inside} inside, the limit is {cap}"
            assert abs(stayed + 1 - cap) <= 1, f"{stayed} readers and a member stayed"
        for number in range(3):  # that a reader is gone shows at the second thing said
            member.post(f"after the flood {number}")
        member.close()
        back = await back_to(base, server)
    return f"{inside} of {size + 1} inside at a limit of {cap}, the member stayed, back in {back:.1f} s"


@criterion("a flood of connections from as many addresses: the limit in all is exact", small=200, full=2000)
def many_addresses(size: int, folder: Path) -> str:
    return asyncio.run(_many_addresses(size, folder))


async def _few_descriptors(seconds: int, folder: Path) -> str:
    async with serving(folder, descriptors=256) as server:
        base = server.descriptors()
        member = Member(server.write_port, "Anna")
        reader = connected(server.read_port, "127.0.200.2")
        work = server.cpu()
        most, delays = 0, []
        flood = subprocess.Popen(
            [sys.executable, "-c", _FLOOD, str(server.read_port), str(server.write_port), str(seconds)],
            stdout=subprocess.PIPE,
        )
        while flood.poll() is None:
            most = max(most, server.descriptors())
            delays.append(member.post("in the flood"))
            await asyncio.sleep(0.6)
        assert flood.stdout is not None
        with flood.stdout:
            count = int(flood.stdout.read())
        share = (server.cpu() - work) / seconds
        assert alive(reader), "the reader was dropped"
        reader.close()
        for number in range(3):  # that a reader is gone shows at the second thing said
            member.post(f"after it {number}")
        member.close()
        back = await back_to(base, server)
    lines = len(server.log.read_bytes().splitlines())
    assert count / seconds >= 700, f"only {count / seconds:.0f} connections a second were tried"
    assert share <= 0.5, f"{share:.0%} of a core"
    assert lines <= 100, f"{lines} lines in the log"
    assert most < 256, f"{most} descriptors"
    return (
        f"{count / seconds:.0f} connections a second for {seconds} s: {share:.0%} of a core, at most "
        f"{most} of 256 descriptors, {lines} lines of log, posts in {max(delays) * 1000:.0f} ms, "
        f"back in {back:.1f} s"
    )


#: Connects a thousand times a second from 2000 addresses, to both ports in turn; leaves the last 2000 open.
_FLOOD = """
import resource, socket, sys, time
read_port, write_port, seconds = map(int, sys.argv[1:])
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
resource.setrlimit(resource.RLIMIT_NOFILE, (min(4000, hard), hard))
opened, count, began = [], 0, time.monotonic()
while (now := time.monotonic() - began) < seconds:
    while count < now * 1000:
        sock = socket.socket()
        sock.setblocking(False)
        number = count % 2000
        sock.bind((f"127.0.{number // 250}.{1 + number % 250}", 0))
        sock.connect_ex(("127.0.0.1", (read_port, write_port)[count % 2]))
        opened.append(sock)
        count += 1
    while len(opened) > 2000:
        opened.pop(0).close()
    time.sleep(0.002)
print(count)
"""


@criterion(
    "a thousand connections a second at 256 descriptors: never out of them, half a core at most",
    small=2,
    full=60,
    timed=True,
)
def few_descriptors(size: int, folder: Path) -> str:
    return asyncio.run(_few_descriptors(size, folder))


async def _silent_crowd(size: int, folder: Path) -> str:
    cap = size * 3 // 4
    async with serving(folder, "--max-connections", str(cap)) as server:
        base, memory = server.descriptors(), server.resident()
        reader = connected(server.read_port, "127.0.200.2")
        logins: list[float] = []
        with descriptors_for(size + 200), ExitStack() as stack:
            for number in range(size):
                stack.enter_context(connected(server.write_port, address(number)))
            await asyncio.sleep(1.1)  # what every stranger gets, whoever waits behind it
            members = []
            for number in range(50):
                began = time.perf_counter()
                members.append(Member(server.write_port, f"Good{number}", address(3000 + number)))
                logins.append(time.perf_counter() - began)
            for member in members:
                member.post("hello")
            grown = server.resident() - memory
            inside = server.descriptors() - base
            assert inside <= cap + 1, f"{inside} inside, the limit is {cap}"
            assert alive(reader), "the reader was dropped"
            for member in members:
                member.close()
        reader.close()
        back = await back_to(base, server)
    slowest = percentile(logins, 0.99)
    assert slowest <= 0.5, f"a good login took {slowest * 1000:.0f} ms"
    assert grown <= 64 << 20, f"{grown >> 20} MiB more"
    return (
        f"{size} silent, room for {cap}: 50 of 50 logins in {statistics.median(logins) * 1000:.0f} ms "
        f"(p99 {slowest * 1000:.0f}), {grown / (1 << 20):.0f} MiB more, back in {back:.1f} s"
    )


@criterion(
    "silent connections fill the server: whoever logs in gets in, at once", small=120, full=2000, timed=True
)
def silent_crowd(size: int, folder: Path) -> str:
    return asyncio.run(_silent_crowd(size, folder))


async def _silent_handshakes(size: int, folder: Path) -> str:
    issued = issue("localhost")
    cert, key = issued.save(folder, "server")
    key.chmod(0o600)
    trust = ssl.create_default_context(cadata=issued.pem.decode())
    deadline = max(1.0, min(10.0, size / 200))
    options = ("--tls-cert", str(cert), "--tls-key", str(key), "--handshake-timeout", f"{deadline:g}")
    async with serving(folder, *options) as server:
        base, memory = server.descriptors(), server.resident()
        logins: list[float] = []
        began = time.monotonic()
        with (
            descriptors_for(size + 200),
            crowd(server.write_port, (address(number // 20) for number in range(size))) as silent,
        ):
            for sock in silent[::2]:
                sock.sendall(b"\x16\x03\x01\x02\x00")  # a record begins and never ends
            while any(map(alive, silent)):
                start = time.perf_counter()
                with (
                    connected(server.write_port, "127.0.200.1") as plain,
                    trust.wrap_socket(plain, server_hostname="localhost") as sock,
                ):
                    assert sock.recv(100).startswith(GREETING)
                logins.append(time.perf_counter() - start)
                assert time.monotonic() - began < 2.5 * deadline, f"{sum(map(alive, silent))} are still there"
                await asyncio.sleep(deadline / 30)
            gone = time.monotonic() - began
            grown = server.resident() - memory
        back = await back_to(base, server)
    slowest = percentile(logins, 0.99)
    assert slowest <= 0.5, f"a good handshake took {slowest * 1000:.0f} ms"
    assert grown <= 64 << 20, f"{grown >> 20} MiB more"
    return (
        f"{size} that never shake hands: all gone after {gone:.1f} s of {deadline:g}, good ones in "
        f"{statistics.median(logins) * 1000:.0f} ms (p99 {slowest * 1000:.0f}), "
        f"{grown / (1 << 20):.0f} MiB more, back in {back:.1f} s"
    )


@criterion("connections that never end their TLS handshake are gone in time", small=100, full=2000)
def silent_handshakes(size: int, folder: Path) -> str:
    return asyncio.run(_silent_handshakes(size, folder))
