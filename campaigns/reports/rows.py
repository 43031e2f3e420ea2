"""What a spreadsheet says of each lead and each attempt: one table of columns for every format."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from campaigns.domain.contact import ERASED, mask
from campaigns.domain.lead import Attempt, Lead, LeadState
from campaigns.ports.store import Store

from .discreet import without_numbers
from .tally import was_dialled

Value = str | int | float | datetime | None
PAGE = 500


class Kind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    COUNT = "count"
    NUMBER = "number"
    MOMENT = "moment"
    """An aware instant."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column, as every format has it."""

    key: str
    title: str
    kind: Kind = Kind.TEXT
    width: int = 14
    """In a spreadsheet, in characters."""


LEADS = (
    Column("lead", "Lead", width=18),
    Column("person", "Person", width=14),
    Column("outcome", "Outcome"),
    Column("label", "Label", width=16),
    Column("attempts", "Attempts", Kind.COUNT, 9),
    Column("last_disposition", "Last call ended", width=15),
    Column("closed_at", "Closed", Kind.MOMENT, 18),
    Column("reason", "Reason", width=40),
    Column("phone", "Phone", width=18),
    Column("first_called_at", "First called", Kind.MOMENT, 18),
    Column("last_called_at", "Last called", Kind.MOMENT, 18),
    Column("talk_seconds", "Talk, seconds", Kind.NUMBER, 13),
    Column("cost", "Cost", Kind.NUMBER, 10),
    Column("next_at", "Next call not before", Kind.MOMENT, 20),
)
"""`lead` is the list's own key, and `person` its id where it has one, so that results can be joined with the list. A
list without `key` and `id` is keyed by the phone number: then that number stands here, whole.
A lead without an outcome has its state there: `held`, `waiting`."""

ATTEMPTS = (
    Column("lead", "Lead", width=18),
    Column("ordinal", "Attempt", Kind.COUNT, 9),
    Column("phone", "Phone", width=18),
    Column("result", "Result"),
    Column("called_at", "Called", Kind.MOMENT, 18),
    Column("ended_at", "Ended", Kind.MOMENT, 18),
    Column("talk_seconds", "Talk, seconds", Kind.NUMBER, 13),
    Column("cost", "Cost", Kind.NUMBER, 10),
    Column("provider", "Provider"),
    Column("reason", "Reason", width=40),
    Column("attempt", "Attempt id", width=38),
)
"""`result` is the disposition, or the state where there is none."""


async def pages(store: Store, name: str) -> AsyncIterator[list[tuple[Lead, list[Attempt]]]]:
    """The leads of a campaign in the order of its lists with their attempts, some at a time."""
    after = 0
    while page := await store.lead_page(name, after=after, limit=PAGE):
        yield [(lead, attempts) for _, lead, attempts in page]
        after = page[-1][0]


def lead_row(lead: Lead, attempts: Sequence[Attempt], *, whole: bool) -> tuple[Value, ...]:
    """A value for each of `LEADS`; `whole`: with the phone number, else masked."""
    contact = lead.contact
    made = [attempt for attempt in attempts if was_dialled(attempt)]
    ended = [str(attempt.disposition) for attempt in attempts if attempt.disposition]
    talked = [attempt.report.talk_seconds for attempt in made if attempt.report]
    costs = [attempt.report.cost for attempt in made if attempt.report]
    return (
        contact.key,
        contact.person if contact.person_from_id else "",
        str(lead.outcome or lead.state),
        lead.label,
        sum(attempt.counts for attempt in attempts),
        ended[-1] if ended else "",
        lead.closed_at,
        without_numbers(lead.reason),
        _phone(contact.number, whole=whole),
        made[0].rings_from if made else None,
        made[-1].rings_from if made else None,
        _sum(talked),
        _sum(costs),
        lead.due_at if lead.state is LeadState.WAITING else None,
    )


def attempt_row(lead: Lead, attempt: Attempt, *, whole: bool) -> tuple[Value, ...]:
    """A value for each of `ATTEMPTS`."""
    report = attempt.report
    return (
        lead.contact.key,
        attempt.ordinal,
        _phone(attempt.phone, whole=whole),
        str(attempt.disposition or attempt.state),
        attempt.rings_from if was_dialled(attempt) else None,
        attempt.ended_at,
        report.talk_seconds if report else None,
        report.cost if report else None,
        attempt.provider,
        without_numbers(attempt.reason),
        attempt.id,
    )


def _phone(e164: str, *, whole: bool) -> str:
    return e164 or ERASED if whole else mask(e164)


def _sum(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(sum(known), 6) if known else None
