"""`token`: who may come in by the API, the dashboard and agents."""

from typing import Annotated

import typer

from campaigns.app import Session
from campaigns.desk.access import Role
from campaigns.desk.tokens import Tokens, new_secret

from .context import (
    Json,
    err,
    of_those_that_know,
    operator,
    options,
    out,
    print_json,
    print_table,
    shown,
    with_databases,
)

Name = Annotated[str, typer.Argument(help="Whose it is; stands in every record of what they do.", metavar="NAME")]

HELP = "Who may come in by the API and the dashboard: add, revoke, list.\n\nExample: campaigns token list"


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    group = typer.Typer(no_args_is_help=True, help=HELP)
    for name, command in (("add", add), ("revoke", revoke), ("list", list_)):
        group.command(name)(command)
    cli.add_typer(group, name="token")


def add(
    context: typer.Context,
    name: Name,
    role: Annotated[
        Role, typer.Option(help="read: look, numbers masked; operate: steer and decide; admin: erase, hand out tokens.")
    ] = Role.READ,
) -> None:
    """Let somebody in. The secret is shown once, and kept nowhere.

    Example: campaigns token add anna --role operate
    """
    secret = new_secret()

    async def work(sessions: list[Session]) -> None:
        for session in sessions:
            await Tokens(session).add_token(name, role, by=operator(), secret=secret)

    with_databases(context, work, make=True)
    if options(context).json:
        print_json({"name": name, "role": role, "token": secret})
        return
    err.print(f"The token of {name}, who may {role}. Keep it safe: it is shown this once.", markup=False)
    out.print(secret, markup=False)


def revoke(context: typer.Context, name: Name) -> None:
    """Let somebody in no more, from their next request on.

    Example: campaigns token revoke anna
    """

    async def work(sessions: list[Session]) -> None:
        await of_those_that_know(sessions, lambda session: Tokens(session).revoke_token(name, by=operator()))

    with_databases(context, work)
    print_json({"revoked": name}) if options(context).json else out.print(f"{name}: revoked", markup=False)


def list_(context: typer.Context) -> None:
    """Show who may come in.

    Example: campaigns token list
    """

    async def work(sessions: list[Session]) -> list[Json]:
        return [
            {
                "name": token.name, "role": token.role, "by": token.who, "since": shown(token.created_at),
                "database": str(session.database),
            }
            for session in sessions
            for token in await Tokens(session).tokens(by=operator())
        ]  # fmt: skip

    tokens = with_databases(context, work)
    if options(context).json:
        print_json(tokens)
    elif tokens:
        columns = ["name", "role", "since", "by", "database"]
        print_table(columns, [[token[column] for column in columns] for token in tokens])
    else:
        out.print("Nobody may come in yet: `campaigns token add NAME --role operate` lets somebody in.")
