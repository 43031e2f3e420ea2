"""Puts a campaign file into the database; of a changed one it can say before what is different and whom it moves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from campaigns.app import Session
from campaigns.domain.campaign import Campaign
from campaigns.domain.difference import Change, difference, moves_leads
from campaigns.domain.durations import format_duration
from campaigns.domain.errors import InputError, Problem
from campaigns.domain.facts import Facts, PeopleLimits
from campaigns.domain.lead import CampaignState
from campaigns.files import Loaded, parse_campaign
from campaigns.planner.effect import Effect, effect
from campaigns.planner.explain import in_minutes
from campaigns.planner.lawful import planned_under
from campaigns.ports.store import CampaignRecord

JUDGED = 20_000
"""Leads up to which all are judged; of more, `SAMPLE`."""
SAMPLE = 5_000
_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Edit:
    """What a changed file changes."""

    changes: tuple[Change, ...]
    effect: Effect | None = None
    """None: it moves nobody."""

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        return {
            "changes": [{"key": one.key, "old": one.old, "new": one.new} for one in self.changes],
            "effect": None if self.effect is None else _effect_json(self.effect),
        }


def _effect_json(found: Effect) -> dict[str, Any]:
    return {
        "waiting": found.waiting, "judged": found.judged, "gained": found.gained, "lost": found.lost,
        "earlier": found.earlier, "earlier_by": format_duration(found.earlier_by), "later": found.later,
        "later_by": format_duration(found.later_by), "unchanged": found.unchanged,
    }  # fmt: skip


async def foresee(session: Session, loaded: Loaded) -> Edit | None:
    """What the file would change in the database, which stays as it is; None: nothing, or it is not there yet."""
    record = await _known(session, loaded)
    if record is None or record.document == loaded.text:
        return None
    known = as_held(record)
    if known is None:
        return Edit((Change("the whole file", "written for another version of this program", "as it is now"),))
    changes = tuple(difference(known, loaded.campaign))
    moved = await _effect(session, known, loaded.campaign) if moves_leads(changes) else None
    return Edit(changes, moved)


async def _known(session: Session, loaded: Loaded) -> CampaignRecord | None:
    """The campaign as the database has it. Raises InputError where it is only an archive: it would call all anew."""
    record = await session.store.campaign(loaded.campaign.campaign)
    if record is not None and record.archived_at is not None:
        what = f"This campaign is {record.reason}: run again, it would call the same people once more."
        mend = f"If that is meant, give it another name, such as {record.name}-2."
        raise InputError([Problem(loaded.where("campaign"), what, mend)])
    return record


async def _effect(session: Session, old: Campaign, new: Campaign) -> Effect:
    store, now = session.store, session.clock.now()
    ids, waiting = await store.sample(new.campaign, limit=JUDGED)
    if waiting > JUDGED:
        ids = ids[:SAMPLE]
    facts: list[Facts] = []
    for start in range(0, len(ids), _AT_A_TIME):
        facts += [one.facts for one in await store.facts(ids[start : start + _AT_A_TIME], now=now)]
    closed = frozenset(suspension.code for suspension in await store.suspensions(now=now))
    law = replace(session.law, suspended=closed)
    return effect(facts, old, new, law, people_limits(session), waiting=waiting, now=now)


def people_limits(session: Session) -> PeopleLimits:
    """The settings' limits per person."""
    return PeopleLimits(session.settings.people.per_day, session.settings.people.gap)


async def put_campaign(session: Session, loaded: Loaded, *, purse: str = "") -> CampaignRecord:
    """The campaign in the database, new or edited; who waits is planned anew only where the edit may move them.

    `purse`: the campaign whose budget it uses, if not its own.
    """
    campaign, store = loaded.campaign, session.store
    known = await _known(session, loaded)
    record = CampaignRecord(
        name=campaign.campaign,
        state=CampaignState.PAUSED,
        document=loaded.text,
        folder=str(loaded.folder.resolve()),
        provider=campaign.provider,
        purpose=campaign.purpose,
        created_at=session.clock.now(),
        purse=purse,
        planned_under=planned_under(session.law, people_limits(session)),
    )
    quiet = known is not None and _moves_nobody(known, campaign)
    return await store.put_campaign(
        record, keeps_plans_of=known.revision if known and quiet else None, now=session.clock.now()
    )


def _moves_nobody(known: CampaignRecord, campaign: Campaign) -> bool:
    before = as_held(known)
    return before is not None and not moves_leads(difference(before, campaign))


def as_held(record: CampaignRecord) -> Campaign | None:
    """The file as the database has it; None: this version cannot read it any more."""
    try:
        return parse_campaign(record.document, name=str(Path(record.folder) / record.name)).campaign
    except InputError:
        return None


def in_words(edit: Edit) -> list[tuple[str, str]]:
    """Title and line: first what changed, then whom it moves."""
    lines = [("changed", f"{one.key}: {_side(one.old)} -> {_side(one.new)}") for one in edit.changes]
    if not edit.changes:
        lines.append(("changed", "nothing but how it is written"))
    return [*lines, *(("effect", line) for line in _effect_lines(edit.effect))]


def _side(text: str | None) -> str:
    return "(not set)" if text is None else text


def _effect_lines(found: Effect | None) -> Sequence[str]:
    if found is None:
        return ["nobody is called at another time"]
    if not found.waiting:
        return ["no lead waits, so nobody is moved; finished leads stay finished"]
    about = "" if found.exact else "about "
    said = [
        (found.gained, "would have been closed and may now be called"),
        *((n, f"will be closed: {why}") for why, n in found.lost.items()),
        (found.earlier, f"may be called earlier, the median by {in_minutes(found.earlier_by)}"),
        (found.later, f"may be called later, the median by {in_minutes(found.later_by)}"),
        (found.unchanged, "keep their time"),
    ]
    lines = [f"{about}{_people(n)} {what}" for n, what in said if n]
    judged = "" if found.exact else f" (judged: {found.judged:,} of {found.waiting:,} that wait)"
    return [*lines, f"finished leads stay finished, calls under way go on{judged}"]


def _people(count: int) -> str:
    return f"{count:,} lead{'' if count == 1 else 's'}"
