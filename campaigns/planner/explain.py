"""Why somebody is or is not called now: every question of a decision, with its verdict, source and time."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaigns.domain.campaign import Campaign
from campaigns.domain.caps import uses_of
from campaigns.domain.durations import format_duration
from campaigns.domain.facts import Facts, PeopleLimits
from campaigns.domain.hours import CallingWindow
from campaigns.domain.legal import Law
from campaigns.domain.rules import Rule
from campaigns.domain.screening import demands_in, is_met
from campaigns.domain.zones import zone as zone_info

from .decide import decided, earliest_of
from .lawful import binding_on
from .questions import (
    AT,
    NEVER,
    NOT_BEFORE,
    Case,
    attempts_left,
    called_of,
    case_of,
    consented,
    consents_of,
    deadline,
    good_numbers,
    listed,
    local_day,
    next_number,
    numbers_left,
    on_day,
    under_the_caps,
)
from .steps import Close, Earliest, Step


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says now."""

    rule: str
    """The key of the file, the setting, or the id of a legal row."""
    ok: bool
    reason: str
    until: datetime | None = None
    """Where it is not ok: from when on it will be; None: not by itself."""
    source: str = ""
    """Where a legal row comes from, and how sure that is."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision with everything it was made from."""

    step: Step
    earliest: Earliest
    """Of the reasons to wait but the hours, the one that holds longest."""
    facts: Facts
    zones: tuple[str, ...]
    now: datetime
    verdicts: tuple[Verdict, ...]


def explain(facts: Facts, campaign: Campaign, law: Law, people: PeopleLimits, *, now: datetime) -> Explanation:
    """The decision about one lead, and what every rule says about it. Pure; as `decide` takes it."""
    case = case_of(facts, campaign, law, people, now=now)
    verdicts = [*_never(case), *_not_before(case)]
    if not case.nowhere:
        verdicts += [*_full(case), *_deadline(case), *_hours(case), *_caps(case)]
    return Explanation(decided(case), earliest_of(case), facts, facts.lead.contact.zones, now, tuple(verdicts))


def _never(case: Case) -> Iterator[Verdict]:
    for ask in NEVER:
        closed: Close | None = ask(case)
        if ask is consented and not case.nowhere:
            yield from _consents(case)
        elif closed is not None:
            yield Verdict(closed.rule, False, closed.reason)
        elif ask in _FINE:
            rule, words = _FINE[ask]
            yield Verdict(rule, True, words(case))


def _numbers(case: Case) -> str:
    good, every = good_numbers(case.facts), case.lead.contact.phones
    left = f"{len(good)} of {len(every)} numbers are good, the" if len(every) > 1 else "the"
    return f"{left} next call goes to {next_number(case.facts)}"


_FINE: dict[Callable[[Case], Close | None], tuple[str, Callable[[Case], str]]] = {
    listed: ("suppression", lambda _: "not on the do-not-call list for this purpose"),
    numbers_left: ("contacts", _numbers),
    attempts_left: (
        "attempts.max",
        lambda case: f"{case.used} of {case.campaign.attempts.max + case.lead.callbacks} attempts made",
    ),
}
"""What is said where a question forbids nothing; of the others nothing is said then."""


def _consents(case: Case) -> Iterator[Verdict]:
    """Which row demands what, and what the lists say."""
    legal = case.window.legal
    if legal is None:
        yield Verdict("legal_hours", True, f"no legal rule is asked: {case.campaign.legal_hours.off}")
        return
    consents = consents_of(case)
    says = ", ".join(f"{one.basis}{f' ({one.proof})' if one.proof else ''}" for one in consents) or "nothing"
    given = [one.basis for one in consents]
    demands = [
        demand
        for code in legal.jurisdictions
        for demand in demands_in(legal.book, code, legal.ground, day=local_day(case))
    ]
    for demand in dict.fromkeys(demands):
        rule = legal.book.rule(demand.rule)
        reason = f"{demand.reason}; the lists say: {says}"
        yield Verdict(demand.rule, is_met(demand, given), reason, source=_source(rule) if rule else "")


def _not_before(case: Case) -> Iterator[Verdict]:
    for ask in NOT_BEFORE:
        found = ask(case)
        if found is not None:
            waits = found.at > case.now
            reason = found.reason if waits else f"no longer holds: {found.reason}"
            yield Verdict(found.rule, not waits, reason, found.at if waits else None)


def _full(case: Case) -> Iterator[Verdict]:
    for ask in AT:
        if ask is not under_the_caps and (found := ask(case, case.now)) is not None:
            yield Verdict(found.rule, False, found.reason, found.at)
    if case.facts.attempts:
        own = [past.at for past in case.facts.attempts if past.counts]
        today = max(on_day(own, zone, case.now.astimezone(zone_info(zone)).date()) for zone in case.zones)
        if today < case.campaign.attempts.per_day:
            yield Verdict("attempts.per_day", True, f"{today} of {case.campaign.attempts.per_day} attempts made today")


def _deadline(case: Case) -> Iterator[Verdict]:
    end, rule = deadline(case)
    if end is not None:
        passed = end <= case.now
        left = "the deadline has passed" if passed else f"the deadline is in {in_minutes(end - case.now)}"
        yield Verdict(rule, not passed, left)


def _hours(case: Case) -> Iterator[Verdict]:
    """Every clock of the window by itself: the file's hours, the person's own, each legal row's."""
    for clock in case.window.clocks:
        alone = CallingWindow((clock,))
        where = f" in {clock.zone}" if len(case.window.clocks) > 1 else ""
        rule = case.law.book.rule(clock.name)
        source = _source(rule) if rule else ""
        if not alone.is_open(case.now):
            yield Verdict(clock.name, False, f"closed now{where}", alone.next_open(case.now), source)
        elif rule is None and clock.name == "legal_hours":
            continue  # that some row sets the hours of this day is no news
        elif rule is None or rule.in_force(local_day(case)):
            yield Verdict(clock.name, True, f"open now{where}", source=source)


def _caps(case: Case) -> Iterator[Verdict]:
    called = called_of(case)
    for rule in binding_on(case.window, case.now):
        for use in uses_of(rule, called, at=case.now):
            until = use.limit.until if use.limit else None
            yield Verdict(rule.id, use.limit is None, use.said, until, _source(rule))


def _source(rule: Rule) -> str:
    where = rule.source[0] if rule.source else "no source"
    return f"{where} (confidence {rule.confidence}; not legal advice)"


def in_minutes(span: timedelta) -> str:
    """`1d4h`: a span for people; rounded up to whole minutes, of many days to whole hours."""
    unit = timedelta(hours=1) if span > timedelta(days=2) else timedelta(minutes=1)
    return format_duration(unit * -(-span // unit))
