"""A campaign file with its contact lists: opened, checked, and turned into sources of contacts."""

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches

from campaigns.domain.campaign import Campaign
from campaigns.domain.contact import Contact
from campaigns.domain.errors import InputError, Problem
from campaigns.domain.lead import Lead
from campaigns.domain.legal import RuleBook
from campaigns.domain.mapping import exclude_mapper, row_mapper
from campaigns.domain.sources import CampaignList, FileList, Returns, VendorList
from campaigns.engine.intake import Source
from campaigns.engine.preparing import Excluded, Mark, Stream, told
from campaigns.file_source import file_source
from campaigns.files import KeyPath, Loaded
from campaigns.lists import open_list
from campaigns.ports import BadRow, Row
from campaigns.ports.lists import RemoteList
from campaigns.ports.pages import LeadFilter
from campaigns.ports.store import Store
from campaigns.systems import Systems

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class OpenedLists:
    """Every list of a campaign, ready to be read, and who is left out."""

    sources: list[Source]
    excluded: Excluded


def check_campaign(loaded: Loaded, book: RuleBook, *, priced: bool) -> None:
    """Refuse rows of the law that nobody knows, and a budget that cannot be kept. Raises InputError with all.

    `priced`: the settings say what a minute costs.
    """
    problems = [Problem(loaded.where(*keys), what, mend) for keys, what, mend in _wrong_rows(loaded.campaign, book)]
    budget, provider = loaded.campaign.budget, loaded.campaign.provider
    if budget is not None and budget.cost is not None and not priced:
        what = "Nobody knows what a call costs, so this budget cannot be kept."
        mend = f"Write price_per_minute in [providers.{provider}] of campaigns.toml, the most that a minute costs."
        problems.append(Problem(loaded.where("budget", "cost"), what, mend))
    if problems:
        raise InputError(problems)


def _wrong_rows(campaign: Campaign, book: RuleBook) -> Iterator[tuple[KeyPath, str, str]]:
    """The rows that `legal_hours` names and cannot: key path, what is wrong, the mend."""
    for key, names in (("also", campaign.legal_hours.also), ("waive", campaign.legal_hours.waive)):
        for index, name in enumerate(names):
            rule, keys = book.rule(name), ("legal_hours", key, index)
            if rule is None:
                near = get_close_matches(name, [rule.id for rule in book.rules], 1)
                yield keys, f"'{name[:40]}' is no legal rule.", f"Did you mean {near[0]}?" if near else _LISTED
            elif key == "waive" and not rule.hours_waived_by:
                yield keys, f"No consent lifts the hours of {name}.", "Remove it."
            elif key == "also" and not rule.optional:
                yield keys, f"{name} binds by itself where it holds.", "Remove it."


_LISTED = "`campaigns rules` lists them."


async def open_lists(loaded: Loaded, store: Store | None, systems: Systems) -> OpenedLists:
    """Open every list and check its columns. Raises InputError with everything that is wrong in any of them.

    Args:
        loaded: The campaign file.
        store: For lists that are earlier campaigns; None: they are taken as they are (validation).
        systems: For lists of vendors.
    """
    problems: list[Problem] = []
    sources: list[Source] = []
    excluded: set[tuple[str, str]] = set()
    for index, contacts in enumerate(loaded.campaign.contacts):
        try:
            if isinstance(contacts, FileList):
                sources.append(file_source(contacts, index, loaded.campaign, loaded.folder))
            elif isinstance(contacts, VendorList):
                sources.append(await _vendor_source(loaded, contacts, index, systems))
            elif store is not None:
                sources.append(await _campaign_source(contacts, index, store))
        except InputError as error:
            problems += _placed(error, loaded, "contacts", index)
    for index in range(len(loaded.campaign.exclude)):
        try:
            excluded |= _excluded(loaded, index)
        except InputError as error:
            problems += _placed(error, loaded, "exclude", index)
    if problems:
        raise InputError(problems)
    return OpenedLists(sources, frozenset(excluded))


def _placed(error: InputError, loaded: Loaded, *keys: str | int) -> Iterator[Problem]:
    """The list's own problem, with the place in the campaign file that names the list, unless it has one there."""
    for problem in error.problems:
        if problem.where.startswith(f"{loaded.path}:"):
            yield problem
            continue
        own = f"{problem.where}: " if problem.where != "campaigns" else ""
        yield Problem(loaded.where(*keys), f"{own}{problem.what}", problem.mend)


