"""Outcomes on their way back to where the contacts came from: their names, their patience, their files."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import PurePath

from .campaign import Campaign
from .sources import CampaignList, FileList

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=1), timedelta(minutes=15)


def reference(lead_id: str, stamp: str) -> str:
    """Ten characters that name one outcome of one lead, the same whenever it is written."""
    return hashlib.sha256(f"{lead_id}:{stamp}".encode()).hexdigest()[:10]


def pause_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: 1 s, doubling up to 15 min."""
    return min(FIRST_PAUSE * (1 << min(max(failures, 1) - 1, 20)), LONGEST_PAUSE)


def outcome_files(campaign: Campaign, folder: PurePath) -> Mapping[int, PurePath]:
    """Where the outcomes of each list go that is no system's: `NAME.outcomes.csv` beside it.

    Lists whose names differ in their ending alone (`people.csv`, `people.xlsx`) keep it: `people.csv.outcomes.csv`. The
    same file named twice has one. Contacts of an earlier campaign have one beside the campaign file, by its name.
    """
    lists = {number: path for number, path in enumerate(_lists(campaign, folder)) if path is not None}
    read = {*lists.values(), *(folder / left_out.file for left_out in campaign.exclude)}
    return {number: _beside(path, read) for number, path in lists.items()}


def _lists(campaign: Campaign, folder: PurePath) -> list[PurePath | None]:
    return [
        folder / source.file if isinstance(source, FileList)
        else folder / source.campaign if isinstance(source, CampaignList)
        else None
        for source in campaign.contacts
    ]  # fmt: skip


def _beside(path: PurePath, read: set[PurePath]) -> PurePath:
    """Never a file that is read itself, nor another list's."""
    short = path.with_name(f"{path.stem}.outcomes.csv")
    shared = any(other != path and other.with_suffix("") == path.with_suffix("") for other in read)
    return path.with_name(f"{path.name}.outcomes.csv") if shared or short in read else short
