"""Ended campaigns leave the database for a file: written and read back first, then marked, then deleted bit by bit.

The mark is the point of no return. A crash before it leaves the campaign as it was, and perhaps a file that the next
try replaces; a crash after it leaves rows that the next try deletes. Of an archived campaign its row stays, so that the
same file is refused and its people are not called again by accident; and of whoever said no, the hashes of number and
person with that one attempt, because cool-downs count it for good.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from campaigns.app import Session
from campaigns.archives import archive_path, write_archive
from campaigns.domain.errors import InputError
from campaigns.domain.facts import LATELY
from campaigns.domain.lead import CampaignState
from campaigns.domain.sources import CampaignList
from campaigns.editing import as_held
from campaigns.ports.store import CampaignRecord
from campaigns.ports.upkeep import Rows, Unsettled

ENDED = (CampaignState.FINISHED, CampaignState.STOPPED)


@dataclass(frozen=True, slots=True)
class Archived:
    """What became of one campaign."""

    name: str
    why: str
    """Where its archive is, or why it stays."""
    stays: bool = False
    rows: dict[str, int] = field(default_factory=dict)
    """In its archive, by table."""


async def archive_one(session: Session, name: str, folder: Path) -> Archived:
    """Archive a campaign, or go on where an earlier try was cut off.

    Raises InputError with the reason where it must stay, or the file cannot be written; StoreError.
    """
    record = await session.store.campaign(name)
    if record is None:
        raise InputError(f"There is no campaign '{name}' in {session.database}.")
    if record.archived_at is None:
        why = await objection(session, record)
        if why:
            raise InputError(f"'{name}' stays: {why}.")
        return await _archive(session, record, archive_path(folder, name).resolve())
    await _drop(session, name)  # what a crash has left, if anything
    return Archived(name, record.reason)


async def archive_all(session: Session, age: timedelta, folder: Path) -> list[Archived]:
    """Archive every campaign that ended so long ago, and finish what was cut off; those that stay say why."""
    done = [await archive_one(session, name, folder) for name in await session.store.half_archived()]
    for record in await session.store.campaigns():
        ended_at = record.finished_at if record.state in ENDED else None
        if ended_at is None or ended_at + max(age, LATELY) > session.clock.now():
            continue
        why = await objection(session, record)
        done.append(Archived(record.name, why, stays=True) if why else await archive_one(session, record.name, folder))
    return done


async def objection(session: Session, record: CampaignRecord) -> str:
    """Why a campaign must stay; empty: it may go."""
    if record.state not in ENDED or record.finished_at is None:
        return f"it is {record.state}; only what is finished or stopped can be archived"
    if session.clock.now() < record.finished_at + LATELY:
        return f"caps count its calls until {record.finished_at + LATELY:%Y-%m-%d}"
    return _unsettled(record, await session.store.unsettled(record.name)) or await _reader(session, record.name)


def _unsettled(record: CampaignRecord, left: Unsettled) -> str:
    campaign = as_held(record)
    if left.attempts:
        return f"calls of which nobody knows the end ({left.attempts:,}). See `campaigns resolve`"
    if left.leads:
        return f"leads without an outcome ({left.leads:,}). Run it, or `campaigns stop {record.name}`"
    if left.returns and (campaign is None or campaign.write_back):
        return f"outcomes that have not gone back yet ({left.returns:,}). See `campaigns status {record.name}`"
    return ""


async def _reader(session: Session, name: str) -> str:
    """A campaign that has not ended and takes its contacts from this one."""
    for other in await session.store.campaigns():
        campaign = as_held(other)
        lists = campaign.contacts if campaign and other.state not in ENDED else []
        if any(isinstance(source, CampaignList) and source.campaign == name for source in lists):
            return f"'{other.name}' takes its contacts from it, and has not ended"
    return ""


async def _archive(session: Session, record: CampaignRecord, path: Path) -> Archived:
    store = session.store
    rows = await write_archive(path, record.name, record.created_at, _parts(session, record.name))
    reason = f"archived in {path}"
    if not await store.mark_archived(record.name, version=record.version, reason=reason, now=session.clock.now()):
        raise InputError(f"'{record.name}' was changed or started meanwhile, so it stays.")
    await _drop(session, record.name)
    return Archived(record.name, reason, rows=rows)


async def _parts(session: Session, name: str) -> AsyncIterator[Rows]:
    for read in (session.store.archive_leads, session.store.archive_journal):
        place: int | None = 0
        while place is not None:
            page = await read(name, after=place)
            for part in page.parts:
                yield part
            place = page.next


async def _drop(session: Session, name: str) -> None:
    """The journal first: its lines are found by the attempts."""
    for drop in (session.store.drop_journal, session.store.drop_leads):
        place: int | None = 0
        while place is not None:
            place = await drop(name, after=place)
    await session.store.drop_rest(name)


async def forget_news(session: Session) -> None:
    """Webhooks so old that nobody sends them again."""
    before = session.clock.now() - LATELY
    while await session.store.forget_news(before=before, numbers_before=None):
        pass
