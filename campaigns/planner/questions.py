"""The questions that a decision asks, each in one place: `decide` asks until one says no, `explain` asks them all."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal

from campaigns.domain.call import Disposition
from campaigns.domain.campaign import Campaign, Purpose
from campaigns.domain.caps import Called, first_limit
from campaigns.domain.contact import Basis, Consent, PhoneNumber
from campaigns.domain.facts import Facts, PastAttempt, PeopleLimits, standing
from campaigns.domain.hours import CallingWindow
from campaigns.domain.lead import NO_NUMBER, Lead, Outcome, attempt_id
from campaigns.domain.legal import Law, LegalCase, suspended_in, unknown_to
from campaigns.domain.retry import delay_after, next_day
from campaigns.domain.screening import Lacking, lacking
from campaigns.domain.zones import zone as zone_info

from .lawful import binding_on, local_days, window_of
from .steps import Close, Earliest

HORIZON = timedelta(days=400)
SUSPENDED_LOOK = timedelta(minutes=15)
"""A person in a closed jurisdiction is looked at again after this."""


@dataclass(frozen=True, slots=True)
class Case:
    """One question: whom it is about, and everything that holds for them."""

    facts: Facts
    campaign: Campaign
    law: Law
    people: PeopleLimits
    now: datetime
    lead: Lead
    zones: tuple[str, ...]
    """Where the person may be; for a person of no known zone (only with hours 24/7 and no law) the world's."""
    used: int
    """Attempts that counted."""
    last: PastAttempt | None
    """The newest of them."""
    window: CallingWindow
    nowhere: str
    """Why nobody can say when this person may be called; then the window is never open."""


class _Never:
    """A clock that is always closed."""

    name, zone = "timezone", "UTC"

    def spans_on(self, _day: date) -> Iterator[tuple[datetime, datetime]]:
        """No open span."""
        return iter(())


_SHUT = CallingWindow((_Never(),))


def case_of(facts: Facts, campaign: Campaign, law: Law, people: PeopleLimits, *, now: datetime) -> Case:
    """What every question is asked about."""
    facts = standing(facts, now=now)
    lead, window, nowhere = facts.lead, _SHUT, ""
    try:
        window = window_of(lead.contact, campaign, law)
    except ValueError as error:
        nowhere = str(error)
    used = sum(attempt.counts for attempt in facts.attempts) if facts.attempts else 0
    zones = lead.contact.zones or ("UTC",)
    return Case(facts, campaign, law, people, now, lead, zones, used, last_counted(facts), window, nowhere)


# Never: what closes the lead, in the order in which it is asked


def listed(case: Case) -> Close | None:
    return Close(Outcome.DO_NOT_CALL, "on the do-not-call list", "suppression") if case.facts.suppressed else None


def numbers_left(case: Case) -> Close | None:
    return None if good_numbers(case.facts) else Close(Outcome.BAD_NUMBER, NO_NUMBER, "contacts")


def attempts_left(case: Case) -> Close | None:
    if case.used < case.campaign.attempts.max + case.lead.callbacks:
        return None
    return Close(Outcome.EXHAUSTED, f"{case.used} attempt{'s' * (case.used != 1)} made", "attempts.max")


def retried(case: Case) -> Close | None:
    lead, last = case.lead, case.last
    if last is None or lead.callback_at is not None or lead.retry_at is not None:
        return None
    if _retry_word(case, last) is not None:
        return None
    return Close(Outcome.EXHAUSTED, f"no retry after {_spoken(_ending(lead, last))}", "attempts.retry")


def placed(case: Case) -> Close | None:
    if not case.nowhere:
        return None
    return Close(Outcome.BLOCKED, case.nowhere, "calling_hours" if case.lead.contact.zones else "timezone")


def jurisdictions_known(case: Case) -> Close | None:
    legal = case.window.legal
    code = _unknown(legal, local_day(case)) if legal else None
    if code is None:
        return None
    where = "where this person is" if code == "?" else f"the calling rules of {code}"
    return Close(Outcome.BLOCKED, f"nobody knows {where}", "legal_hours")


def consented(case: Case) -> Close | None:
    legal = case.window.legal
    if legal is None:
        return None
    found = _lacking(legal, tuple(consent.basis for consent in consents_of(case)), local_day(case))
    return Close(Outcome.BLOCKED, found.reason, found.rule) if found else None


NEVER: tuple[Callable[[Case], Close | None], ...] = (
    listed, numbers_left, attempts_left, retried, placed, jurisdictions_known, consented,
)  # fmt: skip


