"""Write one move of an attempt together with the lead that follows from it: both or neither."""

from dataclasses import replace
from datetime import datetime

from campaigns.domain.lead import Attempt, CampaignState, Lead, LeadState, Outcome
from campaigns.domain.outcomes import opted_out
from campaigns.domain.transitions import Conclusion, close, conclude, unusable
from campaigns.ports import Clock
from campaigns.ports.store import Move, Store

from .terms import Terms


class Moves:
    """The one way in which dialer and recorder write what became of an attempt."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def write(
        self, before: Attempt, after: Attempt, terms: Terms | None, *, why: str, bad_data: bool = False
    ) -> bool:
        """Write `after` where the attempt is still `before`; False: it, or its lead, changed meanwhile.

        Args:
            before: As it was read.
            after: As it is to be.
            terms: Of its campaign; None: the campaign is gone, and only the attempt is written.
            why: For the journal.
            bad_data: The provider refuses this lead's data.
        """
        now = self._clock.now()
        found = await self._store.lead(before.lead_id)
        if terms is None or found is None:
            return all(await self._store.record([Move(before, after, why)], now=now))
        lead, rev = found
        if bad_data and lead.outcome is None:
            concluded: Conclusion | None = Conclusion(unusable(lead, after, now=now))
        else:
            concluded = await self._concluded(lead, before, after, terms)
        if concluded is None:
            return all(await self._store.record([Move(before, after, why)], now=now))
        after = replace(after, refused=after.refused or (after.disposition is not None and concluded.refused))
        move = Move(before, after, why, concluded.lead, rev, opted_out=concluded.opted_out)
        return all(await self._store.record([move], now=now))

    async def _concluded(self, lead: Lead, before: Attempt, attempt: Attempt, terms: Terms) -> Conclusion | None:
        """What follows for the lead; None: nothing. An opt-out holds whenever, and in whichever attempt, it is said."""
        now = self._clock.now()
        if attempt.report is not None and opted_out(attempt.report):
            return Conclusion(
                close(lead, Outcome.DO_NOT_CALL, reason="opt-out", label="opt-out", now=now), opted_out=True
            )
        # While an attempt is open nobody begins another one to the same person.
        if not (before.open or await self._decides(attempt)):
            return None
        conclusion = conclude(lead, attempt, terms.campaign, now=now)
        return Conclusion(await self._unless_stopped(conclusion.lead, now), conclusion.opted_out)

    async def _decides(self, attempt: Attempt) -> bool:
        """Only the newest attempt decides its lead; those that cost nothing do not make an older one old."""
        others = await self._store.attempts_of(attempt.lead_id)
        return not any(other.ordinal > attempt.ordinal and other.counts for other in others)

    async def _unless_stopped(self, lead: Lead, now: datetime) -> Lead:
        if lead.state is not LeadState.WAITING:
            return lead
        record = await self._store.campaign(lead.campaign)
        if record is not None and record.state is CampaignState.STOPPED:
            return close(lead, Outcome.STOPPED, reason="the campaign was stopped", now=now)
        return lead
