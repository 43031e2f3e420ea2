"""How many of a campaign's leads came how far."""

from html import escape

from campaigns.dashboard.elements import markup, write
from campaigns.dashboard.view import View
from campaigns.desk.views import History

STEPS = {"leads": "blue", "called": "blue", "answered": "blue", "reached": "green"}


class Funnel:
    """A table whose rows are bars: the numbers stand beside them."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._table = markup("table", "funnel")
        self.show(History((), 60, (), (), (), complete=False))

    def show(self, history: History) -> None:
        """Set numbers and lengths."""
        steps = dict(history.funnel)
        whole = steps.get("leads", 0)
        rows = (self._row(step, steps.get(step, 0), whole) for step in STEPS)
        title = escape(self._view.t("funnel.title"))
        write(self._table, f'<caption class="hidden">{title}</caption><tbody>{"".join(rows)}</tbody>')

    def _row(self, step: str, count: int, whole: int) -> str:
        formats = self._view.formats
        width = 100 * count / whole if whole else 0
        bar = f'<div class="rail"><div class="fill tone-{STEPS[step]}" style="width:{width:.1f}%"></div></div>'
        return (
            f'<tr><th scope="row">{escape(self._view.t(f"funnel.{step}"))}</th>'
            f'<td class="n">{escape(formats.count(count))}</td><td class="wide">{bar}</td>'
            f'<td class="n soft">{escape(formats.share(count, whole))}</td></tr>'
        )
