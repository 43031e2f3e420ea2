"""The report as one HTML page that needs nothing else: no script, no request, light or dark, on paper too."""

import os
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from .figures import Figures
from .pictures import HEIGHT, bars, columns
from .timeline import wall
from .words import DISPOSITIONS, OUTCOMES, UNDIALLED

_STATES = {
    "active": "Running",
    "paused": "Paused",
    "stopped": "Stopped",
    "finished": "Finished",
    "refused": "Refused by the provider",
}


def render(figures: Figures) -> str:
    """The whole page. Pure: the same figures give the same page."""
    return _template().render(
        f=figures,
        state=_STATES[figures.record.state],
        headline=headline(figures),
        remarks=remarks(figures),
        outcomes=bars(OUTCOMES, figures.outcomes),
        dispositions=bars(DISPOSITIONS, figures.dispositions),
        undialled_means=UNDIALLED,
        calls=columns(DISPOSITIONS, figures.calls_over_time),
        closed=columns(OUTCOMES, figures.closed_over_time, total=True),
        words=tuple({word.key: word for word in OUTCOMES + DISPOSITIONS}.values()),
        titles={word.key: word.title for word in OUTCOMES + DISPOSITIONS},
        column_span=span_name(figures.calls_over_time.size),
        height=HEIGHT,
        moment=lambda at: moment(at, figures.zone),
    )


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


def span_name(size: timedelta) -> str:
    """`15 minutes`, `1 hour`, `7 days`."""
    for unit, name in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour")):
        if size >= unit:
            return f"{size // unit} {name}{'' if size == unit else 's'}"
    return f"{size // timedelta(minutes=1)} minutes"


def moment(at: datetime | None, zone: str) -> str:
    """`Mon 23 Nov 2026, 09:02` on the clocks of the zone; a dash for None."""
    local = wall(at, zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M}" if local else "\N{EN DASH}"


def write_report(path: Path, text: str) -> None:
    """Write the page whole or not at all; what stood there before is replaced. Raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


@cache
def _template() -> Template:
    """Read and compiled where a page is wanted: it takes longer than most commands."""
    jinja = Environment(
        loader=PackageLoader("campaigns.reports", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    jinja.filters["count"] = lambda number: f"{number:,}"
    return jinja.get_template("page.html.j2")
