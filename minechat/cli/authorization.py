"""Posts messages: by whose token, which ones, and from where."""

import os
from collections.abc import AsyncIterator, Sequence

from minechat.cli import sentences
from minechat.cli.delivery import Delivery
from minechat.cli.exits import DONE, UsageError
from minechat.cli.program import start
from minechat.cli.report import Report, warn
from minechat.cli.source import StandardInput
from minechat.cli.speaker import check_name, speaker
from minechat.cli.typed import AuthorizationOptions
from minechat.client.speak import Speaker, check_message
from minechat.errors import EmptyMessage, InvalidInput, UnknownToken
from minechat.events import Account

LONGEST_TOKEN = 256


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return start("authorization", argv, authorization)


async def authorization(options: AuthorizationOptions) -> int:
    """Logs in, or registers a newcomer, and posts what there is; returns the exit code.

    All that is known before is checked before anything is sent.

    :raises MinechatError: PartlySent where some messages were acknowledged before
    """
    typed = StandardInput()
    token = await _token(options, typed)
    if token is None:
        _check_newcomer(options)
    messages = await _known_messages(options, typed, newcomer=token is None)
    try:
        async with speaker(options) as talk:
            account = await _introduce(talk, options, token)
            return await _post(Delivery(talk, account, options), messages, typed, newcomer=token is None)
    except UnknownToken as error:
        return Report(options.program, options.json, origin=lambda _: _origin(options)).failure(error)


async def _post(
    delivery: Delivery, messages: Sequence[str] | None, typed: StandardInput, *, newcomer: bool
) -> int:
    if messages is not None:
        await delivery.send_all(_each(messages), total=len(messages))
    elif os.isatty(0):
        from minechat.cli.conversation import converse

        return await converse(delivery, typed)
    else:
        await delivery.send_all(typed.lines(required=not newcomer))
    delivery.tell()
    return DONE


def _origin(options: AuthorizationOptions) -> str:
    if options.token_stdin:
        return sentences.STANDARD_INPUT
    return options.token_path if options.token is None else options.origin("token")


async def _token(options: AuthorizationOptions, typed: StandardInput) -> str | None:
    """The token of the first source that has one, or None when there is none anywhere.

    :raises InvalidInput: it cannot be a token; an empty one would make the server register somebody
    """
    if options.token_stdin:
        token = await _typed_token(typed)
        if not token:
            raise InvalidInput(sentences.NO_TOKEN_TYPED)
        return _checked(token, options)
    if options.token is not None:
        _warn_of_token(options)
        return _checked(options.token, options)
    from minechat.client.tokens import read_token

    return read_token(options.token_path)


async def _typed_token(typed: StandardInput) -> str:
    if os.isatty(0):
        from minechat.cli.prompt import open_prompt

        answer = await open_prompt(typed).ask(sentences.ASK_TOKEN, hidden=True)
    else:
        answer = await typed.line()
    return (answer or "").strip()


def _checked(token: str, options: AuthorizationOptions) -> str:
    fits = 0 < len(token) <= LONGEST_TOKEN and token.isascii() and token.isprintable() and " " not in token
    if not fits:
        raise InvalidInput(sentences.unusable(sentences.NOT_A_TOKEN, _origin(options)))
    return token


def _warn_of_token(options: AuthorizationOptions) -> None:
    if options.quiet:
        return
    if options.origin("token").startswith("-"):
        warn(options.program, sentences.token_visible())
    elif options.origin("token_path").startswith("-"):
        warn(options.program, sentences.token_shadowed(options.origin("token"), options.token_path))


def _check_newcomer(options: AuthorizationOptions) -> None:
    """Finds out, before anything is sent, whether a nickname can be registered and its token saved."""
    from minechat.client.tokens import check_free

    if options.username is None:
        raise UsageError(sentences.no_token(options.token_path))
    check_name(options.username, options.origin("username"))
    check_free(options.token_path, replace=False)


async def _known_messages(
    options: AuthorizationOptions, typed: StandardInput, *, newcomer: bool
) -> list[str] | None:
    """The messages that are there before anything is sent, checked; None when they come one by one.

    A newcomer may have nothing to say, and is not asked.
    """
    if options.message:
        return [check_message(text) for text in options.message]
    if newcomer and os.isatty(0):
        return []
    if options.lines or os.isatty(0):
        return None
    text = await typed.rest()
    if text.strip():
        return [check_message(text)]
    if newcomer:
        return []
    raise EmptyMessage(sentences.NOTHING_TO_SEND)


async def _introduce(talk: Speaker, options: AuthorizationOptions, token: str | None) -> Account:
    if token is not None:
        return await talk.authorize(token)
    from minechat.cli.registration import keep

    assert options.username is not None
    account = await talk.register(check_name(options.username, options.origin("username")))
    keep(options, account, replace=False, show=False)
    return account


async def _each(messages: Sequence[str]) -> AsyncIterator[str]:
    for text in messages:
        yield text
