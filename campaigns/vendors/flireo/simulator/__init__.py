"""A Flireo platform of generation A to run campaigns against: an own reading of the vendor, with people who answer.

It shares no code with our client, so that a mistaken reading cannot hide on both sides. What nobody has published about
the vendor is assumed here as in any client; the assumptions that matter can be switched in `Options`.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from campaigns.ports import Clock
from campaigns.vendors.simulated.account import SimulatedAccount
from campaigns.vendors.simulated.cut import SeveringApp
from campaigns.vendors.simulated.exchange import Exchange
from campaigns.vendors.simulated.faults import Dice, Rule
from campaigns.vendors.simulated.ledger import Ledger, SimCall, SimScheduled
from campaigns.vendors.simulated.people import How
from campaigns.vendors.simulated.setup import own_numbers

from .asking import Answer, Asker
from .contacts import crowd
from .http import Seen, Surface
from .options import Faults, Options, load_faults
from .webhooks import Paper

__all__ = [
    "Answer", "Faults", "FlireoSimulator", "How", "Options", "Rule", "SimCall", "load_faults", "own_numbers",
    "simulate",
]  # fmt: skip


class FlireoSimulator(SimulatedAccount):
    """One simulated account: `app` is its HTTP surface, `run` what happens by itself.

    Args:
        clock: Decides what has happened; under a discrete clock a request must be made inside `clock.work()`.
        seed: Together with the numbers it settles what every call comes to.
        ledger: JSON lines of the truth; an existing file goes on where it ended. None: memory only.
        faults: Rules and options as read by `load_faults`.
        webhook: Where assistants report to; None: nowhere. Also `POST /_simulator/webhook {"url": …}`.
        options: How the platform is set up; None: those of `faults`.

    Raises InputError when the ledger cannot be read.
    """

    _teller: Asker
    prefix = ""
    """Every route also under `/v1`."""

    def __init__(
        self,
        *,
        clock: Clock,
        seed: int = 1,
        ledger: Path | None = None,
        faults: Faults | None = None,
        webhook: str | None = None,
        options: Options | None = None,
    ) -> None:
        faults = faults or Faults()
        options, dice = options or faults.options, Dice(seed, faults.rules)
        # Numbers come and go: in a table of our own.
        options = options.model_copy(update={"numbers": options.numbers | options.shared})
        self._teller = Asker(clock, dice, Paper(options))
        self._teller.webhook = self._teller.named = webhook
        self._exchange = Exchange(clock, seed, Ledger(ledger), dice, options, self._teller)
        self._surface = Surface(self._exchange, Seen(stats=self.stats, answers=self._shown))
        self._teller.join(self._surface.assistants, options, self._exchange.ring_us)
        self.app: SeveringApp = self._surface.app()

    @property
    def scheduled(self) -> list[SimScheduled]:
        """What was scheduled, and what became of it, oldest first."""
        return list(self._exchange.ledger.scheduled.values())

    @property
    def contacts(self) -> list[dict[str, Any]]:
        """The contact book as it is now; it holds numbers and names."""
        return self._surface.contacts.everybody()

    @property
    def answers(self) -> list[Answer]:
        """What we were told when we asked who is to talk, or what tools answer."""
        return list(self._teller.answers)

    def stats(self) -> dict[str, Any]:
        """The figures of `/_simulator/stats`."""
        return super().stats() | {"questions": self._teller.asked()}

    def _shown(self) -> list[dict[str, Any]]:
        return [answer.shown() for answer in self._teller.answers]


def simulate(  # noqa: PLR0913 - an account is set up by name
    clock: Clock,
    *,
    seed: int = 1,
    ledger: Path | None = None,
    callers: Sequence[str] = (),
    webhook: str | None = None,
    secret: str = "",  # noqa: ARG001 - generation A signs nothing
    faults: Path | None = None,
) -> FlireoSimulator:
    """A simulated account with these numbers (E.164) and some contacts. Raises InputError for a fault file that cannot
    be read."""
    chosen = load_faults(faults) if faults else Faults()
    given: dict[str, Any] = {"numbers": own_numbers(*callers)} if callers else {}
    given |= {} if chosen.options.contacts else {"contacts": crowd(seed)}
    options = chosen.options.model_copy(update=given)
    return FlireoSimulator(clock=clock, seed=seed, ledger=ledger, faults=chosen, options=options, webhook=webhook)
