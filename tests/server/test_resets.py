"""Clients that post and close at once: the kernel resets the connection, and no post is lost."""

import asyncio
import json
import socket
import sqlite3
import struct
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from minechat.server.handle import Server
from tests.server.raw import SENT, log_in

POSTS = 2_000
DEADLINE = 20.0


def connect(port: int) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE)
    # Else a short write waits in the client for an acknowledgement, and closing throws it away there.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


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


def everything_stored(path: Path, count: int) -> None:
    deadline = time.monotonic() + DEADLINE
    while (found := stored(path)) != set(range(count)):
        assert time.monotonic() < deadline, f"{count - len(found)} of {count} posts are lost"


def stored(path: Path) -> set[int]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        texts = [row[0] for row in database.execute("SELECT text FROM message WHERE text LIKE 'post %'")]
    assert len(texts) == len(set(texts))
    return {int(text.split()[1]) for text in texts}


WAYS = (blindly, politely_then_gone, line_by_line, aborting)


def registered(port: int, nick: str) -> bytes:
    """The token of a new account."""
    with connect(port) as sock, sock.makefile("rb") as lines:
        sock.sendall(b"\n" + nick.encode() + b"\n")
        for line in lines:
            if line.startswith(b"{"):
                return str(json.loads(line)["account_hash"]).encode()
    raise AssertionError("no account came")


async def test_what_came_before_a_reset_is_stored(server: Server, tmp_path: Path) -> None:
    """Both in one thread, so the client is gone before the server sees it."""
    count = 40
    first, _, token = await log_in(server.write_port, "Hasty")
    await first.close()
    session = b"".join(b"post %d %s\n\n" % (number, b"x" * 1000) for number in range(count))
    blindly(server.write_port, token.encode(), session[:-2])
    last, _, _ = await log_in(server.write_port, "Last")  # when it is let in, the other was
    last.send(b"and the last\n\n")
    assert await last.line() == SENT
    end = time.monotonic() + 5
    while (found := stored(tmp_path / "chat.db")) != set(range(count)) and time.monotonic() < end:
        await asyncio.sleep(0)
    assert found == set(range(count))


def test_what_a_reset_connection_still_holds_is_read(process_server: Server, tmp_path: Path) -> None:
    """More than one read takes: the first answer meets the reset while the rest waits in the kernel."""
    token = registered(process_server.write_port, "Hasty")
    count = 60
    session = b"".join(b"post %d %s\n\n" % (number, b"x" * 1000) for number in range(count))
    blindly(process_server.write_port, token, session[:-2])
    everything_stored(tmp_path / "chat.db", count)


def test_no_post_of_a_client_that_closes_at_once_is_lost(process_server: Server, tmp_path: Path) -> None:
    port = process_server.write_port
    tokens = [registered(port, f"Hasty {number}") for number in range(4)]
    with ThreadPoolExecutor(4) as threads:
        posts = [
            threads.submit(WAYS[number % 4], port, tokens[number % 3], b"post %d" % number)
            for number in range(POSTS)
        ]
        for post in posts:
            post.result()
    everything_stored(tmp_path / "chat.db", POSTS)


def half_closing(port: int, token: bytes, text: bytes) -> bytes:
    """Posts, shuts only the sending side, and reads to the end; what came last."""
    with connect(port) as sock, sock.makefile("rb") as lines:
        sock.sendall(token + b"\n" + text + b"\n\n")
        sock.shutdown(socket.SHUT_WR)
        return lines.readlines()[-1]


def test_a_thousand_half_closed_posts_are_each_stored_answered_and_closed(
    process_server: Server, tmp_path: Path
) -> None:
    port, count = process_server.write_port, 1_000
    token = registered(port, "Terse")
    with ThreadPoolExecutor(8) as threads:
        answers = list(
            threads.map(lambda number: half_closing(port, token, b"post %d" % number), range(count))
        )
    assert answers == [SENT] * count
    everything_stored(tmp_path / "chat.db", count)
