"""Post messages to the chat."""

from minechat.cli import prepare

if __name__ == "__main__":
    prepare()
    from minechat.cli.authorization import main

    raise SystemExit(main())
