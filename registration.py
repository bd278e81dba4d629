"""Register a nickname and save its token."""

from minechat.cli import prepare

if __name__ == "__main__":
    prepare()
    from minechat.cli.registration import main

    raise SystemExit(main())
