"""One campaign played once, from its leads as they stand to the last outcome: lines, slots and calls in virtual time.

Whether and when somebody is called is `decide`'s word alone; what follows from a call is `transitions.follow`'s.
"""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from typing import Protocol

from campaigns.domain.call import Disposition
from campaigns.domain.campaign import AgentByLanguage, Campaign
from campaigns.domain.facts import Facts, PastAttempt, PeopleLimits
from campaigns.domain.lead import Lead, LeadState, Outcome
from campaigns.domain.legal import Law
from campaigns.domain.outcomes import Verdict
from campaigns.domain.transitions import follow, rang

from .alike import holds, kin_of, likeness
from .decide import MARGIN, Call, Close, Step, decide, next_number
from .questions import HORIZON

FENCE_AHEAD = timedelta(milliseconds=15)
"""An attempt is dated by its permit, which is given so long before its slot."""
BUSY_LOOK = timedelta(minutes=1)
"""Whose other call is open is looked at again after this."""


@dataclass(frozen=True, slots=True)
class Lines:
    """How calls may start, as campaign and account together allow."""

    at_once: int = 5
    spacing: timedelta = timedelta(seconds=1)
    """Between two dials."""
    ahead: timedelta = timedelta(seconds=1)
    """How long before its dial a call takes its line, at most."""
    poll_every: timedelta = timedelta()
    """How often the provider is asked which calls are over, besides at each dial; nought: it tells at once."""
    stretch: float = 1.0
    """Of a sample: its calls hold their lines so many times as long."""


@dataclass(frozen=True, slots=True)
class Answer:
    """How one made-up call goes; times in seconds."""

    disposition: Disposition
    rings: float
    """From the dial until somebody answers, or until it is over."""
    talks: float = 0.0
    verdict: Verdict = field(default_factory=Verdict)
    """What the campaign's outcome rules say of it."""
    rings_back: tuple[float, Verdict] | None = None
    """So many seconds later the person calls us, and what the rules say of that; None: they do not."""


class Answers(Protocol):
    """What becomes of calls: the same for the same lead and ordinal, whatever else happens."""

    def __call__(self, place: int, lead: Lead, past: PastAttempt, at: datetime) -> Answer:
        """How a call goes that is dialled at `at`. `place`: the lead's, in the list; `past`: which call it is."""


@dataclass(frozen=True, slots=True)
class Game:
    """What is played: everything but the answers."""

    leads: Sequence[tuple[int, Facts]]
    """In list order, each with its place in the whole list."""
    campaign: Campaign
    law: Law
    people: PeopleLimits
    lines: Lines
    now: datetime


@dataclass(slots=True)
class Played:
    """What happened."""

    dialled: list[datetime] = field(default_factory=list)
    over: list[datetime] = field(default_factory=list)
    dispositions: Counter[Disposition] = field(default_factory=Counter)
    talk_seconds: float = 0.0
    closed: list[tuple[datetime, Outcome]] = field(default_factory=list)
    reasons: Counter[tuple[Outcome, str, str]] = field(default_factory=Counter)
    """Of all who are closed: outcome, reason, rule."""
    waiting: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Of those who have no outcome at the end: reason, rule."""

    @property
    def finish(self) -> datetime | None:
        """When the last lead was closed that was open at the start; None: none was."""
        return self.closed[-1][0] if self.closed else None

    @property
    def reached(self) -> int:
        return sum(count for (outcome, _, _), count in self.reasons.items() if outcome is Outcome.REACHED)


@dataclass(frozen=True, slots=True)
class _Over:
    ordinal: int
    callback: bool
    disposition: Disposition
    ended_by: datetime


@dataclass(frozen=True, slots=True)
class _Open:
    """A call that is going on."""

    past: PastAttempt
    callback: bool
    answer: Answer
    sent: datetime


def play(game: Game, answers: Answers) -> Played:
    """Play to the end: until every lead has its outcome, or waits beyond the planner's horizon."""
    return _Play(game, answers).run()


