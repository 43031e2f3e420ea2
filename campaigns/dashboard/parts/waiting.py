"""Why people wait: reasons, counted."""

from campaigns.dashboard.elements import box, say, show, table, text
from campaigns.dashboard.rows import Rows
from campaigns.dashboard.view import View
from campaigns.desk.views import CampaignView, Waiting


class WaitingTable:
    """A row for each reason, most leads first."""

    def __init__(self, view: View) -> None:
        self._view = view
        t = view.t
        self._none = text(t("waiting.none"), "p", "soft")
        self._box = box("div")
        with self._box:
            columns = [(t("waiting.leads"), "n"), (t("waiting.reason"), ""), (t("waiting.next"), "")]
            body = table(t("waiting.title"), columns)
        self._rows = Rows[Waiting](body, self._row, lambda one: f"{one.reason}\n{one.rule}")

    def _row(self, _: Waiting) -> "_Row":
        return _Row(self._view)

    def show(self, campaign: CampaignView) -> None:
        """Set the counts."""
        found = sorted(campaign.waiting, key=lambda one: -one.leads)
        count = self._rows.show(found)
        show(self._none, visible=count == 0)
        show(self._box, visible=count > 0)


class _Row:
    def __init__(self, view: View) -> None:
        self._view = view
        with box("tr") as self.root:
            self._leads = text("", "td", "n")
            with box("td"):
                self._reason = text("", "div")
                self._rule = text("", "code", "small")
            self._next = text("", "td", "figures")

    def show(self, one: Waiting) -> None:
        say(self._leads, self._view.formats.count(one.leads))
        say(self._reason, one.reason or self._view.t("waiting.unsaid"))
        say(self._rule, one.rule)
        show(self._rule, visible=bool(one.rule))
        say(self._next, self._view.formats.moment(one.next_at))
