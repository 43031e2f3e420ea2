"""When people answer: calls by local hour and weekday, as a table whose cells are coloured by the share of answers."""

from collections.abc import Iterable

from nicegui.elements.mixins.text_element import TextElement

from campaigns.dashboard.elements import box, put, say, show, text
from campaigns.dashboard.view import View
from campaigns.desk.views import HeatCell

FULL = 0.6
"""The share of answers that has the strongest colour."""


class Heat:
    """Seven rows of hours; hours in which nobody was ever called are left out."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._cells: dict[tuple[int, int], TextElement] = {}
        with box("div", "scroll", tabindex="0", role="region", aria_label=view.t("heat.title")), box("table", "heat"):
            text(view.t("heat.title"), "caption", "hidden")
            with box("thead"), box("tr"):
                text(view.t("heat.day"), "th", scope="col")
                self._hours = [text(f"{hour}", "th", "n", scope="col") for hour in range(24)]
            with box("tbody"):
                for day in range(7):
                    self._row(day)
        text(view.t("heat.legend"), "p", "soft small")

    def _row(self, day: int) -> None:
        with box("tr"):
            text(self._view.formats.weekday(day), "th", scope="row")
            for hour in range(24):
                self._cells[day, hour] = text("", "td")

    def show(self, heat: Iterable[HeatCell]) -> None:
        """Set numbers and colours."""
        cells = {(cell.weekday, cell.hour): cell for cell in heat if cell.calls}
        hours = {hour for _, hour in cells} or {9, 17}
        for place, element in self._cells.items():
            show(element, visible=min(hours) <= place[1] <= max(hours))
            self._fill(element, cells.get(place))
        for hour, heading in enumerate(self._hours):
            show(heading, visible=min(hours) <= hour <= max(hours))

    def _fill(self, element: TextElement, cell: HeatCell | None) -> None:
        if cell is None:
            say(element, "")
            put(element, "style", None)
            put(element, "title", None)
            return
        share = cell.answered / cell.calls
        say(element, f"{100 * share:.0f}")
        put(element, "style", f"--share:{min(share / FULL, 1.0):.2f}")
        t, formats = self._view.t, self._view.formats
        put(element, "title", t("heat.cell", answered=cell.answered, calls=cell.calls, share=formats.share(share, 1)))
