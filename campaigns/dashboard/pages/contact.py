"""One person in one campaign: whether they are called now and why, what was said so far, and what can be done."""

from collections.abc import Callable
from urllib.parse import quote

from campaigns.dashboard.deeds import call_back, erase, suppress
from campaigns.dashboard.elements import badge, box, button, card, link, text
from campaigns.dashboard.listing import Listing
from campaigns.dashboard.registry import page
from campaigns.dashboard.rows import Block, Rows
from campaigns.dashboard.saying import campaign_anchor, lead_anchor, lead_badges, lead_cell, seldom, told
from campaigns.dashboard.timeline import show_attempt
from campaigns.dashboard.view import View
from campaigns.desk.access import Role
from campaigns.desk.views import AttemptView, ContactView, LeadRow, Question

LOOKS = 3
"""Of a second and a half: the judgement is made anew each time."""


@page("/leads/{lead}", title="contact.title")
async def contact(view: View, lead: str) -> None:
    """The page of one contact."""
    head = _Head(view)
    with box("div", "two"):
        with card(view.t("contact.now")):
            now: Block[ContactView] = Block("div", "stack", lambda found: _now(view, found))
            why: Block[tuple[Question, ...]] = Block("dl", "why", _why)
        with card(view.t("contact.person")):
            person: Block[ContactView] = Block("dl", "pairs", lambda found: _person(view, found))
    with card(view.t("contact.attempts")):
        none = text(view.t("contact.none"), "p", "soft")
        attempts: Rows[AttemptView] = Rows(box("ol", "timeline"), lambda _one: _attempt(view), lambda one: one.attempt)
    elsewhere = _elsewhere(view)

    async def refresh() -> None:
        found: ContactView = await view.desk.people.contact(lead, by=view.operator)
        head.show(found)
        now.show(found)
        person.show(found)
        why.show(found.why)
        none.visible = not attempts.show(reversed(found.attempts))
        elsewhere(found.elsewhere)

    await view.live(seldom(LOOKS, refresh))


class _Head:
    """Who it is, and what can be done; the buttons stay where they are, whatever else changes."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._found: ContactView | None = None
        with box("header", "stack"):
            self._path: Block[str] = Block("nav", "row crumbs", self._crumbs)
            self._title: Block[ContactView] = Block("div", "row", self._titled)
            self._deeds: Block[str] = Block("div", "actions", self._buttons)
        self._path.root.props["aria-label"] = view.t("contact.path")

    def show(self, found: ContactView) -> None:
        """Say who it is."""
        self._found = found
        self._path.show(found.row.campaign)
        self._title.show(found)
        self._deeds.show(found.row.phone)

    def _crumbs(self, campaign: str) -> None:
        to = f"/campaigns/{quote(campaign)}"
        link(campaign, to)
        link(self._view.t("leads.menu"), f"{to}/leads")

    def _titled(self, found: ContactView) -> None:
        row = found.row
        text(row.name or row.phone or row.key, "h1")
        lead_badges(self._view, row.state, row.outcome, row.label)
        if found.suppressed:
            badge(self._view.t("contact.suppressed"), "purple")

    def _buttons(self, phone: str) -> None:
        view = self._view
        if view.may(Role.OPERATE) and phone.startswith("+"):
            button(view.t("contact.call_back"), lambda: call_back(view, self._found) if self._found else None)
            button(view.t("contact.suppress"), lambda: suppress(view, phone))
            if view.may(Role.ADMIN):
                button(view.t("contact.erase"), lambda: erase(view, phone))


def _now(view: View, found: ContactView) -> None:
    told(found.verdict, "p", "verdict")
    if found.callback_at is not None:
        text(view.t("contact.promised", at=view.formats.moment(found.callback_at)), "p", "note")
    if found.row.warning:
        told(found.row.warning, "p", "note")


def _why(questions: tuple[Question, ...]) -> None:
    for one in questions:
        told(one.word, "dt")
        told(one.text, "dd", "forbids" if one.word == "forbids" else "")


def _person(view: View, found: ContactView) -> None:
    row = found.row
    rows = [
        ("number", row.phone), ("clocks", found.local_now or view.t("contact.no_zone")),
        ("zones", ", ".join(found.zones)),
        ("country", found.country), ("language", found.language), ("consent", found.consent), ("id", found.person),
        ("key", row.key), ("tries", view.formats.count(row.attempts)),
        ("next", view.formats.moment(row.next_at) if row.next_at else ""),
        ("closed", view.formats.moment(row.closed_at) if row.closed_at else ""),
    ]  # fmt: skip
    for key, words in rows:
        if words:
            text(view.t(f"contact.{key}"), "dt")
            text(words, "dd")


def _attempt(view: View) -> Block[AttemptView]:
    return Block("li", "moment", lambda one: show_attempt(view, one))


def _elsewhere(view: View) -> Callable[[tuple[LeadRow, ...]], None]:
    whole = card(view.t("contact.elsewhere"))
    with whole:
        columns = [(view.t("leads.campaign"), ""), (view.t("leads.name"), ""), (view.t("leads.state"), "")]
        rows: Listing[LeadRow] = Listing(
            view.t("contact.elsewhere"), columns,
            lambda row: (campaign_anchor(row.campaign), lead_anchor(row), lead_cell(view, row)), lambda row: row.lead,
        )  # fmt: skip
    whole.visible = False

    def show(found: tuple[LeadRow, ...]) -> None:
        whole.visible = bool(rows.show(found))

    return show
