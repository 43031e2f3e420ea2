"""A contact list in a file, as a source of contacts."""

from collections.abc import Iterator
from pathlib import Path

from campaigns.domain.campaign import Campaign
from campaigns.domain.contact import Contact
from campaigns.domain.mapping import row_mapper
from campaigns.domain.sources import FileList
from campaigns.engine.intake import Source
from campaigns.engine.preparing import told
from campaigns.lists import open_list
from campaigns.ports import BadRow, Row


def file_source(wanted: FileList, index: int, campaign: Campaign, folder: Path) -> Source:
    """The `index`-th list of a campaign, opened, with its columns checked. Raises InputError with all that is wrong.

    `folder`: what the file's name is relative to.
    """
    path = folder / wanted.file
    opened = open_list(path, encoding=wanted.encoding, delimiter=wanted.delimiter, sheet=wanted.sheet)
    read = row_mapper(wanted, campaign, opened.header(), file=wanted.file)

    def contacts() -> Iterator[Contact | BadRow]:
        for row in opened.rows():
            yield read(row) if isinstance(row, Row) else row

    return Source(wanted.file, index, told(contacts), stop_removed=wanted.removed == "stop", size=path.stat().st_size)
