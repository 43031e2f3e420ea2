"""What campaigns came to, to take along: as a page for a manager, or as a table."""

import tempfile
from pathlib import Path

from nicegui import context, ui

from campaigns.dashboard.elements import box, button, put, say, show, text
from campaigns.dashboard.registry import page
from campaigns.dashboard.rows import Rows
from campaigns.dashboard.saying import seldom
from campaigns.dashboard.tones import STATES
from campaigns.dashboard.view import View
from campaigns.desk.access import Role
from campaigns.desk.views import CampaignView
from campaigns.reports import FORMATS, write_report

LOOKS = 4


@page("/reports", title="reports.title", menu="reports.menu", order=35)
async def reports(view: View) -> None:
    """The page of reports."""
    text(view.t("reports.title"), "h1")
    masked = "" if view.may(Role.OPERATE) else f" {view.t('reports.masked')}"
    text(view.t("reports.what") + masked, "p", "soft")
    with box("section", "card", aria_label=view.t("reports.title")):
        rows: Rows[CampaignView] = Rows(box("ul", "checks"), lambda one: _Campaign(view, one), lambda one: one.name)
        none = text(view.t("reports.none"), "p", "soft")
    show(none, visible=False)

    async def refresh() -> None:
        show(none, visible=not rows.show(await view.desk.board.campaigns()))

    await view.live(seldom(LOOKS, refresh))


class _Campaign:
    """One campaign, with a button for each kind of file."""

    def __init__(self, view: View, one: CampaignView) -> None:
        self._view, self._name, self._busy = view, one.name, False
        with box("li", "row between report") as self.root:
            with box("div", "row"):
                text(one.name, "strong")
                self._state = text("", "span", f"badge tone-{STATES[one.state]}")
            with box("div", "actions", role="group", aria_label=view.t("reports.of", name=one.name)):
                for ending in FORMATS:
                    words = view.t(f"reports.{ending.removeprefix('.')}")
                    press = button(words, lambda ending=ending: self._write(ending))  # type: ignore[misc]
                    put(press, "aria-label", f"{words}: {one.name}")

    def show(self, one: CampaignView) -> None:
        """Set where it stands."""
        say(self._state, self._view.t(f"state.{one.state}"))

    async def _write(self, ending: str) -> None:
        if self._busy:
            return
        self._busy = True
        view, folder = self._view, tempfile.TemporaryDirectory(prefix="campaigns-report-")
        context.client.on_delete(folder.cleanup)
        to = Path(folder.name) / f"{self._name}{ending}"
        view.say(view.t("reports.writing", name=to.name))
        writing = write_report(view.desk.session, self._name, to, whole=view.may(Role.OPERATE))
        if await view.act(writing, view.t("reports.done", name=to.name)):
            ui.download.file(to, to.name, "application/octet-stream")
        self._busy = False
