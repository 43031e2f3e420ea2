"""A campaign file with its lists, put into the database for the worker: the same from a folder and from an upload."""

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import anyio.to_thread

from campaigns.admission import admit, refusal
from campaigns.app import check_runnable, is_simulated
from campaigns.domain.errors import InputError
from campaigns.domain.lead import CampaignState
from campaigns.editing import Edit, foresee, in_words, put_campaign
from campaigns.files import Loaded, parse_campaign
from campaigns.loading import open_lists
from campaigns.outlook import Outlook

from .access import Operator, Role, demand
from .part import Part
from .unpacking import as_sent, put_down

MOST = 200_000_000
"""Bytes of an upload: some million contacts."""
OUTCOMES = ".outcomes.csv"


@dataclass(frozen=True, slots=True)
class Upload:
    """A campaign file with the lists that it names."""

    document: str
    files: Mapping[str, bytes] = field(repr=False)
    """By the names that the document gives them."""
    name: str = "campaign.yaml"
    """What errors call the document."""


@dataclass(frozen=True, slots=True)
class Loading:
    """What became of a campaign file."""

    campaign: str
    state: CampaignState
    contacts: dict[str, int]
    """As `Intake.counts`, with `new` and `updated`; empty: nothing was read yet."""
    changes: tuple[tuple[str, str], ...]
    """Title and line: what is different from the campaign that was there, and whom it moves."""
    told: tuple[str, ...]
    """What the law leaves of the lists."""
    notes: tuple[str, ...]
    """Doubts about the provider's account."""


class Starting(Part):
    """Loads campaigns."""

    async def load(self, upload: Upload, *, by: Operator, start: bool = False, dry: bool = False) -> Loading:
        """A campaign, new or edited, from an upload. Its lists are kept beside the database: they may be read again.

        `start`: let the worker dial it. `dry`: only check, and say what it would change. Raises InputError with all
        that is wrong, AccountRefused where the provider refuses the account, StoreError.
        """
        demand(by, Role.OPERATE, "load a campaign")
        if sum(map(len, upload.files.values())) > MOST:
            raise InputError(
                f"The lists are larger than {MOST // 1_000_000} MB together. Load them at the command line."
            )
        place = self._session.database.beside("uploads")
        await anyio.to_thread.run_sync(lambda: place.mkdir(mode=0o700, exist_ok=True))
        with TemporaryDirectory(prefix=".new-", dir=place) as new:
            with as_sent(Path(new)):
                loaded = await anyio.to_thread.run_sync(
                    lambda: put_down(upload.document, upload.files, Path(new), name=upload.name)
                )
                edit = await self.foresee(loaded)
            name = loaded.campaign.campaign
            if dry:
                record = await self._session.store.campaign(name)
                return Loading(name, record.state if record else CampaignState.PAUSED, {}, _in_words(edit), (), ())
            folder = place / name
            await anyio.to_thread.run_sync(lambda: _replace(Path(new), folder))
        settled = parse_campaign(upload.document, name=str(folder / upload.name))
        with as_sent(folder):
            return await self.start(settled, by=by, dial=start, edit=edit)

    async def foresee(self, loaded: Loaded) -> Edit | None:
        """Check a file, write nothing, and say what it would change; None: nothing, or it is new. Raises InputError."""
        settings = self._session.settings
        check_runnable(loaded, settings)
        await open_lists(loaded, self._session.store, self._session.systems)
        if is_simulated(settings, loaded.campaign.provider) or self._session.simulated:
            mend = f"Play it with `campaigns run {loaded.path.name}`."
            raise InputError(f"A worker dials real providers, and this campaign is simulated. {mend}")
        return await foresee(self._session, loaded)

    async def start(
        self,
        loaded: Loaded,
        *,
        by: Operator,
        dial: bool = True,
        edit: Edit | None = None,
        note: Callable[[str], None] = lambda _: None,
    ) -> Loading:
        """Put a file that was foreseen into the database, read its lists, ask its provider, and let the worker dial it.

        `note`: told each doubt about the account, also before it is refused. Raises as `load` does.
        """
        from campaigns.running import activate, load_leads  # noqa: PLC0415 - a web server comes with it

        demand(by, Role.OPERATE, "start a campaign")
        session = self._session
        lists = await open_lists(loaded, session.store, session.systems)
        record = await put_campaign(session, loaded)
        outlook = Outlook(loaded.campaign, session.law, session.clock.now())
        intake = await load_leads(session, record, lists, outlook)
        async with AsyncExitStack() as stack:
            found = await admit(session, await self._account(record.provider, stack), record.name)
        for doubt in found.notes:
            note(doubt)
        if found.faults:
            raise refusal(found, loaded)
        if dial:
            await activate(session, record, by=by.name)
        counts = {**intake.counts(), "new": intake.new, "updated": intake.updated}
        state = (await self._record(record.name)).state
        told = tuple(outlook.brief())
        return Loading(record.name, state, counts, _in_words(edit), told, (*found.notes, *intake.warnings))


def _in_words(edit: Edit | None) -> tuple[tuple[str, str], ...]:
    return tuple(in_words(edit)) if edit else ()


def _replace(new: Path, folder: Path) -> None:
    """Every file of `new` in `folder`; lists that do not come any more are gone, outcomes that went back stay."""
    folder.mkdir(mode=0o700, exist_ok=True)
    names = {file.name for file in new.iterdir()}
    for file in new.iterdir():
        file.replace(folder / file.name)
    for old in folder.iterdir():
        if old.name not in names and not old.name.endswith(OUTCOMES):
            old.unlink()
