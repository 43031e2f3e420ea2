"""A campaign as the board shows it, from what is known of it. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.domain.budget import MICROS, MINUTE_MS, Spent
from campaigns.domain.call import Disposition
from campaigns.domain.campaign import Budget
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome
from campaigns.ports.board import Brief
from campaigns.ports.queries import Counts
from campaigns.ports.store import Account, CampaignRecord

from .files import File
from .obstacles import Circumstances, obstacles
from .views import BudgetLine, CampaignView, Waiting

LATELY = timedelta(minutes=5)
"""Over which calls a minute are told."""
_NONE = Counts({}, {}, {}, {}, [])
_UNDER_WAY = (CampaignState.ACTIVE, CampaignState.PAUSED)


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one campaign, some of it a little older than the rest."""

    record: CampaignRecord
    file: File | None
    """None: it is being read."""
    brief: Brief
    counts: Counts | None
    """None: they are being counted."""
    as_of: datetime
    """Of the counts."""
    account: Account | None = None
    dialed: bool | None = None
    lists_until: datetime | None = None
    """When its lists were to be read again; None: nobody said."""
    finish_at: datetime | None = None


def view_of(known: Known, *, now: datetime) -> CampaignView:
    """What is not known yet is empty; `counted` says so."""
    record, counts, brief = known.record, known.counts or _NONE, known.brief
    file = known.file or File(simulated=False)
    campaign = file.campaign
    return CampaignView(
        name=record.name, state=record.state, reason=record.reason, provider=record.provider, purpose=record.purpose,
        simulated=file.simulated, leads=sum(counts.states.values()) if known.counts else brief.leads,
        states={LeadState(state): n for state, n in counts.states.items()},
        outcomes={Outcome(outcome): n for outcome, n in counts.outcomes.items()},
        dispositions={Disposition(word): n for word, n in counts.dispositions.items()},
        attempts={AttemptState(state): n for state, n in counts.attempts.items()},
        open_calls=brief.open_calls, at_once=campaign.pacing.at_once if campaign else 0,
        calls_a_minute=_pace(record, brief),
        waiting=tuple(Waiting(n, why, rule, due) for why, rule, n, due in counts.reasons),
        next_at=_next_at(counts, now=now), finish_at=known.finish_at,
        budget=budget_lines(campaign.budget if campaign else None, counts.spent, brief.held, file.currency),
        warnings=counts.warnings, errors=obstacles(_circumstances(known, counts, file), now=now),
        created_at=record.created_at, started_at=record.started_at, finished_at=record.finished_at,
        as_of=known.as_of, counted=known.counts is not None and known.file is not None,
    )  # fmt: skip


def _pace(record: CampaignRecord, brief: Brief) -> float:
    """Nobody is called by a campaign that is not active, whatever it did a minute ago."""
    return brief.begun / (LATELY / timedelta(minutes=1)) if record.state is CampaignState.ACTIVE else 0.0


def _next_at(counts: Counts, *, now: datetime) -> datetime | None:
    """None where somebody is ready, or waits without a plan."""
    if counts.states.get("ready"):
        return None
    due = [at for _, _, _, at in counts.reasons]
    first = min((at for at in due if at is not None), default=None)
    return None if None in due or first is None or first <= now else first


def budget_lines(budget: Budget | None, spent: Spent, held: Spent, currency: str) -> tuple[BudgetLine, ...]:
    """Each cap of a file: what is used for good, and what open calls hold besides."""
    if budget is None:
        return ()
    caps = (
        ("attempts", budget.attempts, spent.attempts, held.attempts, 1, ""),
        ("talk_minutes", budget.talk_minutes, spent.talk_ms, held.talk_ms, MINUTE_MS, ""),
        ("cost", budget.cost, spent.cost_micros, held.cost_micros, MICROS, currency),
    )
    return tuple(
        BudgetLine(what, max(used - open_, 0) / scale, min(open_, used) / scale, limit, unit)
        for what, limit, used, open_, scale, unit in caps
        if limit is not None
    )


def _circumstances(known: Known, counts: Counts, file: File) -> Circumstances:
    left = sum(n for state, n in counts.states.items() if state not in ("closed", "held"))
    bound = left and known.record.state in _UNDER_WAY and file.campaign is not None and file.campaign.budget
    every = timedelta(seconds=file.refresh) if file.refresh else None
    late = known.lists_until + every if known.lists_until and every else None
    return Circumstances(
        known.record, unread=file.unread, account=known.account,
        used_up=file.purse.used_up(counts.spent) if bound else "", held=counts.states.get("held", 0),
        unread_since=late, dialed=known.dialed, played=file.simulated,
    )  # fmt: skip
