"""`dashboard`: the pages of one database, for whoever sits at this machine or has a token."""

from typing import Annotated

import typer

from campaigns.app import Session
from campaigns.clock import run_real
from campaigns.faces import show

from .context import err, note, open_databases, options


def register(cli: typer.Typer) -> None:
    """Add this command."""
    cli.command()(dashboard)


def dashboard(
    context: typer.Context,
    port: Annotated[int, typer.Option(help="Port to listen on; 0 takes a free one.", min=0, max=65535)] = 8711,
) -> None:
    """Show the dashboard of a database in the browser, until Ctrl-C; dials nobody.

    It prints a link that lets one browser in. Others need a token of `campaigns token add`.

    Example: campaigns dashboard --port 8080
    """
    settings = options(context).settings()

    async def main() -> None:
        async with open_databases(settings) as sessions:
            chosen = _chosen(sessions)
            await show(chosen, port=port, say=lambda text: err.print(text, markup=False))

    run_real(main)


def _chosen(sessions: list[Session]) -> Session:
    """The live database, where both are there."""
    for other in sessions[1:]:
        note(f"{other.database} is shown by `campaigns --db {other.database.address} dashboard`.")
    return sessions[0]
