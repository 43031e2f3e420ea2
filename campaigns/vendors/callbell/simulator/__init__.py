"""A Callbell account to run campaigns against: an own reading of the documentation, with its quirks.

It shares no code with our client, so that a mistaken reading cannot hide on both sides. What nobody has published is
assumed here as in any client; the assumptions that matter can be switched in `Options`.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from campaigns.ports import Clock
from campaigns.vendors.simulated.cut import SeveringApp
from campaigns.vendors.simulated.faults import Dice, Rule, read_faults

from .account import Account, SimContact, SimMessage
from .asked import Door
from .office import Office
from .options import Faults, Options
from .people import People
from .seeded import bare, seeded
from .telling import Teller

__all__ = ["CallbellSimulator", "Faults", "Options", "Rule", "SimContact", "SimMessage", "simulate"]


class CallbellSimulator:
    """One simulated account: `app` is its HTTP surface, `run` what happens by itself.

    Args:
        clock: Decides what has happened; under a discrete clock a request must be made inside `clock.work()`.
        seed: Settles who is in the account, whose conversation moves, and whom faults befall.
        faults: Rules and options.
        webhook: Where events go from the beginning; None: nowhere, until somebody subscribes.
        secret: Signs them; empty: they are not signed.
        contacts: Who is in the account; None: a few dozen people.
    """

    prefix = "/v1"

    def __init__(
        self,
        *,
        clock: Clock,
        seed: int = 1,
        faults: Faults | None = None,
        webhook: str | None = None,
        secret: str = "",
        contacts: Iterable[SimContact] | None = None,
    ) -> None:
        faults = faults or Faults()
        dice = Dice(seed, faults.rules)
        self._clock = clock
        self.account: Account = seeded(clock.now(), seed) if contacts is None else bare(clock.now(), seed)
        if contacts is not None:
            self.account.contacts = list(contacts)
        self.door = Door(clock, faults.options, dice)
        self.teller = Teller(clock, dice, webhook, secret)
        self.app: SeveringApp = self._app()

    @property
    def contacts(self) -> list[SimContact]:
        """The truth; it holds numbers and names."""
        return self.account.contacts

    @contacts.setter
    def contacts(self, contacts: Iterable[SimContact]) -> None:
        self.account.contacts = list(contacts)

    @property
    def options(self) -> Options:
        return self.door.options

    async def run(self) -> None:
        """Deliver webhooks and check the connection until cancelled."""
        await self.teller.run()

    def _app(self) -> SeveringApp:
        parts = (People, Office)
        api = [route for part in parts for route in part(self.account, self.door, self.teller, self._clock).routes()]
        control = [
            Route("/_simulator/contacts", self._truth),
            Route("/_simulator/stats", self._stats),
            Route("/_simulator/stir", self._stir, methods=["POST"]),
            Route("/_simulator/say", self._say, methods=["POST"]),
        ]
        return SeveringApp(routes=[*control, Mount(self.prefix, routes=api)])

    async def _truth(self, request: Request) -> Response:
        """Everybody with their tags, fields and notes; `?uuid=` for one."""
        wanted = request.query_params.get("uuid")
        return JSONResponse(
            [
                {"uuid": one.uuid, "tags": one.tags, "fields": one.fields, "notes": one.notes, "note": one.note}
                for one in self.contacts
                if wanted in (None, one.uuid)
            ]
        )

    async def _stats(self, _request: Request) -> Response:
        told = sum(event["success"] for event in self.teller.log)
        return JSONResponse({"requests": self.door.asked, "contacts": len(self.contacts), "events_taken": told})

    async def _stir(self, request: Request) -> Response:
        """`{"moves": 5}`: so many conversations move to the front now."""
        moves = await _number(request, "moves")
        self.account.stir(moves)
        return JSONResponse({"moved": moves})

    async def _say(self, request: Request) -> Response:
        """`{"uuid": …, "text": …}`: the person writes."""
        wish = await request.json()
        contact = self.account.find(str(wish.get("uuid")))
        if contact is None:
            return JSONResponse({"error": "not found"}, 404)
        message = self.account.say(contact, str(wish.get("text", "")), "received", now=self._clock.now())
        self.teller.tell("message_created", {"uuid": message.uuid, "text": message.text, "status": "received"})
        return JSONResponse({"uuid": message.uuid})


async def _number(request: Request, name: str) -> int:
    value = (await request.json()).get(name, 1)
    return value if isinstance(value, int) and 0 <= value <= 100_000 else 1


def simulate(  # noqa: PLR0913 - an account is set up by name
    clock: Clock,
    *,
    seed: int = 1,
    ledger: Path | None = None,  # noqa: ARG001 - nobody is called here
    callers: Sequence[str] = (),  # noqa: ARG001 - nor from anywhere
    webhook: str | None = None,
    secret: str = "",
    faults: Path | None = None,
) -> CallbellSimulator:
    """A simulated account of a few dozen people. Raises InputError for a fault file that cannot be read."""
    chosen = read_faults(faults, Faults) if faults else Faults()
    return CallbellSimulator(clock=clock, seed=seed, faults=chosen, webhook=webhook, secret=secret)
