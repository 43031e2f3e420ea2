"""A person's word about leads and attempts: what became of a call, who is called back when, who is called once more."""

from dataclasses import dataclass, replace
from datetime import datetime

from campaigns.domain.call import Disposition
from campaigns.domain.campaign import Campaign
from campaigns.domain.errors import InputError, StoreError, Unknown
from campaigns.domain.facts import Facts
from campaigns.domain.lead import Attempt, CampaignState, Lead, LeadState, Outcome
from campaigns.domain.transitions import FINAL, promised
from campaigns.editing import people_limits
from campaigns.planner.decide import decide
from campaigns.planner.steps import Close, Wait
from campaigns.ports.reopening import Which
from campaigns.resolving import Word, resolve_attempt

from .access import Operator, Role, demand
from .effects import promise_in_words
from .part import Part

MOST = 20
"""Attempts beyond those of the campaign file that one reopening may give."""


@dataclass(frozen=True, slots=True)
class Promise:
    """A call that was promised."""

    lead: str
    next_at: datetime
    """When law, hours and caps allow it."""
    lines: tuple[str, ...]
    """The same in words, and what has to be done for it."""


class Deciding(Part):
    """Writes down what people say of leads and attempts."""

    async def resolve(
        self, attempt: str, word: Word, disposition: Disposition = Disposition.UNKNOWN, *, by: Operator
    ) -> str:
        """A person's word on an uncertain attempt, by its id or the beginning of it; returns the whole id.

        Raises Unknown where no uncertain attempt begins so, StoreError where it moved meanwhile.
        """
        demand(by, Role.OPERATE, "say what became of a call")
        if disposition is not Disposition.UNKNOWN and word is not Word.CALLED:
            raise InputError(f"'{disposition}' says how a call ended: that can be said only of one that took place.")
        found = the_one(attempt, await self._session.store.uncertain())
        await resolve_attempt(self._session, found, word, disposition, by=by.name)
        return found.id

    async def call_back(self, lead: str, at: datetime, *, by: Operator) -> Promise:
        """Promise a call at `at`, with an offset: one beyond the campaign's maximum, and never against the law.

        Also of a lead that is closed, which waits again then. Raises Unknown, StoreError where it changed meanwhile.
        """
        demand(by, Role.OPERATE, "promise a call")
        now = self._session.clock.now()
        if at.tzinfo is None or at <= now:
            raise InputError("A call can be promised for a time to come, with its offset: 2026-11-23T09:00+01:00.")
        before, rev = await self._lead(lead)
        record = await self._record(before.campaign)
        if record.state is CampaignState.STOPPED:
            raise InputError(f"'{record.name}' is stopped: nobody is called by it. Start it first.")
        campaign = self._session.book.current(record).campaign
        (claimed,) = await self._session.store.facts([lead], now=now)
        used = sum(attempt.counts for attempt in claimed.facts.attempts)
        after = promised(before, at, used=used, most=campaign.attempts.max)
        next_at = await self._next_at(replace(claimed.facts, lead=after), campaign, now)
        why = f"a call promised by {by.name}"
        if not await self._session.store.put_lead(after, rev, opted_out=False, now=now, why=why):
            raise StoreError("The lead changed meanwhile. Look at it again.")
        return Promise(lead, next_at, promise_in_words(record.state, next_at, now=now))

    async def reopen(self, campaign: str, which: Which, *, by: Operator, attempts: int = 1) -> int:
        """Let closed leads wait again, planned anew, each with at least so many attempts left; returns how many.

        Never those who said no more calls, are on the do-not-call list or erased, or have a call that is not settled.
        """
        demand(by, Role.OPERATE, "reopen leads")
        if which.outcomes == {Outcome.DO_NOT_CALL}:
            raise InputError("Whoever asked not to be called is never called again.")
        if not 1 <= attempts <= MOST:
            raise InputError(f"attempts: write 1 to {MOST}.")
        record = await self._record(campaign)
        if record.closing:
            raise InputError(f"'{campaign}' is being stopped just now. Try again in a moment.")
        most = self._session.book.current(record).campaign.attempts.max
        now, why = self._session.clock.now(), f"reopened by {by.name}"
        return await self._session.store.reopen(
            campaign, which, most=most, left=attempts, why=why, who=by.name, now=now
        )

    async def _lead(self, lead: str) -> tuple[Lead, int]:
        """One that may be called again. Raises InputError with what stands in the way."""
        found = await self._session.store.lead(lead)
        if found is None:
            raise Unknown("There is no such lead.")
        before, rev = found
        if not before.contact.phones:
            raise InputError("Who this is was erased: no number is kept.")
        if before.outcome is Outcome.DO_NOT_CALL:
            raise InputError("They asked not to be called, and are never called again.")
        attempts = await self._session.store.attempts_of(lead)
        if before.state in (LeadState.CALLING, LeadState.HELD) or any(each.state not in FINAL for each in attempts):
            raise InputError("A call to them is under way, or waits for your word. Try again when it is settled.")
        return before, rev

    async def _next_at(self, facts: Facts, campaign: Campaign, now: datetime) -> datetime:
        """When they may be called. Raises InputError: never any more."""
        closed = frozenset(one.code for one in await self._session.store.suspensions(now=now))
        law = replace(self._session.law, suspended=closed)
        step = decide(facts, campaign, law, people_limits(self._session), now=now)
        if isinstance(step, Close):
            raise InputError(f"They cannot be called then: {step.reason}.")
        return step.until if isinstance(step, Wait) else now


def the_one(beginning: str, uncertain: list[Attempt]) -> Attempt:
    """The uncertain attempt whose id begins so. Raises Unknown, or InputError where several do."""
    chosen = [one for one in uncertain if beginning and one.id.startswith(beginning)]
    if not chosen:
        raise Unknown(
            f"No uncertain attempt begins with '{beginning[:40]}'. See `campaigns attempts NAME --state uncertain`."
        )
    if len(chosen) > 1:
        raise InputError(f"{len(chosen)} uncertain attempts begin with '{beginning[:40]}'. Write more of the id.")
    return chosen[0]
