"""The numbers that a campaign shows, as far as they have room today."""

from datetime import datetime

from campaigns.domain.callers import choose_caller, day_of
from campaigns.planner.decide import Call, Wait
from campaigns.ports.store import Claimed, Store

from .terms import Terms


class Callers:
    """Hands out numbers for one batch of dials; `begin` counts them again in its transaction."""

    def __init__(self, terms: Terms, used: dict[str, int], *, now: datetime) -> None:
        self._callers, self._used = terms.campaign.caller_ids, used
        self._tomorrow = day_of(now, terms.limits.zone)[1]

    @classmethod
    async def today(cls, store: Store, terms: Terms, *, now: datetime) -> "Callers":
        """As the database counts this moment; numbers without a cap are not counted."""
        capped = [number for number, _ in terms.limits.caller_caps]
        record, zone = terms.record, terms.limits.zone
        used = await store.caller_uses(record.provider, capped, zone, now=now) if capped else {}
        return cls(terms, used, now=now)

    @property
    def left(self) -> bool:
        """Whether anybody may be called."""
        return not self._callers or choose_caller("", self._callers, self._used) is not None

    def of(self, claim: Claimed) -> str | None:
        """The number for a lead; empty: the provider's own; None: every one is used up for today."""
        if not self._callers:
            return ""
        shown = [past.caller_id for past in claim.facts.attempts if past.caller_id and past.counts]
        chosen = choose_caller(claim.facts.lead.id, self._callers, self._used, earlier=shown[-1] if shown else "")
        if chosen is None:
            return None
        self._used[chosen.number] = self._used.get(chosen.number, 0) + (chosen.per_day is not None)
        return chosen.number

    def tomorrow(self, step: Call) -> Wait:
        """What becomes of a call for which no number is left."""
        reason = "every number to be shown has made its calls of the day"
        return Wait(self._tomorrow, reason, "caller_ids.per_day", step.closes_at, step.last_chance)
