"""How far a campaign is: one bar of its outcomes, with every colour named below it."""

from collections.abc import Iterable, Iterator
from html import escape

from campaigns.dashboard.elements import box, markup, put, write
from campaigns.dashboard.tones import OUTCOMES
from campaigns.dashboard.view import View
from campaigns.desk.views import CampaignView
from campaigns.domain.lead import LeadState

Part = tuple[str, str, int]
"""Word, colour, leads."""


def parts(campaign: CampaignView) -> Iterator[Part]:
    """Every part of the bar, in the order of all pictures; none while they are being counted."""
    if not campaign.counted:
        return
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
        self._legend = markup("ul", "legend")
        self.show(campaign)

    def show(self, campaign: CampaignView) -> None:
        """Set lengths and numbers."""
        t, formats = self._view.t, self._view.formats
        told = [
            (t(word), tone, formats.count(count), formats.share(count, campaign.leads))
            for word, tone, count in parts(campaign)
            if count
        ]
        put(self._bar, "style", f"background-image:{_stripes(parts(campaign), campaign.leads)}")
        summary = ", ".join(f"{word} {share}" for word, _, _, share in told)
        put(self._bar, "aria-label", f"{t('campaigns.progress')}: {summary}")
        write(self._legend, "".join(_entry(*one) for one in told))


def _stripes(found: Iterable[Part], leads: int) -> str:
    """A gradient with hard edges: one element draws the whole bar."""
    stops, begin = [], 0.0
    for _, tone, count in found:
        end = begin + 100 * count / (leads or 1)
        if count:
            stops.append(f"var(--{tone}) {begin:.2f}% {end:.2f}%")
        begin = end
    return f"linear-gradient(to right,{','.join(stops)})" if stops else "none"


def _entry(word: str, tone: str, count: str, share: str) -> str:
    number = f'<span class="soft figures">{escape(count)} · {escape(share)}</span>'
    return f'<li><span class="swatch tone-{tone}" aria-hidden="true"></span><span>{escape(word)}</span>{number}</li>'
