"""One lead, now: call it, wait until (and why), or close it. The one place where that is decided."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from campaigns.domain.call import Disposition
from campaigns.domain.campaign import Campaign, Ground, Purpose
from campaigns.domain.caps import Called, Limit, first_limit
from campaigns.domain.contact import Consent, PhoneNumber
from campaigns.domain.facts import Facts, PastAttempt, PeopleLimits
from campaigns.domain.hours import CallingWindow
from campaigns.domain.lead import Lead, LeadState, Outcome, attempt_id
from campaigns.domain.legal import Law, suspended_in, unknown_to
from campaigns.domain.retry import delay_after, next_day
from campaigns.domain.screening import Lacking, lacking
from campaigns.domain.zones import zone as zone_info

from .lawful import Permit, binding_on, permit_at, window_of

MARGIN = timedelta(seconds=30)
"""From the slot to the latest moment of dialling: both must be inside the window."""
HORIZON = timedelta(days=400)
SUSPENDED_LOOK = timedelta(minutes=15)
"""A person in a closed jurisdiction is looked at again after this."""


@dataclass(frozen=True, slots=True)
class Call:
    """Dial now."""

    phone: PhoneNumber
    callback: bool
    closes_at: datetime
    last_chance: bool
    permit: Permit = field(default=Permit(), compare=False)
    """What allows it, to be kept with the attempt."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Not now: look again at `until`, and why."""

    until: datetime
    reason: str
    rule: str
    closes_at: datetime
    last_chance: bool


@dataclass(frozen=True, slots=True)
class Close:
    """Never: the lead has its outcome."""

    outcome: Outcome
    reason: str
    rule: str


Step = Call | Wait | Close


@dataclass(frozen=True, slots=True)
class _Earliest:
    at: datetime
    reason: str
    rule: str


@dataclass(frozen=True, slots=True)
class _Case:
    """One question: whom it is about, and everything that holds for them."""

    facts: Facts
    campaign: Campaign
    law: Law
    people: PeopleLimits
    window: CallingWindow
    now: datetime

    @property
    def lead(self) -> Lead:
        return self.facts.lead

    @property
    def zones(self) -> tuple[str, ...]:
        """Where the person may be; for a person of no known zone (only with hours 24/7 and no law) the world's."""
        return self.facts.lead.contact.zones or ("UTC",)


def decide(facts: Facts, campaign: Campaign, law: Law, people: PeopleLimits = PeopleLimits(), *, now: datetime) -> Step:  # noqa: B008 - frozen
    """What to do about one lead. Pure: the same facts give the same step.

    Args:
        facts: The lead, its attempts, and what other campaigns did to the person.
        campaign: The campaign file.
        law: The legal rules, as `campaigns.load_rules` reads them; not asked where the file switches them off.
        people: The settings' limits per person.
        now: The instant to decide for, aware.
    """
    if (closed := _cannot(facts, campaign)) is not None:
        return closed
    try:
        window = window_of(facts.lead.contact, campaign, law)
    except ValueError as error:
        return Close(Outcome.BLOCKED, str(error), "calling_hours" if facts.lead.contact.zones else "timezone")
    case = _Case(facts, campaign, law, people, window, now)
    if (forbidden := _may_not(case)) is not None:
        return forbidden
    return _within(case, max(_candidates(case), key=lambda candidate: candidate.at))


def _cannot(facts: Facts, campaign: Campaign) -> Close | None:
    lead, used = facts.lead, sum(attempt.counts for attempt in facts.attempts)
    if facts.suppressed:
        return Close(Outcome.DO_NOT_CALL, "on the do-not-call list", "suppression")
    if not good_numbers(facts):
        return Close(Outcome.BAD_NUMBER, "every number is bad", "contacts")
    if used >= campaign.attempts.max + lead.callbacks:
        return Close(Outcome.EXHAUSTED, f"{used} attempts made", "attempts.max")
    last = last_counted(facts)
    if last and lead.callback_at is None and lead.retry_at is None and _retry_word(facts, campaign, last) is None:
        return Close(Outcome.EXHAUSTED, f"no retry after {_ending(lead, last)}", "attempts.retry")
    return None


