"""`run`, `worker`, `call`: the commands that place calls."""

from pathlib import Path
from typing import Annotated

import typer

from campaigns import worker as working
from campaigns.desk.barring import number_of
from campaigns.domain.contact import mask
from campaigns.domain.lead import CampaignState
from campaigns.running import RunOptions, run_campaign
from campaigns.summary import Summary
from campaigns.trying import place_test_call

from .completing import campaign_files
from .context import counted, err, many, moment, note, options, out, print_json, print_pairs
from .progress import watch

TOO_FAST = 300
"""Virtual seconds per real one, from which on the machine's own delays are felt in virtual time."""


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    cli.command()(run)
    cli.command()(worker)
    cli.command()(call)


def run(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The campaign file.", metavar="FILE", autocompletion=campaign_files)],
    limit: Annotated[int | None, typer.Option(help="Dial this many leads, settle them, and pause.", min=1)] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the earlier simulated run of this campaign.")] = False,
    at: Annotated[str | None, typer.Option(help="Virtual time starts here, such as 2026-11-23T09:00+01:00.")] = None,
    speed: Annotated[
        float | None, typer.Option(help="Virtual seconds per real second (loopback only).", min=0.1, max=100_000)
    ] = None,
) -> None:
    """Run a campaign until every lead has an outcome; run it again after any stop and it goes on.

    Example: campaigns run sample_campaigns/dentist-reminders/campaign.yaml
    """
    chosen = options(context)
    if speed is not None and speed > TOO_FAST:
        note(f"at {speed:g} times real time a round trip of 5 ms lasts {speed * 0.005:.1f} s.")
    how = RunOptions(limit=limit, fresh=fresh, at=moment(at), speed=speed, settings=chosen.settings())
    say = None if chosen.json else lambda text: err.print(text, markup=False)
    summary = run_campaign(file, how, None if chosen.json else watch, say, note)
    print_json(summary.as_json()) if chosen.json else tell(summary, chosen.again(f"run {file}"))
    if chosen.json and summary.exit_code in (2, 4):
        err.print(summary.end.reason, markup=False)
    raise typer.Exit(summary.exit_code)


def tell(summary: Summary, again: str) -> None:
    """The end of a run, for people. `again`: the command that goes on with it."""
    data = summary.as_json()
    reason = f" ({summary.end.reason})" if summary.end.reason else ""
    out.print(f"\n[bold]{summary.campaign}[/]: {data['state']}", end="")
    out.print(reason, markup=False)
    pairs = [(title, counted(data[title]) or "none") for title in ("contacts", "outcomes", "attempts")]
    pairs += [("budget", summary.budget)] if summary.budget else []
    pairs += [("bad row", f"{source}:{line}: {why}") for source, line, why in summary.bad_rows[:20]]
    if len(summary.bad_rows) > 20:
        pairs.append(("", f"and {len(summary.bad_rows) - 20:,} more, listed in the report"))
    pairs += [("warning", warning) for warning in summary.warnings]
    pairs += [("write-back", summary.returns.told())] if summary.returns else []
    pairs += _left(summary)
    pairs += [("law", f"{summary.law} This is not legal advice.")]
    pairs += [("database", str(summary.database))]
    pairs += [("ledger", f"{summary.ledger} (the simulator's own record)")] if summary.ledger else []
    pairs += [("report", str(summary.report))] if summary.report else []
    print_pairs(pairs)
    if summary.left or summary.end.interrupted or (summary.returns and summary.returns.waiting):
        out.print(f"to go on  {again}", markup=False)  # unbroken, to be copied


def _left(summary: Summary) -> list[tuple[str, str]]:
    """What waits, for whom, and what to do about it."""
    said = []
    if summary.held:
        waits = f"{many(summary.held, 'lead waits', 'leads wait')} for your word: nobody knows if a call took place"
        see = f"see `campaigns attempts {summary.campaign} --state uncertain`, then `campaigns resolve`"
        said.append(("held", f"{waits}; {see}"))
    if summary.left:
        due = f"; the next may be called from {summary.reopens}" if summary.reopens else ""
        said.append(("left", f"{many(summary.left, 'lead has', 'leads have')} no outcome yet{due}"))
    if summary.returns and summary.returns.waiting:
        waits = many(summary.returns.waiting, "outcome has", "outcomes have")
        said.append(("waiting", f"{waits} not gone back yet; run it again, or a worker, to go on"))
    if summary.end.state is CampaignState.REFUSED:
        said.append(("refused", "the provider refuses the account: mend the key or the credit first, then go on"))
    return said


def worker(context: typer.Context) -> None:
    """Run every active campaign of the database, and take in webhooks, until stopped.

    Example: campaigns worker
    """
    working.run_worker(options(context).settings(), say=lambda text: err.print(text, markup=False))


def call(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="Your own number, with +.", metavar="NUMBER")],
    as_: Annotated[
        Path,
        typer.Option(
            "--as", help="The campaign file whose agent should call.", metavar="FILE", autocompletion=campaign_files
        ),
    ],
) -> None:
    """Place one test call to yourself, as this campaign would make it.

    Example: campaigns call +442079460123 --as campaign.yaml
    """
    chosen = options(context)
    summary = place_test_call(number_of(number), as_, chosen.settings())
    if chosen.json:
        print_json(summary.as_json())
    else:
        data = summary.as_json()["attempts"]
        ended = counted({word: count for word, count in data.items() if word != "total"}).removeprefix("1 ")
        reason = f" ({summary.end.reason})" if summary.end.reason else ""
        out.print(f"{mask(number)}: {ended or 'no call was placed'}{reason}", markup=False)
    raise typer.Exit(summary.exit_code)
