"""The table of moves: how an attempt advances, and what a settled attempt makes of its lead."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol, assert_never

from .call import (
    Booked,
    Booking,
    BookingState,
    CallReport,
    Disposition,
    Handover,
    NotSent,
    Placed,
    Placement,
    Refused,
    Unclear,
)
from .campaign import Campaign, UncertainPolicy
from .changed import changed
from .lead import NO_NUMBER, Attempt, AttemptState, Lead, LeadState, Outcome
from .outcomes import Verdict, callback_time, is_yes, judge, opted_out

S = AttemptState

MOVES: dict[AttemptState, frozenset[AttemptState]] = {
    S.INTENT: frozenset({S.SENDING, S.NOT_SENT}),
    S.SENDING: frozenset({S.PLACED, S.BOOKED, S.REFUSED, S.NOT_SENT, S.UNCLEAR}),
    S.BOOKED: frozenset({S.PLACED, S.NOT_CREATED, S.UNCERTAIN, S.ENDED}),
    S.PLACED: frozenset({S.ENDED}),
    S.UNCLEAR: frozenset({S.PLACED, S.BOOKED, S.NOT_CREATED, S.UNCERTAIN, S.ENDED}),
    S.UNCERTAIN: frozenset({S.PLACED, S.BOOKED, S.ENDED, S.NOT_CREATED}),
    S.REFUSED: frozenset(),
    S.NOT_SENT: frozenset(),
    S.NOT_CREATED: frozenset(),
    S.ENDED: frozenset(),
}
"""Forward only. There is no arrow back to dialling: a doubt is never dialled again by itself."""

FINAL = frozenset(state for state, after in MOVES.items() if not after)


def advance(attempt: Attempt, to: AttemptState, **changes: Any) -> Attempt:
    """The attempt after a move. Raises ValueError for a move that the table does not have."""
    if to not in MOVES[attempt.state]:
        raise ValueError(f"An attempt does not go from {attempt.state} to {to}.")
    return changed(attempt, state=to, open=attempt.open and to not in FINAL, **changes)


def answered_to(attempt: Attempt, placement: Placement | Handover, *, now: datetime) -> Attempt:
    """The attempt after the provider's answer to "please call", or to "please call then"."""
    match placement:
        case Placed(call_id):
            return advance(attempt, S.PLACED, call_id=call_id, placed_at=now)
        case Booked(booking_id):
            return advance(attempt, S.BOOKED, booking_id=booking_id)
        case Refused():
            return advance(attempt, S.REFUSED, reason=placement.reason, ended_at=now)
        case NotSent():
            return advance(attempt, S.NOT_SENT, reason=placement.reason, ended_at=now)
        case Unclear():
            return advance(attempt, S.UNCLEAR, reason=placement.reason, unclear_since=now)
        case _:
            assert_never(placement)


def found(attempt: Attempt, call_id: str, *, by: str, now: datetime) -> Attempt:
    """The attempt after evidence that its call exists."""
    return advance(attempt, S.PLACED, call_id=call_id, placed_at=min(attempt.rings_from, now), resolved_by=by)


def shown(attempt: Attempt, booking: Booking, *, by: str, now: datetime) -> Attempt | None:
    """The attempt after what the provider shows of its booking; None: that says nothing new.

    A booking that failed without a call, or was cancelled, has rung nobody.
    """
    if booking.call_id:
        return changed(found(attempt, booking.call_id, by=by, now=now), booking_id=booking.booking_id)
    if booking.state in (BookingState.CANCELLED, BookingState.FAILED):
        reason = f"the booking is {booking.state}"
        gone = advance(attempt, S.NOT_CREATED, ended_at=now, resolved_by=by, reason=reason)
        return changed(gone, booking_id=booking.booking_id)
    if attempt.state is S.BOOKED or booking.state is BookingState.UNKNOWN:
        return None
    return advance(attempt, S.BOOKED, booking_id=booking.booking_id, resolved_by=by)


