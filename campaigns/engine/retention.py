"""Takes away what is not kept any more, beside the calls and never in their way: page by page, small writes."""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from campaigns.domain.campaign import Campaign
from campaigns.domain.errors import StoreError
from campaigns.domain.retention import Erased, Keeping, Kept, asked_by, due, without
from campaigns.ports import Clock
from campaigns.ports.store import CampaignRecord, Store

log = structlog.get_logger()

EVERY, AFTER_A_FAULT = timedelta(days=1), timedelta(hours=1)
NEWS_KEPT = timedelta(days=7)
"""At least so long it is remembered that a webhook came: vendors send one again for days."""

Read = Callable[[CampaignRecord], Campaign | None]
"""The campaign of a record; None: it cannot be read any more."""


async def retaining(store: Store, clock: Clock, keeping: Keeping, read: Read) -> None:
    """Now, and once a day, until cancelled. Whatever goes wrong here ends no campaign."""
    while True:
        pause = EVERY
        try:
            await retain(store, keeping, read, now=clock.now())
        except StoreError as error:
            log.warning("cannot_erase", why=str(error))
            pause = AFTER_A_FAULT
        except Exception:
            log.exception("erasing_failed")
            pause = AFTER_A_FAULT
        await clock.sleep_until(clock.now() + pause)


async def retain(store: Store, keeping: Keeping, read: Read, *, now: datetime) -> int:
    """Take away all that is due; returns of how many leads. Raises StoreError; what is done then is done."""
    shortest = keeping.shortest
    if shortest is None:
        return 0
    erased = 0
    for record in await store.campaigns():
        if record.created_at + shortest <= now:  # a younger one has nothing that old
            erased += await _of_campaign(store, record, keeping, read(record), now=now)
    before = now - max(shortest, NEWS_KEPT)
    while await store.forget_news(before=before, numbers_before=_ago(keeping.numbers, now)):
        pass
    if erased:
        await store.tidy()
        log.info("erased", leads=erased)
    return erased


async def _of_campaign(
    store: Store, record: CampaignRecord, keeping: Keeping, campaign: Campaign | None, *, now: datetime
) -> int:
    used = asked_by(campaign.outcomes if campaign else ())
    waits_for_return = campaign is None or campaign.write_back
    place: int | None = 0
    erased = 0
    while place is not None:
        page = await store.kept(
            record.name, after=place, words_before=_ago(keeping.words, now), numbers_before=_ago(keeping.numbers, now)
        )
        changed: list[tuple[Kept, Kept]] = []
        for kept in page.leads:
            what = due(kept, keeping, waits_for_return=waits_for_return, now=now)
            if what is not Erased.NOTHING and what != kept.erased:
                changed.append((kept, without(kept, what, used)))
        if changed:
            erased += await store.erase(changed)
        place = page.next
    return erased


def _ago(span: timedelta | None, now: datetime) -> datetime | None:
    return None if span is None else now - span
