"""Calls in doubt over all campaigns: each waits for a person's word."""

from campaigns.dashboard.doubts import doubt_buttons
from campaigns.dashboard.elements import box, link, show, text
from campaigns.dashboard.listing import cell, listing, words
from campaigns.dashboard.registry import page
from campaigns.dashboard.rows import Rows
from campaigns.dashboard.saying import seldom, told
from campaigns.dashboard.view import View
from campaigns.desk.access import Role
from campaigns.desk.views import AttemptView

LOOKS = 2


@page("/doubts", title="doubts.title", menu="doubts.menu", order=25)
async def doubts(view: View) -> None:
    """The page of calls in doubt."""
    text(view.t("doubts.title"), "h1")
    text(view.t("doubts.what"), "p", "soft")
    names = ["campaign", "lead", "began", "provider", "reason", "word"]
    columns = [(view.t(f"doubts.{name}"), "") for name in names[: 6 if view.may(Role.OPERATE) else 5]]
    with box("section", "card", aria_label=view.t("doubts.title")):
        rows: Rows[AttemptView] = listing(
            view.t("doubts.title"), columns, lambda one: _row(view, one), lambda one: one.attempt
        )
        none = text(view.t("doubts.none"), "p", "soft")
    show(none, visible=False)

    async def refresh() -> None:
        found: tuple[AttemptView, ...] = await view.desk.board.doubts(None, by=view.operator)
        show(none, visible=not rows.show(found))

    await view.live(seldom(LOOKS, refresh))


def _row(view: View, one: AttemptView) -> None:
    with cell():
        link(one.campaign, f"/campaigns/{one.campaign}")
    with cell():
        link(one.phone, f"/leads/{one.lead}", "figures")
        text(view.t("contact.attempt", number=one.ordinal), "span", "soft small sub")
    words(view.formats.exactly(one.intent_at))
    with cell():
        text(one.provider)
        text(one.call_id or view.t("doubts.no_call"), "span", "soft small sub")
    with cell():
        told(one.reason)
    if view.may(Role.OPERATE):
        with cell():
            doubt_buttons(view, one)
