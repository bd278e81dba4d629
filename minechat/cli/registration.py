"""Registers a nickname: prints its token, keeps it in the token file, and loses it in no case."""

import os
from collections.abc import Sequence

from minechat.cli import sentences
from minechat.cli.exits import DONE, UsageError
from minechat.cli.program import start
from minechat.cli.prompt import open_prompt
from minechat.cli.report import warn
from minechat.cli.results import OutputUnusable, put, put_json
from minechat.cli.source import StandardInput
from minechat.cli.speaker import PostOptions, check_name, speaker
from minechat.cli.typed import RegistrationOptions
from minechat.client.tokens import check_free, save_token
from minechat.errors import InvalidInput, TokenFileUnusable
from minechat.events import Account


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    return start("registration", argv, registration)


async def registration(options: RegistrationOptions) -> int:
    """Registers once; returns the exit code.

    :raises MinechatError: the token file is as it was; an account that was made is on stdout already
    """
    check_free(options.token_path, options.force)
    if options.username is None:
        name = check_name(await _ask_name(), sentences.PROMPT)
    else:
        name = check_name(options.username, options.origin("username"))
    async with speaker(options) as talk:
        account = await talk.register(name)
    keep(options, account, replace=options.force, show=True)
    return DONE


def keep(options: PostOptions, account: Account, *, replace: bool, show: bool) -> None:
    """Saves the token of a new account. A token that cannot be saved is shown, so that it is not lost.

    :param replace: whether a token in the file may go
    :param show: whether stdout gets the token in any case
    :raises TokenFileUnusable: it is not saved; stdout has it
    :raises OutputUnusable: it is saved, or lost as stdout does not take it either
    """
    problem = None
    try:
        save_token(options.token_path, account.token, replace=replace)
    except TokenFileUnusable as error:
        problem = str(error)
    if show or problem is not None:
        try:
            _show(options, account, None if problem else options.token_path)
        except OutputUnusable:
            if problem is None:
                _tell(options, account)
            raise
    if problem is not None:
        raise TokenFileUnusable(sentences.token_not_saved(account.nickname, problem))
    _tell(options, account)


def _tell(options: PostOptions, account: Account) -> None:
    if not options.quiet:
        warn(options.program, sentences.registered(account.nickname, options.token_path))


def _show(options: PostOptions, account: Account, path: str | None) -> None:
    if options.json:
        put_json(nickname=account.nickname, token=account.token, token_path=path)
    else:
        put(account.token)


async def _ask_name() -> str:
    if not os.isatty(0):
        raise UsageError(sentences.NO_NICKNAME)
    prompt = open_prompt(StandardInput())
    while (name := await prompt.ask(sentences.ASK_NICKNAME)) is not None:
        if name.strip():
            return name
    raise InvalidInput(sentences.NO_NICKNAME_TYPED)
