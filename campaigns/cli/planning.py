"""`plan`: the campaign played forward, for people who decide whether to start it."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from campaigns.desk.forecasts import plan_json
from campaigns.domain.errors import InputError
from campaigns.domain.lead import Outcome
from campaigns.domain.zones import zone

from .completing import campaign_files
from .context import Json, local, many, moment, options, out, print_json, print_pairs

if TYPE_CHECKING:
    from campaigns.planner.forecast import Band, Forecast, Moments, Why
    from campaigns.planner.squeeze import Squeeze
    from campaigns.planning import Plan

PICTURES = (".png", ".svg")
DAYS = 14
"""Days that the picture in the terminal shows."""
REASONS = 12
"""Reasons that are printed; all are in --json."""
NAMED = 5
"""Leads that are named in a line."""
_LEVELS = " ▁▂▃▄▅▆▇█"


def register(cli: typer.Typer) -> None:
    """Add this command."""
    cli.command()(plan)


def plan(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The campaign file.", metavar="FILE", autocompletion=campaign_files)],
    at: Annotated[str | None, typer.Option(help="Play from this moment on, such as 2026-11-23T09:00+01:00.")] = None,
    plot: Annotated[Path | None, typer.Option(help="Also draw it: a file that ends in .png or .svg.")] = None,
) -> None:
    """Play a campaign forward: who, when, finish, calls per hour, cost, and who is never reached. Calls nobody.

    Example: campaigns plan sample_campaigns/dentist-reminders/campaign.yaml
    """
    if plot is not None and plot.suffix.lower() not in PICTURES:
        raise InputError(f"--plot: '{plot}' is no picture that can be drawn. Write a name that ends in .png or .svg.")
    from campaigns.planning import plan_file  # noqa: PLC0415 - what it needs is slow to import, and no other command's

    found = plan_file(file, options(context).settings(), at=moment(at))
    if plot is not None:
        _draw(found, plot)
    if options(context).json:
        print_json(as_json(found, plot))
    else:
        _tell(found, plot)


def _draw(found: "Plan", to: Path) -> None:
    from campaigns.reports.forecast_picture import draw  # noqa: PLC0415 - a second of imports, for pictures only

    try:
        draw(found.forecast, to, title=found.campaign.campaign)
    except OSError as error:
        raise InputError(f"--plot: {to}: cannot be written ({error.strerror}). Name another place.") from None


def _tell(found: "Plan", plot: Path | None) -> None:
    played = found.forecast
    out.print(f"[bold]{found.campaign.campaign}[/], played ahead: nobody was called")
    print_pairs([*_figures(found), ("", "")])
    if played.calls:
        out.print("calls per hour", markup=False)
        for line in picture(played):
            out.print("  " + line, markup=False)
    pairs = [("", ""), *_not_reached(played), ("", ""), *_what_if(played), ("", "")]
    pairs += [("rests on", note) for note in found.notes]
    pairs += [("picture", str(plot))] if plot else []
    print_pairs(pairs)


def _figures(found: "Plan") -> Iterator[tuple[str, str]]:
    played, unit = found.forecast, found.currency
    there = zone(played.zone)
    yield "leads", f"{played.leads:,}, of whom {played.open:,} have no outcome yet"
    yield "clock", f"{played.zone}; from {local(played.now, there)} on"
    if played.finish is None or played.first_call is None:
        yield "finish", "nobody is called"
        return
    yield "first call", local(played.first_call, there)
    yield "finish", f"{_finish(played.finish, played.zone)}"
    yield "reached", f"{_band(played.reached)} of {played.leads:,}"
    minutes = played.talk_minutes
    yield "calls", f"{_band(played.attempts)}, with {_band(minutes)} minutes of talk"
    if played.cost is not None:
        yield "cost", f"{_band(played.cost, 2)} {unit} at {found.price_per_minute:g} a minute"
    enough = "" if played.lines_enough >= played.lines_used else f"; {played.lines_enough} would do"
    yield "lines", f"{played.at_once} allowed, {played.lines_used} used at most{enough}"
    yield from _squeezed(found.squeeze)


def _squeezed(found: "Squeeze | None") -> Iterator[tuple[str, str]]:
    """Whether everybody with a deadline can be called once, whoever is called when."""
    if found is None or not found.people:
        return
    placed = found.people - len(found.full) - len(found.no_opening)
    yield "deadlines", f"{placed:,} of {found.people:,} who have one in the next two weeks can be called before it"
    if found.no_opening:
        yield "", f"{len(found.no_opening):,} have no open hour before theirs: {_named(found.no_opening)}"
    if found.full:
        yield "", f"{len(found.full):,} find no free line, whoever is called when: {_named(found.full)}"
        fits = ", ".join(f"{change} would fit in {count:,}" for change, count in found.fits.items())
        best = f"; the cheapest that helps: {found.cheapest}" if found.cheapest else ""
        yield "", f"{fits}{best}"


def _named(keys: tuple[str, ...]) -> str:
    return ", ".join(keys[:NAMED]) + (f" and {len(keys) - NAMED:,} more" if len(keys) > NAMED else "")


def _finish(finish: "Moments", zone_name: str) -> str:
    there = zone(zone_name)
    return f"{local(finish.p50, there)} (likely from {local(finish.p10, there)} to {local(finish.p90, there)})"


def _band(band: "Band", digits: int = 0) -> str:
    low, middle, high = (f"{value:,.{digits}f}" for value in (band.p10, band.p50, band.p90))
    return middle if low == high else f"{middle} (likely {low} to {high})"


def picture(played: "Forecast") -> list[str]:
    """Calls per hour, a line for each day, a column for each hour of the clock; taller is more."""
    there = zone(played.zone)
    days = defaultdict[datetime, dict[int, float]](dict)
    for hour, count in played.calls:
        here = hour.astimezone(there)
        day = days[here.replace(hour=0, minute=0, second=0, microsecond=0)]
        day[here.hour] = day.get(here.hour, 0.0) + count
    most = max(max(day.values()) for day in days.values())
    first, last = min(min(day) for day in days.values()), max(max(day) for day in days.values())
    lines = ["            " + "".join(f"{hour:02} " for hour in range(first, last + 1)) + f"   most: {most:,.0f}"]
    for start, day in sorted(days.items())[:DAYS]:
        cells = "".join(_column(day.get(hour, 0.0), most) for hour in range(first, last + 1))
        lines.append(f"{start:%a %d %b}  {cells}   {many(round(sum(day.values())), 'call')}")
    if len(days) > DAYS:
        lines.append(f"and {len(days) - DAYS} more days")
    return lines


def _column(count: float, most: float) -> str:
    level = 0 if count < 0.05 else max(1, round(count / most * (len(_LEVELS) - 1)))
    return _LEVELS[level] * 2 + " "


def _not_reached(played: "Forecast") -> Iterator[tuple[str, str]]:
    missed = [why for why in played.why if why.outcome is not Outcome.REACHED]
    title = "not reached"
    for why in missed[:REASONS]:
        yield title, _why(why)
        title = ""
    if len(missed) > REASONS:
        rest = sum(why.leads for why in missed[REASONS:])
        yield "", f"{_leads(rest)}  for {len(missed) - REASONS} other reasons; --json has all"


def _leads(count: float) -> str:
    return f"{count:7,.0f}" if count >= 9.5 else f"{count:7.1f}"


def _why(why: "Why") -> str:
    word = str(why.outcome).replace("_", " ") if why.outcome else "still open"
    rule = f" ({why.rule})" if why.rule else ""
    return f"{_leads(why.leads)}  {word}: {why.reason}{rule}"


def _what_if(played: "Forecast") -> Iterator[tuple[str, str]]:
    title, there = "what if", zone(played.zone)
    for other in played.what_if:
        finish = "the same finish"
        if other.finish is not None and played.finish is not None and _is_other(other.finish, played.finish.p50):
            finish = f"finish {local(other.finish, there)}"
        base = sum(why.leads for why in played.why if why.outcome is Outcome.REACHED)
        more = other.reached - base
        reached = f"{more:+,.0f} reached" if abs(more) >= 0.5 else "as many reached"
        yield title, f"{other.change:<24}{finish}, {reached}"
        title = ""


def _is_other(one: datetime, other: datetime) -> bool:
    return abs(one - other) >= timedelta(minutes=1)


def as_json(found: "Plan", plot: Path | None) -> Json:
    """Everything, in UTC. Bands are `[p10, p50, p90]`."""
    return {**plan_json(found), "picture": str(plot) if plot else None}
