"""`backup`, `restore`, `adopt`: what is done with the database as a whole."""

from pathlib import Path
from typing import Annotated

import typer

from campaigns.adopting import Adoption
from campaigns.adopting import adopt as adopt_database
from campaigns.app import database_of, open_session
from campaigns.clock import SystemClock, run_real
from campaigns.domain.errors import InputError
from campaigns.engine.adopter import Found
from campaigns.stores.location import Kind

from .context import err, many, options, out, print_json, user_name

LOST = (
    "What people told this database since then is not in it: do-not-call entries, consents, erasures, edits."
    " Say it again, before you resume a campaign."
)


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    for command in (backup, restore, adopt):
        cli.command()(command)


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file that is not there yet.", metavar="FILE")],
) -> None:
    """Write the live database into a file, checked, also while a worker dials.

    Example: campaigns backup backups/monday.db
    """
    database = database_of(options(context).settings(), simulated=False)

    async def main() -> None:
        kind = await database.kind()
        if kind is not Kind.LIVE:
            raise InputError(f"{database} is {kind}, and only a live database is backed up. Name another with --db.")
        await database.backup(file)

    run_real(main)
    key = Path(f"{file}.key")
    keys = [str(key)] if key.exists() else []
    if options(context).json:
        print_json({"database": str(database), "backup": str(file), "key": keys[0] if keys else None})
        return
    mend = f"with its key {keys[0]}" if keys else "its hash key is in the settings, and belongs to it"
    out.print(f"{file}: {database} as it was just now; {mend}.", markup=False)


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="What `campaigns backup` has written.", metavar="FILE")],
) -> None:
    """Put a backup in the place of the live database; nobody is called from it before `campaigns adopt`.

    Example: campaigns restore backups/monday.db
    """
    database = database_of(options(context).settings(), simulated=False)
    clock = SystemClock()
    aside = run_real(lambda: database.restore(file, now=clock.now()))
    if options(context).json:
        print_json({"database": str(database), "restored": str(file), "aside": str(aside) if aside else None})
        return
    if aside:
        out.print(f"What was there is now {aside}.", markup=False)
    out.print(f"{database}: restored from {file}; its campaigns are paused.", markup=False)
    out.print(
        "Next: `campaigns adopt` finds the calls that were made since, then `campaigns resume NAME`.", markup=False
    )


def adopt(
    context: typer.Context,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", help="Do not ask this provider; its campaigns stay paused.", metavar="PROVIDER"),
    ] = None,
) -> None:
    """Say that this copy of the database is the one now; finds the calls that it missed, and dials nobody by itself.

    Example: campaigns adopt
    """
    settings = options(context).settings()
    database = database_of(settings, simulated=False)

    async def main() -> Adoption:
        kind = await database.kind()
        if kind is not Kind.LIVE:
            raise InputError(f"{database} is {kind}, and only a live database is adopted. Name another with --db.")
        async with open_session(settings, SystemClock(), simulated=False, database=database) as session:
            return await adopt_database(session, without=without or (), by=user_name())

    done = run_real(main)
    if options(context).json:
        print_json(_as_json(done))
    else:
        _tell(done, str(database))
    if any(found.doubts for found in done.found) or done.unasked:
        raise typer.Exit(1)


def _as_json(done: Adoption) -> dict[str, object]:
    return {
        "because": done.moved,
        "since": done.since.isoformat() if done.since else None,
        "paused": list(done.paused),
        "not_asked": list(done.unasked),
        "providers": [
            {
                "provider": found.provider, "calls": found.calls, "adopted": found.adopted, "bookings": found.bookings,
                "cancelled": found.cancelled, "nobody": found.nobody, "settled": found.settled,
                "inbound": found.inbound, "uncertain": found.doubts,
                "last_call_at": found.last_call_at.isoformat() if found.last_call_at else None,
            }
            for found in done.found
        ],
    }  # fmt: skip


def _tell(done: Adoption, database: str) -> None:
    out.print(f"{database} {done.moved}. It is the one now.", markup=False)
    for found in done.found:
        for line in _lines(found):
            out.print(f"{found.provider}: {line}", markup=False)
    for name in done.unasked:
        out.print(f"{name}: not asked; its campaigns stay paused until you know whom it has called", markup=False)
    if done.since is not None:
        err.print(f"note  calls were looked for since {done.since:%Y-%m-%d %H:%M}Z. {LOST}", markup=False)
    for name in done.paused:
        out.print(f"{name}: paused; go on with `campaigns resume {name}`", markup=False)


def _lines(found: Found) -> list[str]:
    last = f", the last at {found.last_call_at:%Y-%m-%d %H:%M}Z" if found.last_call_at else ""
    lines = [f"{many(found.calls, 'call')} that this database did not know{last}; {found.adopted:,} written down"]
    if found.bookings or found.cancelled:
        lines.append(f"{many(found.bookings, 'booking')} taken over and cancelled, {found.cancelled:,} cancelled")
    if found.nobody or found.settled:
        lines.append(f"{found.nobody:,} to nobody here, {found.settled:,} to people who are not called again anyway")
    if found.doubts:
        names = ", ".join(found.doubts[:5]) + (", ..." if len(found.doubts) > 5 else "")
        lines.append(f"{many(len(found.doubts), 'lead')} in doubt, to be settled with `campaigns resolve`: {names}")
    return lines
