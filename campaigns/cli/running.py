"""`run`, `worker`, `call`, `simulator`: the commands that place calls, or pretend to."""

from pathlib import Path
from typing import Annotated

import anyio
import typer

from campaigns import worker as working
from campaigns.clock import SystemClock, run_real
from campaigns.domain.contact import mask
from campaigns.running import RunOptions, run_campaign
from campaigns.summary import Summary
from campaigns.trying import place_test_call
from campaigns.vendors.flireo.simulator import Faults, FlireoSimulator, load_faults
from campaigns.web.serve import bind, serving

from .context import err, moment, options, out, print_json
from .progress import watch


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    cli.command()(run)
    cli.command()(worker)
    cli.command()(call)
    cli.command()(simulator)


def run(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The campaign file.", metavar="FILE")],
    limit: Annotated[int | None, typer.Option(help="Dial this many leads, settle them, and pause.", min=1)] = None,
    fresh: Annotated[bool, typer.Option(help="Forget the earlier simulated run of this campaign.")] = False,
    at: Annotated[str | None, typer.Option(help="Virtual time starts here, such as 2026-11-23T09:00+01:00.")] = None,
    speed: Annotated[
        float | None, typer.Option(help="Virtual seconds per real second (loopback only).", min=0.1, max=100_000)
    ] = None,
) -> None:
    """Run a campaign until every lead has an outcome; run it again after any stop and it goes on.

    Example: campaigns run sample_campaigns/dentist-reminders/campaign.yaml
    """
    chosen = options(context)
    if speed is not None and speed > 300:  # noqa: PLR2004
        err.print(f"[yellow]note[/] at {speed:g} times real time a round trip of 5 ms lasts {speed * 0.005:.1f} virtual seconds.")
    how = RunOptions(limit=limit, fresh=fresh, at=moment(at), speed=speed, settings=chosen.settings())
    summary = run_campaign(file, how, None if chosen.json else watch)
    print_json(summary.as_json()) if chosen.json else tell(summary)
    raise typer.Exit(summary.exit_code)


def tell(summary: Summary) -> None:
    """The end of a run, for people."""
    data = summary.as_json()
    contacts, outcomes, attempts = data["contacts"], data["outcomes"], data["attempts"]
    out.print(f"\n[bold]{data['campaign']}[/]: {data['state']}" + (f" ({summary.end.reason})" if summary.end.reason else ""))
    out.print("contacts  " + _counted(contacts))
    out.print("outcomes  " + (_counted(outcomes) or "none yet"))
    out.print("attempts  " + _counted(attempts))
    for source, line, reason in summary.bad_rows[:20]:
        out.print(f"bad row   {source}:{line}: {reason}", markup=False)
    if len(summary.bad_rows) > 20:  # noqa: PLR2004
        out.print(f"          and {len(summary.bad_rows) - 20} more, listed in the report")
    for warning in summary.warnings:
        out.print(f"warning   {warning}", markup=False)
    _tell_what_is_left(summary)
    if summary.report:
        out.print(f"report    {summary.report}", markup=False)


def _counted(numbers: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in numbers.items() if count)


def _tell_what_is_left(summary: Summary) -> None:
    if summary.held:
        out.print(
            f"held      {summary.held} wait for a person: see `campaigns attempts {summary.campaign} --state uncertain`,"
            " then `campaigns resolve`"
        )
    if summary.left:
        due = f", the next is due {summary.reopens}" if summary.reopens else ""
        out.print(f"left      {summary.left} leads have no outcome yet{due}; run the same command again to go on")


def worker(context: typer.Context) -> None:
    """Run every active campaign of the database, and take in webhooks, until stopped.

    Example: campaigns worker
    """
    working.run_worker(options(context).settings(), say=lambda text: err.print(text, markup=False))


def call(
    context: typer.Context,
    number: Annotated[str, typer.Argument(help="Your own number, with +.", metavar="NUMBER")],
    as_: Annotated[Path, typer.Option("--as", help="The campaign file whose agent should call.", metavar="FILE")],
) -> None:
    """Place one test call to yourself, as this campaign would make it.

    Example: campaigns call +442079460123 --as campaign.yaml
    """
    summary = place_test_call(number, as_, options(context).settings())
    data = summary.as_json()["attempts"]
    if options(context).json:
        print_json(summary.as_json())
    else:
        ended = ", ".join(name for name, count in data.items() if count and name != "total") or "no call was placed"
        out.print(f"{mask(number)}: {ended}" + (f" ({summary.end.reason})" if summary.end.reason else ""), markup=False)
    raise typer.Exit(summary.exit_code)


def simulator(
    port: Annotated[int, typer.Option(help="Port on loopback; 0 takes a free one.", min=0, max=65535)] = 8720,
    seed: Annotated[int, typer.Option(help="Same seed, same people.")] = 1,
    faults: Annotated[Path | None, typer.Option(help="YAML, TOML or JSON file with faults.")] = None,
    ledger: Annotated[Path | None, typer.Option(help="Where every call is written down.")] = None,
    webhook: Annotated[str | None, typer.Option(help="Where reports are sent.")] = None,
) -> None:
    """Serve the built-in Flireo simulator on loopback, in real time, until stopped.

    Example: campaigns simulator --port 8720 --seed 7
    """
    clock = SystemClock()
    chosen = load_faults(faults) if faults else Faults()
    simulated = FlireoSimulator(clock=clock, seed=seed, ledger=ledger, faults=chosen, webhook=webhook)

    async def main() -> None:
        async with anyio.create_task_group() as tasks, serving(simulated.app, bind("127.0.0.1", port)) as address:
            err.print(f"Flireo simulator on {address}; in the settings: base_url = \"{address}\". Ctrl-C stops it.", markup=False)
            tasks.start_soon(simulated.run)
            await anyio.sleep_forever()

    run_real(main)


