"""Draws the report's charts with matplotlib: counts over time, and when people answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib import dates
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, MaxNLocator

from .heat import DAYS, Cell, Heat
from .inline import inline
from .pictures import OverTime
from .ticks import time_ticks
from .words import COLOURS

_INK, _SOFT, _GRID = "#22262e", "#5b6473", "#d3d8e1"
_SHADES = ("#e5f3ed", "#b9e0cf", "#83c9aa", "#3fa57c", "#0f6b4a")
_ON_SHADES = ("#22262a", "#22262b", "#22262c", "#ffffff", "#fffffe")
_COLOURS = (
    {_INK: "var(--text)", _SOFT: "var(--soft)", _GRID: "var(--grid)"}
    | {shade: f"var(--heat-{number})" for number, shade in enumerate(_SHADES)}
    | {ink: f"var(--on-heat-{number})" for number, ink in enumerate(_ON_SHADES)}
    | {colour.light: f"var(--{colour.css})" for colour in COLOURS}
)
_on_axis: Any = dates
"""Untyped in the library."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a drawing, in inches, and how many moments fit beneath it."""

    name: str
    width: float
    height: float
    most_ticks: int


SIZES = (Size("wide", 9.2, 2.9, 7), Size("narrow", 4.4, 2.7, 4))
"""For a screen or a sheet of paper, and for a phone: the page shows the one that fits."""


def draw_over_time(picture: OverTime, name: str) -> dict[str, str]:
    """The picture in each size; empty where nothing was counted."""
    if not picture.legend:
        return {}
    return {size.name: inline(_over_time(picture, size), f"{name}-{size.name}", _COLOURS) for size in SIZES}


def _over_time(picture: OverTime, size: Size) -> Figure:
    figure = Figure(figsize=(size.width, size.height))
    axes = figure.add_axes(_box(size, left=0.5, right=0.15, top=0.15, bottom=0.45))
    edges = _on_axis.date2num([*picture.line.starts(), picture.line.end])
    below = [0] * len(edges)
    for word in picture.legend:
        counts = picture.counts(word)
        above = [low + count for low, count in zip(below, [*counts, counts[-1]], strict=True)]
        axes.fill_between(edges, below, above, step="post", color=word.light, linewidth=0)
        below = above
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylim(0, picture.most * 1.06)
    _tidy(axes)
    _mark_time(axes, picture, size)
    return figure


def _mark_time(axes: Axes, picture: OverTime, size: Size) -> None:
    ticks = time_ticks(picture.line.start, picture.line.end, most=size.most_ticks)
    labels = [f"{tick.label}\n{tick.larger}" for tick in ticks]
    axes.set_xticks(_on_axis.date2num([tick.at for tick in ticks]), labels)


def _box(size: Size, *, left: float, right: float, top: float, bottom: float) -> tuple[float, float, float, float]:
    """Where the axes stand, as fractions, by margins in inches."""
    width, height = size.width - left - right, size.height - top - bottom
    return left / size.width, bottom / size.height, width / size.width, height / size.height


def _tidy(axes: Axes) -> None:
    axes.set_axisbelow(True)
    axes.grid(axis="y", color=_GRID, linewidth=0.8)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(_SOFT)
    axes.tick_params(colors=_SOFT, labelcolor=_INK, length=0)
    axes.tick_params(axis="x", length=4)
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def draw_heat(heat: Heat) -> str:
    """A cell for each hour of the week in which anybody was called, days across, with its rate in figures."""
    hours, days = heat.hours, _days(heat)
    size = Size("heat", 0.55 + 0.56 * max(len(days), 4), 0.32 + 0.3 * len(hours), 0)
    figure = Figure(figsize=(size.width, size.height))
    axes = figure.add_axes(_box(size, left=0.53, right=0.02, top=0.3, bottom=0.02))
    for cell in heat.cells:
        _cell(axes, cell, days.index(cell.weekday), cell.hour - hours[0], heat.shade(cell))
    axes.set_xlim(0, max(len(days), 4))
    axes.set_ylim(len(hours), 0)
    axes.set_xticks([number + 0.5 for number in range(len(days))], [DAYS[day] for day in days])
    axes.set_yticks([number + 0.5 for number in range(len(hours))], [f"{hour:02}:00" for hour in hours])
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelcolor=_INK, pad=4)
    for spine in axes.spines.values():
        spine.set_visible(False)
    return inline(figure, "heat", _COLOURS)


def _days(heat: Heat) -> Sequence[int]:
    """The working week, and the weekend where anybody was called then."""
    last = max([4, *(cell.weekday for cell in heat.cells)])
    return range(last + 1)


def _cell(axes: Axes, cell: Cell, across: int, down: int, shade: int) -> None:
    fill, ink = ("none", _SOFT) if cell.is_few else (_SHADES[shade], _ON_SHADES[shade])
    edge = _GRID if cell.is_few else "none"
    axes.add_patch(Rectangle((across + 0.03, down + 0.05), 0.94, 0.9, facecolor=fill, edgecolor=edge, linewidth=0.8))
    text = f"{cell.answered}/{cell.calls}" if cell.is_few else f"{cell.rate:.0f} %"
    axes.text(across + 0.5, down + 0.52, text, ha="center", va="center", color=ink)
