"""What a simulated account is to whoever runs or judges it, whoever the vendor is."""

from typing import Any

from .exchange import Exchange
from .ledger import SimCall
from .telling import Teller


class SimulatedAccount:
    """Its truth, where it reports to, and what happens by itself; a vendor's simulator sets both members."""

    _exchange: Exchange[Any]
    _teller: Teller

    @property
    def webhook(self) -> str | None:
        """Where webhooks go that have no address of their own; None: nowhere."""
        return self._teller.webhook

    @webhook.setter
    def webhook(self, url: str | None) -> None:
        self._teller.webhook = url

    @property
    def calls(self) -> list[SimCall]:
        """The truth so far, oldest first; it holds phone numbers."""
        return self._exchange.ledger.everything()

    def stats(self) -> dict[str, Any]:
        """The figures of `/_simulator/stats`."""
        return self._exchange.stats()

    async def run(self) -> None:
        """Do what time brings (webhooks, questions, people who call back) until cancelled.

        Webhooks that were due while nobody ran are lost, as a vendor's are; calls back are made up for.
        """
        await self._teller.run(self.calls, self._exchange.ledger.answered.__contains__)