def _may_not(case: _Case) -> Close | None:
    """What the law forbids for good: an unknown jurisdiction, a lacking consent."""
    if case.campaign.legal_hours.off:
        return None
    contact, ground = case.lead.contact, case.campaign.ground
    day = case.now.astimezone(zone_info(case.zones[0])).date()
    if (code := unknown_to(contact, case.law, ground, day)) is not None:
        where = "where this person is" if code == "?" else f"the calling rules of {code}"
        return Close(Outcome.BLOCKED, f"nobody knows {where}", "legal_hours")
    consents = (*contact.consents, *case.facts.consents)
    found = _lacking(case.law, contact.jurisdictions, ground, consents, day)
    return Close(Outcome.BLOCKED, found.reason, found.rule) if found else None


@lru_cache(maxsize=65_536)
def _lacking(
    law: Law, jurisdictions: tuple[str, ...], ground: Ground, consents: tuple[Consent, ...], day: date
) -> Lacking | None:
    return lacking(law.book, jurisdictions or ("?",), ground, consents, day=day)


def good_numbers(facts: Facts) -> list[PhoneNumber]:
    """The contact's numbers that did not prove bad."""
    bad = {attempt.phone for attempt in facts.attempts if attempt.disposition is Disposition.BAD_NUMBER}
    return [phone for phone in facts.lead.contact.phones if phone.e164 not in bad]


def last_counted(facts: Facts) -> PastAttempt | None:
    """The newest attempt that cost one."""
    return max((a for a in facts.attempts if a.counts), key=lambda a: a.ordinal, default=None)


def _ending(lead: Lead, last: PastAttempt) -> Disposition:
    return lead.retry_like or last.disposition or Disposition.UNKNOWN


def _retry_word(facts: Facts, campaign: Campaign, last: PastAttempt) -> timedelta | Literal["next_day"] | None:
    """The delay after the last attempt; None: no retry."""
    ending = _ending(facts.lead, last)
    if ending is Disposition.BAD_NUMBER:
        return timedelta()  # the next number, as soon as the gap allows
    nth = sum(1 for attempt in facts.attempts if attempt.counts and attempt.disposition is ending)
    return delay_after(campaign.attempts.retry, ending, max(nth, 1))


def _candidates(case: _Case) -> Iterator[_Earliest]:
    """Every reason to wait, as the earliest instant it allows."""
    facts, lead = case.facts, case.lead
    yield _Earliest(case.now, "", "")
    if case.campaign.starts:
        yield _Earliest(_in_zone(case.campaign.starts, case, latest=True), "the campaign has not begun", "starts")
    if lead.contact.call_from:
        yield _Earliest(lead.contact.call_from, "too early for this person's deadline", "contacts.call_from")
    if facts.busy_until:
        yield _Earliest(facts.busy_until, "another call to this person is open", "one call at a time")
    if (code := suspended_in(lead.contact, case.law)) and case.campaign.purpose is not Purpose.EMERGENCY:
        yield _Earliest(case.now + SUSPENDED_LOOK, f"calling is suspended in {code}", "rules suspend")
    if lead.callback_at:
        yield _Earliest(lead.callback_at, "they asked to be called back then", "outcomes.callback")
        return
    if lead.inbound_at:
        yield _Earliest(lead.inbound_at + case.campaign.attempts.gap, "they called us", "attempts.gap")
    last = last_counted(facts)
    if last is not None:
        yield from _after(last, case)
    dialled = [*(past.ended_by for past in facts.elsewhere if past.same_person), *([last.ended_by] if last else [])]
    if case.people.gap and dialled:
        yield _Earliest(max(dialled) + case.people.gap, "called lately", "[people] gap")


