"""Posting as a conversation: one message after another, typed at the prompt."""

import sys

from minechat.cli import sentences
from minechat.cli.delivery import Delivery
from minechat.cli.exits import DONE
from minechat.cli.prompt import open_prompt
from minechat.cli.report import reason, warn, write
from minechat.cli.source import StandardInput
from minechat.errors import InvalidInput, Refused

#: The most characters that are offered again: a longer text would push the reason off the screen.
OFFERED = 500


async def converse(delivery: Delivery, typed: StandardInput) -> int:
    """Asks for messages and sends each, until the person leaves; returns the exit code.

    A message that is refused is offered again for mending, a long one when the person presses Up.

    :raises NetworkError: the way to the server ended; everything before was acknowledged or reported
    """
    prompt, options = open_prompt(typed), delivery.options
    if not options.quiet:
        warn(options.program, sentences.welcome(delivery.account.nickname))
    again = ""
    while (text := await prompt.ask(sentences.ASK_MESSAGE, default=again)) is not None:
        again = ""
        if not text.strip():
            continue
        try:
            await delivery.send(text)
        except (InvalidInput, Refused) as error:
            again = text if len(text) <= OFFERED else ""
            warn(options.program, reason(error) if again else sentences.kept_above(reason(error)))
        else:
            if not options.quiet:
                write(sys.stderr, sentences.SENT + "\n")
    return DONE
