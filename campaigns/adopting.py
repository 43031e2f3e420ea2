"""A person says that this copy of the database is the one now: what it missed is found, then it may dial again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from campaigns.app import Session, account_terms, is_simulated, open_account
from campaigns.domain.errors import CampaignsError, InputError, VendorError
from campaigns.domain.lead import CampaignState
from campaigns.engine.adopter import Adopter, Found
from campaigns.ports.store import CampaignRecord

PAUSED = "the database was adopted: look at what was found, then `campaigns resume {}`"
UNASKED = "nobody knows whom {} has called since {:%Y-%m-%d %H:%M}Z, when this copy was made: resume it when you know"


@dataclass(frozen=True, slots=True)
class Adoption:
    """What came of it."""

    moved: str
    since: datetime | None
    """Calls were looked for from then on; None: nobody was ever called from it."""
    paused: tuple[str, ...]
    found: tuple[Found, ...]
    unasked: tuple[str, ...]
    """Providers that a person left out."""


async def adopt(session: Session, *, without: Collection[str], by: str) -> Adoption:
    """Raises InputError: there is nothing to adopt, or somebody dials; VendorError: a provider cannot be asked now."""
    async with session.database.alone(session.clock) as ours:
        if not ours:
            raise InputError(f"A process dials from {session.database}. Stop it first, then adopt.")
        moved = await session.database.moved()
        if not moved:
            raise InputError(f"{session.database} is where it was: there is nothing to adopt.")
        records = await session.store.campaigns()
        _check(without, records)
        since, paused = await _since(session, records), await _pause(session, records, by)
        found = await _find(session, records, since, without) if since is not None else []
        for record in records:
            if record.provider in without and since is not None and record.state in _GOING:
                await _say_unasked(session, record, since, by)
        await session.database.settle()
    return Adoption(moved, since, paused, tuple(found), tuple(sorted(without)))


def _check(without: Collection[str], records: Sequence[CampaignRecord]) -> None:
    named = {record.provider for record in records}
    if unknown := sorted(set(without) - named):
        known = ", ".join(sorted(named)) or "none"
        raise InputError(f"--without: no campaign here dials with '{unknown[0]}'. Known are: {known}.")


_GOING = (CampaignState.ACTIVE, CampaignState.PAUSED)


async def _since(session: Session, records: Sequence[CampaignRecord]) -> datetime | None:
    """The copy's last dial, less the longest call: whoever was on the phone then is in the list, too."""
    last = await session.store.missed_since()
    longest = [account_terms(session.settings, name).longest_call for name in _providers(session, records)]
    return last - max(longest) if last is not None and longest else last


def _providers(session: Session, records: Sequence[CampaignRecord]) -> list[str]:
    """Those of the settings that campaigns of the database name."""
    named = {record.provider for record in records}
    return [name for name in session.settings.providers if name in named and not is_simulated(session.settings, name)]


async def _pause(session: Session, records: Sequence[CampaignRecord], by: str) -> tuple[str, ...]:
    active = [record for record in records if record.state is CampaignState.ACTIVE]
    for record in active:
        await session.store.steer(
            record.name, CampaignState.PAUSED, expect=[CampaignState.ACTIVE], reason=PAUSED.format(record.name),
            by=by, now=session.clock.now(),
        )  # fmt: skip
    return tuple(record.name for record in active)


async def _find(
    session: Session, records: Sequence[CampaignRecord], since: datetime, without: Collection[str]
) -> list[Found]:
    """Raises InputError, VendorError: nobody is called from here until every provider was asked, or left out."""
    named = {record.provider for record in records}
    found = []
    for name in sorted(named - set(without)):
        try:
            found.append(await _ask(session, name, since))
        except CampaignsError as error:
            mend = "Adopt again when it answers; what was found stays. Or write --without to leave its campaigns paused"
            raise VendorError(name, "calls of the other copy", None, str(error), mend=f"{mend}.") from error
    return found


async def _ask(session: Session, name: str, since: datetime) -> Found:
    async with open_account(session, name, sole=True) as account:
        terms = account_terms(session.settings, name)
        adopter = Adopter(
            session.store, account.provider, session.clock, terms, book=session.book, reconciler=account.reconciler,
            owner=session.owner,
        )  # fmt: skip
        return await adopter.adopt(since)


async def _say_unasked(session: Session, record: CampaignRecord, since: datetime, by: str) -> None:
    await session.store.steer(
        record.name, CampaignState.PAUSED, expect=[CampaignState.PAUSED],
        reason=UNASKED.format(record.provider, since), by=by, now=session.clock.now(),
    )  # fmt: skip