def _after(last: PastAttempt, case: _Case) -> Iterator[_Earliest]:
    lead = case.lead
    yield _Earliest(last.ended_by + case.campaign.attempts.gap, "the gap after the last attempt", "attempts.gap")
    if lead.retry_at:
        yield _Earliest(lead.retry_at, "an outcome rule asks to wait", "outcomes.retry")
        return
    word, ending = _retry_word(case.facts, case.campaign, last), _ending(lead, last)
    reason, rule = f"retry after {ending}", f"attempts.retry.{ending}"
    if isinstance(word, timedelta):
        yield _Earliest(last.ended_by + word, reason, rule)
    elif word == "next_day":
        name = attempt_id(lead.id, last.ordinal)
        at = next_day(last.ended_by, window=case.window, zone=case.zones[0], name=name)
        yield _Earliest(at or last.ended_by + HORIZON, f"next day after {ending}", rule)


def _in_zone(local: datetime, case: _Case, *, latest: bool) -> datetime:
    """A local moment of the file as an instant; where the person may be in several zones, the careful one."""
    zones = (case.campaign.zone,) if case.campaign.zone else case.zones
    # In UTC, because sums in a zone are sums of wall time: wrong by an hour around a change of the clocks.
    instants = [local.replace(tzinfo=zone_info(zone)).astimezone(UTC) for zone in zones]
    return max(instants) if latest else min(instants)


def _deadline(case: _Case) -> tuple[datetime | None, str]:
    """From this instant on nobody is dialled, and the rule that says so."""
    ends = _in_zone(case.campaign.ends, case, latest=False) if case.campaign.ends else None
    by = case.lead.contact.call_by
    if by is not None and (ends is None or by < ends):
        return by.astimezone(UTC), "contacts.call_by"
    return ends, "ends"


def _within(case: _Case, earliest: _Earliest) -> Step:
    end, rule = _deadline(case)
    limit = end - MARGIN if end else None
    at, why = _open_and_allowed(case, earliest, limit)
    if at is None:
        return _never(earliest, end, rule, now=case.now)
    closes_at = case.window.closes_at(at, limit=end or at + timedelta(days=7))
    last_chance = _is_last_chance(case, at, limit)
    if at <= case.now:
        permit = permit_at(case.lead.contact, case.campaign, case.law, case.now)
        return Call(next_number(case.facts), case.lead.callback_at is not None, closes_at, last_chance, permit)
    return Wait(at, why.reason, why.rule, closes_at, last_chance)


def _never(earliest: _Earliest, end: datetime | None, rule: str, *, now: datetime) -> Close:
    if end is None:
        return Close(Outcome.BLOCKED, "no hour at which this person may be called", "calling_hours")
    if end <= now:
        return Close(Outcome.EXPIRED, "the deadline has passed", rule)
    if earliest.at >= end:
        return Close(Outcome.EXPIRED, f"{earliest.reason or 'the next opening'}: that is after the deadline", rule)
    return Close(Outcome.EXPIRED, "no open hour is left before the deadline", rule)


def _open_and_allowed(case: _Case, earliest: _Earliest, limit: datetime | None) -> tuple[datetime | None, _Earliest]:
    """The first instant that is open and under every cap, and what it waited for."""
    why, at = earliest, earliest.at
    for _ in range(HORIZON.days):
        opening = case.window.next_open(at, before=limit, margin=MARGIN)
        if opening is None:
            return None, why
        if opening > at and why is earliest:
            why = _Earliest(opening, *_closed_by(case, at))
        full = _full_day(case, opening) or _over_a_cap(case, opening)
        if full is None:
            return opening, why
        at, why = full.at, full
        if at >= opening + HORIZON:
            return None, why
    return None, why


def _closed_by(case: _Case, at: datetime) -> tuple[str, str]:
    """Why nobody is called at `at`: reason and rule; the campaign's own hours are named first."""
    names = [clock.name for clock in (case.window.closed_by(at) or case.window.closed_by(at + MARGIN))]
    own = next((name for name in names if name in ("calling_hours", "contacts.hours")), None)
    if own == "contacts.hours":
        return "outside this person's own hours", own
    return ("outside legal hours", names[0]) if names and own is None else ("outside calling hours", "calling_hours")


