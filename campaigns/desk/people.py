"""Leads, attempts and whoever is behind them: pages of long lists, one contact whole, and the do-not-call list."""

from collections.abc import AsyncIterator

from campaigns.app import Session
from campaigns.ports.pages import AttemptFilter, LeadFilter

from .access import Operator
from .views import AttemptView, ContactView, LeadRow, Page, RuleView, SuppressionView

USUAL = 50
"""Items of a page, where nobody says how many."""


class People:
    """What an operator asks about people. Whoever may only read is shown no number, and nothing that was said."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def leads(
        self, campaign: str, which: LeadFilter, after: str | None = None, limit: int = USUAL, *, by: Operator
    ) -> Page[LeadRow]:
        """Leads of a campaign in the order of its list.

        Raises Unknown with the names that there are, InputError where `after` is no `next` of a page.
        """
        raise NotImplementedError

    async def attempts(
        self, campaign: str, which: AttemptFilter, after: str | None = None, limit: int = USUAL, *, by: Operator
    ) -> Page[AttemptView]:
        """Attempts of a campaign in the order in which they were written down, without their moves. Raises the same."""
        raise NotImplementedError

    async def contact(self, lead: str, *, by: Operator) -> ContactView:
        """A person in one campaign, by the lead's id. Raises Unknown."""
        raise NotImplementedError

    def search(self, text: str, *, by: Operator, limit: int = USUAL) -> AsyncIterator[LeadRow]:
        """Leads of all campaigns, at most `limit`: by number in any country's writing, id or key at once, then by a
        part of the name, as they are found."""
        raise NotImplementedError

    async def suppressions(
        self, after: str | None = None, limit: int = USUAL, search: str = "", *, by: Operator
    ) -> Page[SuppressionView]:
        """The do-not-call list, newest first; `search`: a number, or a part of what is said of it."""
        raise NotImplementedError

    async def rules(self, campaign: str | None = None, *, code: str | None = None) -> tuple[RuleView, ...]:
        """Legal rules with their sources: all of them, those that bind somebody of a campaign, those of a jurisdiction.

        Raises Unknown, and InputError with the nearest known code.
        """
        raise NotImplementedError
