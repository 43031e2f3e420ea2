"""The report as one HTML page that needs nothing else: no script, no request, light or dark, on paper too."""

from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from .figures import Figures
from .pictures import OverTime, bars, over_time
from .story import headline, moment, money, remarks, span_name, story
from .words import COLOURS, DISPOSITIONS, OUTCOMES, UNDIALLED

_STATES = {
    "active": "Running",
    "paused": "Paused",
    "stopped": "Stopped",
    "finished": "Finished",
    "refused": "Refused by the provider",
}


def render(figures: Figures, *, charts: Mapping[str, str] | None = None) -> str:
    """The whole page. Pure: the same figures give the same page; `charts`: drawn already, by name, or left out."""
    calls = over_time(DISPOSITIONS, figures.calls_over_time)
    closed = over_time(OUTCOMES, figures.closed_over_time, total=True)
    return _template().render(
        f=figures,
        state=_STATES[figures.record.state],
        headline=headline(figures),
        remarks=remarks(figures),
        story=story(figures),
        outcomes=bars(OUTCOMES, figures.outcomes),
        dispositions=bars(DISPOSITIONS, figures.dispositions),
        undialled_means=UNDIALLED,
        calls=calls,
        closed=closed,
        charts=_charts(figures, calls, closed) if charts is None else charts,
        colours=COLOURS,
        words=tuple({word.key: word for word in OUTCOMES + DISPOSITIONS}.values()),
        titles={word.key: word.title for word in OUTCOMES + DISPOSITIONS},
        column_span=span_name(figures.calls_over_time.size),
        moment=lambda at: moment(at, figures.zone),
        money=lambda amount: money(amount, figures.currency),
    )


def _charts(figures: Figures, calls: OverTime, closed: OverTime) -> dict[str, str]:
    """The drawings by name; none where no call was made, so that matplotlib is loaded only for what is drawn."""
    if not (calls.legend or closed.legend):
        return {}
    from .charts import draw_heat, draw_over_time  # noqa: PLC0415 - a second of imports, for pictures only

    drawn = {f"calls_{size}": text for size, text in draw_over_time(calls, "calls").items()}
    drawn |= {f"closed_{size}": text for size, text in draw_over_time(closed, "closed").items()}
    return drawn | ({"heat": draw_heat(figures.heat)} if figures.heat.cells else {})


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
    jinja.filters["plain"] = lambda number: f"{number:,.2f}".rstrip("0").rstrip(".")
    return jinja.get_template("page.html.j2")
