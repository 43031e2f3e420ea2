"""An HMS Sovereign platform to run campaigns against: an own reading of the vendor, with people who answer.

It shares no code with our client, so that a mistaken reading cannot hide on both sides. What the vendor does not
publish is assumed here as in any client; the assumptions that matter can be switched in `Options`.
"""

from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from campaigns.ports import Clock
from campaigns.vendors.simulated.account import SimulatedAccount
from campaigns.vendors.simulated.cut import SeveringApp
from campaigns.vendors.simulated.exchange import Exchange
from campaigns.vendors.simulated.faults import Dice, Rule
from campaigns.vendors.simulated.ledger import Ledger, SimCall
from campaigns.vendors.simulated.people import How
from campaigns.vendors.simulated.setup import own_numbers

from .account import Account
from .calls import TRANSIENT, Calls
from .campaigning import Campaigns
from .options import Faults, Options, load_faults
from .paper import Paper
from .questions import Answered, Asker, tools_of
from .shelves import Thing
from .stock import stocked
from .surface import Guard

__all__ = [
    "Answered", "Faults", "HMSovereignSimulator", "How", "Options", "Rule", "SimCall", "load_faults", "own_numbers",
    "simulate",
]  # fmt: skip


class HMSovereignSimulator(SimulatedAccount):
    """One simulated account: `app` is its HTTP surface, `run` what happens by itself.

    Args:
        clock: Decides what has happened; under a discrete clock a request must be made inside `clock.work()`.
        seed: Together with the numbers it settles what every call comes to.
        ledger: JSON lines of the truth; an existing file goes on where it ended. None: memory only.
        faults: Rules and options as read by `load_faults`.
        webhook: The account's own address for webhooks; None: none. Also `POST /_simulator/webhook {"url": …}`.
        options: How the platform is set up; None: those of `faults`.

    Raises InputError when the ledger cannot be read.
    """

    _teller: Asker
    prefix = "/api/v1"

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
        chosen, dice = options or faults.options, Dice(seed, faults.rules)
        own = chosen.model_copy(update={"numbers": dict(chosen.numbers), "assistants": None})
        self._stock = stocked(chosen.model_copy(update={"numbers": own.numbers}), clock)
        paper = Paper(own, clock, self._agent)
        self._teller = Asker(clock, dice, paper, lambda call: tools_of(self._agent(call.assistant_id), call))
        self._teller.webhook = self._teller.named = webhook
        self._exchange = Exchange(clock, seed, Ledger(ledger), dice, own, self._teller)
        self.app = SeveringApp(routes=[*self._control(), Mount(self.prefix, routes=self._api())])

    def _api(self) -> list[BaseRoute]:
        guard, agents, numbers = Guard(self._exchange), self._stock.assistants, self._stock.numbers
        return [
            *Calls(self._exchange, agents, numbers).routes(guard),
            *Campaigns(self._exchange, agents).routes(guard),
            *self._stock.routes(guard),
            *Account(self._exchange, agents, numbers).routes(guard),
        ]

    def _control(self) -> list[BaseRoute]:
        return [
            Route("/_simulator/ledger", self._ledger),
            Route("/_simulator/stats", self._stats),
            Route("/_simulator/webhook", self._redirect, methods=["POST"]),
        ]

    def _agent(self, assistant_id: str) -> Thing:
        """An assistant as it is now; nothing for one that is gone, or that its call brought along."""
        if assistant_id == TRANSIENT:
            return {}
        shelf = self._stock.assistants
        return shelf.things.get(assistant_id) or shelf.vouch(assistant_id) or {}

    @property
    def answers(self) -> list[Answered]:
        """What was asked while people were on the line, and what came back."""
        return self._teller.answers

    async def _ledger(self, _request: Request) -> Response:
        lines = [call.model_dump_json() + "\n" for call in self.calls]
        return PlainTextResponse("".join(lines), media_type="application/jsonl")

    async def _stats(self, _request: Request) -> Response:
        return JSONResponse(self.stats())

    async def _redirect(self, request: Request) -> Response:
        try:
            wish = _Address.model_validate_json(await request.body())
        except ValidationError:
            return JSONResponse({"message": 'Send {"url": "http://…"}, or null for none.'}, 400)
        self.webhook = wish.url
        return JSONResponse({"url": wish.url})


class _Address(BaseModel):
    url: str | None = Field(pattern=r"^https?://.")


def simulate(  # noqa: PLR0913 - an account is set up by name
    clock: Clock,
    *,
    seed: int = 1,
    ledger: Path | None = None,
    callers: Sequence[str] = (),
    webhook: str | None = None,
    secret: str = "",
    faults: Path | None = None,
) -> HMSovereignSimulator:
    """A simulated account with these numbers (E.164), whose assistants sign with `secret`.

    Raises InputError for a fault file that cannot be read.
    """
    chosen = load_faults(faults) if faults else Faults()
    changes = ({"numbers": own_numbers(*callers)} if callers else {}) | ({"secret": secret} if secret else {})
    options = chosen.options.model_copy(update=changes)
    return HMSovereignSimulator(clock=clock, seed=seed, ledger=ledger, faults=chosen, options=options, webhook=webhook)
