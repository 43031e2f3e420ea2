"""The seams to contact lists: files, and systems elsewhere that also take outcomes back."""

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from campaigns.domain.lead import Outcome
from campaigns.domain.rows import BadRow, Row
from campaigns.domain.sources import Columns, Returns

from .health import Finding


class ContactList(Protocol):
    """Rows of contacts, streamed in constant memory."""

    name: str

    def header(self) -> list[str]:
        """The columns. Raises InputError when the list cannot be read."""

    def rows(self) -> Iterator[Row | BadRow]:
        """Every row once, in order."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some rows of a system's contacts."""

    rows: tuple[Row | BadRow, ...]
    after: str = ""
    """Where a reading that breaks off here may go on; empty: only from the start."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a part of a campaign file that only the system can judge."""

    keys: tuple[str | int, ...]
    """Where, below the checked value."""
    what: str
    mend: str


@dataclass(frozen=True, slots=True)
class OutcomeNote:
    """What became of a contact, on its way back to where they came from."""

    reference: str
    """Short, and the same whenever the same outcome of the same lead is written."""
    contact: str = field(repr=False)
    """The system's own id of the contact."""
    phone: str = field(repr=False)
    """E.164, the number dialled last, else the contact's first."""
    campaign: str
    outcome: Outcome
    label: str
    attempts: int
    disposition: str
    """Of the last attempt; empty: nobody was dialled."""
    called_at: datetime | None
    """End of the last attempt."""
    closed_at: datetime
    summary: str = field(default="", repr=False)

    @property
    def opted_out(self) -> bool:
        return self.outcome is Outcome.DO_NOT_CALL


@dataclass(frozen=True, slots=True)
class Landed:
    """The outcome is where it belongs."""

    warning: str = ""
    """What of it could not be written, and how to mend that."""


@dataclass(frozen=True, slots=True)
class Unwritable:
    """It can never be written as it is: the contact is gone, or the system refuses it."""

    reason: str


class RemoteList(Protocol):
    """Contacts of a system elsewhere. Its words end here."""

    name: str
    """Of its section in the settings."""
    columns: Columns
    """Which of its columns hold what, where the campaign does not say otherwise."""
    header: tuple[str, ...]
    """The columns that every row may have; rows may have more."""
    open_header: bool
    """Whether rows may have columns that nobody can list beforehand, such as fields that the account made up."""
    no_returns: str
    """Why outcomes cannot go back there; empty: they can."""

    def check(self, where: Mapping[str, Any], returns: Returns) -> list[Fault]:
        """What is wrong with a campaign's `where` (keys begin with `where`) and `returns`; asks nobody."""

    def read(self, where: Mapping[str, Any], *, after: str = "") -> AsyncIterator[Batch]:
        """All contacts that fit, each once, in constant memory; checked again on our side.

        `after`: of an earlier reading that broke off; one that the system no longer knows begins anew.
        Raises AccountRefused, Throttled, VendorError.
        """

    async def write_back(self, note: OutcomeNote, returns: Returns, *, since: datetime | None) -> Landed | Unwritable:
        """Put an outcome to its contact, once in effect however often it is asked.

        `since`: when it was first tried; None: this is the first time. Raises AccountRefused, Throttled, VendorError:
        then nobody knows, and it is asked again.
        """

    async def health(self) -> list[Finding]:
        """Whether it can be read, and what its clock says; asks little, changes nothing, raises nothing."""

    async def aclose(self) -> None: ...
