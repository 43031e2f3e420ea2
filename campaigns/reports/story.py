"""The report in plain words: what whoever reads only its first lines should know."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from .figures import Compliance, Figures
from .timeline import wall


def headline(figures: Figures) -> str:
    """The first thing a reader wants to know: `41 of 55 people reached`."""
    if not figures.leads:
        return "Nobody to call"
    reached = figures.outcomes["reached"]
    if figures.people == figures.leads:
        return f"{reached:,} of {figures.leads:,} people reached"
    return f"{reached:,} of {figures.leads:,} leads reached"


def remarks(figures: Figures) -> list[str]:
    """What the headline leaves out, one sentence each."""
    held, still = figures.outcomes["held"], figures.outcomes["open"]
    found = []
    if figures.people != figures.leads:
        people = f"{figures.reached_people:,} of {figures.people:,} people were reached"
        found.append(f"A lead is one reason to call; some people have several: {people}.")
    if still:
        found.append(f"{still:,} {'is' if still == 1 else 'are'} not finished.")
    if held:
        found.append(f"{held:,} {'waits' if held == 1 else 'wait'} until a person has decided: see below.")
    if figures.leads and not still + held:
        found.append("Every lead has an outcome.")
    return found


def story(figures: Figures) -> list[str]:
    """The calls, their cost, and what was kept, one sentence each."""
    if not _made(figures):
        return ["No call was made."]
    return [*_calls(figures), *_cost(figures), *_kept(figures.compliance)]


def _made(figures: Figures) -> int:
    return sum(figures.dispositions.values())


def _calls(figures: Figures) -> Iterator[str]:
    first, last = moment(figures.calls.first, figures.zone), moment(figures.calls.last, figures.zone)
    when = f" between {first} and {last} ({figures.zone})" if figures.calls.first else ""
    yield f"{_many(_made(figures), 'call was', 'calls were')} made{when}."
    ends = figures.heat.extremes()
    if ends:
        best, worst = ends
        yield (
            f"People answered best on {best.name} ({best.rate:.0f} % of {best.calls:,} calls),"
            f" worst on {worst.name} ({worst.rate:.0f} % of {worst.calls:,}), by their own clocks."
        )


def _cost(figures: Figures) -> Iterator[str]:
    cost = figures.calls.cost
    if cost is None:
        return
    reached = figures.outcomes["reached"]
    each = f", or {money(cost / reached, figures.currency)} for each lead that was reached" if reached else ""
    yield f"They cost {money(cost, figures.currency)}{each}."


def _kept(kept: Compliance) -> Iterator[str]:
    if kept.outside or kept.without:
        yield "Not every call can be shown to have begun within the permitted hours: see Compliance."
    elif kept.held:
        yield "Every call began within the permitted hours."
    asked, after = kept.opt_outs.asked, kept.opt_outs.called_after
    if asked:
        yield f"{_many(asked, 'person', 'people')} asked not to be called again."
    if after:
        yield f"{_many(after, 'call', 'calls')} to people on the do-not-call list began after that: see Compliance."
    elif asked:
        yield f"{'They were not' if asked == 1 else 'None of them was'} called after that."


def money(amount: float, currency: str) -> str:
    """`12.40 EUR`; without a currency the number alone."""
    return f"{amount:,.2f} {currency}".rstrip()


def moment(at: datetime | None, zone: str) -> str:
    """`Mon 23 Nov 2026, 09:02` on the clocks of the zone; a dash for None."""
    local = wall(at, zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}" if local else "\N{EN DASH}"


def span_name(size: timedelta) -> str:
    """`15 minutes`, `1 hour`, `7 days`."""
    for unit, name in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour")):
        if size >= unit:
            return f"{size // unit} {name}{'' if size == unit else 's'}"
    return f"{size // timedelta(minutes=1)} minutes"


def _many(count: int, one: str, several: str) -> str:
    return f"{count:,} {one if count == 1 else several}"
