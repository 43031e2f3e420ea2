"""`mcp`: the desk for agents, over standard input and output."""

from typing import Annotated

import typer

from campaigns.clock import run_real
from campaigns.desk.desk import Desk
from campaigns.domain.errors import InputError

from .context import open_databases, options


def register(cli: typer.Typer) -> None:
    """Add this command."""
    cli.command()(mcp)


def mcp(
    context: typer.Context,
    operate: Annotated[
        bool, typer.Option("--operate", help="Let agents pause, resume, start and stop campaigns too.")
    ] = False,
) -> None:
    """Serve agents by the Model Context Protocol, until standard input ends: they look, and steer only with --operate.

    Example: campaigns mcp --operate
    """
    try:
        from campaigns.agents.server import agent_server  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise InputError("The command `mcp` needs the extra of that name: pip install 'campaigns[mcp]'.") from error
    settings = options(context).settings()

    async def main() -> None:
        async with open_databases(settings) as sessions:
            desks = [Desk(session) for session in sessions]
            await agent_server(desks, settings, operate=operate).run_stdio_async()

    run_real(main)
