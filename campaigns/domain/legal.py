"""Which legal rules bind a contact, and the hours that they leave open, in every zone the person may be in.

Evaluated as the rows say, the stricter reading where they leave room. Data with sources, never legal advice.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from .calendars import days_off
from .campaign import Campaign, Ground, Purpose
from .contact import Basis, Contact
from .rules import MIDNIGHT, Rule, Span
from .zones import offsets_on

_DAY = timedelta(days=1)
FALLBACK = "zz-fallback"
EU = frozenset(
    [
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU",
        "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    ]
)  # fmt: skip
"""Member states, of 2026: the rows of `EU` bind in them too."""
WAIVED_BY = {
    "express_consent": frozenset({Basis.PRIOR, Basis.PRIOR_WRITTEN, Basis.REQUESTED}),
    "appointment": frozenset({Basis.APPOINTMENT}),
    "separate_night_consent": frozenset({Basis.NIGHT}),
}


@dataclass(frozen=True, eq=False)
class RuleBook:
    """The rows, and the version of the data that they are."""

    rules: tuple[Rule, ...]
    version: str
    _kept: dict[object, object] = field(default_factory=dict, repr=False)

    def __reduce__(self) -> "tuple[type[RuleBook], tuple[tuple[Rule, ...], str]]":
        return RuleBook, (self.rules, self.version)  # what is only remembered to be quick does not travel

    def rule(self, name: str) -> Rule | None:
        """A row by its id."""
        return self._by_id().get(name)

    def binding(self, code: str, ground: Ground, day: date) -> tuple[Rule, ...]:
        """The rows that bind a person in a jurisdiction on a local day, with what they inherit.

        Empty as well for an emergency, which no row holds back.
        """
        key = (code, ground, day)
        if key not in self._kept:
            self._tidy()
            self._kept[key] = self._bind(code, ground, day)
        return self._kept[key]  # type: ignore[return-value]

    def hour_rows(self, code: str, ground: Ground, day: date) -> tuple[tuple[Rule, ...], bool]:
        """The rows that set this day's hours, and whether they are only borrowed as caution.

        Empty: nobody knows when this person may be called, so they are not (but in an emergency).
        """
        key = ("hours", code, ground, day)
        if key not in self._kept:
            own = tuple(rule for rule in self.binding(code, ground, day) if rule.hours is not None)
            lent = () if own else self._caution(code, ground, day)
            self._kept[key] = (own or lent, not own)
        return self._kept[key]  # type: ignore[return-value]

    def _bind(self, code: str, ground: Ground, day: date) -> tuple[Rule, ...]:
        if ground.purpose is Purpose.EMERGENCY:
            return ()
        rows = self._matching(code, ground, ground.purpose, day)
        if ground.fallback and not any(row.hours for row in rows) and not self._caution(code, ground, day):
            fallback = self.rule(FALLBACK)
            rows = (*rows, *([fallback] if fallback else []))
        return rows

    def _caution(self, code: str, ground: Ground, day: date) -> tuple[Rule, ...]:
        """Rows of telemarketing, for their hours only, where the purpose has none of its own."""
        if ground.purpose in (Purpose.EMERGENCY, Purpose.TELEMARKETING):
            return ()
        rows = self._matching(code, ground, Purpose.TELEMARKETING, day)
        return tuple(rule for rule in rows if rule.hours is not None)

    def _matching(self, code: str, ground: Ground, purpose: Purpose, day: date) -> tuple[Rule, ...]:
        lineage = lineage_of(code)

        def here(rule: Rule) -> bool:
            return (rule.voice == "any" or ground.artificial) and rule.in_force(day)

        found: dict[str, Rule] = {}
        waiting = [
            rule
            for rule in self.rules
            if rule.code in lineage
            and purpose in rule.scope
            and here(rule)
            and (not rule.optional or rule.id in ground.also)
        ]
        while waiting:
            rule = waiting.pop(0)
            if rule.id not in found:
                found[rule.id] = rule
                parents = (self.rule(name) for name in rule.inherits)
                waiting += [parent for parent in parents if parent is not None and here(parent)]
        return tuple(found.values())

    def _by_id(self) -> dict[str, Rule]:
        if "by id" not in self._kept:
            self._kept["by id"] = {rule.id: rule for rule in self.rules}
        return self._kept["by id"]  # type: ignore[return-value]

    def _tidy(self) -> None:
        if len(self._kept) > 50_000:
            self._kept.clear()


@dataclass(frozen=True, slots=True)
class Law:
    """What a decision asks: the rows, and the jurisdictions that a person has closed."""

    book: RuleBook
    suspended: frozenset[str] = frozenset()


@lru_cache(maxsize=4096)
def lineage_of(code: str) -> frozenset[str]:
    """A jurisdiction with everything above it: `US-NY/New York City` → itself, `US-NY`, `US`; a member state → `EU`."""
    state = code.partition("/")[0]
    country = state.partition("-")[0]
    return frozenset({code, state, country} | ({"EU"} if country in EU else set()))


def suspended_in(contact: Contact, law: Law) -> str | None:
    """The closed jurisdiction in which this person may be."""
    if not law.suspended:
        return None
    return next((c for code in contact.jurisdictions for c in sorted(lineage_of(code) & law.suspended)), None)


def unknown_to(case: "LegalCase", day: date) -> str | None:
    """A jurisdiction for which no row sets hours; `?` where none is known at all."""
    if case.ground.purpose is Purpose.EMERGENCY:
        return None
    codes = (code for code in case.jurisdictions if not case.book.hour_rows(code, case.ground, day)[0])
    return next(codes, None)


@dataclass(frozen=True, slots=True, eq=False)
class LegalCase:
    """Everything about a contact and a campaign that legal hours depend on."""

    book: RuleBook
    ground: Ground
    jurisdictions: tuple[str, ...]
    zones: tuple[str, ...]
    waived: frozenset[str] = frozenset()
    """Rows whose window the operator has lifted, and this contact's proof allows it."""