def local_day(case: Case) -> date:
    """Today, where the person is."""
    return local_days(case.zones, case.now)[0]


def consents_of(case: Case) -> tuple[Consent, ...]:
    """What the person agreed to, by this list and by others."""
    return (*case.lead.contact.consents, *case.facts.consents)


@lru_cache(maxsize=65_536)
def _unknown(legal: LegalCase, day: date) -> str | None:
    return unknown_to(legal, day)


@lru_cache(maxsize=65_536)
def _lacking(legal: LegalCase, given: tuple[Basis, ...], day: date) -> Lacking | None:
    return lacking(legal.book, legal.jurisdictions, legal.ground, given, day=day)


# Not before: the earliest instant that each allows


def begun(case: Case) -> Earliest | None:
    if not case.campaign.starts:
        return None
    return Earliest(in_zone(case.campaign.starts, case, latest=True), "the campaign has not begun", "starts")


def not_too_early(case: Case) -> Earliest | None:
    at = case.lead.contact.call_from
    return Earliest(at, "too early for this person's deadline", "contacts.call_from") if at else None


def not_busy(case: Case) -> Earliest | None:
    until = case.facts.busy_until
    return Earliest(until, "another call to this person is open", "one call at a time") if until else None


def not_suspended(case: Case) -> Earliest | None:
    code = suspended_in(case.lead.contact, case.law)
    if code is None or case.campaign.purpose is Purpose.EMERGENCY:
        return None
    return Earliest(case.now + SUSPENDED_LOOK, f"calling is suspended in {code}", "rules suspend")


def called_back(case: Case) -> Earliest | None:
    at = case.lead.callback_at
    return Earliest(at, "they asked to be called back then", "outcomes.callback") if at else None


def left_alone(case: Case) -> Earliest | None:
    """After they called us."""
    if not case.lead.inbound_at or case.lead.callback_at:
        return None
    return Earliest(case.lead.inbound_at + case.campaign.attempts.gap, "they called us", "attempts.gap")


def after_the_gap(case: Case) -> Earliest | None:
    if case.last is None or case.lead.callback_at:
        return None
    at = case.last.ended_by + case.campaign.attempts.gap
    return Earliest(at, "the gap after the last attempt", "attempts.gap")


def retry_due(case: Case) -> Earliest | None:
    lead, last = case.lead, case.last
    if last is None or lead.callback_at:
        return None
    if lead.retry_at:
        return Earliest(lead.retry_at, "an outcome rule asks to wait", "outcomes.retry")
    word, ending = _retry_word(case, last), _ending(lead, last)
    rule = f"attempts.retry.{ending}"
    if isinstance(word, timedelta):
        return Earliest(last.ended_by + word, f"retry after {_spoken(ending)}", rule)
    name = attempt_id(lead.id, last.ordinal)
    at = next_day(last.ended_by, window=case.window, zone=case.zones[0], name=name) if word else None
    return Earliest(at or last.ended_by + HORIZON, f"the next day, after {_spoken(ending)}", rule)


def person_gap(case: Case) -> Earliest | None:
    """Between calls of all campaigns."""
    gap = case.people.gap
    if gap is None or case.lead.callback_at:
        return None
    dialled = [past.ended_by for past in case.facts.elsewhere if past.same_person]
    dialled += [case.last.ended_by] if case.last else []
    return Earliest(max(dialled) + gap, "called lately", "[people] gap") if dialled else None


NOT_BEFORE: tuple[Callable[[Case], Earliest | None], ...] = (
    begun, not_too_early, not_busy, not_suspended, called_back, left_alone, after_the_gap, retry_due, person_gap,
)  # fmt: skip


# At an instant: whether it is full, and until when


def day_left(case: Case, at: datetime) -> Earliest | None:
    """Where the person's calendar day at `at` has its attempts already: the next midnight."""
    if case.lead.callback_at is not None or not case.facts.attempts:
        return None
    own = [attempt.at for attempt in case.facts.attempts if attempt.counts]
    return _full_day(own, case.campaign.attempts.per_day, case, at, "called enough today", "attempts.per_day")


def person_day_left(case: Case, at: datetime) -> Earliest | None:
    """The same over all campaigns."""
    most = case.people.per_day
    if most is None or case.lead.callback_at is not None:
        return None
    own = [attempt.at for attempt in case.facts.attempts if attempt.counts]
    others = [past.at for past in case.facts.elsewhere if past.same_person]
    reason = "called enough today by all campaigns"
    return _full_day([*own, *others], most, case, at, reason, "[people] per_day")


