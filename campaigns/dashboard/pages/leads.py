"""The leads of one campaign, a page at a time, by state and outcome."""

from urllib.parse import quote, urlencode

from campaigns.dashboard.elements import box, link, say, show, text
from campaigns.dashboard.fields import Choice, Field
from campaigns.dashboard.listing import Listing, below, together
from campaigns.dashboard.registry import page
from campaigns.dashboard.saying import campaign_anchor, lead_anchor, lead_cell, seldom
from campaigns.dashboard.view import View
from campaigns.desk.views import CampaignView, LeadRow
from campaigns.domain.lead import LeadState, Outcome
from campaigns.ports.pages import LeadFilter

A_PAGE = 50
LOOKS = 4


@page("/campaigns/{name}/leads", title="leads.title")
async def leads(view: View, name: str) -> None:
    """The page of a campaign's leads."""
    which = _wanted(view)
    with box("header", "stack"):
        with box("nav", "row crumbs", aria_label=view.t("contact.path")):
            link(name, f"/campaigns/{quote(name)}")
        text(view.t("leads.title"), "h1")
    with box("div", "stack") as filters:
        text("", "p", "soft")
    with box("section", "card", aria_label=view.t("leads.title")):
        count = text("", "p", "soft")
        rows = lead_table(view, view.t("leads.title"))
        none = text(view.t("leads.none"), "p", "soft")
        with box("nav", "row", aria_label=view.t("paging.pages")):
            first = link(view.t("paging.first"), _address(name, which), "button")
            more = link(view.t("paging.next"), "", "button")
    show(first, visible=bool(view.query("after")))
    show(none, visible=False)
    show(more, visible=False)
    drawn = False

    async def refresh() -> None:
        nonlocal drawn
        found = await view.desk.people.leads(name, which, view.query("after") or None, A_PAGE, by=view.operator)
        show(none, visible=not rows.show(found.items))
        more.props["href"] = _address(name, which, found.next or "")
        show(more, visible=found.next is not None)
        campaign: CampaignView = await view.desk.board.campaign(name)
        say(count, _counted(view, campaign, which))
        if not drawn:
            drawn = True
            filters.clear()
            with filters:
                _filters(view, name, which, campaign)

    await view.live(seldom(LOOKS, refresh))


def _wanted(view: View) -> LeadFilter:
    """What the address asks for; words that mean nothing ask for everything."""
    state, outcome = view.query("state"), view.query("outcome")
    return LeadFilter(
        LeadState(state) if state in set(LeadState) else None,
        Outcome(outcome) if outcome in set(Outcome) else None,
        view.query("label") or None,
    )


def _address(name: str, which: LeadFilter, after: str = "") -> str:
    asked = {"state": which.state, "outcome": which.outcome, "label": which.label, "after": after}
    said = urlencode({key: str(value) for key, value in asked.items() if value})
    return f"/campaigns/{quote(name)}/leads" + (f"?{said}" if said else "")


def _counted(view: View, campaign: CampaignView, which: LeadFilter) -> str:
    """How many fit, where that is counted anyway."""
    if which.label is None and which.state and not which.outcome:
        return view.t("leads.count_of", n=campaign.states.get(which.state, 0), all=campaign.leads)
    if which.label is None and which.outcome and not which.state:
        return view.t("leads.count_of", n=campaign.outcomes.get(which.outcome, 0), all=campaign.leads)
    return view.t("leads.count", n=campaign.leads)


def _filters(view: View, name: str, which: LeadFilter, campaign: CampaignView) -> None:
    states = {"": view.t("leads.every")} | {
        str(one): _with(view, view.t(f"lead.{one}"), campaign.states.get(one, 0)) for one in LeadState
    }
    outcomes = {"": view.t("leads.every")} | {
        str(one): _with(view, view.t(f"outcome.{one}"), campaign.outcomes.get(one, 0)) for one in Outcome
    }
    with box("form", "filters", method="get", action=f"/campaigns/{quote(name)}/leads", role="search"):
        Choice(view.t("leads.state"), states, which.state or "", name="state")
        Choice(view.t("leads.outcome"), outcomes, which.outcome or "", name="outcome")
        Field(view.t("leads.label"), value=which.label or "", name="label")
        text(view.t("leads.show"), "button", "button primary", type="submit")


def _with(view: View, words: str, count: int) -> str:
    return f"{words} ({view.formats.count(count)})"


def lead_table(view: View, caption: str, *, campaign: bool = False) -> Listing[LeadRow]:
    """Leads as a table; `campaign`: with the campaign of each."""
    names = [("name", ""), ("number", "figures"), ("state", ""), ("tries", "n"), ("next", "")]
    names.insert(1, ("campaign", "")) if campaign else None
    columns = [(view.t(f"leads.{key}"), kind) for key, kind in names]

    def cells(row: LeadRow) -> list[str]:
        told = [lead_anchor(row), row.phone, lead_cell(view, row), view.formats.count(row.attempts), _when(view, row)]
        return [told[0], campaign_anchor(row.campaign), *told[1:]] if campaign else told

    return Listing(caption, columns, cells, lambda row: row.lead)


def _when(view: View, row: LeadRow) -> str:
    at = row.closed_at or row.next_at
    said = view.t("leads.closed" if row.closed_at else "leads.due", at=view.formats.moment(at)) if at else ""
    return together(said, below(row.reason, english=True), below(row.warning, "warned", english=True))
