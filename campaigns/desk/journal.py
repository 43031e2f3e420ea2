"""The journal as the faces show it: what was decided about a person, when, by which rule, and who said so."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from campaigns.ports.journal import JournalEntry

from .access import Operator, Role, demand
from .cursors import lead_place, lead_word
from .part import Part
from .views import Page


@dataclass(frozen=True, slots=True)
class JournalView:
    """One decision. It holds ids and keyed hashes, and no number or name of anybody who is called."""

    line: int
    """Its place in the journal; never given twice."""
    at: datetime
    subject: str
    """`attempt:ID`, `lead:ID`, `campaign:NAME`, `person:KEYED-HASH`, `token:NAME` or `rules:CODE`."""
    campaign: str
    """Empty: it is about no single campaign."""
    before: str
    """The state before, where it has one."""
    after: str
    """What it became: a state, or suppressed, lifted, consented, unsaid, withdrawn, erased, loaded, edited, archived,
    added, revoked, suspended, resumed."""
    why: str
    who: str
    """The operator who said so; empty: the program, by its rules."""
    permit: dict[str, Any] | None
    """Of an intent: the rules by which the call was allowed, their version, zones and local times."""


class Journal(Part):
    """Reads the journal."""

    async def journal(
        self, after: str | None, limit: int, campaign: str | None = None, since: datetime | None = None, *,
        by: Operator,
    ) -> Page[JournalView]:  # fmt: skip
        """One page, the oldest line first."""
        demand(by, Role.OPERATE, "read the journal")
        found = await self._session.store.journal(
            after=lead_place(after), limit=limit + 1, campaign=campaign, since=since
        )
        page = found[:limit]
        return Page(tuple(map(view_of, page)), lead_word(page[-1].line) if len(found) > limit else None)


def view_of(entry: JournalEntry) -> JournalView:
    """A line for a page or a document."""
    return JournalView(
        entry.line, entry.at, entry.subject, entry.campaign, entry.before, entry.after, entry.why, entry.who,
        json.loads(entry.permit) if entry.permit else None,
    )  # fmt: skip


def as_json(entry: JournalEntry) -> dict[str, Any]:
    """A line of an export."""
    return asdict(view_of(entry)) | {"at": entry.at.isoformat()}