def waived_for(contact: Contact, campaign: Campaign, book: RuleBook) -> frozenset[str]:
    """Rows whose hours do not hold: the campaign waives them, and the contact's consent has its proof."""
    proved = {consent.basis for consent in contact.consents if consent.proof}
    lifted = [rule for name in campaign.legal_hours.waive if (rule := book.rule(name)) is not None]
    return frozenset(rule.id for rule in lifted if any(WAIVED_BY[ground] & proved for ground in rule.hours_waived_by))


@dataclass(frozen=True, slots=True)
class RuleClock:
    """The hours of one row in one zone: on days on which it does not count, everything is open."""

    rule: Rule
    zone: str
    case: LegalCase
    codes: tuple[str, ...]
    """The jurisdictions through which it binds."""

    @property
    def name(self) -> str:
        return self.rule.id

    def spans_on(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Open spans of a UTC day."""
        for start, end, offset in offsets_on(self.zone, day):
            local, stop = start.replace(tzinfo=None) + offset, end.replace(tzinfo=None) + offset
            while local < stop:
                midnight = datetime.combine(local.date(), time())
                for opens, closes in self._local_spans(local.date()):
                    first, last = max(midnight + opens, local), min(midnight + closes, stop)
                    if first < last:
                        yield (first - offset).replace(tzinfo=UTC), (last - offset).replace(tzinfo=UTC)
                local = midnight + _DAY

    def _local_spans(self, day: date) -> tuple[Span, ...]:
        codes = [code for code in self.codes if self._counts(code, day)]
        if not codes or self.rule.id in self.case.waived:
            return ((timedelta(), MIDNIGHT),)
        return _common([_spans(self.rule, code, day) for code in codes])

    def _counts(self, code: str, day: date) -> bool:
        rows, _ = self.case.book.hour_rows(code, self.case.ground, day)
        return any(rule.id == self.rule.id for rule in rows)


@dataclass(frozen=True, slots=True)
class NoRuleClock:
    """Closed on the days on which no row sets hours for one of the jurisdictions."""

    zone: str
    case: LegalCase
    name = "legal_hours"

    def spans_on(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Open spans of a UTC day."""
        for start, end, offset in offsets_on(self.zone, day):
            local, stop = start + offset, end + offset
            while local < stop:
                last = min(datetime.combine(local.date() + _DAY, time(), UTC), stop)
                if all(self._known(code, local.date()) for code in self.case.jurisdictions):
                    yield local - offset, last - offset
                local = last

    def _known(self, code: str, day: date) -> bool:
        return bool(self.case.book.hour_rows(code, self.case.ground, day)[0])


def legal_clocks(case: LegalCase) -> tuple[RuleClock | NoRuleClock, ...]:
    """Every row that sets hours for this contact on any day, in every zone it must be looked at."""
    if case.ground.purpose is Purpose.EMERGENCY:
        return ()
    through: dict[tuple[str, str], list[str]] = {}
    rules: dict[str, Rule] = {}
    for code in case.jurisdictions:
        for rule in _ever(case, code):
            rules[rule.id] = rule
            for zone in case.zones if rule.clock == "called_party" else (rule.clock,):
                through.setdefault((rule.id, zone), []).append(code)
    clocks = [RuleClock(rules[name], zone, case, tuple(codes)) for (name, zone), codes in through.items()]
    return (*clocks, *(NoRuleClock(zone, case) for zone in case.zones))


def _ever(case: LegalCase, code: str) -> Iterator[Rule]:
    """Rows that count for the jurisdiction on some day: asked on each day on which a row comes or goes."""
    edges = {day for rule in case.book.rules for day in (rule.effective, rule.ends) if day}
    seen: set[str] = set()
    for day in (date(1970, 1, 1), *sorted(edges)):
        for rule in case.book.hour_rows(code, case.ground, day)[0]:
            if rule.id not in seen:
                seen.add(rule.id)
                yield rule


def _spans(rule: Rule, code: str, day: date) -> tuple[Span, ...]:
    """The row's hours on a local day: weekday, holidays, special days."""
    spans = rule.spans_on(day)
    off = _is_off(rule, code, day)
    if rule.holidays == "closed" and off:
        return ()
    for special in rule.special_days:
        if special.when == "public_holiday":
            spans = special.hours if off else spans
        elif special.when == f"{day:%m-%d}" or (
            special.when == "day_before_holiday" and _is_off(rule, code, day + _DAY)
        ):
            spans = _common([spans, special.hours])
    return spans


def _is_off(rule: Rule, code: str, day: date) -> bool:
    if not rule.calendars:
        return False
    country, _, region = code.partition("/")[0].partition("-")
    days = days_off(rule.calendars, country, region or None, day.year)
    return days is None or day in days


def _common(many: list[tuple[Span, ...]]) -> tuple[Span, ...]:
    """What all of them have open."""
    left = many[0]
    for spans in many[1:]:
        pairs = [(max(a, c), min(b, d)) for a, b in left for c, d in spans]
        left = tuple((opens, closes) for opens, closes in pairs if opens < closes)
    return left
