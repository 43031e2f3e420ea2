"""Caps, least gaps and cool-downs of legal rules, counted over everything that is known of a person's calls."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from .call import Disposition
from .contact import Basis, Consent
from .facts import PastAttempt
from .rules import Cap, Rule
from .zones import zone as zone_info

_DAY = timedelta(days=1)
_AFTER = timedelta(microseconds=1)
"""Both edges of a period count: what is exactly as old as the period is long still counts."""
EXEMPT = {
    "consent": frozenset({Basis.PRIOR, Basis.PRIOR_WRITTEN, Basis.REQUESTED}),
    "ebr": frozenset({Basis.CUSTOMER}),
}


@dataclass(frozen=True, slots=True)
class Called:
    """Whom a dial would reach, and all that is known of calls to them."""

    past: Sequence[PastAttempt]
    phone: str
    subject: str
    debt: str
    zones: tuple[str, ...]
    consents: tuple[Consent, ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """A rule that forbids a dial for now; `until` None: for good."""

    until: datetime | None
    rule: str
    reason: str


def first_limit(rules: Iterable[Rule], called: Called, *, at: datetime) -> Limit | None:
    """Of the rules' limits that forbid a dial at `at`, the one that holds longest; None: none does."""
    if not called.past:
        return None
    limits = [limit for rule in rules for limit in limits_of(rule, called, at=at)]
    return max(limits, key=lambda limit: (limit.until is None, limit.until or at), default=None)


def limits_of(rule: Rule, called: Called, *, at: datetime) -> Iterator[Limit]:
    """Every limit of one rule that forbids a dial at `at`."""
    return (use.limit for use in uses_of(rule, called, at=at) if use.limit is not None)


@dataclass(frozen=True, slots=True)
class Use:
    """How far one cap, gap or cool-down of a rule is used up."""

    rule: str
    said: str
    """`2 of at most 3 attempts in 7 days`."""
    limit: Limit | None = None
    """None: it permits a dial."""


def uses_of(rule: Rule, called: Called, *, at: datetime) -> Iterator[Use]:
    """Every cap, gap and cool-down of a rule, whether it forbids a dial at `at` or not."""
    given = {consent.basis for consent in called.consents}
    for cap in rule.caps:
        if any(EXEMPT[word] & given for word in cap.unless):
            yield Use(rule.id, f"at most {_counted(cap)}: not counted, because of what they agreed to")
            continue
        used, until = _cap_until(cap, called, at)
        full = until is not None and until > at
        limit = Limit(until, rule.id, f"no more than {_counted(cap)}") if full else None
        yield Use(rule.id, f"{used} of at most {_counted(cap)}", limit)
    if rule.min_gap:
        last = max((past.ended_by for past in called.past if past.same_person), default=None)
        said, until = (
            f"{rule.min_gap.days} days between calls",
            last + timedelta(days=rule.min_gap.days) if last else at,
        )
        yield Use(rule.id, said, Limit(until, rule.id, said) if until > at else None)
    yield from _cooldowns(rule, called, at)


def _counted(cap: Cap) -> str:
    """`3 attempts in 7 days`."""
    many = "s" if cap.max > 1 else ""
    span = f"{cap.per_days} days" if (cap.per_days or 0) > 1 else "a day" if cap.per_days else f"{cap.per_hours} hours"
    return f"{cap.max} {cap.scope}{many} in {span}"


def _cap_until(cap: Cap, called: Called, at: datetime) -> tuple[int, datetime | None]:
    """How much of it is used at `at`, and from when on it has room again; None: it has."""
    when = sorted(past.at for past in called.past if _in_scope(cap, past) and _in_key(cap, past, called))
    if cap.window == "rolling":
        used = sum(past + cap.period + _AFTER > at for past in when)
        freed = when[-cap.max] + cap.period + _AFTER if len(when) >= cap.max else at
        return used, freed if freed > at else None
    inside = [_in_period(cap, when, name, at) for name in called.zones]
    return max(n for n, _ in inside), max((ends for n, ends in inside if n >= cap.max), default=None)


def _in_scope(cap: Cap, past: PastAttempt) -> bool:
    """Whether the attempt counts; where the row asks who did not answer or hung up, all but calls that we ended."""
    if cap.after and past.disposition is Disposition.ANSWERED and past.agent_ended:
        return False
    return cap.scope == "attempt" or _spoke(past) or (cap.scope == "contact" and past.message_left)


def _spoke(past: PastAttempt) -> bool:
    """Whether there was a conversation; where nobody can say, there was."""
    return past.disposition in (None, Disposition.ANSWERED, Disposition.UNKNOWN)


def _in_key(cap: Cap, past: PastAttempt, called: Called) -> bool:
    if cap.key == "number":
        return past.phone in ("", called.phone)
    if not past.same_person:
        return False
    if cap.key == "subject":
        return not past.subject or not called.subject or past.subject == called.subject
    if cap.key == "debt":
        return not past.debt or not called.debt or past.debt == called.debt
    return True


def _in_period(cap: Cap, when: Sequence[datetime], name: str, at: datetime) -> tuple[int, datetime]:
    """How many fall into the local day, week or month of `at` in this zone, and when it ends."""
    there = zone_info(name)
    begins, ends = _period(cap, at.astimezone(there).date())
    inside = sum(begins <= past.astimezone(there).date() < ends for past in when)
    return inside, datetime.combine(ends, time(), there).astimezone(UTC)


def _period(cap: Cap, day: date) -> tuple[date, date]:
    """The calendar day, week (from Monday) or month, and the first day after."""
    if cap.window == "calendar_week":
        monday = day - _DAY * day.weekday()
        return monday, monday + 7 * _DAY
    if cap.window == "calendar_month":
        first = day.replace(day=1)
        return first, (first + 31 * _DAY).replace(day=1)
    return day, day + _DAY


def _cooldowns(rule: Rule, called: Called, at: datetime) -> Iterator[Use]:
    for word, days in rule.cooldown_after.items():
        ends = [past.ended_by for past in called.past if past.same_person and _calls_for(word, rule, past, called)]
        after = f"after a {word.replace('_', ' ')}"
        said = f"{after}: never again" if days == "permanent" else f"{days} days of silence {after}"
        until = None if days == "permanent" or not ends else max(ends) + timedelta(days=days)
        forbids = bool(ends) and (until is None or until > at)
        yield Use(
            rule.id, said if ends else f"{said}: there was none", Limit(until, rule.id, said) if forbids else None
        )


def _calls_for(word: str, rule: Rule, past: PastAttempt, called: Called) -> bool:
    """Whether the attempt starts the cool-down; of a rule on debts only where the debt may be the same."""
    if "debt_collection" in rule.scope and past.debt and called.debt and past.debt != called.debt:
        return False
    spoke = _spoke(past)
    return {
        "refusal": past.refused,
        "conversation": spoke,
        "contact": spoke or past.message_left,
        "no_answer": past.disposition is Disposition.NO_ANSWER,
        "stop_request": False,  # the suppression list holds it, for good and everywhere
    }[word]
