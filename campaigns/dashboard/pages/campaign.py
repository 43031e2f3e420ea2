"""One campaign: how it came to where it stands, what it does now, and what needs a person."""

from campaigns.dashboard.elements import text
from campaigns.dashboard.registry import page
from campaigns.dashboard.view import View


@page("/campaigns/{name}", title="campaign.title")
async def campaign(view: View, name: str) -> None:
    """The page of one campaign."""
    text(name, "h1")
    text(view.t("campaign.title"), "p")
