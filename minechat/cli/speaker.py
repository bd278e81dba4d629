"""The way to the speak port as the posting commands take it: its warning, its hints, the nickname."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from minechat.cli import sentences
from minechat.cli.report import reason, warn
from minechat.cli.trust import trusted
from minechat.cli.typed import AuthorizationOptions, RegistrationOptions
from minechat.client.speak import Speaker, speaking
from minechat.errors import InvalidInput, Refused, Unreachable
from minechat.protocol.speak import check_line

PostOptions = AuthorizationOptions | RegistrationOptions


@asynccontextmanager
async def speaker(options: PostOptions) -> AsyncIterator[Speaker]:
    """A connection to the speak port whose server has greeted; a token in the open is warned of.

    :raises NetworkError: as ``client.speak.speaking``; on this machine the message says what to start
    :raises Refused: with the server's words and when to try again
    """
    here = _on_this_machine(options.host)
    tls = trusted(options)
    try:
        async with speaking(options.host, options.port, timeout=options.timeout, tls=tls) as talk:
            if not (here or tls or options.quiet):
                warn(options.program, sentences.token_travels_plain(options.host))
            yield talk
    except Unreachable as error:
        if not here:
            raise
        raise Unreachable(f"{str(error).partition(';')[0]}; {sentences.NO_SERVER_HERE}") from None
    except Refused as error:
        raise Refused(reason(error), error.retry_after) from None


def check_name(name: str, origin: str) -> str:
    """A name that can be registered, before anything is sent.

    :param origin: where it came from
    :raises InvalidInput: it is empty, not one line, too long or holds control characters
    """
    name = name.strip(" \t")
    if not name or any(char < " " or "\x7f" <= char < "\xa0" for char in name):
        raise InvalidInput(sentences.unusable(sentences.NOT_A_NICKNAME, origin))
    try:
        check_line(name)
    except InvalidInput as error:
        raise InvalidInput(sentences.unusable(str(error), origin)) from None
    return name


def _on_this_machine(host: str) -> bool:
    if host in ("127.0.0.1", "localhost"):
        return True
    from minechat.cli.checks import loopback  # noqa: PLC0415 - the two above are what most posts use

    return loopback(host)