def _over_a_cap(case: _Case, at: datetime) -> _Earliest | None:
    """Where the law's caps, gaps and cool-downs forbid a dial at `at`: from when on they allow it."""
    past = history(case.facts)
    if not past or case.campaign.legal_hours.off:
        return None
    limit = _legal_limit(case, past, at)
    if limit is None:
        return None
    return _Earliest(limit.until or at + HORIZON, limit.reason, limit.rule)


def _legal_limit(case: _Case, past: Sequence[PastAttempt], at: datetime) -> Limit | None:
    contact = case.lead.contact
    rules = binding_on(contact, case.campaign, case.law, at)
    called = Called(
        past, next_number(case.facts).e164, case.campaign.subject or case.campaign.campaign, contact.debt, case.zones,
        (*contact.consents, *case.facts.consents),
    )  # fmt: skip
    return first_limit(rules, called, at=at)


def history(facts: Facts) -> tuple[PastAttempt, ...]:
    """Everything that is known of calls to this person: ours, other campaigns', and what the list tells of others."""
    outside = tuple(
        PastAttempt(0, True, call.disposition, "", call.at, call.at, refused=call.refused)
        for call in facts.lead.contact.earlier
    )
    return (*(past for past in facts.attempts if past.counts), *facts.elsewhere, *outside)


def _full_day(case: _Case, at: datetime) -> _Earliest | None:
    """Where the person's calendar day at `at` has its attempts already: the next midnight."""
    if case.lead.callback_at is not None or not (case.facts.attempts or case.facts.elsewhere):
        return None
    own = [attempt.at for attempt in case.facts.attempts if attempt.counts]
    others = [past.at for past in case.facts.elsewhere if past.same_person]
    for zone in case.zones:
        day = at.astimezone(zone_info(zone)).date()
        if _on_day(own, zone, day) >= case.campaign.attempts.per_day:
            return _Earliest(_midnight_after(day, zone), "called enough today", "attempts.per_day")
        most = case.people.per_day
        if most is not None and _on_day([*own, *others], zone, day) >= most:
            return _Earliest(_midnight_after(day, zone), "called enough today by all campaigns", "[people] per_day")
    return None


def _on_day(instants: Sequence[datetime], zone: str, day: date) -> int:
    return sum(1 for instant in instants if instant.astimezone(zone_info(zone)).date() == day)


def _midnight_after(day: date, zone: str) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), zone_info(zone)).astimezone(UTC)


def _is_last_chance(case: _Case, at: datetime, limit: datetime | None) -> bool:
    """Whether today is the last day on which this person can be reached."""
    if limit is None:
        return False
    tomorrow = _midnight_after(at.astimezone(zone_info(case.zones[0])).date(), case.zones[0])
    return tomorrow >= limit or _opens_between(case.window, tomorrow, limit) is None


@lru_cache(maxsize=65_536)
def _opens_between(window: CallingWindow, start: datetime, limit: datetime) -> datetime | None:
    return window.next_open(start, before=limit, margin=MARGIN)


def next_number(facts: Facts) -> PhoneNumber:
    """The number to dial: after the last one used, in the list's order, leaving out bad ones.

    A promised call back goes to the number on which it was promised.
    """
    good, last = good_numbers(facts), last_counted(facts)
    if last is None:
        return good[0]
    if facts.lead.callback_at is not None:
        return next((phone for phone in good if phone.e164 == last.phone), good[0])
    order = [phone.e164 for phone in facts.lead.contact.phones]
    start = order.index(last.phone) + 1 if last.phone in order else 0
    turned = order[start:] + order[:start]
    return min(good, key=lambda phone: turned.index(phone.e164))


def planned(lead: Lead, step: Wait, *, revision: int) -> Lead:
    """The lead that carries a Wait: a cache, planned anew when it is claimed."""
    return replace(
        lead, state=LeadState.WAITING, due_at=step.until, closes_at=step.closes_at, last_chance=step.last_chance,
        reason=step.reason, rule=step.rule, revision=revision,
    )  # fmt: skip
