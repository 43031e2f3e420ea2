"""Every campaign at a glance: where it stands, how fast it goes, and the buttons that steer it."""

from urllib.parse import quote

from campaigns.dashboard.elements import badge, box, button, link, retone, say, show, text
from campaigns.dashboard.parts.progress import Progress
from campaigns.dashboard.parts.standing import Standing
from campaigns.dashboard.parts.steering import Steering
from campaigns.dashboard.registry import page
from campaigns.dashboard.rows import Rows
from campaigns.dashboard.tones import STATES
from campaigns.dashboard.view import View
from campaigns.desk.views import CampaignView

STEP = 30
"""So many are shown first, and with each wish for more."""


@page("/", title="campaigns.title", menu="campaigns.menu", order=10)
async def campaigns(view: View) -> None:
    """The first page."""
    with box("div", "row between"):
        text(view.t("campaigns.title"), "h1")
        as_of = text(view.t("shell.counting"), "p", "soft small figures")
    nobody = text(view.t("campaigns.none"), "p", "note")
    show(nobody, visible=False)
    most = STEP

    def wish() -> None:
        nonlocal most
        most += STEP

    rows = Rows[CampaignView](box("div", "stack cards"), lambda one: _Card(view, one), lambda one: one.name)
    more = button("", wish, "quiet")

    async def refresh() -> None:
        found = sorted(await view.desk.board.campaigns(), key=lambda one: one.created_at, reverse=True)
        rows.show(found[:most])
        show(nobody, visible=not found)
        show(more, visible=len(found) > most)
        say(more, view.t("campaigns.more", n=len(found) - most))
        if found:
            say(as_of, view.t("shell.as_of", at=view.formats.exactly(max(one.as_of for one in found))))

    await view.live(refresh)


class _Card:
    """One campaign."""

    def __init__(self, view: View, campaign: CampaignView) -> None:
        self._view = view
        self.root = box("section", "card campaign")
        with self.root:
            with box("div", "row between"):
                with box("div", "row"):
                    with box("h2") as title:
                        link(campaign.name, f"/campaigns/{quote(campaign.name)}")
                    self._state = badge(view.t(f"state.{campaign.state}"), STATES[campaign.state])
                    self._reason = text("", "span", "soft small")
                self._steering = Steering(view, campaign)
            self._error = text("", "p", "note bad")
            self._progress = Progress(view, campaign)
            self._standing = Standing(view, campaign)
        self.root.props["aria-labelledby"] = title.html_id

    def show(self, campaign: CampaignView) -> None:
        """Set what it says."""
        say(self._state, self._view.t(f"state.{campaign.state}"))
        retone(self._state, STATES[campaign.state])
        say(self._reason, campaign.reason)
        say(self._error, " ".join(campaign.errors))
        show(self._error, visible=bool(campaign.errors))
        self._steering.show(campaign)
        self._progress.show(campaign)
        self._standing.show(campaign)
