"""`start`, `pause`, `resume`, `stop`, `resolve`: what a person tells a campaign from anywhere."""

import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from campaigns.app import Session, check_runnable, database_of, is_simulated, open_session
from campaigns.clock import SystemClock, run_real
from campaigns.desk.deciding import Deciding, the_one
from campaigns.desk.effects import Verb
from campaigns.desk.moment import as_of
from campaigns.desk.starting import Loading, Starting
from campaigns.desk.steering import Steering
from campaigns.domain.call import Disposition
from campaigns.domain.durations import parse_duration
from campaigns.domain.errors import InputError
from campaigns.domain.lead import Attempt, CampaignState
from campaigns.editing import Edit, in_words
from campaigns.files import Loaded, load_campaign
from campaigns.ports.store import CampaignRecord
from campaigns.resolving import Word
from campaigns.stores.location import Kind

from .completing import names_and_files
from .context import err, many, note, operator, options, out, print_json, with_campaign, with_databases
from .listing import Name


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    for command in (start, pause, resume, stop, resolve):
        cli.command()(command)


def start(
    context: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            help="A campaign file, or the name of a campaign.", metavar="FILE|NAME", autocompletion=names_and_files
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Load a campaign, or go on with one, and let the worker dial it.

    Example: campaigns start campaign.yaml --yes
    """
    file = Path(what)
    if file.suffix in (".yaml", ".yml") or file.is_file():
        _start_file(context, file, ask=not yes)
    else:
        _steer(context, what, Verb.START)


def _start_file(context: typer.Context, file: Path, *, ask: bool) -> None:
    settings, loaded = options(context).settings(), load_campaign(file)
    if is_simulated(settings, loaded.campaign.provider):
        raise InputError(f"A worker dials real providers. Play this simulated campaign with `campaigns run {file}`.")
    check_runnable(loaded, settings)
    edit = _foreseen(context, loaded)
    if ask:
        _ask(loaded.campaign.campaign)

    async def main() -> Loading:
        async with open_session(settings, SystemClock(), simulated=False) as session:
            return await Starting(session).start(loaded, by=operator(), edit=edit, note=note)

    done = run_real(main)
    if options(context).json:
        said = {"campaign": done.campaign, "state": done.state, "contacts": done.contacts}
        print_json(said | ({"edit": edit.as_json()} if edit else {}))
        return
    for line in done.told:
        err.print(line, markup=False)
    counts = done.contacts
    text = f"{many(counts['new'], 'new lead')}, {counts['updated']:,} updated, {counts['invalid']:,} bad rows"
    out.print(f"{done.campaign}: {done.state}; {text}. A running `campaigns worker` dials it.", markup=False)


def _foreseen(context: typer.Context, loaded: Loaded) -> Edit | None:
    """What the file changes in a campaign that is there; it is shown before anything is written."""
    settings = options(context).settings()
    database = database_of(settings, simulated=False)

    async def main() -> Edit | None:
        if await database.kind() is Kind.ABSENT:
            return None
        async with open_session(settings, SystemClock(), simulated=False) as session:
            return await Starting(session).foresee(loaded)

    edit = run_real(main)
    if edit is not None:
        for title, line in in_words(edit):
            err.print(f"{title}  {line}", markup=False)
    return edit


def _ask(name: str) -> None:
    if not sys.stdin.isatty():
        raise InputError("Nobody is there to be asked. Write --yes to let the worker call.")
    if not typer.confirm(f"Let the worker call the contacts of '{name}'?", err=True):
        err.print("Nothing was started.")
        raise typer.Exit(3)


def pause(context: typer.Context, name: Name) -> None:
    """Begin no more calls; those on their way are settled.

    Example: campaigns pause dentist-reminders
    """
    _steer(context, name, Verb.PAUSE)


def resume(context: typer.Context, name: Name) -> None:
    """Go on after a pause.

    Example: campaigns resume dentist-reminders
    """
    _steer(context, name, Verb.RESUME)


def stop(context: typer.Context, name: Name) -> None:
    """End a campaign: whoever waits is closed as stopped and never called by it.

    Example: campaigns stop dentist-reminders
    """
    _steer(context, name, Verb.STOP)


def _steer(context: typer.Context, name: str, verb: Verb) -> None:
    async def work(session: Session, _record: CampaignRecord) -> CampaignState:
        return await Steering(session).steer(verb, name, by=operator())

    state = with_campaign(context, name, work)
    if options(context).json:
        print_json({"campaign": name, "state": state})
    else:
        out.print(f"{name}: {state}")


def resolve(  # noqa: PLR0913, PLR0917 - one option a word
    context: typer.Context,
    attempt: Annotated[
        str | None, typer.Argument(help="The attempt's id, or its beginning.", metavar="ATTEMPT", show_default=False)
    ] = None,
    how: Annotated[
        Disposition | None,
        typer.Argument(help="With --called: how it ended; default: unknown.", metavar="DISPOSITION"),
    ] = None,
    called: Annotated[bool, typer.Option("--called", help="The call took place.")] = False,
    not_called: Annotated[
        bool, typer.Option("--not-called", help="No call took place; the lead is called again.")
    ] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Leave the lead alone for good.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="Every uncertain attempt.")] = False,
    older_than: Annotated[str | None, typer.Option(help="With --all: those at least this old, such as 1d.")] = None,
) -> None:
    """Say what became of an uncertain attempt.

    Example: campaigns resolve 0b5c1f --called answered
    """
    if all_ and attempt is not None and attempt in list(Disposition):
        how, attempt = Disposition(attempt), None
    word = _word(called=called, not_called=not_called, drop=drop)
    if how is not None and word is not Word.CALLED:
        raise InputError(f"'{how}' says how a call ended. Write it with --called.")
    if (attempt is None) != all_:
        raise InputError("Name one attempt, or write --all.")
    age = _age(older_than)

    async def work(sessions: list[Session]) -> list[str]:
        chosen = await _chosen(sessions, attempt, age)
        for session, one in chosen:
            await Deciding(session).resolve(one.id, word, how or Disposition.UNKNOWN, by=operator())
        return [one.id for _, one in chosen]

    done = with_databases(context, work)
    if options(context).json:
        print_json({"resolved": done})
    else:
        out.print(f"{many(len(done), 'attempt')} resolved" + ("; run the campaign again to go on" if done else ""))


async def _chosen(sessions: list[Session], beginning: str | None, age: timedelta) -> list[tuple[Session, Attempt]]:
    """The uncertain attempts that are meant, each with its database. Raises InputError where it is not one."""
    found = [
        (await as_of(session, one.campaign), one) for session in sessions for one in await session.store.uncertain()
    ]
    if beginning is None:
        return [
            (session, one)
            for session, one in found
            if session.clock.now() - (one.first_sent_at or one.created_at) >= age
        ]
    chosen = the_one(beginning, [one for _, one in found])
    return [(session, one) for session, one in found if one is chosen]


def _word(*, called: bool, not_called: bool, drop: bool) -> Word:
    words = [word for word, said in ((Word.CALLED, called), (Word.NOT_CALLED, not_called), (Word.DROP, drop)) if said]
    if len(words) != 1:
        raise InputError("Say one of --called, --not-called, --drop.")
    return words[0]


def _age(text: str | None) -> timedelta:
    if text is None:
        return timedelta()
    try:
        return parse_duration(text)
    except ValueError as error:
        raise InputError(f"--older-than: {error}") from None
