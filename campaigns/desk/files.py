"""Campaign files as the database holds them, each understood once."""

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from anyio import to_thread

from campaigns.app import Session, is_simulated, provider_settings
from campaigns.domain.budget import Purse, purse_of
from campaigns.domain.campaign import Campaign
from campaigns.domain.contact import Contact
from campaigns.domain.errors import InputError
from campaigns.domain.hours import CallingWindow
from campaigns.files import parse_campaign
from campaigns.loading import refresh_every
from campaigns.planner.lawful import window_of
from campaigns.ports.store import CampaignRecord

LOOKED_THROUGH = 20
"""Leads among whom somebody has hours: theirs are taken for everybody's."""


@dataclass(frozen=True, slots=True)
class File:
    """What the board shows of a file and of its provider's settings."""

    simulated: bool
    campaign: Campaign | None = None
    """None: this version does not understand it."""
    purse: Purse = field(default_factory=Purse)
    currency: str = ""
    refresh: float | None = None
    """Seconds between readings of its lists; None: they are read once."""
    unread: str = ""
    """What is not understood, and what mends it."""


@dataclass(frozen=True, slots=True)
class People:
    """Where and when the people of a campaign are called, as far as some of them tell of all."""

    zone: str = "UTC"
    window: CallingWindow | None = None
    """None: nobody can say."""


class Files:
    """The files of a session's database, by name; one that was edited is read again."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[str, tuple[object, File]] = {}
        self._people: dict[str, tuple[object, People]] = {}

    def known(self, record: CampaignRecord) -> File | None:
        """What is understood already; it takes some milliseconds to understand a file."""
        stamp, file = self._known.get(record.name, (None, None))
        return file if stamp == _stamp(record) else None

    def of(self, record: CampaignRecord) -> File:
        """A file and its provider, understood."""
        file = self.known(record)
        if file is None:
            file = _understood(self._session, record)
            self._known[record.name] = _stamp(record), file
        return file

    async def people(self, record: CampaignRecord) -> People:
        """What the first of its list tells of all."""
        stamp, people = self._people.get(record.name, (None, People()))
        if stamp != _stamp(record):
            page = await self._session.store.lead_page(record.name, after=0, limit=LOOKED_THROUGH)
            with self._session.clock.work():  # a first look at hours and law takes long, and calls wait for no page
                people = await to_thread.run_sync(self._first, [lead.contact for _, lead, _ in page], record)
            if page:
                self._people[record.name] = _stamp(record), people
        return people

    def _first(self, contacts: list[Contact], record: CampaignRecord) -> People:
        campaign = self.of(record).campaign
        if campaign is None:
            return People()
        zones = Counter(contact.zones[0] for contact in contacts if contact.zones)
        zone = campaign.zone or next((name for name, _ in zones.most_common(1)), "UTC")
        there = [contact for contact in contacts if zone in contact.zones]
        for contact in [*there, *contacts]:
            with suppress(ValueError):
                return People(zone, window_of(contact, campaign, self._session.law))
        return People(zone)


def _stamp(record: CampaignRecord) -> object:
    return record.created_at, record.revision


def _understood(session: Session, record: CampaignRecord) -> File:
    simulated = session.simulated or is_simulated(session.settings, record.provider)
    try:
        campaign = parse_campaign(record.document, name=str(Path(record.folder) / record.name)).campaign
    except InputError as error:
        first = error.problems[0]
        return File(simulated, unread=f"Its file is not understood: {first.what} Mend it, then `campaigns start` it.")
    try:
        own = provider_settings(session.settings, record.provider)
    except InputError as error:
        return File(simulated, campaign, purse_of(campaign.budget, 0, None), unread=str(error))
    purse = purse_of(campaign.budget, own.longest_call.total_seconds(), own.price_per_minute)
    return File(simulated, campaign, purse, own.currency or "", refresh_every(campaign))
