"""What `validate` and `doctor` find out, without calling anybody."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from campaigns.app import (
    account_terms,
    check_account,
    check_runnable,
    is_simulated,
)
from campaigns.clock import SystemClock
from campaigns.domain.campaign import Attempts, Campaign, Pacing
from campaigns.domain.contact import Contact
from campaigns.domain.durations import format_duration
from campaigns.domain.hours import week
from campaigns.domain.hours_text import names_public_holidays, surprises
from campaigns.domain.legal import Law
from campaigns.domain.zones import Place, public_holidays, zone
from campaigns.engine.preparing import Mark
from campaigns.engine.terms import AccountTerms
from campaigns.files import Loaded, load_campaign
from campaigns.loading import OpenedLists, open_lists
from campaigns.outlook import NOT_ADVICE, Outlook, watched
from campaigns.reports import law_statement
from campaigns.rules import load_rules
from campaigns.settings import Settings
from campaigns.systems import open_systems

LISTED = 100
"""Bad rows that are shown with their reasons."""
AHEAD = timedelta(days=365)
"""How far public holidays are shown."""


@dataclass
class Finding:
    """A valid campaign file, as it was understood."""

    name: str
    file: str
    hours: str
    zone: str
    clock: str
    """Whose clock the hours are on, in words."""
    week: list[tuple[date, list[tuple[str, str]], str]]
    lawful: list[list[tuple[str, str]]]
    """Of the same days, what the law leaves; empty: the law is off, or nobody can be called."""
    holidays: list[tuple[date, str]]
    lines: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Legal, but perhaps not what was meant."""
    bad_rows: list[tuple[str, int, str]] = field(default_factory=list)
    contacts: dict[str, int] = field(default_factory=dict)
    law: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "campaign": self.name,
            "file": self.file,
            "zone": self.zone,
            "week": [{"date": str(day), "open": spans, "holiday": name} for day, spans, name in self.week],
            "lawful": self.lawful,
            "law": self.law,
            "public_holidays": [{"date": str(day), "name": name} for day, name in self.holidays],
            "contacts": self.contacts,
            "notes": self.notes,
            "bad_rows": [{"list": s, "line": line, "reason": reason} for s, line, reason in self.bad_rows],
        }


@dataclass
class _Seen:
    """What a reading of the lists shows."""

    read: int = 0
    good: int = 0
    invalid: int = 0
    places: dict[Place, int] = field(default_factory=dict)
    languages: set[str] = field(default_factory=set)
    bad_rows: list[tuple[str, int, str]] = field(default_factory=list)


async def validate_file(path: Path, settings: Settings, *, today: date) -> Finding:
    """Check a campaign file and every row of its lists. Raises InputError with everything that is wrong."""
    loaded = load_campaign(path)
    campaign = loaded.campaign
    check_runnable(loaded, settings)
    await check_account(settings, campaign.provider)
    begins = _begins(campaign, today, simulated=is_simulated(settings, campaign.provider))
    noon = datetime.combine(begins, time(12), zone(campaign.zone or "UTC"))
    outlook = Outlook(campaign, Law(load_rules(settings.calling_rules)), noon)
    async with open_systems(settings, SystemClock()) as systems:
        seen = await _read(await open_lists(loaded, None, systems), outlook)
    place = max(seen.places, key=lambda place: seen.places[place], default=Place(campaign.zone or "UTC", None, None))
    if campaign.zone:
        place = Place(campaign.zone, place.country, place.state)
    lawful = None if campaign.legal_hours.off else outlook.week(begins)
    return Finding(
        name=campaign.campaign,
        file=str(path),
        hours=campaign.calling_hours,
        zone=place.zone,
        clock=_clock(campaign, place, seen),
        week=week(campaign.calling_hours, place, begins),
        lawful=lawful[1] if lawful else [],
        holidays=_holidays(campaign, place, begins),
        lines=list(_lines(loaded, seen, outlook)),
        notes=[*surprises(campaign.calling_hours), *_odd(campaign, settings, seen)],
        bad_rows=seen.bad_rows,
        contacts={"read": seen.read, "good": seen.good, "invalid": seen.invalid},
        law=_law(outlook),
    )


