"""Where a campaign stands, in figures: the same on the first page and on its own."""

from campaigns.dashboard.formats import NOTHING
from campaigns.dashboard.view import View
from campaigns.desk.views import BudgetLine, CampaignView
from campaigns.domain.lead import CampaignState, LeadState

from .facts import Facts

_FACTS = ("leads", "calls", "minute", "next", "finish", "budget")


class Standing:
    """Calls, pace, next opening, finish and budget."""

    def __init__(self, view: View, campaign: CampaignView) -> None:
        self._view = view
        self._facts = Facts({fact: view.t(f"fact.{fact}") for fact in _FACTS})
        self.show(campaign)

    def show(self, campaign: CampaignView) -> None:
        """Set the figures."""
        t, formats = self._view.t, self._view.formats
        closed, unknown = sum(campaign.outcomes.values()), t("fact.counting")
        leads = t("fact.part", part=formats.count(closed), whole=formats.count(campaign.leads))
        calls = t("fact.part", part=formats.count(campaign.open_calls), whole=formats.count(campaign.at_once))
        self._facts.show(
            leads=leads if campaign.counted else unknown,
            calls=calls if campaign.counted else formats.count(campaign.open_calls),
            minute=formats.decimal(campaign.calls_a_minute),
            next=self._next(campaign),
            finish=formats.moment(campaign.finished_at or campaign.finish_at, now=campaign.as_of),
            budget=self._budgets(campaign) if campaign.counted else unknown,
        )

    def _budgets(self, campaign: CampaignView) -> str:
        return "; ".join(self._budget(line) for line in campaign.budget) or self._view.t("fact.no_limit")

    def _next(self, campaign: CampaignView) -> str:
        if campaign.state is not CampaignState.ACTIVE:
            return NOTHING
        if campaign.next_at is not None and campaign.next_at > campaign.as_of:
            return self._view.formats.moment(campaign.next_at, now=campaign.as_of)
        busy = campaign.states.get(LeadState.READY, 0) + campaign.states.get(LeadState.CALLING, 0)
        return self._view.t("fact.now") if busy or campaign.next_at else NOTHING

    def _budget(self, line: BudgetLine) -> str:
        t, formats = self._view.t, self._view.formats
        used = line.used + line.held
        if line.what == "cost":
            return t("fact.part", part=formats.money(used), whole=formats.money(line.limit, line.currency))
        part = t("fact.part", part=formats.count(used), whole=formats.count(line.limit))
        return f"{part} {t(f'budget.{line.what}')}"