def under_the_caps(case: Case, at: datetime) -> Earliest | None:
    """Where the law's caps, gaps and cool-downs forbid a dial at `at`: from when on they allow it."""
    if case.window.legal is None or not history(case.facts):
        return None
    limit = first_limit(binding_on(case.window, at), called_of(case), at=at)
    return None if limit is None else Earliest(limit.until or at + HORIZON, limit.reason, limit.rule)


AT: tuple[Callable[[Case, datetime], Earliest | None], ...] = (day_left, person_day_left, under_the_caps)


def called_of(case: Case) -> Called:
    """Whom a dial would reach, for the law's caps."""
    contact = case.lead.contact
    phone = next_number(case.facts).e164 if good_numbers(case.facts) else ""
    subject = case.campaign.subject or case.campaign.campaign
    return Called(history(case.facts), phone, subject, contact.debt, case.zones, consents_of(case))


def history(facts: Facts) -> tuple[PastAttempt, ...]:
    """Everything that is known of calls to this person: ours, other campaigns', and what the list tells of others."""
    earlier = facts.lead.contact.earlier
    if not (facts.attempts or facts.elsewhere or earlier):
        return ()
    outside = (
        PastAttempt(
            0, True, one.disposition, "", one.at, one.at, refused=one.refused,
            message_left=one.disposition is Disposition.VOICEMAIL,  # nobody knows, so one was
        )
        for one in earlier
    )  # fmt: skip
    return (*(past for past in facts.attempts if past.counts), *facts.elsewhere, *outside)


def _full_day(
    instants: Sequence[datetime], most: int, case: Case, at: datetime, reason: str, rule: str
) -> Earliest | None:
    for zone in case.zones:
        day = at.astimezone(zone_info(zone)).date()
        if on_day(instants, zone, day) >= most:
            return Earliest(midnight_after(day, zone), reason, rule)
    return None


def on_day(instants: Iterable[datetime], zone: str, day: date) -> int:
    """How many of the instants fall on a local day."""
    return sum(1 for instant in instants if instant.astimezone(zone_info(zone)).date() == day)


def midnight_after(day: date, zone: str) -> datetime:
    """The end of a local day, in UTC."""
    return datetime.combine(day + timedelta(days=1), time(), zone_info(zone)).astimezone(UTC)


def deadline(case: Case) -> tuple[datetime | None, str]:
    """From this instant on nobody is dialled, and the rule that says so."""
    ends = in_zone(case.campaign.ends, case, latest=False) if case.campaign.ends else None
    by = case.lead.contact.call_by
    if by is not None and (ends is None or by < ends):
        return by.astimezone(UTC), "contacts.call_by"
    return ends, "ends"


def in_zone(local: datetime, case: Case, *, latest: bool) -> datetime:
    """A local moment of the file as an instant; where the person may be in several zones, the careful one."""
    zones = (case.campaign.zone,) if case.campaign.zone else case.zones
    # In UTC, because sums in a zone are sums of wall time: wrong by an hour around a change of the clocks.
    instants = [local.replace(tzinfo=zone_info(zone)).astimezone(UTC) for zone in zones]
    return max(instants) if latest else min(instants)


# The lead's own past


def good_numbers(facts: Facts) -> list[PhoneNumber]:
    """The contact's numbers that did not prove bad."""
    bad = {attempt.phone for attempt in facts.attempts if attempt.disposition is Disposition.BAD_NUMBER}
    return [phone for phone in facts.lead.contact.phones if phone.e164 not in bad]


def last_counted(facts: Facts) -> PastAttempt | None:
    """The newest attempt that cost one."""
    return max((a for a in facts.attempts if a.counts), key=lambda a: a.ordinal, default=None)


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


def _ending(lead: Lead, last: PastAttempt) -> Disposition:
    return lead.retry_like or last.disposition or Disposition.UNKNOWN


def _spoken(ending: Disposition) -> str:
    return ending.replace("_", " ")


def _retry_word(case: Case, last: PastAttempt) -> timedelta | Literal["next_day"] | None:
    """The delay after the last attempt; None: no retry."""
    ending = _ending(case.lead, last)
    if ending is Disposition.BAD_NUMBER:
        return timedelta()  # the next number, as soon as the gap allows
    nth = sum(1 for attempt in case.facts.attempts if attempt.counts and attempt.disposition is ending)
    return delay_after(case.campaign.attempts.retry, ending, max(nth, 1))
