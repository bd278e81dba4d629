"""The screen over a session in memory, for looking at it: python -m tests.ui [language] [theme]."""

import asyncio
import sys

from minechat.ui.app import Preferences, run
from tests.ui.stage import StagedSession

TEXTS = (
    "Hello, everyone", "the build is green again", "did you see the match yesterday? " * 5,
    "привет! как дела?", "日本語テキストはここにあります", "👨\u200d👩\u200d👧 family ❤️ 🇷🇺 flags",
    "me: could you look at it?",
    "def f(x):\n    return x + 1\n\nprint(f(2))", "שלום לכולם", "http://example.org/" + "a" * 90,
)  # fmt: skip


async def main(language: str = "en", theme: str = "auto", many: str = "60") -> int:
    """Opens it with some people talking."""
    session = StagedSession()
    nicks = ("Vasya", "Anna", "Очень_длинное_имя_человека", "שרה", "bob")
    for number in range(int(many)):
        session.store("general", nicks[number % len(nicks)], TEXTS[number % len(TEXTS)])
    asyncio.get_running_loop().call_later(0.3, session.connect)
    asyncio.get_running_loop().call_later(0.6, session.hear, "tech", "Anna", "one", "me, look", "three")
    return await run(session, Preferences(language=language, theme=theme, timestamp_format="%H:%M"))


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
