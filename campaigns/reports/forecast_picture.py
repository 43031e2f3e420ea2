"""Draws a forecast for people: calls per hour over the days, and below how the leads end; with matplotlib."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from campaigns.domain.zones import zone
from campaigns.planner.forecast import Forecast

from .words import OUTCOMES

_INK, _PAPER, _OPEN, _CALLS = "#22262e", "#ffffff", "#eaf1fb", "#2c49a8"
_GRID = "#d3d8e0"
_HOUR = timedelta(hours=1)
_MARGIN = 0.02
MOST_DAYS = 8
"""Labels along the axis."""
_on_axis: Any = dates
"""Untyped in the library."""


def draw(played: Forecast, to: Path, *, title: str) -> None:
    """Write the picture; its kind is the file's suffix. Raises OSError.

    Args:
        played: The forecast.
        to: A name that ends in .png or .svg.
        title: The campaign's name.
    """
    figure = Figure(figsize=(11, 7), dpi=130, facecolor=_PAPER, layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=[1, 1.15])
    figure.suptitle(_title(played, title), x=0.012, ha="left", fontsize=15, fontweight="bold", color=_INK)
    above.set_title(_likely(played), loc="left", fontsize=11.5, color=_INK, pad=24)
    if not played.calls:
        above.text(0.5, 0.5, "Nobody is called.", ha="center", va="center", transform=above.transAxes)
    else:
        _calls(above, played)
        _outcomes(below, played)
    for axes in (above, below):
        _tidy(axes, played)
    _dates(below, played)
    figure.savefig(to, format=to.suffix[1:].lower(), metadata={"Date": None} if to.suffix.lower() == ".svg" else None)


def _title(played: Forecast, name: str) -> str:
    if played.finish is None:
        return f"{name}: nobody is called"
    return f"{name}: finished about {_named(played.finish.p50, played.zone)}"


def _likely(played: Forecast) -> str:
    if played.finish is None:
        return ""
    low, high = _named(played.finish.p10, played.zone), _named(played.finish.p90, played.zone)
    return f"Likely between {low} and {high}, time in {played.zone}"


def _named(at: datetime, zone_name: str) -> str:
    return f"{at.astimezone(zone(zone_name)):%a %d %b %H:%M}"


def _wall(at: datetime, played: Forecast) -> float:
    """Where an instant stands on the axis: by the clock of the zone."""
    return float(_on_axis.date2num(at.astimezone(zone(played.zone)).replace(tzinfo=None)))


def _calls(axes: Axes, played: Forecast) -> None:
    hours = [_wall(hour, played) for hour, _ in played.calls]
    counts = [count for _, count in played.calls]
    axes.bar(hours, counts, width=0.92 / 24, align="edge", color=_CALLS, label="Calls begun in each hour", zorder=3)
    axes.text(0, 1.03, "Calls per hour", transform=axes.transAxes, fontsize=11.5, fontweight="bold", color=_INK)
    axes.set_ylim(0, max(counts) * 1.28)
    _band(axes, played)


def _band(axes: Axes, played: Forecast) -> None:
    """When it is over, in most of the made-up runs."""
    for opens, closes in played.windows:
        axes.axvspan(_wall(opens, played), _wall(closes, played), color=_OPEN, lw=0, zorder=0)
    if played.finish is not None:
        low, middle, high = (_wall(at, played) for at in (played.finish.p10, played.finish.p50, played.finish.p90))
        axes.axvspan(low, high, color="#dd8a00", alpha=0.22, lw=0, zorder=1, label="Finish: 8 runs in 10")
        axes.axvline(middle, color="#c06f00", lw=1.6, zorder=4, label="Finish: the middle run")
    axes.fill_between([], [], color=_OPEN, label="Calling hours")


def _outcomes(axes: Axes, played: Forecast) -> None:
    """Running totals, one upon the other, as steps: between two hours nothing is known to change."""
    columns = [{str(outcome): count for outcome, count in closed.items()} for _, closed in played.outcomes]
    words = [word for word in OUTCOMES if any(closed.get(word.key, 0.0) >= 0.5 for closed in columns)]
    times = [_wall(played.now, played), *(_wall(at, played) for at, _ in played.outcomes)]
    rows = [[0.0, *(closed.get(word.key, 0.0) for closed in columns)] for word in words]
    colours = [word.light for word in words]
    axes.stackplot(times, *rows, colors=colours, labels=[word.title for word in words], zorder=3, step="post")
    axes.axhline(played.leads, color=_INK, lw=1, ls=(0, (4, 3)), zorder=4, label=f"All {played.leads:,} leads")
    axes.text(0, 1.03, "Leads with an outcome", transform=axes.transAxes, fontsize=11.5, fontweight="bold", color=_INK)
    axes.set_ylim(0, played.leads * 1.05)


def _tidy(axes: Axes, played: Forecast) -> None:
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=_GRID, lw=0.7)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_GRID)
    axes.tick_params(colors=_INK, labelsize=9.5, length=0)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=max((c for _, c in played.calls), default=0) >= 5))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 5 else f"{value:g}"))
    handles, _ = axes.get_legend_handles_labels()
    if handles:
        axes.legend(loc="upper left", bbox_to_anchor=(1.005, 1.0), frameon=False, fontsize=9.5, labelcolor=_INK)


def _dates(axes: Axes, played: Forecast) -> None:
    moments: Sequence[datetime] = [hour for hour, _ in played.calls]
    if not moments:
        return
    last = max(moments[-1] + _HOUR, played.finish.p90 if played.finish else moments[-1])
    first, end = _wall(moments[0], played), _wall(last, played)
    days = int(end) - int(first) + 1
    room = (end - first) * _MARGIN
    axes.set_xlim(int(first) - room if days > 2 else first - room, end + room)
    axes.xaxis.set_major_locator(
        _on_axis.DayLocator(interval=-(-days // MOST_DAYS)) if days > 2 else _on_axis.AutoDateLocator()
    )
    axes.xaxis.set_major_formatter(_on_axis.DateFormatter("%a %d %b" if days > 2 else "%a %H:%M"))
    for label in axes.get_xticklabels():
        label.set_horizontalalignment("left")
    axes.set_xlabel(f"Time in {played.zone}; averages of {played.replicas} made-up runs", fontsize=9.5, color=_INK)
