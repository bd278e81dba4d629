"""The server behind the first command: joins the one that runs here, or opens one and keeps it alive."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from minechat.cli import sentences
from minechat.cli.settings import ChatOptions
from minechat.cli.view import View
from minechat.client.speak import greets
from minechat.errors import AddressUnusable
from minechat.server.app import running
from minechat.server.handle import Server
from minechat.server.settings import PROFILES, Settings

HERE = "127.0.0.1"
#: Ports that the system chooses; nobody can sit there already.
ANY = (0, 0)
#: Where clients of RIFT look for a chat; it is a free one where something else sits.
RIFT_PORT = 8765
#: Seconds for whatever listens here already to show whether it is a chat.
GREETING = 1.0


@asynccontextmanager
async def embedded(options: ChatOptions, view: View) -> AsyncIterator[tuple[str, int, int]]:
    """Where the chat of this machine is: host, listen port and speak port.

    :raises AddressUnusable: no port could be opened
    :raises DatabaseUnusable: the database cannot be used
    """
    async with AsyncExitStack() as stack:
        for read_port, write_port in _choices(options):
            if (read_port, write_port) != ANY and await _runs_already(options):
                yield HERE, options.port, options.write_port
                return
            try:
                server = await stack.enter_async_context(running(_settings(options, read_port, write_port)))
            except AddressUnusable:
                if (read_port, write_port) == ANY:
                    raise
                continue
            break
        await view.tell(_opened(server, options))
        yield HERE, server.read_port, server.write_port


async def _runs_already(options: ChatOptions) -> bool:
    wanted = options.port and options.write_port
    return bool(wanted) and await greets(HERE, options.write_port, timeout=GREETING)


def _choices(options: ChatOptions) -> tuple[tuple[int, int], ...]:
    """Pairs of ports to try, the wanted ones first; 0 takes a free one where something else sits.

    Never the wanted port for posting beside another one for watching: who finds the greeting there
    joins, and would then watch whatever sits on the port for watching.
    """
    read_port, write_port = options.port, options.write_port
    return (read_port, write_port), (read_port, 0), ANY


def _settings(options: ChatOptions, read_port: int, write_port: int) -> Settings:
    return Settings(
        host=HERE,
        read_port=read_port,
        write_port=write_port,
        rift_port=RIFT_PORT,
        rift_port_or_free=True,
        database=options.database,
        characters=options.characters,
        limits=PROFILES[options.limits],
    )


def _opened(server: Server, options: ChatOptions) -> str:
    # Only a setting is known to the other scripts as well; a flag of this command is not.
    known = server.write_port == options.write_port and not options.origin("write_port").startswith("-")
    return sentences.opened_here(server.read_port, server.write_port, wanted=known)
