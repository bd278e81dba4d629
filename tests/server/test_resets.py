"""Clients that post and close at once: the kernel resets the connection, and no post is lost."""

import asyncio
import socket
import sqlite3
import struct
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from minechat.server.app import Server
from tests.server.raw import log_in

POSTS = 2_000
DEADLINE = 30.0


def connect(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)


def blindly(port: int, token: bytes, text: bytes) -> None:
    """Everything at once, nothing read."""
    with connect(port) as sock:
        sock.sendall(token + b"\n" + text + b"\n\n")


def politely_then_gone(port: int, token: bytes, text: bytes) -> None:
    """Waits for the account line, posts, closes with the welcome and the answer unread."""
    with connect(port) as sock, sock.makefile("rb") as lines:
        lines.readline()
        sock.sendall(token + b"\n")
        lines.readline()
        sock.sendall(text + b"\n\n")


def line_by_line(port: int, token: bytes, text: bytes) -> None:
    """Four writes and a close with everything unread."""
    with connect(port) as sock:
        for piece in (token, b"\n", text, b"\n\n"):
            sock.sendall(piece)


def aborting(port: int, token: bytes, text: bytes) -> None:
    """Waits for the greeting, posts, and resets the connection itself."""
    with connect(port) as sock:
        sock.recv(200)
        sock.sendall(token + b"\n" + text + b"\n\n")
        # The data must have left before the reset discards what has not.
        assert _unsent(sock) == 0
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _unsent(sock: socket.socket) -> int:
    import fcntl
    import termios

    while count := struct.unpack("i", fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, b"\0" * 4))[0]:
        pass
    return int(count)


async def everything_stored(path: Path, count: int) -> None:
    async with asyncio.timeout(DEADLINE):
        while await asyncio.to_thread(stored, path) != set(range(count)):
            pass


def stored(path: Path) -> set[int]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        texts = [row[0] for row in database.execute("SELECT text FROM message WHERE text LIKE 'post %'")]
    assert len(texts) == len(set(texts))
    return {int(text.split()[1]) for text in texts}


WAYS = (blindly, politely_then_gone, line_by_line, aborting)


async def test_what_a_reset_connection_still_holds_is_read(server: Server, tmp_path: Path) -> None:
    """More than one read takes: the first answer meets the reset while the rest waits in the kernel."""
    client, _, token = await log_in(server.write_port, "Hasty")
    await client.close()
    count = 60
    session = b"".join(b"post %d %s\n\n" % (number, b"x" * 1000) for number in range(count))
    await asyncio.to_thread(blindly, server.write_port, token.encode(), session[:-2])
    await everything_stored(tmp_path / "chat.db", count)


async def test_no_post_of_a_client_that_closes_at_once_is_lost(server: Server, tmp_path: Path) -> None:
    tokens = []
    for number in range(4):
        client, _, token = await log_in(server.write_port, f"Hasty {number}")
        await client.close()
        tokens.append(token.encode())
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(4) as threads:
        posts = [
            loop.run_in_executor(
                threads, WAYS[number % 4], server.write_port, tokens[number % 3], b"post %d" % number
            )
            for number in range(POSTS)
        ]
        await asyncio.gather(*posts)
    await everything_stored(tmp_path / "chat.db", POSTS)
