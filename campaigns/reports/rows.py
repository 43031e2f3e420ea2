"""Results as CSV, one line for each lead, safe to open in a spreadsheet."""

import csv
import io
from collections.abc import AsyncIterator

from campaigns.domain.lead import Attempt, Lead
from campaigns.lists.cells import harmless
from campaigns.ports.store import Store

from .discreet import without_numbers

COLUMNS = ("lead", "person", "outcome", "label", "attempts", "last_disposition", "closed_at", "reason")
_PAGE = 500


async def results_csv(store: Store, name: str) -> AsyncIterator[str]:
    """The header, then a line for each lead in the order of its list; each ends in CR LF.

    `lead` is the list's own key, and `person` its id where it has one, so that results can be joined with the list. A
    list without `key` and `id` is keyed by the phone number: then that number stands here, whole.
    `closed_at` is UTC, ISO 8601. A lead without an outcome has its state there: `held`, `waiting`.
    """
    yield _line(COLUMNS)
    after = 0
    while page := await store.lead_page(name, after=after, limit=_PAGE):
        for _, lead, attempts in page:
            yield _line(_cells(lead, attempts))
        after = page[-1][0]


def _cells(lead: Lead, attempts: list[Attempt]) -> tuple[str, ...]:
    contact = lead.contact
    ended = [str(attempt.disposition) for attempt in attempts if attempt.disposition]
    return (
        contact.key,
        contact.person if contact.person_from_id else "",
        lead.outcome or lead.state,
        lead.label,
        str(sum(attempt.counts for attempt in attempts)),
        ended[-1] if ended else "",
        lead.closed_at.isoformat(timespec="seconds") if lead.closed_at else "",
        without_numbers(lead.reason),
    )


def _line(cells: tuple[str, ...]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(map(harmless, cells))
    return out.getvalue()
