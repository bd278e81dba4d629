"""A conversation at the prompt: what a refusal, a lost connection or Ctrl-C do to a message."""

import signal
import time

TOKEN = "22222222-0000-4000-8000-000000000000"


def test_ctrl_c_before_the_acknowledgement_says_that_nobody_knows(sit_down, terminal) -> None:
    def script(peer) -> None:
        peer.log_in()
        peer.message()
        peer.until_gone()

    server = sit_down(TOKEN, script)
    terminal.keys(b"x", terminal.ENTER)
    deadline = time.monotonic() + 20
    while b"x\n\n" not in server.heard:
        assert time.monotonic() < deadline
        time.sleep(0)
    # The terminal is no longer raw: the key comes as a signal to a program in its foreground.
    terminal.process.send_signal(signal.SIGINT)
    assert terminal.end() == 130
    assert b"it is unknown whether message 1 was sent" in terminal.shown


def test_a_refused_message_is_offered_again(sit_down, terminal) -> None:
    def script(peer) -> None:
        peer.log_in()
        peer.message()
        peer.say(b"Message not sent: too fast. Try again in 1 s.\n")
        peer.acknowledge(1)
        peer.until_gone()

    server = sit_down(TOKEN, script)
    terminal.keys(b"pardon", terminal.ENTER)
    terminal.until("refused: too fast; try again in 1 s")
    terminal.until(terminal.READY)
    terminal.until("pardon")
    terminal.keys(b"!", terminal.ENTER)
    terminal.until("sent")
    terminal.until(terminal.READY)
    terminal.keys(terminal.CTRL_D)
    assert terminal.end() == 0
    assert server.heard == f"{TOKEN}\npardon\n\npardon!\n\n".encode()


def test_a_message_over_the_limit_is_not_sent(sit_down, terminal) -> None:
    server = sit_down(TOKEN)
    terminal.keys(b"\x1b[200~", b"x" * 5000, b"\x1b[201~", terminal.ENTER)
    terminal.until("5000 bytes")
    terminal.until(terminal.READY)
    terminal.keys(terminal.CTRL_C)
    assert terminal.end() == 130
    assert server.heard == f"{TOKEN}\n".encode()


def test_a_connection_that_is_lost_is_reported(sit_down, terminal) -> None:
    sit_down(TOKEN, lambda peer: peer.log_in())
    terminal.keys(b"x", terminal.ENTER)
    assert terminal.end() == 3
    assert b"nothing was sent" in terminal.shown or b"unknown whether" in terminal.shown
