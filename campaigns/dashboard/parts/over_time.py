"""Outcomes over time: a chart, and the same numbers as a table for whoever opens it."""

from typing import Any

from nicegui import ui
from nicegui.element import Element

from campaigns.dashboard.elements import box, put, text
from campaigns.dashboard.tones import DARK, LIGHT, OUTCOMES
from campaigns.dashboard.view import View
from campaigns.desk.views import Bucket, History

CHART = ui.echart
"""Named here, so that pages know where its scripts are before there is any chart."""
_INK = {False: ("#5b6472", "#dde1e7"), True: ("#a2abb9", "#323843")}
"""Text and lines, by whether it is dark."""


class OverTime:
    """Bars for each stretch of time, stacked by outcome."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._shown: History | None = None
        self._open = False
        self._chart: Element | None = None
        self._frame = box("div", "chart", role="img", aria_label=view.t("over_time.title"))
        with box("details") as details:
            text(view.t("over_time.table"), "summary")
            self._table = box("div", "scroll", tabindex="0", role="region", aria_label=view.t("over_time.table"))
        details.on("toggle", lambda event: self._opened(is_open=bool(event.args)), js_handler=_IS_OPEN)

    async def show(self, history: History) -> None:
        """Draw what is new."""
        if history is self._shown or (self._shown and history.outcomes == self._shown.outcomes):
            return
        self._shown = history
        dark = await self._view.is_dark()
        self._draw(_options(self._view, history, dark=dark))
        put(self._frame, "aria-label", self._summary(history))
        self._tabulate()

    def _draw(self, options: dict[str, Any]) -> None:
        # Put in only now: as a part of the page its megabyte would have to be there before the first paint.
        if self._chart is None:
            with self._frame:
                self._chart = CHART(options, renderer="svg").classes("canvas")
                put(self._chart, "aria-hidden", "true")
        else:
            self._chart.props["options"] = options
            self._chart.update()

    def _summary(self, history: History) -> str:
        totals = _totals(history.outcomes)
        told = [
            f"{self._view.t(f'outcome.{word}')} {self._view.formats.count(count)}" for word, count in totals.items()
        ]
        return f"{self._view.t('over_time.title')}: {', '.join(told)}"

    def _opened(self, *, is_open: bool) -> None:
        self._open = is_open
        self._tabulate()

    def _tabulate(self) -> None:
        if not self._open or self._shown is None:
            return
        self._table.clear()
        with self._table:
            _table(self._view, self._shown)


_IS_OPEN = "(event) => emit(event.target.open)"


def _totals(buckets: tuple[Bucket, ...]) -> dict[str, int]:
    sums = {str(outcome): sum(bucket.counts.get(outcome, 0) for bucket in buckets) for outcome in OUTCOMES}
    return {word: count for word, count in sums.items() if count}


def _options(view: View, history: History, *, dark: bool) -> dict[str, Any]:
    ink, line = _INK[dark]
    colours = DARK if dark else LIGHT
    tones = {str(outcome): tone for outcome, tone in OUTCOMES.items()}
    words = _totals(history.outcomes)
    label = {"color": ink, "hideOverlap": True, "alignMinLabel": "left"}
    axis = {"axisLabel": label, "axisLine": {"lineStyle": {"color": line}}}
    return {
        "animation": False,
        "textStyle": {"fontFamily": "system-ui, sans-serif"},
        "grid": {"left": 8, "right": 8, "top": 40, "bottom": 8, "containLabel": True},
        "legend": {
            "top": 0,
            "left": 0,
            "type": "scroll",
            "textStyle": {"color": ink},
            "itemWidth": 12,
            "itemHeight": 12,
        },
        "tooltip": {"trigger": "axis", "axisPointer": {"type": "shadow"}, "confine": True},
        "xAxis": {"type": "category", "data": [view.formats.moment(one.at) for one in history.outcomes], **axis},
        "yAxis": {"type": "value", "minInterval": 1, "splitLine": {"lineStyle": {"color": line}}, **axis},
        "series": [
            {
                "name": view.t(f"outcome.{word}"),
                "type": "bar",
                "stack": "all",
                "barCategoryGap": "15%",
                "itemStyle": {"color": colours[tones[word]]},
                "data": [one.counts.get(word, 0) for one in history.outcomes],
            }
            for word in words
        ],
    }


def _table(view: View, history: History) -> Element:
    words = _totals(history.outcomes)
    with box("table", "grid") as table:
        text(view.t("over_time.title"), "caption", "hidden")
        with box("thead"), box("tr"):
            text(view.t("over_time.from"), "th", scope="col")
            for word in words:
                text(view.t(f"outcome.{word}"), "th", "n", scope="col")
        with box("tbody"):
            for bucket in history.outcomes:
                with box("tr"):
                    text(view.formats.moment(bucket.at), "th", scope="row")
                    for word in words:
                        text(view.formats.count(bucket.counts.get(word, 0)), "td", "n")
    return table