class _Play:
    def __init__(self, game: Game, answers: Answers) -> None:
        self._game, self._answers, self._now = game, answers, game.now
        self._places = [place for place, _ in game.leads]
        self._facts = [facts for _, facts in game.leads]
        self._subject = game.campaign.subject or game.campaign.campaign
        self._kin = kin_of(self._facts)
        self._steps: dict[object, tuple[datetime, Step]] = {}
        self._waiting: list[tuple[datetime, int, bool, datetime, int]] = []
        self._why: dict[int, tuple[str, str]] = {}
        self._ready: list[tuple[float, bool, datetime, int, int]] = []
        self._settled: set[int] = set()
        self._turn: dict[int, int] = {}
        """How often a lead was taken out of its queue: what is queued under an earlier turn is no more."""
        self._open: dict[int, _Open] = {}
        self._ends: list[tuple[datetime, int]] = []
        self._inbound: list[tuple[datetime, int, Verdict]] = []
        self._freed: list[datetime] = []
        """Of a sample: when stretched calls give their lines back."""
        self._free = game.lines.at_once
        self._sent = deque[datetime]()
        self._slot = game.now
        self._round_at: datetime | None = None
        self._played = Played()

    def run(self) -> Played:
        self._start()
        end = self._now + HORIZON
        while True:
            self._round()
            self._ring_back()
            self._promote()
            if self._dial():
                continue
            moment = self._next()
            if moment is None or moment > end:
                break
            self._now = max(moment, self._now)
        left = [i for _, i, _, _, turn in self._waiting if turn == self._turn.get(i, 0)]
        self._played.waiting.update(self._why[i] for i in left)
        return self._played

    def _start(self) -> None:
        agent = self._game.campaign.agent
        for i, facts in enumerate(self._facts):
            lead = facts.lead
            if lead.state is LeadState.CLOSED:
                self._played.reasons[lead.outcome or Outcome.STOPPED, lead.label or lead.reason, lead.rule] += 1
            elif lead.state is LeadState.HELD:
                self._played.waiting[lead.reason, lead.rule] += 1
            elif lead.state is LeadState.CALLING and facts.attempts:
                self._take_over(i, facts)
            elif isinstance(agent, AgentByLanguage) and agent.of(lead.contact.language) is None:
                language = lead.contact.language or "an unnamed language"
                self._close(i, Outcome.BLOCKED, f"no agent speaks {language}", "agent")
            else:
                self._plan(i, self._decide(i))
        heapify(self._waiting)
        heapify(self._ready)

    def _take_over(self, i: int, facts: Facts) -> None:
        """A call that is open already."""
        past = facts.attempts[-1]
        self._facts[i] = replace(facts, attempts=facts.attempts[:-1])
        self._ring(i, past, callback=facts.lead.callback_at is not None, sent=past.at)

    # ── decisions ──

    def _decide(self, i: int) -> Step:
        facts, now = self._facts[i], self._now
        key = None if self._kin.get(i) or self._game.law.suspended else likeness(facts, now=now)
        if key is not None and (kept := self._steps.get(key)) and holds(*kept, now):
            return kept[1]
        if any(other in self._open for other in self._kin.get(i, ())):
            facts = replace(facts, busy_until=now + BUSY_LOOK)
        game = self._game
        step = decide(facts, game.campaign, game.law, game.people, now=now)
        if key is not None:
            self._steps[key] = now, step
        return step

    def _plan(self, i: int, step: Step) -> None:
        if isinstance(step, Close):
            self._close(i, step.outcome, step.reason, step.rule)
        elif isinstance(step, Call):
            rank = self._facts[i].lead.contact.rank
            heappush(self._ready, (rank, not step.last_chance, step.closes_at, i, self._turn.get(i, 0)))
        else:
            self._why[i] = step.reason, step.rule
            heappush(self._waiting, (step.until, i, step.last_chance, step.closes_at, self._turn.get(i, 0)))

    def _close(self, i: int, outcome: Outcome, reason: str, rule: str) -> None:
        self._settled.add(i)
        self._played.closed.append((self._now, outcome))
        self._played.reasons[outcome, reason, rule] += 1

    def _promote(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._now:
            _, i, last_chance, closes_at, turn = heappop(self._waiting)
            heappush(self._ready, (self._facts[i].lead.contact.rank, not last_chance, closes_at, i, turn))

    # ── calls ──

    def _dial(self) -> bool:
        """Give free lines to whoever is ready, in the order of claims; False: nobody was dialled."""
        dialled, last = False, self._now + self._game.lines.ahead
        while self._ready and self._free > 0 and self._slot <= last:
            _, _, closes_at, i, turn = heappop(self._ready)
            if turn != self._turn.get(i, 0):
                continue
            # What was allowed stays so until the hours end, but for other calls to the same person.
            if self._kin.get(i) or self._game.law.suspended or self._now >= closes_at - MARGIN:
                step = self._decide(i)
                if not isinstance(step, Call):
                    self._plan(i, step)
                    continue
            self._begin(i)
            dialled = True
        return dialled

    def _begin(self, i: int) -> None:
        facts, sent = self._facts[i], max(self._now, self._slot)
        self._slot = sent + self._game.lines.spacing
        self._sent.append(sent)
        at = max(self._now, sent - FENCE_AHEAD)
        ordinal = facts.attempts[-1].ordinal + 1 if facts.attempts else 1
        past = PastAttempt(
            ordinal, True, None, next_number(facts).e164, at, at, self._subject, facts.lead.contact.debt
        )  # fmt: skip
        self._ring(i, past, callback=facts.lead.callback_at is not None, sent=sent)

    def _ring(self, i: int, past: PastAttempt, *, callback: bool, sent: datetime) -> None:
        answer = self._answers(self._places[i], self._facts[i].lead, past, sent)
        over = max(self._now, sent + timedelta(seconds=answer.rings + answer.talks))
        self._open[i] = _Open(past, callback, answer, sent)
        heappush(self._ends, (over, i))
        self._free -= 1
        asked = self._now + self._game.lines.poll_every
        self._round_at = min(asked, self._round_at or asked)
        self._played.dialled.append(sent)
        self._played.over.append(over)

    def _round(self) -> None:
        """What is over is noticed, and its line is free again."""
        while self._freed and self._freed[0] <= self._now:
            heappop(self._freed)
            self._free += 1
        if self._round_at is None or self._round_at > self._now:
            return
        while self._ends and self._ends[0][0] <= self._now:
            over, i = heappop(self._ends)
            self._settle(i, over)
        poll = self._game.lines.poll_every
        self._round_at = None if not self._ends else self._now + poll if poll else self._ends[0][0]

    def _settle(self, i: int, over: datetime) -> None:
        call, facts = self._open.pop(i), self._facts[i]
        answer = call.answer
        self._give_back(call.sent)
        self._played.dispositions[answer.disposition] += 1
        self._played.talk_seconds += answer.talks
        ended = _Over(call.past.ordinal, call.callback, answer.disposition, over)
        conclusion = follow(facts.lead, ended, answer.verdict, now=self._now)
        left = answer.disposition is Disposition.VOICEMAIL
        past = PastAttempt(
            call.past.ordinal, True, answer.disposition, call.past.phone, call.past.at, over, call.past.subject,
            call.past.debt, left, conclusion.refused,
        )  # fmt: skip
        lead = conclusion.lead
        self._facts[i] = replace(facts, lead=lead, attempts=(*facts.attempts, past), busy_until=None)
        for other in self._kin.get(i, ()):
            self._tell(other, i, past, opted_out=conclusion.opted_out)
        if lead.outcome is not None:
            self._close(i, lead.outcome, lead.reason, lead.rule)
            return
        if answer.rings_back is not None:
            after, verdict = answer.rings_back
            heappush(self._inbound, (over + timedelta(seconds=after), i, verdict))
        self._plan(i, self._decide(i))

    def _ring_back(self) -> None:
        """People call us: who is still open is judged by the file's rules, unless a call of ours is on."""
        while self._inbound and self._inbound[0][0] <= self._now:
            at, i, verdict = heappop(self._inbound)
            lead = self._facts[i].lead
            if i in self._settled or i in self._open:
                continue
            self._turn[i] = self._turn.get(i, 0) + 1  # the place that it had in a queue is no more
            gap = self._game.campaign.attempts.gap
            lead = rang(lead, at, verdict, gap=gap, now=self._now).lead
            self._facts[i] = replace(self._facts[i], lead=lead)
            if lead.outcome is not None:
                self._close(i, lead.outcome, lead.reason, lead.rule)
            else:
                self._plan(i, self._decide(i))

    def _give_back(self, sent: datetime) -> None:
        stretch = self._game.lines.stretch
        if stretch == 1.0:
            self._free += 1
        else:
            heappush(self._freed, sent + (self._now - sent) * stretch)

    def _tell(self, other: int, i: int, past: PastAttempt, *, opted_out: bool) -> None:
        """Another lead of the same person, or with the same number, learns of a call."""
        theirs, lead = self._facts[other], self._facts[i].lead
        same = theirs.lead.person_key == lead.person_key
        rings = any(phone.e164 == past.phone for phone in theirs.lead.contact.phones)
        if same or rings:
            known = (*theirs.elsewhere, replace(past, same_person=same))
            self._facts[other] = replace(theirs, elsewhere=known, suppressed=theirs.suppressed or (opted_out and rings))

    def _next(self) -> datetime | None:
        moments = list(self._moments())
        return min(moments) if moments else None

    def _moments(self) -> Iterator[datetime]:
        if self._round_at is not None:
            yield self._round_at
        if self._waiting:
            yield self._waiting[0][0]
        if self._freed:
            yield self._freed[0]
        if self._inbound:
            yield self._inbound[0][0]
        if self._ready and self._free > 0:
            yield self._slot - self._game.lines.ahead / 2
            while self._sent and self._sent[0] <= self._now:
                self._sent.popleft()
            if self._sent:  # whenever a dial is answered the runner looks again
                yield self._sent[0]