def merge(known: CallReport | None, news: CallReport) -> CallReport:
    """Both reports of one call as one: the same for every order of arrival.

    Ended beats not ended, a disposition beats none, `unknown` gives way to any other, and empty members are filled.
    Where two sources differ the greater word stands, whichever came first.
    """
    if known is None:
        return news
    return changed(
        known,
        attempt_id=_greater(known.attempt_id, news.attempt_id),
        booking_id=_greater(known.booking_id, news.booking_id),
        phone=_greater(known.phone, news.phone),
        ended=known.ended or news.ended,
        disposition=_firmer(known.disposition, news.disposition),
        ended_reason=max(known.ended_reason, news.ended_reason),
        talk_seconds=_greater(known.talk_seconds, news.talk_seconds),
        started_at=_greater(known.started_at, news.started_at),
        ended_at=_greater(known.ended_at, news.ended_at),
        created_at=_greater(known.created_at, news.created_at),
        summary=max(known.summary, news.summary),
        transcript=max(known.transcript, news.transcript),
        analysis=_merged(known.analysis, news.analysis),
        recording=max(known.recording, news.recording),
        cost=_greater(known.cost, news.cost),
        message_left=_greater(known.message_left, news.message_left),
        # Whoever says that the person ended it is believed: such calls count.
        agent_ended=_least(known.agent_ended, news.agent_ended),
        proof=max(known.proof, news.proof),
        ends=_ends(known, news),
        others=tuple(sorted({*known.others, *news.others})),
    )


_FIRMNESS = (
    Disposition.UNKNOWN,
    Disposition.FAILED,
    Disposition.NO_ANSWER,
    Disposition.BUSY,
    Disposition.DECLINED,
    Disposition.BAD_NUMBER,
    Disposition.VOICEMAIL,
    Disposition.ANSWERED,
)


def _ends(one: CallReport, other: CallReport) -> tuple[Disposition, ...]:
    """Every end that was told of, where they differ."""
    if one.disposition == other.disposition and one.ends == other.ends:
        return one.ends
    told = {*one.ends, *other.ends, one.disposition, other.disposition} - {None, Disposition.UNKNOWN}
    return tuple(sorted(end for end in told if end)) if len(told) > 1 else ()


def _firmer(one: Disposition | None, other: Disposition | None) -> Disposition | None:
    if one is None or other is None:
        return one or other
    return max(one, other, key=_FIRMNESS.index)


