"""The bare server that ours is measured against says the same bytes."""

import json
import time

from benchmarks.fanout.websockets_bare import message
from minechat.events import GENERAL, Said
from minechat.server.doors.rift_answers import told


def test_its_frame_is_ours_but_for_the_moment() -> None:
    text = "a line: … |"
    theirs = message(text)
    payload = json.loads(theirs)["payload"]
    ours = told(Said("poster-0", text, GENERAL, payload["seq"], payload["time"])).decode()
    assert theirs == ours
    assert payload["time"] == round(payload["time"], 3), "as exactly as ours comes from the database"
    assert abs(payload["time"] - time.time()) < 60
