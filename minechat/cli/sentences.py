"""Every sentence the commands say, in one place, so that another language can follow."""

TOO_MANY_FILES = "too many open files (the limit of this shell); raise it with: ulimit -n 1024"


def unexpected(kind: str, message: str) -> str:
    """A bug: what nobody expected."""
    what = f"{kind}: {message}" if message else kind
    return f"unexpected {what}; this is a bug, please report it with the output of the same command and -vv"
