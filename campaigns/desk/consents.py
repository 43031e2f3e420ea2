"""What people agreed to, by the records that lists have left."""

from dataclasses import dataclass
from datetime import datetime

from campaigns.app import Session
from campaigns.domain.contact import keyed_hash

from .access import Operator, Role, demand
from .barring import number_of


@dataclass(frozen=True, slots=True)
class ConsentView:
    """What one list says that somebody agreed to, for one purpose."""

    consent: str
    """Its basis, such as `prior_written`."""
    purpose: str
    given_at: datetime | None
    withdrawn_at: datetime | None
    """Since then it does not count any more."""
    recorded_at: datetime
    by: str
    """Who said so, and by which list."""
    proof: str


class Consents:
    """What is on record."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def of(self, number: str, *, by: Operator) -> tuple[ConsentView, ...]:
        """What is on record of a number. Raises InputError that does not show it."""
        demand(by, Role.OPERATE, "see what somebody agreed to")
        key = keyed_hash(self._session.hash_key, "phone", number_of(number))
        return tuple(
            ConsentView(
                record.consent.basis, record.purpose, record.consent.given_at, record.withdrawn_at,
                record.recorded_at, f"{record.who} {record.source}".strip(), record.consent.proof,
            )
            for record in await self._session.store.consents(key)
        )  # fmt: skip
