"""The one place that every face stands on: each part of it is a topic, and keeps what all who look share."""

from collections.abc import Mapping
from types import MappingProxyType

from campaigns.app import Account, Session

from .acts import Acts
from .board import Board
from .consents import Consents
from .drafts import Drafts
from .people import People

_NONE: Mapping[str, Account] = MappingProxyType({})


class Desk:
    """What an operator asks and does, on one database.

    A face that lives long keeps `run` going in a task of its own; whoever asks once needs no more than the parts.
    """

    def __init__(self, session: Session, accounts: Mapping[str, Account] = _NONE) -> None:
        """`accounts`: what this process dials with; empty: it only looks."""
        self.session, self.accounts = session, accounts
        self.board = Board(session)
        self.people = People(session)
        self.acts = Acts(session, accounts)
        self.drafts = Drafts(session)
        self.consents = Consents(session)

    async def run(self) -> None:
        """Keep fresh what somebody looks at, until cancelled; what nobody looks at costs nothing."""
        await self.board.run()
