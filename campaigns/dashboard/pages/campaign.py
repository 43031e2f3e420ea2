"""One campaign: how it came to where it stands, what it does now, and what needs a person."""

from collections.abc import Sequence
from urllib.parse import quote

from campaigns.dashboard.elements import badge, box, card, link, retone, say, show, text
from campaigns.dashboard.parts.calls import Doubts, Live
from campaigns.dashboard.parts.forecast import ForecastPicture
from campaigns.dashboard.parts.funnel import Funnel
from campaigns.dashboard.parts.heat import Heat
from campaigns.dashboard.parts.over_time import OverTime
from campaigns.dashboard.parts.progress import Progress
from campaigns.dashboard.parts.standing import Standing
from campaigns.dashboard.parts.steering import Steering
from campaigns.dashboard.parts.waiting import WaitingTable
from campaigns.dashboard.registry import page
from campaigns.dashboard.tones import STATES
from campaigns.dashboard.view import View
from campaigns.desk.views import AttemptView, CampaignView
from campaigns.domain.lead import CampaignState

_OVER = (CampaignState.FINISHED, CampaignState.STOPPED)


@page("/campaigns/{name}", title="campaign.title")
async def campaign(view: View, name: str) -> None:
    """The page of one campaign; what is quick is counted first, the past is followed behind it."""
    found = await view.desk.board.campaign(name)
    view.retitle(name)
    head = _Head(view, found)
    now, past = _Now(view, found), _Past(view)

    async def stand() -> None:
        current = await view.desk.board.campaign(name)
        head.show(current)
        now.show(current)

    async def calls() -> None:
        board, by = view.desk.board, view.operator
        live, doubts = await board.live(name, by=by), await board.doubts(name, by=by)
        now.show_calls(live, doubts, (await board.campaign(name)).open_calls)

    async def history() -> None:
        await past.show(view, name)

    await view.live(stand)
    view.later(calls)
    view.later(history)
    past.forecast.begin(name, over=found.state in _OVER)


class _Head:
    """Its name, its state, the buttons, and what stands in its way."""

    def __init__(self, view: View, found: CampaignView) -> None:
        self._view = view
        with box("nav", "crumbs", aria_label=view.t("campaign.crumbs")):
            link(view.t("campaigns.title"), "/")
        with box("div", "row between"):
            with box("div", "row"):
                text(found.name, "h1")
                self._state = badge("", STATES[found.state])
                self._reason = text("", "span", "soft small")
            self._steering = Steering(view, found)
        with box("div", "row between"):
            about = view.t("campaign.about", provider=found.provider, purpose=found.purpose)
            text(about, "p", "soft small")
            self._as_of = text("", "p", "soft small figures")
        self._errors = text("", "p", "note bad")
        self._warnings = text("", "p", "note")
        self.show(found)

    def show(self, found: CampaignView) -> None:
        """Set what it says."""
        t = self._view.t
        say(self._state, t(f"state.{found.state}"))
        retone(self._state, STATES[found.state])
        say(self._reason, found.reason)
        say(self._as_of, t("shell.as_of", at=self._view.formats.exactly(found.as_of)))
        say(self._errors, " ".join(found.errors))
        show(self._errors, visible=bool(found.errors))
        say(self._warnings, t("campaign.warnings", n=found.warnings))
        show(self._warnings, visible=found.warnings > 0)
        self._steering.show(found)


class _Now:
    """Where it stands, why people wait, and what happens at this moment."""

    def __init__(self, view: View, found: CampaignView) -> None:
        t = view.t
        with card(t("campaign.standing")):
            self._progress, self._standing = Progress(view, found), Standing(view, found)
            link(t("campaign.leads"), f"/campaigns/{quote(found.name)}/leads", "after")
        with card(t("doubts.title")) as self._in_doubt:
            self._doubts = Doubts(view)
        show(self._in_doubt, visible=False)
        with box("div", "two"):
            with card(t("waiting.title")):
                self._waiting = WaitingTable(view)
            with card(t("live.title")):
                self._live = Live(view)

    def show_calls(self, live: Sequence[AttemptView], doubts: Sequence[AttemptView], open_calls: int) -> None:
        """Set what happens at this moment; `open_calls`: how many there are, listed or not."""
        self._live.show(live, open_calls)
        self._doubts.show(doubts)
        show(self._in_doubt, visible=bool(doubts))

    def show(self, found: CampaignView) -> None:
        """Set what it says."""
        self._progress.show(found)
        self._standing.show(found)
        self._waiting.show(found)


class _Past:
    """How it came here, and where it leads."""

    def __init__(self, view: View) -> None:
        t = view.t
        with card(t("over_time.title")):
            self._over_time = OverTime(view)
            self._reading = text("", "p", "soft small line")
        with box("div", "two"):
            with card(t("funnel.title")):
                self._funnel = Funnel(view)
            with card(t("heat.title")):
                self._heat = Heat(view)
        with card(t("forecast.title")):
            self.forecast = ForecastPicture(view)

    async def show(self, view: View, name: str) -> None:
        """Set what it says."""
        history = await view.desk.board.history(name)
        say(self._reading, "" if history.complete else view.t("campaign.reading"))
        self._funnel.show(history)
        self._heat.show(history.heat)
        await self._over_time.show(history)
