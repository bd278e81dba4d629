"""``python -m minechat`` is the command ``minechat``."""

from minechat.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