def _greater(one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else max(one, other)


def _least(one: Any, other: Any) -> Any:
    return other if one is None else one if other is None else min(one, other)


def _merged(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    merged = dict(one)
    for key, value in other.items():
        merged[key] = max(merged.get(key), value, key=_weight)
    return dict(sorted(merged.items()))


def _weight(value: object) -> tuple[bool, bool, str, str]:
    """A total order: nothing gives way to something, and whatever is said to a yes, so that no opt-out is lost."""
    return value is not None, is_yes(value), str(value), type(value).__name__


def ended(attempt: Attempt, report: CallReport, *, by: str, now: datetime) -> Attempt:
    """The attempt after a report that its call is over; also improves an attempt that has ended."""
    if attempt.report is not None:
        report = changed(merge(attempt.report, report), call_id=report.call_id)
    changes: dict[str, Any] = {
        "call_id": attempt.call_id or report.call_id or None,
        "disposition": report.disposition or attempt.disposition or Disposition.UNKNOWN,
        "ended_at": report.ended_at or attempt.ended_at or now,
        "report": report,
        "resolved_by": by,
        "message_left": _left_message(report),
        "agent_ended": bool(report.agent_ended),
    }
    if attempt.state is S.ENDED:
        return changed(attempt, **changes)
    return advance(attempt, S.ENDED, **changes)


def _left_message(report: CallReport) -> bool:
    """Where nobody says whether a message was left on a machine, one was: rules count contacts."""
    said = report.message_left
    return report.disposition is Disposition.VOICEMAIL if said is None else said


@dataclass(frozen=True, slots=True)
class Conclusion:
    """What follows from a settled attempt: the lead, and what the person said that outlives the campaign."""

    lead: Lead
    opted_out: bool = False
    """They join the suppression list."""

    @property
    def refused(self) -> bool:
        """They said no to what was offered: cool-downs begin."""
        return self.lead.outcome is Outcome.REFUSED


def conclude(lead: Lead, attempt: Attempt, campaign: Campaign, *, now: datetime) -> Conclusion:
    """The lead after its attempt moved. Every state of the attempt gives exactly one state of the lead.

    An opt-out stays, whatever comes later. A stopped lead is never called again; late news may tell how it ended.
    """
    if lead.outcome is Outcome.DO_NOT_CALL:
        return Conclusion(lead)
    conclusion = _followed(lead, attempt, campaign, now=now)
    if lead.outcome is Outcome.STOPPED and conclusion.lead.state is not LeadState.CLOSED:
        return Conclusion(lead)
    return _since_first(conclusion, lead)


def _since_first(conclusion: Conclusion, before: Lead) -> Conclusion:
    """Later news of the same call that change nothing close nothing anew: the outcome is as old as it was."""
    after = conclusion.lead
    if before.closed_at is None or (after.outcome, after.label) != (before.outcome, before.label):
        return conclusion
    return changed(conclusion, lead=changed(after, closed_at=before.closed_at))


def _followed(lead: Lead, attempt: Attempt, campaign: Campaign, *, now: datetime) -> Conclusion:
    match attempt.state:
        case S.INTENT | S.SENDING | S.BOOKED | S.PLACED | S.UNCLEAR:
            return Conclusion(_opened(lead, LeadState.CALLING))
        case S.UNCERTAIN:
            return Conclusion(_doubted(lead, attempt, campaign, now=now))
        case S.REFUSED | S.NOT_SENT | S.NOT_CREATED:
            return Conclusion(_planned_anew(lead, reason=attempt.reason))
        case S.ENDED:
            return _settled(lead, attempt, campaign, now=now)
        case _:
            assert_never(attempt.state)


def close(
    lead: Lead, outcome: Outcome, *, reason: str, now: datetime, rule: str = "", label: str | None = None
) -> Lead:
    """The lead with an outcome; planning facts are cleared."""
    return changed(
        lead, state=LeadState.CLOSED, outcome=outcome, reason=reason, rule=rule, closed_at=now, due_at=None,
        closes_at=None, callback_at=None, retry_at=None, label=lead.label if label is None else label,
    )  # fmt: skip


def unusable(lead: Lead, attempt: Attempt, *, now: datetime) -> Lead:
    """The lead whose data the provider refuses: asking again would be refused again."""
    return close(lead, Outcome.BLOCKED, reason=f"the provider refuses its data: {attempt.reason}", now=now)


def _opened(lead: Lead, state: LeadState, **changes: Any) -> Lead:
    changes = {"rule": "", **changes}
    return changed(lead, state=state, due_at=None, closes_at=None, outcome=None, closed_at=None, **changes)


def _planned_anew(lead: Lead, **changes: Any) -> Lead:
    return _opened(lead, LeadState.WAITING, **changes)


def _doubted(lead: Lead, attempt: Attempt, campaign: Campaign, *, now: datetime) -> Lead:
    if campaign.attempts.uncertain is UncertainPolicy.DROP:
        return close(lead, Outcome.STOPPED, reason="nobody knows whether the call took place", now=now)
    if campaign.attempts.uncertain is UncertainPolicy.AS_ATTEMPT:
        return _opened(lead, LeadState.CALLING, reason="uncertain: counts as an attempt after its longest time")
    return _opened(lead, LeadState.HELD, reason=f"uncertain: {attempt.reason}", rule="attempts.uncertain")


class Over(Protocol):
    """A settled attempt, as far as its lead depends on it: one of ours, or one that a forecast made up."""

    @property
    def ordinal(self) -> int: ...
    @property
    def callback(self) -> bool: ...
    @property
    def disposition(self) -> Disposition | None: ...
    @property
    def ended_by(self) -> datetime: ...


def _settled(lead: Lead, attempt: Attempt, campaign: Campaign, *, now: datetime) -> Conclusion:
    report = attempt.report or CallReport(attempt.call_id or "", disposition=attempt.disposition, ended=True)
    after = follow(lead, attempt, judge(campaign.outcomes, report, ordinal=attempt.ordinal), now=now)
    last_number = all(phone.e164 == attempt.phone for phone in lead.contact.phones)
    if after.lead.outcome is None and attempt.disposition is Disposition.BAD_NUMBER and last_number:
        # The planner would say the same at its next look, which a campaign that pauses now does not have.
        return Conclusion(close(after.lead, Outcome.BAD_NUMBER, reason=NO_NUMBER, rule="contacts", now=now))
    return after


def follow(lead: Lead, over: Over, verdict: Verdict, *, now: datetime) -> Conclusion:
    """The lead after a settled attempt of which the campaign's rules said `verdict`."""
    # What this attempt promised when it was told before is taken back first: told twice, it is still one promise.
    told = lead.promised_by == over.ordinal
    fresh = changed(
        lead, retry_at=None, retry_like=None, label=verdict.label, warning=verdict.warning,
        callback_at=None if over.callback or told else lead.callback_at,
        callbacks=lead.callbacks - told, promised_by=0 if told else lead.promised_by,
    )  # fmt: skip
    if verdict.outcome is not None:
        closed = close(fresh, verdict.outcome, reason=verdict.label or f"{over.disposition}", now=now)
        return Conclusion(closed, opted_out=verdict.outcome is Outcome.DO_NOT_CALL)
    if verdict.retry is not None:
        return Conclusion(_planned_anew(fresh, retry_at=over.ended_by + verdict.retry, reason="retry by rule"))
    if verdict.callback is not None:
        return Conclusion(_called_back(fresh, over, verdict.callback))
    if over.disposition is Disposition.ANSWERED:
        return Conclusion(close(fresh, Outcome.REACHED, reason="answered", now=now))
    return Conclusion(_planned_anew(fresh, reason=str(over.disposition)))


def _called_back(lead: Lead, over: Over, value: object) -> Lead:
    at = callback_time(value, zones=lead.contact.zones, ended_at=over.ended_by, now=over.ended_by)
    if at is None:
        warning = "; ".join(filter(None, [lead.warning, "the callback asked for is not a time"]))
        return _planned_anew(lead, retry_like=Disposition.UNKNOWN, warning=warning, reason="unreadable callback")
    callbacks, reason = lead.callbacks + 1, "asked to be called back"
    return _planned_anew(lead, callback_at=at, callbacks=callbacks, promised_by=over.ordinal, reason=reason)


def promised(lead: Lead, at: datetime, *, used: int, most: int) -> Lead:
    """The lead when somebody of ours promises a call at `at`: in the place of an earlier promise, or one attempt more.

    `used` of `most` attempts are made.
    """
    callbacks = max(lead.callbacks + (lead.callback_at is None), used + 1 - most)
    return _planned_anew(lead, callback_at=at, callbacks=callbacks, retry_at=None, reason="promised a call back")


def called_us(lead: Lead, report: CallReport, campaign: Campaign, *, ordinal: int, now: datetime) -> Conclusion:
    """A person with an open lead rang us: it waits its `gap`, and the file's own rules may settle it."""
    at, verdict = report.ended_at or now, Verdict()
    if report.ended:
        said_no_more = Verdict(Outcome.DO_NOT_CALL, label="opt-out")
        verdict = said_no_more if opted_out(report) else judge(campaign.outcomes, report, ordinal=ordinal)
    return rang(lead, at, verdict, gap=campaign.attempts.gap, now=now)


def rang(lead: Lead, at: datetime, verdict: Verdict, *, gap: timedelta, now: datetime) -> Conclusion:
    """What follows from a call of theirs that was over at `at`, when the file's rules have judged it."""
    promised = max(lead.callback_at, at + gap) if lead.callback_at else None
    waiting = _planned_anew(lead, inbound_at=at, callback_at=promised, reason="called us")
    if verdict.outcome is not None:
        closed = close(waiting, verdict.outcome, reason="called us", label=verdict.label, now=now)
        return Conclusion(closed, opted_out=verdict.outcome is Outcome.DO_NOT_CALL)
    if verdict.callback is not None:
        asked = callback_time(verdict.callback, zones=lead.contact.zones, ended_at=at, now=now)
        if asked is not None:
            # It takes the place of an earlier promise, or adds one.
            return Conclusion(changed(waiting, callback_at=asked, callbacks=lead.callbacks + (promised is None)))
    return Conclusion(waiting)


def latest(attempts: Sequence[Attempt]) -> Attempt | None:
    """The newest attempt, which alone decides the lead."""
    return max(attempts, key=lambda attempt: attempt.ordinal, default=None)
