"""A contact under a campaign's hours and the law: the window in which they may be called, and what permits a dial."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from importlib.metadata import version

from campaigns.domain.campaign import Campaign, Ground
from campaigns.domain.contact import Contact
from campaigns.domain.facts import PeopleLimits
from campaigns.domain.hours import CallingWindow, text_clocks
from campaigns.domain.legal import Law, LegalCase, RuleBook, waived_for
from campaigns.domain.rules import Rule
from campaigns.domain.zones import Place
from campaigns.domain.zones import zone as zone_info

TZDATA = version("tzdata")
"""The release of the time-zone data by which decisions are made."""


_HOLIDAYS = version("holidays")


def planned_under(law: Law, people: PeopleLimits) -> str:
    """A name of everything but the file and the clock that plans follow from: another name, and they are made anew."""
    return (
        f"rules {law.book.version}, tzdata {TZDATA}, holidays {_HOLIDAYS},"
        f" people {people.per_day or '-'} {people.gap or '-'}"
    )


@dataclass(frozen=True, slots=True)
class Permit:
    """What allowed a dial: enough to judge the decision again years later."""

    rules: tuple[str, ...] = ()
    """Ids of the rows that were binding, or lent their hours."""
    data: str = ""
    """The version of the rows."""
    zones: tuple[str, ...] = ()
    at: datetime | None = None
    off: str = ""
    """Why no row was asked."""

    def as_json(self) -> str:
        """For the store: rows, versions, zones, the local time in each."""
        if self.at is None:
            return "{}"
        local = [f"{self.at.astimezone(zone_info(zone)):%Y-%m-%dT%H:%M:%S%z}" for zone in self.zones]
        return json.dumps(
            {"rules": self.rules, "data": self.data, "tzdata": TZDATA, "zones": self.zones, "local": local}
            | ({"off": self.off} if self.off else {})
        )


def window_of(contact: Contact, campaign: Campaign, law: Law) -> CallingWindow:
    """When this person may be called at all: the file's hours, their own, and the law's.

    Raises ValueError where nobody can say.
    """
    zones = contact.zones
    if not zones:
        if campaign.zone is None and not (
            campaign.legal_hours.off and campaign.calling_hours == "24/7" and contact.hours is None
        ):
            raise ValueError("no time zone is known for this person")
        zones = (campaign.zone or "UTC",)
    person = (contact.hours, zones, contact.country, contact.state)
    if campaign.legal_hours.off:
        return _window(campaign.calling_hours, campaign.zone, person, None)
    waived = waived_for(contact, campaign, law.book) if campaign.legal_hours.waive else frozenset()
    lawful = (law.book, campaign.ground, contact.jurisdictions or ("?",), waived)
    return _window(campaign.calling_hours, campaign.zone, person, lawful)


_Person = tuple[str | None, tuple[str, ...], str | None, str | None]
"""Own hours, zones, country, state: all of a contact that its window depends on."""
_Lawful = tuple[RuleBook, Ground, tuple[str, ...], frozenset[str]]
"""The rows, which of them are asked, the jurisdictions, and the rows whose hours are waived."""


@lru_cache(maxsize=65_536)
def _window(hours: str, own_zone: str | None, person: _Person, lawful: _Lawful | None) -> CallingWindow:
    persons, zones, country, state = person
    homes = [Place(zone, country, state) for zone in zones]
    places = [Place(own_zone, country, state)] if own_zone else homes
    texts = text_clocks(hours, places)
    if persons is not None:
        texts += text_clocks(persons, homes, name="contacts.hours")
    legal = LegalCase(lawful[0], lawful[1], lawful[2], zones, lawful[3]) if lawful else None
    return CallingWindow(tuple(dict.fromkeys(texts)), legal)


@lru_cache(maxsize=65_536)
def local_days(zones: tuple[str, ...], at: datetime) -> tuple[date, ...]:
    """The calendar days that it may be for the person, that of the first zone first."""
    return tuple(dict.fromkeys(at.astimezone(zone_info(zone)).date() for zone in zones))


def binding_on(window: CallingWindow, at: datetime) -> tuple[Rule, ...]:
    """The rows that bind this person at an instant, in any zone and jurisdiction; none where the law is off."""
    return _binding(window.legal, local_days(window.legal.zones, at)) if window.legal else ()


@lru_cache(maxsize=65_536)
def _binding(case: LegalCase, days: tuple[date, ...]) -> tuple[Rule, ...]:
    codes = case.jurisdictions
    found = {rule.id: rule for code in codes for day in days for rule in case.book.binding(code, case.ground, day)}
    return tuple(found.values())


def permit_at(window: CallingWindow, campaign: Campaign, law: Law, zones: tuple[str, ...], at: datetime) -> Permit:
    """What permits a dial at an instant that was judged open."""
    if window.legal is None:
        return Permit((), law.book.version, zones, at, campaign.legal_hours.off or "")
    return Permit(_asked(window.legal, local_days(window.legal.zones, at)), law.book.version, zones, at)


@lru_cache(maxsize=65_536)
def _asked(case: LegalCase, days: tuple[date, ...]) -> tuple[str, ...]:
    """Ids of the rows that bind or lend their hours."""
    codes = case.jurisdictions
    lent = {rule.id for code in codes for day in days for rule in case.book.hour_rows(code, case.ground, day)[0]}
    return tuple(sorted(lent | {rule.id for rule in _binding(case, days)}))
