"""One campaign's loop: look, plan, act, sleep until the plan's next moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import anyio
import structlog
from anyio.abc import TaskGroup

from campaigns.domain.changed import changed
from campaigns.domain.errors import AccountRefused, StoreUnavailable, VendorError
from campaigns.domain.lead import CampaignState, Lead, Outcome, attempt_id
from campaigns.domain.pacing import grows_at, lines_for, own_lines, paced
from campaigns.domain.sharing import BID
from campaigns.domain.transitions import close
from campaigns.failpoints import failpoint
from campaigns.planner.booking import Full, Slot
from campaigns.planner.decide import Call, Close, Wait, planned
from campaigns.planner.lawful import planned_under
from campaigns.ports import CallProvider, Clock, schedules
from campaigns.ports.store import Claimed, Intent, Look, Store

from .booker import Judge, encoded, judge_of
from .callers import Callers
from .dialer import Dialer
from .planning import replan
from .terms import Terms, TermsBook
from .urgency import Urgency
from .wake import Wake

log = structlog.get_logger()

PROMOTE = 500
CLAIM, WIDEST = 100, 500
LEASE = timedelta(seconds=10)
"""Leads that were claimed, and of which nothing was written since, are another worker's to claim."""
SOON = timedelta(seconds=1)
LOOKS = 30
"""Scheduled dialing: whoever found no line is looked at again so often within the horizon."""
AGAIN = timedelta(milliseconds=20)
"""The least distance of two looks: what happens meanwhile is done together."""
DOUBLINGS = 5
"""That distance doubles so often while others hold all who are ready."""
WITHOUT_DATABASE = timedelta(seconds=5)
UNANSWERED = timedelta(seconds=30)
"""Pause before `prepare` is tried again where the provider cannot be asked."""


@dataclass(frozen=True, slots=True)
class RunEnd:
    """Why a run is over."""

    state: CampaignState
    reason: str = ""
    interrupted: bool = False
    """Stopped early and resumable."""
    unfit: bool = False
    """Not begun: as file and settings are, it cannot succeed."""


