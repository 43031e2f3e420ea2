"""Every campaign at a glance: where it stands, how fast it goes, and the buttons that steer it."""

from campaigns.dashboard.elements import link, say, text
from campaigns.dashboard.registry import page
from campaigns.dashboard.view import View


@page("/", title="campaigns.title", menu="campaigns.menu", order=10)
async def campaigns(view: View) -> None:
    """The first page."""
    text(view.t("campaigns.title"), "h1")
    count = text("", "p")

    async def refresh() -> None:
        found = await view.desk.board.campaigns()
        say(count, view.formats.count(len(found)))

    await view.live(refresh)
    link(view.t("campaign.title"), "/campaigns/x")
