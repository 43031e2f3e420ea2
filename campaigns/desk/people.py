"""Leads, attempts and whoever is behind them: pages of long lists, one contact whole, and the do-not-call list."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

from campaigns.app import Session
from campaigns.domain.errors import InputError, Unknown
from campaigns.files import parse_campaign
from campaigns.ports.pages import AttemptFilter, LeadFilter, ListedAttempt, SuppressionPlace
from campaigns.ports.people import Suppression
from campaigns.ports.store import CampaignRecord

from .access import Operator
from .contact import contact
from .cursors import (
    attempt_place,
    attempt_word,
    lead_place,
    lead_word,
    suppression_place,
    suppression_word,
)
from .law import in_force, rows_of, rule_view
from .search import patterns_of, phone_keys, search
from .shown import attempt_view, lead_row, name_shown, suppression_view
from .views import AttemptView, ContactView, LeadRow, Page, RuleView, SuppressionView

USUAL, MOST = 50, 1000
"""Items of a page, where nobody says how many, and at most."""
_WIDTH = 2_000
"""Places of a list that are looked through in one go: some milliseconds."""
_NOWHERE = "?"
"""The jurisdiction of whoever may be anywhere."""


@dataclass
class _Places:
    """Where the people of a campaign may be, as far as its list was read."""

    intake: dict[str, int]
    """Of the reading that was looked at: another one may have moved people."""
    through: int = 0
    codes: set[str] = field(default_factory=set)


class People:
    """What an operator asks about people. Whoever may only read is shown no number, and nothing that was said."""

    def __init__(self, session: Session) -> None:
        self._session, self._store = session, session.store
        self._places: dict[str, _Places] = {}

    async def leads(
        self, campaign: str, which: LeadFilter, after: str | None = None, limit: int = USUAL, *, by: Operator
    ) -> Page[LeadRow]:
        """Leads of a campaign in the order of its list.

        Raises Unknown with the names that there are, InputError where `after` is no `next` of a page.
        """
        place, size = lead_place(after), _size(limit)
        found = await self._store.leads_after(campaign, which, after=place, limit=size + 1)
        if not found:
            await self._record(campaign)
        shown = found[:size]
        return Page(
            tuple(lead_row(listed, by) for listed in shown), lead_word(shown[-1].place) if found[size:] else None
        )

    async def attempts(
        self, campaign: str, which: AttemptFilter, after: str | None = None, limit: int = USUAL, *, by: Operator
    ) -> Page[AttemptView]:
        """Attempts of a campaign in the order in which they were written down, without their moves. Raises the same."""
        place, size = attempt_place(after), _size(limit)
        found = await self._store.attempts_after(campaign, which, after=place, limit=size + 1)
        if not found:
            await self._record(campaign)
        shown = found[:size]
        return Page(tuple(_listed(each, by) for each in shown), attempt_word(shown[-1].place) if found[size:] else None)

    async def contact(self, lead: str, *, by: Operator) -> ContactView:
        """A person in one campaign, by the lead's id. Raises Unknown."""
        return await contact(self._session, lead, by=by)

    def search(self, text: str, *, by: Operator, limit: int = USUAL) -> AsyncIterator[LeadRow]:
        """Leads of all campaigns, at most `limit`: by number in any country's writing, id or key at once, then by a
        part of the name, as they are found."""
        return search(self._session, text, by=by, limit=limit)

    async def suppressions(
        self, after: str | None = None, limit: int = USUAL, search: str = "", *, by: Operator
    ) -> Page[SuppressionView]:
        """The do-not-call list, newest first; `search`: a number, or a part of what is said of it.

        Raises InputError where `after` is no `next` of a page.
        """
        place, size = suppression_place(after), _size(limit)
        if keys := await phone_keys(self._session, search.strip()):
            entries = await self._store.suppressions_of(keys)
            return Page(tuple(suppression_view(entry, by) for entry in entries), None)
        found = await self._store.suppressions_after(patterns_of(search), after=place, limit=size + 1)
        views = tuple(suppression_view(entry, by) for entry in found[:size])
        return Page(views, suppression_word(_place(found[size - 1])) if found[size:] else None)

    async def rules(self, campaign: str | None = None, *, code: str | None = None) -> tuple[RuleView, ...]:
        """Legal rules with their sources: all of them, those that bind somebody of a campaign, those of a jurisdiction.

        Raises Unknown, and InputError with the nearest known code.
        """
        book, now = self._session.law.book, self._session.clock.now()
        rows = sorted(book.rules, key=lambda rule: rule.code)
        if code is not None:
            rows = rows_of(code, book)
        if campaign is not None:
            record = await self._record(campaign)
            document = parse_campaign(record.document, name=str(Path(record.folder) / record.name)).campaign
            bound = in_force(document, await self._codes(record), book, day=now.date())
            rows = [rule for rule in bound if code is None or rule in rows]
        closed = await self._store.suspensions(now=now)
        return tuple(rule_view(rule, closed) for rule in rows)

    async def _codes(self, record: CampaignRecord) -> frozenset[str]:
        """What was read of a list is not read again: who is new stands at its end."""
        places = self._places.get(record.name)
        if places is None or places.intake != record.intake:
            places = self._places[record.name] = _Places(record.intake)
        after: int | None = places.through
        while after is not None:
            codes, after = await self._store.jurisdictions(record.name, after=after, width=_WIDTH)
            places.codes |= codes
            places.through = after or places.through
        return frozenset(places.codes)

    async def _record(self, campaign: str) -> CampaignRecord:
        record = await self._store.campaign(campaign)
        if record is None:
            known = ", ".join(each.name for each in await self._store.campaigns()) or "none"
            raise Unknown(f"There is no campaign '{campaign}'. There are: {known}.")
        return record


def _size(limit: int) -> int:
    if not 0 < limit <= MOST:
        raise InputError(f"A page holds from 1 to {MOST} items, not {limit}.")
    return limit


def _listed(listed: ListedAttempt, by: Operator) -> AttemptView:
    numbers = [phone.e164 for phone in listed.contact.phones]
    return attempt_view(listed.attempt, by, key=name_shown(listed.contact.key, numbers, by))


def _place(entry: Suppression) -> SuppressionPlace:
    return SuppressionPlace(entry.created_at, entry.phone_key, entry.scope)
