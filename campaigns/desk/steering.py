"""Campaigns told to start, pause, go on or stop; and what that will do."""

from campaigns.domain.errors import InputError
from campaigns.domain.lead import AttemptState, CampaignState

from .access import Operator, Role, demand
from .effects import FROM, TO, Standing, Verb, effect_of, refusal
from .part import Part
from .views import Effect

_OPEN = (AttemptState.SENDING, AttemptState.PLACED, AttemptState.UNCLEAR)


class Steering(Part):
    """Tells campaigns what to do."""

    async def effect(self, verb: Verb, name: str) -> Effect:
        """What steering a campaign would do, for whoever is about to press. Raises Unknown."""
        record = await self._record(name)
        counts = await self._session.store.counts(name)
        dialling = True if self._accounts else await self._session.database.is_dialed()
        open_calls = sum(counts.attempts.get(state, 0) for state in _OPEN)
        return effect_of(verb, Standing(name, record.state, counts.states, open_calls, dialling))

    async def steer(self, verb: Verb, name: str, *, by: Operator) -> CampaignState:
        """Start, pause, resume or stop a campaign; one that is so already is left so. Raises Unknown."""
        demand(by, Role.OPERATE, f"{verb} a campaign")
        record, to, store = await self._record(name), TO[verb], self._session.store
        reason = "" if to is CampaignState.ACTIVE else f"{to} by {by.name}"
        now = self._session.clock.now()
        done = await store.steer(name, to, expect=FROM[verb], reason=reason, by=by.name, now=now)
        if not done:
            found = await self._record(name)
            if to not in (record.state, found.state):
                raise InputError(refusal(verb, name, found.state))
        if to is CampaignState.STOPPED:
            await store.close_stopped(name, now=now)
        return to
