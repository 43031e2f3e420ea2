"""When people answer: calls by local hour and weekday, as a table whose cells are coloured by the share of answers."""

from collections.abc import Iterable
from html import escape

from campaigns.dashboard.elements import box, markup, text, write
from campaigns.dashboard.view import View
from campaigns.desk.views import HeatCell

FULL = 0.6
"""The share of answers that has the strongest colour."""
_USUAL = (9, 17)
"""Hours that are shown while nobody was called yet."""


class Heat:
    """Seven rows of hours; hours before and after all calls are left out."""

    def __init__(self, view: View) -> None:
        self._view = view
        with box("div", "scroll", tabindex="0", role="region", aria_label=view.t("heat.title")):
            self._table = markup("table", "heat")
        text(view.t("heat.legend"), "p", "soft small")
        self.show(())

    def show(self, heat: Iterable[HeatCell]) -> None:
        """Set numbers and colours."""
        cells = {(cell.weekday, cell.hour): cell for cell in heat if cell.calls}
        known = [hour for _, hour in cells] or _USUAL
        hours = range(min(known), max(known) + 1)
        title, day = escape(self._view.t("heat.title")), escape(self._view.t("heat.day"))
        heads = "".join(f'<th scope="col">{hour}</th>' for hour in hours)
        rows = "".join(self._row(weekday, [cells.get((weekday, hour)) for hour in hours]) for weekday in range(7))
        head = f'<thead><tr><th scope="col">{day}</th>{heads}</tr></thead>'
        write(self._table, f'<caption class="hidden">{title}</caption>{head}<tbody>{rows}</tbody>')

    def _row(self, weekday: int, cells: list[HeatCell | None]) -> str:
        day = escape(self._view.formats.weekday(weekday))
        return f'<tr><th scope="row">{day}</th>{"".join(self._cell(cell) for cell in cells)}</tr>'

    def _cell(self, cell: HeatCell | None) -> str:
        if cell is None:
            return "<td></td>"
        share = cell.answered / cell.calls
        told = self._view.formats.share(cell.answered, cell.calls)
        title = escape(self._view.t("heat.cell", answered=cell.answered, calls=cell.calls, share=told))
        return f'<td title="{title}" style="--share:{min(share / FULL, 1.0):.2f}">{100 * share:.0f}</td>'
