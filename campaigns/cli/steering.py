"""`start`, `pause`, `resume`, `stop`, `resolve`: what a person tells a campaign from anywhere."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from campaigns.app import Session, is_loopback, open_session
from campaigns.clock import SystemClock, run_real
from campaigns.domain.call import Disposition
from campaigns.domain.durations import parse_duration
from campaigns.domain.errors import InputError
from campaigns.domain.lead import CampaignState
from campaigns.files import load_campaign
from campaigns.loading import check_acted_on, open_lists
from campaigns.resolving import Word, resolve_attempt
from campaigns.running import activate, load_leads, put_campaign

from .context import options, out, print_json, the_campaign, with_session

S = CampaignState


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    for command in (start, pause, resume, stop, resolve):
        cli.command()(command)


def start(
    context: typer.Context,
    what: Annotated[str, typer.Argument(help="A campaign file, or the name of a campaign.", metavar="FILE|NAME")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Load a campaign, or go on with one, and let the worker dial it.

    Example: campaigns start campaign.yaml --yes
    """
    file = Path(what)
    if file.suffix in (".yaml", ".yml") or file.is_file():
        _start_file(context, file, ask=not yes)
    else:
        _steer(context, what, S.ACTIVE, [S.PAUSED, S.REFUSED, S.FINISHED, S.STOPPED], "")


def _start_file(context: typer.Context, file: Path, *, ask: bool) -> None:
    settings, loaded = options(context).settings(), load_campaign(file)
    campaign = loaded.campaign
    if campaign.provider == "simulator":
        raise InputError("A worker dials real providers. Play a simulated campaign with `campaigns run`.")
    check_acted_on(loaded, loopback=is_loopback(settings, campaign.provider))
    if ask and not typer.confirm(f"Let the worker call the contacts of '{campaign.campaign}'?"):
        raise typer.Abort

    async def main() -> dict[str, int]:
        async with open_session(settings, SystemClock(), simulated=False) as session:
            lists = await open_lists(loaded, session.store)
            record = await put_campaign(session, loaded)
            intake = await load_leads(session, record, lists)
            await activate(session, record)
            return {**intake.counts(), "new": intake.new, "updated": intake.updated}

    counts = run_real(main)
    if options(context).json:
        print_json({"campaign": campaign.campaign, "state": "active", "contacts": counts})
    else:
        out.print(f"{campaign.campaign}: active; {counts['new']} new leads, {counts['updated']} updated")


def pause(context: typer.Context, name: str) -> None:
    """Begin no more calls; those on their way are settled.

    Example: campaigns pause dentist-reminders
    """
    _steer(context, name, S.PAUSED, [S.ACTIVE], "paused by a person")


def resume(context: typer.Context, name: str) -> None:
    """Go on after a pause.

    Example: campaigns resume dentist-reminders
    """
    _steer(context, name, S.ACTIVE, [S.PAUSED, S.REFUSED], "")


def stop(context: typer.Context, name: str) -> None:
    """End a campaign: whoever waits is closed as stopped and never called by it.

    Example: campaigns stop dentist-reminders
    """
    _steer(context, name, S.STOPPED, [S.ACTIVE, S.PAUSED, S.REFUSED], "stopped by a person")


def _steer(context: typer.Context, name: str, to: CampaignState, expect: list[CampaignState], reason: str) -> None:
    async def work(session: Session) -> CampaignState:
        record = await the_campaign(session, name)
        done = await session.store.steer(name, to, expect=expect, reason=reason, now=session.clock.now())
        if not done and record.state is not to:
            raise InputError(f"'{name}' is {record.state}, so it cannot become {to}.")
        return to

    state = with_session(context, work)
    if options(context).json:
        print_json({"campaign": name, "state": state})
    else:
        out.print(f"{name}: {state}")


def resolve(  # noqa: PLR0913 - one option a word
    context: typer.Context,
    attempt: Annotated[str | None, typer.Argument(help="The attempt's id, or its beginning.", metavar="ATTEMPT")] = None,
    called: Annotated[bool, typer.Option("--called", help="The call took place.")] = False,
    disposition: Annotated[
        Disposition | None, typer.Argument(help="With --called: how it ended; default: unknown.")
    ] = None,
    not_called: Annotated[bool, typer.Option("--not-called", help="No call took place; the lead is called again.")] = False,
    drop: Annotated[bool, typer.Option("--drop", help="Leave the lead alone for good.")] = False,
    all_: Annotated[bool, typer.Option("--all", help="Every uncertain attempt.")] = False,
    older_than: Annotated[str | None, typer.Option(help="With --all: those at least this old, such as 1d.")] = None,
) -> None:
    """Say what became of an uncertain attempt.

    Example: campaigns resolve 0b5c1f --not-called
    """
    word = _word(called=called, not_called=not_called, drop=drop)
    age = _age(older_than)
    if (attempt is None) != all_:
        raise InputError("Name one attempt, or write --all.")

    async def work(session: Session) -> list[str]:
        found = await session.store.uncertain(before=session.clock.now() - age)
        chosen = [a for a in found if all_ or a.id.startswith(attempt or "-")]
        if not chosen and not all_:
            raise InputError(f"No uncertain attempt begins with '{attempt}'. See `campaigns attempts NAME --state uncertain`.")
        if len(chosen) > 1 and not all_:
            raise InputError(f"{len(chosen)} uncertain attempts begin with '{attempt}'. Write more of the id.")
        for one in chosen:
            await resolve_attempt(session, one, word, disposition or Disposition.UNKNOWN)
        return [one.id for one in chosen]

    done = with_session(context, work)
    if options(context).json:
        print_json({"resolved": done})
    else:
        out.print(f"{len(done)} resolved; run the campaign again to go on")


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