class Runner:
    """Runs one campaign until every lead is closed or held, or until it is steered otherwise."""

    def __init__(  # noqa: PLR0913 - the parts of one run, wired once
        self,
        store: Store,
        provider: CallProvider,
        clock: Clock,
        *,
        book: TermsBook,
        dialer: Dialer,
        placed: Wake,
        tasks: TaskGroup,
    ) -> None:
        self._store, self._provider, self._clock = store, provider, clock
        self._book, self._dialer, self._placed, self._tasks = book, dialer, placed, tasks
        self._urgency = Urgency(store, clock)
        self._dialled: set[str] = set()
        """The leads of this run, where there is a `limit`."""
        self._counts = False
        self._stopping = False
        self._looked_at: datetime | None = None
        self._wide = 0
        self._missed = 0
        """How often in a row whoever is ready was claimed by somebody else, perhaps by a process that has died."""
        self.wake = Wake()
        """Ring it when a line is free, a lead is settled or the campaign was steered."""

    def stop(self) -> None:
        """Begin no more calls; `run` returns once no POST is on its way."""
        self._stopping = True
        self.wake.ring()

    async def run(self, name: str, *, limit: int | None = None) -> RunEnd:
        """Run to the end. With `limit`: dial that many leads, settle them, and pause.

        While the database cannot be used nobody is dialled; once it can, the run goes on by itself.
        """
        prepared, self._counts = False, limit is not None
        while True:
            try:
                if not prepared:
                    await self._prepare(name)
                    prepared = True
                end = await self._step(name, limit)
            except StoreUnavailable as error:
                log.error("database_unavailable", campaign=name, why=str(error))
                await self._clock.sleep_until(self._clock.now() + WITHOUT_DATABASE)
                continue
            if end is not None:
                return end

    async def _step(self, name: str, limit: int | None) -> RunEnd | None:
        if self._looked_at is not None:
            await self._clock.sleep_until(self._looked_at + AGAIN)
        now = self._looked_at = self._clock.now()
        look = await self._store.look(name, now=now)
        if look is None:
            return RunEnd(CampaignState.STOPPED, "the campaign was removed", interrupted=True)
        self._dialer.notice(look.account)
        end = await self._end(look, limit)
        if end is not None:
            return end
        await self._bid(look, limit)
        dialled = await self._act(look, self._room(look, limit))
        if dialled and look.standing.others:
            self._dialer.wake.ring()  # it may be another campaign's turn now
        if not await self._replan(look) and not dialled:
            await self.wake.sleep(self._clock, self._next(look, limit))
        return None

    async def _replan(self, look: Look) -> bool:
        """After an edit: some of those whose plan no longer holds; False: there are none."""
        if not look.stale or look.campaign.state is not CampaignState.ACTIVE or self._stopping:
            return False
        return await replan(self._store, self._terms(look), now=self._clock.now()) > 0

    def _terms(self, look: Look) -> Terms:
        terms = self._book.current(look.campaign)
        return changed(terms, law=changed(terms.law, suspended=look.suspended))

    async def _prepare(self, name: str) -> None:
        """What the provider must tell before anybody is dialled."""
        while not self._stopping:
            record = await self._store.campaign(name)
            if record is None or record.state is not CampaignState.ACTIVE:
                return
            terms = self._book.current(record)
            await self._store.plan_under(name, planned_under(terms.law, terms.people))
            if terms.scheduled and not schedules(self._provider):
                await self._steer(name, CampaignState.PAUSED, "this provider cannot hold calls for later: dialing")
                return
            callers = [caller.number for caller in terms.campaign.caller_ids]
            try:
                await self._provider.prepare(callers)
            except AccountRefused as error:
                await self._steer(name, CampaignState.REFUSED, str(error))
            except VendorError as error:
                log.warning("cannot_prepare", campaign=name, why=error.logged)
                await self.wake.sleep(self._clock, self._clock.now() + UNANSWERED)
                continue
            return

    async def _end(self, look: Look, limit: int | None) -> RunEnd | None:
        record = look.campaign
        if self._stopping:
            return None if self._dialer.in_flight else RunEnd(record.state, "interrupted", interrupted=True)
        if record.state is not CampaignState.ACTIVE:
            # What the provider holds is cancelled first; where it refuses the account, nobody can.
            holds = look.booked and record.state is not CampaignState.REFUSED
            if holds:
                self._placed.ring()
            unfinished = self._dialer.in_flight or holds
            done = record.state is CampaignState.FINISHED  # another process may have settled the last lead
            return None if unfinished else RunEnd(record.state, record.reason, interrupted=not done)
        if look.calling:
            return None
        if not look.ready and not look.due and look.next_due_at is None:
            await self._steer(record.name, CampaignState.FINISHED, "every lead is settled")
            return RunEnd(CampaignState.FINISHED)
        why = self._book.current(record).limits.purse.used_up(look.standing.spent)
        if limit is not None and len(self._dialled) >= limit:
            why = f"paused after {limit} leads, as asked"
        if why:
            await self._steer(record.name, CampaignState.PAUSED, why)
            return RunEnd(CampaignState.PAUSED, why, interrupted=True)
        return None

    async def _steer(self, name: str, to: CampaignState, reason: str) -> None:
        await self._store.steer(name, to, expect=[CampaignState.ACTIVE], reason=reason, now=self._clock.now())

    def _room(self, look: Look, limit: int | None) -> int:
        """How many dials may be written down now."""
        now, terms = self._clock.now(), self._book.current(look.campaign)
        limits = terms.limits
        if self._stopping or look.campaign.state is not CampaignState.ACTIVE or self._held_back(look, now):
            return 0
        free = lines_for(look.campaign.name, limits, look.standing, now=now)
        if terms.scheduled:  # lines are counted at the moment of the call
            free = min(CLAIM, limits.purse.fits(look.standing.spent))
        pace = paced(limits, look.standing, now=now)
        slots = int(min(limits.per_second, pace.campaign_per_second)) + 1
        if max(filter(None, [look.standing.account_free_at, look.standing.next_send_at, now])) > now + pace.ahead:
            slots = 0
        left = CLAIM if limit is None else limit - len(self._dialled)
        trial = 1 if look.account.breaker.is_trial else CLAIM
        if look.account.breaker.is_trial and self._dialer.in_flight:
            return 0
        return max(0, min(free, slots, left, trial, CLAIM))

    def _held_back(self, look: Look, now: datetime) -> bool:
        paused = look.account.paused_until
        return (paused is not None and now < paused) or look.account.breaker.is_shut(now=now)

    async def _bid(self, look: Look, limit: int | None) -> None:
        """Say how many lines this campaign could use, where others want the account's too."""
        now, standing, wanted = self._clock.now(), look.standing, self._wanted(look, limit)
        said = standing.bid.lines if standing.bid and standing.bid.until > now + BID / 2 else 0
        if standing.others and bool(wanted) != bool(said):
            priority = self._book.current(look.campaign).limits.priority
            await self._store.bid(look.campaign.name, priority=priority, lines=wanted, until=now + BID)

    def _wanted(self, look: Look, limit: int | None) -> int:
        now, standing = self._clock.now(), look.standing
        if self._stopping or self._held_back(look, now) or (limit is not None and len(self._dialled) >= limit):
            return 0
        if standing.next_send_at is not None and standing.next_send_at > now + SOON:
            return 0  # its own rate keeps it from taking one
        limits = self._book.current(look.campaign).limits
        return min(own_lines(limits, standing, now=now), look.ready + look.due)

    async def _act(self, look: Look, room: int) -> bool:
        """Promote, claim, decide, begin; False: nothing came of it, so sleep."""
        missed, self._missed = self._missed, 0
        if look.campaign.state is not CampaignState.ACTIVE or self._stopping:
            return False
        if look.ready + look.due > room:  # somebody must wait, so it matters who
            await self._urgency.refresh(self._terms(look))
        room = max(0, min(room, self._dialer.places))
        now, name, terms = self._clock.now(), look.campaign.name, self._book.current(look.campaign)
        horizon = now + terms.limits.book_ahead if terms.scheduled else now
        due = look.due or (look.next_due_at is not None and look.next_due_at <= horizon)
        promoted = await self._store.promote(name, limit=PROMOTE, now=horizon) if due else 0
        if not room or not (look.ready or promoted):
            return promoted > 0
        judge = await judge_of(self._store, self._terms(look), now=now)
        if judge is None:
            return promoted > 0
        claimed = await self._store.claim(
            name, limit=max(room, self._wide), owner=self._dialer.owner, until=now + LEASE, now=now
        )
        if not claimed:
            self._missed = min(missed + 1, DOUBLINGS)
            return promoted > 0
        return await self._judge(self._terms(look), claimed, room, judge)

    async def _judge(self, terms: Terms, claimed: Sequence[Claimed], room: int, judge: Judge) -> bool:
        """Decide about each, and carry it out, dialling at most `room`; False: nobody moved."""
        now = self._clock.now()
        callers = await Callers.today(self._store, terms, now=now)
        intents: list[Intent] = []
        others: list[Lead] = []
        without_line: list[Lead] = []
        for claim in claimed:
            lead, step = claim.facts.lead, judge(claim.facts)
            if isinstance(step, Close):
                others.append(close(lead, step.outcome, reason=step.reason, rule=step.rule, now=now))
            elif isinstance(step, Wait):
                others.append(planned(lead, step, revision=terms.record.revision))
            elif isinstance(step, Full):
                without_line.append(lead)
            elif (caller := callers.of(claim)) is None:
                call = step.call if isinstance(step, Slot) else step
                others.append(planned(lead, callers.tomorrow(call), revision=terms.record.revision))
            elif (intent := self._intent(terms, claim, step, caller)) is not None:
                intents.append(intent)
            else:
                reason = f"no agent speaks {lead.contact.language or 'an unnamed language'}"
                others.append(close(lead, Outcome.BLOCKED, reason=reason, rule="agent", now=now))
        if others or without_line:
            await self._store.plan([*others, *without_line], now=now)
        # Where nobody may be called (a window has just closed), look at more of them at a time.
        self._wide = 0 if intents or without_line else min(max(4 * len(claimed), room), WIDEST)
        begun = await self._begin(terms, intents, room) if intents else 0
        return bool(others or begun)

    def _intent(self, terms: Terms, claim: Claimed, step: Call | Slot, caller: str) -> Intent | None:
        """What is written down; None: nobody speaks the contact's language."""
        lead, call = claim.facts.lead, step.call if isinstance(step, Slot) else step
        fires_at = step.fires_at if isinstance(step, Slot) else None
        name = attempt_id(lead.id, claim.next_ordinal)
        order = terms.order(lead, name, call.phone.e164, caller)
        if order is None:
            return None
        return Intent(
            claimed=claim,
            attempt_id=name,
            phone=call.phone,
            phone_key=terms.phone_key(call.phone.e164),
            body=encoded(self._provider, order, fires_at),
            callback=call.callback,
            subject=terms.campaign.subject or terms.campaign.campaign,
            debt=lead.contact.debt,
            caller_id=caller,
            permit=call.permit.as_json(),
            # What comes to the provider when its time is near may be refused as past.
            closes_at=call.closes_at if fires_at is None else fires_at - terms.limits.lines.notice / 2,
            fires_at=fires_at,
        )

    async def _begin(self, terms: Terms, intents: Sequence[Intent], room: int) -> int:
        with anyio.CancelScope(shield=True):  # an intent that is written must not lose its dialer
            began = self._clock.now()
            attempts = await self._store.begin(
                terms.record, intents, terms.limits, most=room, owner=self._dialer.owner, now=began,
                ahead=min(self._dialer.lead, terms.limits.ahead / 2),
            )  # fmt: skip
            self._dialer.learn_beginning(began)
            if attempts:
                failpoint("after_intent")
            for attempt in attempts:
                self._dialer.in_flight.add(attempt.id)
                self._tasks.start_soon(self._dialer.dial, attempt, terms)
        if self._counts:  # a run of months must not remember everybody
            self._dialled.update(attempt.lead_id for attempt in attempts)
        self._placed.hurry(self._clock.now() + self._dialer.account.poll_every)
        return len(attempts)

    def _next(self, look: Look, limit: int | None) -> datetime | None:
        """The next moment at which there may be something to do; None: when something happens."""
        if self._stopping or look.campaign.state is not CampaignState.ACTIVE:
            return None
        now, terms = self._clock.now(), self._book.current(look.campaign)
        may_dial = (look.ready or look.due) and (limit is None or len(self._dialled) < limit)
        if terms.scheduled:
            ahead = terms.limits.book_ahead
            moments = [
                look.next_due_at - ahead if look.next_due_at else None,
                now + ahead / LOOKS if may_dial else None,
            ]
        else:
            moments = [look.next_due_at, self._next_dial(look, now) if may_dial else None]
            if may_dial and look.standing.others and self._wanted(look, limit):
                moments.append(now + BID / 2)
        soonest = now + AGAIN * float(2**self._missed)
        return min((max(moment, soonest) for moment in moments if moment), default=None)

    def _next_dial(self, look: Look, now: datetime) -> datetime | None:
        """When a ready lead may be written down; None: only after an answer or a report."""
        limits, standing = self._book.current(look.campaign).limits, look.standing
        if standing.open_account >= limits.at_once or not own_lines(limits, standing, now=now):
            freed = look.line_free_at + limits.longest_call if look.line_free_at else None
            moments = [freed, grows_at(limits, standing, now=now)]
            return min((moment for moment in moments if moment and moment > now), default=None)
        if look.account.breaker.is_trial and self._dialer.in_flight:
            return None
        pace = paced(limits, standing, now=now)
        slot = max(filter(None, [standing.account_free_at, standing.next_send_at, now]))
        moments = [slot - pace.ahead / 2, look.account.paused_until, look.account.breaker.open_until]
        if slot <= now + pace.ahead and not lines_for(look.campaign.name, limits, standing, now=now):
            moments.append(
                min((bid.until for bid in standing.rivals), default=None)
            )  # theirs first, while they want it
        return max(filter(None, moments))
