"""What every part of an operator's acts is given."""

from collections.abc import Mapping
from types import MappingProxyType

from campaigns.app import Account, Session
from campaigns.domain.errors import InputError, Unknown
from campaigns.ports.store import CampaignRecord


class Part:
    """Some acts, on one database."""

    def __init__(self, session: Session, accounts: Mapping[str, Account] = MappingProxyType({})) -> None:
        """`accounts`: what this process dials with; empty: it does not dial."""
        self._session, self._accounts = session, accounts

    async def _record(self, name: str) -> CampaignRecord:
        """A campaign that can be acted on.

        Raises Unknown with the names that there are, InputError for one that is only its archive.
        """
        record = await self._session.store.campaign(name)
        if record is None:
            known = ", ".join([each.name for each in await self._session.store.campaigns()])
            raise Unknown(f"There is no campaign '{name}': {self._session.database} has {known or 'none'}.")
        if record.archived_at is not None:
            raise InputError(f"'{name}' is {record.reason}: its leads and calls are no longer in the database.")
        return record
