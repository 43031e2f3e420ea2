"""What several pages say alike: words of the trade, sentences of the desk, and who is on the other end."""

from urllib.parse import quote

from markupsafe import Markup

from campaigns.desk.views import LeadRow
from campaigns.domain.call import Disposition
from campaigns.domain.lead import AttemptState, LeadState, Outcome

from .elements import badge, text
from .listing import anchor, below, beside, together, toned
from .tones import ATTEMPTS, DISPOSITIONS, LEADS, OUTCOMES
from .view import Refresh, View


def told(words: str, tag: str = "span", classes: str = "") -> None:
    """A sentence of the desk: it speaks English, and says so to whoever has it read out."""
    text(words, tag, classes, lang="en")


def lead_badges(view: View, state: LeadState, outcome: Outcome | None, label: str = "") -> None:
    """Where a lead stands, or how it ended."""
    if outcome is None:
        badge(view.t(f"lead.{state}"), LEADS[state])
    else:
        badge(view.t(f"outcome.{outcome}"), OUTCOMES[outcome])
    if label:
        text(label, "span", "soft")


def attempt_badge(view: View, state: AttemptState, disposition: Disposition | None) -> None:
    """How an attempt ended, or where it stands."""
    if disposition is not None:
        badge(view.t(f"disposition.{disposition}"), DISPOSITIONS[disposition])
    else:
        badge(view.t(f"attempt.{state}"), ATTEMPTS[state])


def lead_cell(view: View, row: LeadRow) -> Markup:
    """Where a lead stands, or how it ended, in a listing."""
    if row.outcome is None:
        shown = toned(view.t(f"lead.{row.state}"), LEADS[row.state])
    else:
        shown = toned(view.t(f"outcome.{row.outcome}"), OUTCOMES[row.outcome])
    return together(shown, beside(row.label))


def lead_anchor(row: LeadRow) -> Markup:
    """The way to a contact: by name, else by number, else by key."""
    return together(anchor(row.name or row.phone or row.key, f"/leads/{row.lead}"), below(row.key))


def campaign_anchor(name: str) -> Markup:
    """The way to a campaign."""
    return anchor(name, f"/campaigns/{quote(name)}")


def seldom(looks: int, refresh: Refresh) -> Refresh:
    """The same, but only every so many looks (two a second): for what costs more than a glance."""
    count = -1

    async def now_and_then() -> None:
        nonlocal count
        count += 1
        if count % looks == 0:
            await refresh()

    return now_and_then
