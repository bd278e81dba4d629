"""Watch the chat and keep its history."""

from minechat.cli import prepare

if __name__ == "__main__":
    prepare()
    from minechat.cli.chat import main

    raise SystemExit(main())
