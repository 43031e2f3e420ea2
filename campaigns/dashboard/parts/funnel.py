"""How many of a campaign's leads came how far."""

from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement

from campaigns.dashboard.elements import box, put, say, text
from campaigns.dashboard.view import View
from campaigns.desk.views import History

STEPS = ("leads", "called", "answered", "reached")


class Funnel:
    """A table whose rows are bars: the numbers stand beside them."""

    def __init__(self, view: View) -> None:
        self._view = view
        with box("table", "funnel"):
            text(view.t("funnel.title"), "caption", "hidden")
            with box("tbody"):
                self._rows = {step: self._row(step) for step in STEPS}

    def _row(self, step: str) -> tuple[TextElement, Element, TextElement]:
        with box("tr"):
            text(self._view.t(f"funnel.{step}"), "th", scope="row")
            number = text("", "td", "n")
            with box("td", "wide"), box("div", "rail"):
                bar = box("div", "fill tone-green" if step == "reached" else "fill tone-blue")
            share = text("", "td", "n soft")
        return number, bar, share

    def show(self, history: History) -> None:
        """Set numbers and lengths."""
        formats, steps = self._view.formats, dict(history.funnel)
        whole = steps.get("leads", 0)
        for step, (number, bar, share) in self._rows.items():
            count = steps.get(step, 0)
            say(number, formats.count(count))
            say(share, formats.share(count, whole))
            put(bar, "style", f"width:{100 * count / whole if whole else 0:.1f}%")
