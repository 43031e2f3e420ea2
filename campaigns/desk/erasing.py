"""One person erased at their request: here at once, at the provider by asking it, and told what is out of reach."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from campaigns.app import Account, is_simulated
from campaigns.domain.call import Disposition
from campaigns.domain.contact import keyed_hash
from campaigns.domain.erasing import WHY
from campaigns.domain.errors import CampaignsError, InputError, StoreUnavailable
from campaigns.domain.lead import Attempt, AttemptState
from campaigns.domain.returning import outcome_files
from campaigns.domain.sources import FileList
from campaigns.domain.transitions import FINAL
from campaigns.editing import as_held
from campaigns.ports.erasing import Belongings
from campaigns.ports.people import Suppression
from campaigns.resolving import Word, resolve_attempt

from .access import Operator, Role, demand
from .barring import number_of
from .part import Part

UNDER_WAY = (
    "A call to them is not settled yet. Nobody calls them any more: they are on the do-not-call list from now on. "
    "Erase them again when that call is settled."
)

SERVER = (
    "the PostgreSQL server: dead rows until VACUUM (`VACUUM FULL`: also what they leave in their pages), its log of "
    "changes (WAL) until it is recycled or archived, its standbys and backups"
)
IN_USE = "the database's log of changes: others use the database at this moment. Erase them again in a minute"
LARGE = (
    "room that nothing uses any more in the database file, which is large and in use. Erase them again while no run "
    "and no worker has it open: then the file is written anew"
)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What became of a person's data, in words that say nothing of the person."""

    people: int
    """Who have the number: more than one where a list names several."""
    leads: int
    attempts: int
    erased: tuple[str, ...]
    vendors: tuple[str, ...]
    """What each provider answered."""
    left: tuple[str, ...]
    """What lies where this program cannot reach it."""


class Erasing(Part):
    """Erases people."""

    async def erase(self, number: str, *, by: Operator) -> Erasure:
        """Remove a person everywhere in the database; only hashes stay, so that nobody calls them again.

        A doubt that holds no line any more is dropped first. Raises InputError while one of their calls is not settled:
        then they are suppressed, and nothing else is done. May be asked again: the provider is asked anew too.
        """
        demand(by, Role.ADMIN, "erase a person")
        e164 = number_of(number)
        store, key = self._session.store, keyed_hash(self._session.hash_key, "phone", e164)
        now = self._session.clock.now()
        await store.suppress([Suppression(key, "all", "", by.name, WHY, "", now)], by=by.name)
        found = await self._settled(key, by)
        answers = await self._asked(found.attempts)
        done = await store.forget_person(key, who=by.name, now=now)
        if done is None:
            raise InputError(UNDER_WAY)
        lines = await self._forget_words(found, e164)
        await store.note({name: [f"{WHY}: {answer}"] for name, answer in answers.items()}, now=now)
        return Erasure(
            people=found.people, leads=len(found.leads), attempts=len(found.attempts),
            erased=tuple(_erased(found, lines)), vendors=tuple(_told(found.attempts, answers)),
            left=(*[line async for line in self._left(found)], *await self._traces()),
        )  # fmt: skip

    async def _settled(self, key: str, by: Operator) -> Belongings:
        """What there is, once no call of theirs is under way. Raises InputError."""
        store = self._session.store
        found = await store.belongings(key)
        for attempt in found.attempts:
            if attempt.state is AttemptState.UNCERTAIN and not attempt.open:
                await resolve_attempt(self._session, attempt, Word.DROP, Disposition.UNKNOWN, by=by.name)
        found = await store.belongings(key)
        if any(attempt.state not in FINAL or attempt.open for attempt in found.attempts):
            raise InputError(UNDER_WAY)
        return found

    async def _asked(self, attempts: Sequence[Attempt]) -> dict[str, str]:
        """By attempt: what its provider answered when it was asked to erase its record of the call."""
        by_provider = defaultdict[str, list[Attempt]](list)
        for attempt in attempts:
            made_up = self._session.simulated or is_simulated(self._session.settings, attempt.provider)
            if attempt.call_id and not made_up:
                by_provider[attempt.provider].append(attempt)
        answers: dict[str, str] = {}
        for name, calls in by_provider.items():
            answers |= await self._asked_one(name, calls)
        return answers

    async def _asked_one(self, name: str, calls: Sequence[Attempt]) -> dict[str, str]:
        async with AsyncExitStack() as stack:
            try:
                account = await self._account(name, stack)
            except CampaignsError as error:
                return dict.fromkeys([call.id for call in calls], f"{name} could not be asked: {error}")
            return {call.id: await _answer(account, call) for call in calls}

    async def _forget_words(self, found: Belongings, e164: str) -> int:
        numbers = {e164, *(phone.e164 for lead in found.leads for phone in lead.contact.phones)}
        calls = {attempt.call_id for attempt in found.attempts if attempt.call_id}
        subjects = {*(attempt.id for attempt in found.attempts), *(lead.id for lead in found.leads)}
        return await self._session.store.forget_words(subjects, calls, numbers)

    async def _left(self, found: Belongings) -> AsyncIterator[str]:
        """Files and systems that still name them."""
        for name in sorted({lead.campaign for lead in found.leads}):
            record = await self._session.store.campaign(name)
            campaign = as_held(record) if record else None
            if record is None or campaign is None:
                continue
            folder = Path(record.folder)
            lists = [folder / each.file for each in campaign.contacts if isinstance(each, FileList)]
            lists += [Path(each) for each in outcome_files(campaign, folder).values()]
            for file in dict.fromkeys(lists):
                if file.exists():
                    yield f"{file}: take their rows out; read again, they stay on the do-not-call list"
        for system in sorted({lead.contact.origin[0] for lead in found.leads if lead.contact.origin}):
            yield f"[lists.{system}]: remove them there; read again, they stay on the do-not-call list"
        yield "archives and backups that were made before, and reports, tables and other exports that were saved"

    async def _traces(self) -> list[str]:
        """What the database itself may keep for a while."""
        database = self._session.database
        if database.shared:
            return [SERVER]
        try:
            whole = await self._session.store.tidy(shrink=not await database.is_dialed())
        except StoreUnavailable:
            return [IN_USE]
        return [] if whole else [LARGE]


async def _answer(account: Account, attempt: Attempt) -> str:
    try:
        erased = await account.provider.erase(attempt.call_id or "")
    except CampaignsError as error:
        return f"{account.name} could not erase its record: {error}"
    if erased:
        return f"{account.name} has erased its record of the call"
    return f"{account.name} offers no erasure of its record: ask its support in writing"


def _told(attempts: Sequence[Attempt], answers: dict[str, str]) -> Iterator[str]:
    for answer, count in Counter(answers.values()).items():
        yield f"{answer} ({_many(count, 'call')})"
    if unnamed := sum(attempt.counts and not attempt.call_id for attempt in attempts):
        yield f"{unnamed:,} of their calls have no id here, so no provider can be asked for them"


def _erased(found: Belongings, lines: int) -> Iterator[str]:
    if not found.leads and not found.attempts:
        yield "nobody with this number is in the database"
    else:
        yield f"{_many(len(found.leads), 'lead')}: numbers, name, variables and every other value of their rows"
        yield f"{_many(len(found.attempts), 'attempt')}: numbers, requests, transcripts, summaries, analysis"
        yield f"{_many(lines, 'line')} of journal and inbox; consents; what was written beside the do-not-call list"
    hashes = f"{len(found.phone_keys):,} keyed {'hash' if len(found.phone_keys) == 1 else 'hashes'}"
    yield f"kept: {hashes} on the do-not-call list, and figures without a name"


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
