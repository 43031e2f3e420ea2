"""What every part of an operator's acts is given."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import MappingProxyType

from campaigns.app import Account, Session, open_account
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

    async def _account(self, name: str, stack: AsyncExitStack) -> Account:
        """The provider's account: this process's own, or one that is open as long as `stack`. Raises InputError."""
        if name in self._accounts:
            return self._accounts[name]
        return await stack.enter_async_context(open_account(self._session, name))