async def _vendor_source(loaded: Loaded, wanted: VendorList, index: int, systems: Systems) -> Source:
    opened = await systems.open(wanted.list)
    faults = list(_vendor_faults(loaded, wanted, index, opened))
    if faults:
        raise InputError(faults)
    as_file = wanted.as_file(opened.columns)
    header = None if opened.open_header else opened.header
    read = row_mapper(as_file, loaded.campaign, header, file=wanted.list)

    def known(row: Row | BadRow) -> Contact | BadRow:
        if isinstance(row, BadRow):
            return row
        contact = read(row)
        if isinstance(contact, BadRow):
            return replace(contact, reason=f"{contact.reason} (contact {row.ref})")
        return replace(contact, origin=(wanted.list, row.ref))

    async def contacts(after: str) -> Stream:
        async for batch in opened.read(wanted.where, after=after):
            for row in batch.rows:
                yield known(row)
            yield Mark(batch.after)

    asked = f"{wanted.list} {json.dumps(wanted.where, sort_keys=True, default=str)}"
    return Source(wanted.list, index, contacts, stop_removed=wanted.removed == "stop", wanted=asked)


def _vendor_faults(loaded: Loaded, wanted: VendorList, index: int, opened: RemoteList) -> Iterator[Problem]:
    for fault in opened.check(wanted.where, wanted.returns):
        yield Problem(loaded.where("contacts", index, *fault.keys), fault.what, fault.mend)
    if loaded.campaign.write_back and opened.no_returns:
        mend = "Remove write_back, or take the contacts from elsewhere."
        yield Problem(loaded.where("write_back"), f"{wanted.list}: {opened.no_returns}", mend)
    if wanted.returns != Returns() and not loaded.campaign.write_back:
        mend = "Add `write_back: true`, or remove it."
        yield Problem(loaded.where("contacts", index, "returns"), "Nothing goes back without write_back.", mend)


async def _campaign_source(wanted: CampaignList, index: int, store: Store) -> Source:
    record = await store.campaign(wanted.campaign)
    if record is None:
        raise InputError(
            [Problem(wanted.campaign, "The database has no such campaign.", "See `campaigns status` for the names.")]
        )
    if record.archived_at is not None:
        raise InputError([Problem(wanted.campaign, f"The campaign is {record.reason}.", "Make a list of that file.")])
    outcomes, labels = wanted.where.outcome, wanted.where.label
    leads = [
        lead.contact
        async for lead in _leads(wanted.campaign, store)
        if (outcomes is None or lead.outcome in outcomes) and (labels is None or lead.label in labels)
        if lead.contact.phones  # else who they were is erased
    ]

    return Source(f"campaign {wanted.campaign}", index, told(lambda: leads))


async def _leads(campaign: str, store: Store) -> AsyncIterator[Lead]:
    after = 0
    while page := await store.leads_after(campaign, LeadFilter(), after=after, limit=_PAGE):
        for listed in page:
            yield listed.lead
        after = page[-1].place


def _excluded(loaded: Loaded, index: int) -> set[tuple[str, str]]:
    wanted = loaded.campaign.exclude[index]
    opened = open_list(
        loaded.folder / wanted.file, encoding=wanted.encoding, delimiter=wanted.delimiter, sheet=wanted.sheet
    )
    read = exclude_mapper(wanted, opened.header(), file=wanted.file)
    names: set[tuple[str, str]] = set()
    for row in opened.rows():
        found = read(row) if isinstance(row, Row) else frozenset[tuple[str, str]]()
        if not found:
            # Somebody who must be left out cannot be read: dialling on would be a guess.
            raise InputError(
                [Problem(f"{wanted.file}:{row.line}", "Nobody can be recognised in this row.", "Mend or remove it.")]
            )
        names |= found
    return names


def refresh_every(campaign: Campaign) -> float | None:
    """Seconds between readings while the campaign runs; None: the lists are read once."""
    every = [s.refresh.total_seconds() for s in campaign.contacts if not isinstance(s, CampaignList) and s.refresh]
    return min(every, default=None)
