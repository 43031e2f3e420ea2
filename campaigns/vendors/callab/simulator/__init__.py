"""A Callab company to run campaigns against: an own reading of both generations of the vendor's API, with people who
answer and contacts with fiction numbers.

It shares no code with our client, so that a mistaken reading cannot hide on both sides. What nobody has published about
the vendor is assumed here as in any client; the assumptions that matter can be switched in `Options`.
"""

from collections.abc import Sequence
from pathlib import Path

from campaigns.ports import Clock
from campaigns.vendors.simulated.account import SimulatedAccount
from campaigns.vendors.simulated.cut import SeveringApp
from campaigns.vendors.simulated.exchange import Exchange
from campaigns.vendors.simulated.faults import Dice, Rule, read_faults
from campaigns.vendors.simulated.ledger import Ledger, SimCall
from campaigns.vendors.simulated.people import How
from campaigns.vendors.simulated.setup import own_numbers
from campaigns.vendors.simulated.telling import Teller

from .book import Book, seeded
from .http import Surface
from .options import Faults, Options
from .webhooks import Paper

__all__ = ["CallabSimulator", "Faults", "How", "Options", "Rule", "SimCall", "load_faults", "own_numbers", "simulate"]


class CallabSimulator(SimulatedAccount):
    """One simulated company: `app` is its HTTP surface, `run` what happens by itself.

    Args:
        clock: Decides what has happened; under a discrete clock a request must be made inside `clock.work()`.
        seed: Together with the numbers it settles what every call comes to, and who the contacts are.
        ledger: JSON lines of the truth; an existing file goes on where it ended. None: memory only.
        faults: Rules and options as read by `load_faults`.
        webhook: Where the flow reports to; None: nowhere. Also `POST /_simulator/webhook {"url": …}`.
        options: How the platform is set up; None: those of `faults`.

    Raises InputError when the ledger cannot be read.
    """

    prefix = "/v1"
    """Of V1; V0's paths stand beside it."""

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
        self._teller = Teller(clock, dice, Paper(options))
        self._teller.webhook = self._teller.named = webhook
        self._exchange = Exchange(clock, seed, Ledger(ledger), dice, options, self._teller)
        self.book = Book(seeded(seed, options.people))
        """People made up from the seed; `book.contacts` may be changed, as by the dashboard."""
        self.app: SeveringApp = Surface(self._exchange, self.book).app()


def load_faults(path: Path) -> Faults:
    """Read a fault file (YAML, JSON or TOML). Raises InputError with every problem found."""
    return read_faults(path, Faults)


def simulate(  # noqa: PLR0913 - a company is set up by name
    clock: Clock,
    *,
    seed: int = 1,
    ledger: Path | None = None,
    callers: Sequence[str] = (),
    webhook: str | None = None,
    secret: str = "",  # noqa: ARG001 - Callab signs nothing
    faults: Path | None = None,
) -> CallabSimulator:
    """A simulated company with these numbers (E.164). Raises InputError for a fault file that cannot be read."""
    chosen = load_faults(faults) if faults else Faults()
    options = chosen.options.model_copy(update={"numbers": own_numbers(*callers)}) if callers else None
    return CallabSimulator(clock=clock, seed=seed, ledger=ledger, faults=chosen, options=options, webhook=webhook)