def _clock(campaign: Campaign, place: Place, seen: _Seen) -> str:
    if campaign.zone:
        return f"{campaign.zone}, for everybody"
    if len(seen.places) <= 1:
        return f"each person's own: {place.zone}"
    region = "-".join(filter(None, (place.country, place.state)))
    where = f"{region} ({place.zone})" if region else place.zone
    return f"each person's own; the days below are those of {where}, where {seen.places[place]:,} of {seen.good:,} are"


def _begins(campaign: Campaign, today: date, *, simulated: bool) -> date:
    """The first day to show: with the simulator time begins with the campaign."""
    if campaign.starts is None:
        return today
    return campaign.starts.date() if simulated else max(today, campaign.starts.date())


def _law(outlook: Outlook) -> dict[str, Any]:
    """For `--json`."""
    if outlook.campaign.legal_hours.off:
        return {"off": outlook.campaign.legal_hours.off}
    return {
        "data": outlook.law.book.version, "advice": NOT_ADVICE, "jurisdictions": dict(outlook.places.most_common()),
        "rows": dict(outlook.rows.most_common()), "duties": dict(outlook.duties), "zones": dict(outlook.zones),
        "blocked": [
            {"reason": why, "rule": rule, "contacts": n} for (why, rule), n in outlook.blocked.most_common()
        ],
    }  # fmt: skip


async def _read(lists: OpenedLists, outlook: Outlook) -> _Seen:
    seen = _Seen()
    for source in watched(lists.sources, outlook):
        async for contact in source.contacts(""):
            if isinstance(contact, Mark):
                continue
            seen.read += 1
            if isinstance(contact, Contact):
                _note(seen, contact)
                continue
            seen.invalid += 1
            if len(seen.bad_rows) < LISTED:
                seen.bad_rows.append((source.name, contact.line, contact.reason))
    return seen


def _note(seen: _Seen, contact: Contact) -> None:
    seen.good += 1
    seen.languages.add(contact.language)
    if contact.zones:
        place = Place(contact.zones[0], contact.country, contact.state)
        seen.places[place] = seen.places.get(place, 0) + 1


def _holidays(campaign: Campaign, place: Place, begins: date) -> list[tuple[date, str]]:
    if not names_public_holidays(campaign.calling_hours) or place.country is None:
        return []
    days = public_holidays(place.country, place.state, [begins.year, begins.year + 1])
    return [(day, name) for day, name in sorted(days.items()) if begins <= day < begins + AHEAD]


def _lines(loaded: Loaded, seen: _Seen, outlook: Outlook) -> Iterator[tuple[str, str]]:
    campaign = loaded.campaign
    yield "contacts", f"{seen.read:,} rows read, {seen.good:,} good, {seen.invalid:,} bad"
    attempts = campaign.attempts
    yield "attempts", f"at most {attempts.max}, {attempts.per_day} a day, {format_duration(attempts.gap)} apart"
    pacing = campaign.pacing
    yield "pacing", f"{pacing.at_once} calls at once, {pacing.per_second:g} begun a second, within the account's limits"
    yield from outlook.lines()
    yield "law", f"{law_statement(campaign, outlook.law)} {NOT_ADVICE}"


def _odd(campaign: Campaign, settings: Settings, seen: _Seen) -> Iterator[str]:
    """Legal, but perhaps not what was meant."""
    yield from _odd_retries(campaign.attempts)
    yield from _odd_pacing(campaign.pacing, account_terms(settings, campaign.provider))
    if campaign.tools and settings.public_url is None and not is_simulated(settings, campaign.provider):
        yield "nobody can ask these `tools`: without a public_url in the settings no question reaches us"
    by = campaign.agent
    if by is not None and not isinstance(by, str):
        unspoken = [repr(language) for language in sorted(seen.languages) if by.of(language) is None]
        if unspoken:
            yield f"no agent speaks {', '.join(unspoken[:5])}, and there is no `other`"


def _odd_retries(attempts: Attempts) -> Iterator[str]:
    gap = format_duration(attempts.gap)
    for name, delays in attempts.retry:
        for delay in delays or []:
            if isinstance(delay, timedelta) and delay < attempts.gap:
                yield f"retry.{name} {format_duration(delay)} is shorter than gap {gap}: the gap holds"


def _odd_pacing(pacing: Pacing, account: AccountTerms) -> Iterator[str]:
    for name in ("at_once", "per_second"):
        asked, most = getattr(pacing, name), getattr(account, name)
        if asked > most:
            yield f"pacing.{name} {asked:g} is more than the account's {most:g}: the account holds"
