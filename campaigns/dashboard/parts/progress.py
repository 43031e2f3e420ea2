"""How far a campaign is: one bar of its outcomes, with every colour named below it."""

from collections.abc import Iterator

from campaigns.dashboard.elements import box, put, say, show, text
from campaigns.dashboard.tones import OUTCOMES
from campaigns.dashboard.view import View
from campaigns.desk.views import CampaignView
from campaigns.domain.lead import LeadState


def parts(campaign: CampaignView) -> Iterator[tuple[str, str, int]]:
    """Word, colour and number of leads of every part, in the order of all pictures."""
    for outcome, tone in OUTCOMES.items():
        yield f"outcome.{outcome}", tone, campaign.outcomes.get(outcome, 0)
    held = campaign.states.get(LeadState.HELD, 0)
    yield "outcome.held", "blue", held
    yield "outcome.open", "pale", max(campaign.leads - sum(campaign.outcomes.values()) - held, 0)


class Progress:
    """The bar and its legend."""

    def __init__(self, view: View, campaign: CampaignView) -> None:
        self._view = view
        self._bar = box("div", "progress", role="img")
        self._segments, self._entries = [], []
        with self._bar:
            for _, tone, _ in parts(campaign):
                self._segments.append(box("div", f"segment tone-{tone}"))
        with box("ul", "legend"):
            for word, tone, _ in parts(campaign):
                with box("li") as entry:
                    box("span", f"swatch tone-{tone}", aria_hidden="true")
                    text(view.t(word), "span")
                    self._entries.append((entry, text("", "span", "soft figures")))
        self.show(campaign)

    def show(self, campaign: CampaignView) -> None:
        """Set lengths and numbers."""
        formats, told = self._view.formats, []
        for (word, _, count), segment, (entry, number) in zip(
            parts(campaign), self._segments, self._entries, strict=True
        ):
            share = formats.share(count, campaign.leads)
            put(segment, "style", f"flex-grow:{count}")
            say(number, f"{formats.count(count)} · {share}")
            show(entry, visible=count > 0)
            told += [f"{self._view.t(word)} {share}"] * bool(count)
        put(self._bar, "aria-label", f"{self._view.t('campaigns.progress')}: {', '.join(told)}")
