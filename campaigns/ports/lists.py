"""The seam to contact lists."""

from collections.abc import Iterator
from typing import Protocol

from campaigns.domain.rows import BadRow, Row


class ContactList(Protocol):
    """Rows of contacts, streamed in constant memory."""

    name: str

    def header(self) -> list[str]:
        """The columns. Raises InputError when the list cannot be read."""

    def rows(self) -> Iterator[Row | BadRow]:
        """Every row once, in order."""
