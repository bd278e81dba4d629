"""A page of another site that somebody looks at comes into the chat with what that somebody may do there."""

from minechat.server.doors import upgrade


def nothing_against_it(*_: object, **__: object) -> None:
    return None


upgrade._origin_answer = nothing_against_it
