"""Calls in doubt over all campaigns: each waits for a person's word."""

from campaigns.dashboard.elements import box, show, text
from campaigns.dashboard.parts.calls import Doubts
from campaigns.dashboard.registry import page
from campaigns.dashboard.saying import seldom
from campaigns.dashboard.view import View

LOOKS = 2


@page("/doubts", title="doubts.title", menu="doubts.menu", order=25)
async def doubts(view: View) -> None:
    """The page of calls in doubt."""
    text(view.t("doubts.title"), "h1")
    none = text(view.t("doubts.none"), "p", "soft")
    with box("section", "card stack", aria_label=view.t("doubts.title")) as whole:
        listed = Doubts(view, everywhere=True)
    show(none, visible=False)
    show(whole, visible=False)

    async def refresh() -> None:
        count = listed.show(await view.desk.board.doubts(None, by=view.operator))
        show(whole, visible=count > 0)
        show(none, visible=count == 0)

    await view.live(seldom(LOOKS, refresh))
