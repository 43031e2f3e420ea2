"""Write one move of an attempt together with the lead that follows from it: both or neither."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from campaigns.domain.changed import changed
from campaigns.domain.erasing import is_erased
from campaigns.domain.incidents import with_incidents
from campaigns.domain.lead import Attempt, AttemptState, CampaignState, Lead, LeadState, Outcome
from campaigns.domain.outcomes import opted_out
from campaigns.domain.transitions import Conclusion, close, conclude, unusable
from campaigns.ports import Clock
from campaigns.ports.store import Context, Move, Store

from .terms import Terms

S = AttemptState


class Moves:
    """The one way in which dialer and recorder write what became of an attempt."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def write(
        self, before: Attempt, after: Attempt, terms: Terms | None, *, why: str, bad_data: bool = False, who: str = ""
    ) -> bool:
        """Write `after` where the attempt is still `before`; False: it, or its lead, changed meanwhile.

        Args:
            before: As it was read.
            after: As it is to be.
            terms: Of its campaign; None: the campaign is gone, and only the attempt is written.
            why: For the journal.
            bad_data: The provider refuses this lead's data.
            who: The person who says so, for the journal.
        """
        now = self._clock.now()
        # Its lead is being called since the intent was written: a call that exists changes nothing of it.
        found = None if _is_accepted(before, after) else await self._store.context(before.lead_id)
        move = moved(before, after, terms, found, why=why, bad_data=bad_data, now=now)
        return all(await self._store.record([replace(move, who=who) if who else move], now=now))


def _is_accepted(before: Attempt, after: Attempt) -> bool:
    return before.state is S.SENDING and after.state in (S.PLACED, S.BOOKED)


def moved(  # noqa: PLR0913 - all that a move follows from
    before: Attempt,
    after: Attempt,
    terms: Terms | None,
    found: Context | None,
    *,
    why: str,
    now: datetime,
    bad_data: bool = False,
    applies: Sequence[int] = (),
) -> Move:
    """A move, with the lead that follows from it where one does."""
    concluded = None if terms is None or found is None else _concluded(before, after, terms, found, bad_data, now)
    if found is None:
        return Move(before, after, why, applies=tuple(applies))
    if concluded is None:
        warned = with_incidents(found.lead, after, before=found.lead)
        lead = None if warned == found.lead or is_erased(after) else warned
        return Move(before, after, why, lead, found.rev, applies=tuple(applies))
    after = changed(after, refused=after.refused or (after.disposition is not None and concluded.refused))
    lead = concluded.lead if is_erased(after) else with_incidents(concluded.lead, after, before=found.lead)
    return Move(before, after, why, lead, found.rev, concluded.opted_out, tuple(applies))


def _concluded(
    before: Attempt, attempt: Attempt, terms: Terms, found: Context, bad_data: bool, now: datetime
) -> Conclusion | None:
    """What follows for the lead; None: nothing. An opt-out holds whenever, and in whichever attempt, it is said."""
    lead = found.lead
    if bad_data and lead.outcome is None:
        return Conclusion(unusable(lead, attempt, now=now))
    if attempt.report is not None and opted_out(attempt.report):
        return Conclusion(close(lead, Outcome.DO_NOT_CALL, reason="opt-out", label="opt-out", now=now), opted_out=True)
    if before.state is attempt.state is not S.ENDED:
        return None
    # Only the newest attempt decides its lead, and those that cost nothing do not make an older one old. While an
    # attempt is open nobody begins another one to the same person.
    if not before.open and found.newest > attempt.ordinal:
        return None
    conclusion = conclude(lead, attempt, terms.campaign, now=now)
    if is_erased(attempt) and conclusion.lead.state is not LeadState.CLOSED:
        return None  # nobody is left to be called
    return changed(conclusion, lead=_unless_stopped(conclusion.lead, found.campaign, now))


def _unless_stopped(lead: Lead, campaign: CampaignState, now: datetime) -> Lead:
    if lead.state is LeadState.WAITING and campaign is CampaignState.STOPPED:
        return close(lead, Outcome.STOPPED, reason="the campaign was stopped", now=now)
    return lead
