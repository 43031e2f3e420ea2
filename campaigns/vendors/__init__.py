"""Vendors: one folder each, one line each in the tables below; vendors never import each other.

Adding a vendor
---------------

A folder `vendors/NAME/` speaks with one vendor and holds every word of it:

`facts.py`      the table of routes (`vendors.rest.Route`), and `Facts(Assumed)`: whatever else nobody has published,
                each field with its default, marked ASSUMED; correctable under `routes` and `facts` in the settings.
`models.py`     what it says, as `vendors.loose.Loose` models: unknown keys are kept, absent optionals are None.
`client.py`     every endpoint as a typed method over `vendors.rest.Rest`; usable alone, `async with`.
`provider.py`   a `ports.CallProvider`: orders become bodies, answers become placements, records become reports. A dial
                goes through `vendors.dial.post_once` and nothing else.
`contacts.py`   a `ports.lists.RemoteList`: contacts become rows, outcomes go back.
`webhooks.py`   proof (`vendors.signatures`) and translation of what it sends us.
`simulator/`    its server, an own reading of the same documents: it imports none of the above, nor do they import it.

Then the tables: `PROVIDERS` for who calls, `LISTS` for who holds contacts, `SIMULATORS` for the server. A package
elsewhere names its classes as entry points of the groups `campaigns.providers`, `campaigns.lists` and
`campaigns.simulators` instead; a kind of ours cannot be replaced.

What a provider promises:

- `place` asks at most once. `NotSent` only where no connection was made; `Refused` only where the answer proves that
  nothing was dialled; `Placed` only with the call's id; everything else is `Unclear`.
- Every status and end-reason word is mapped, or knowingly unknown: a word that nobody has met ends no call.
- `read` raises ProofError for whatever is not proved; a signature over body and fresh time is grade BODY, a secret
  address alone is TOKEN: then the call is fetched, and that is believed.
- Texts of errors hold no number, name or key.

`tests/vendors/contract/` holds these promises against every kind in the tables; a new one adds its samples there.
"""

from importlib.metadata import entry_points
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any, Protocol, cast

from campaigns.domain.errors import InputError
from campaigns.ports import CallProvider
from campaigns.ports.lists import RemoteList

from .account import Surroundings, VendorAccount

if TYPE_CHECKING:
    from starlette.types import ASGIApp

PROVIDERS = {
    "flireo": "campaigns.vendors.flireo.provider:FlireoProvider",
    "hmsovereign": "campaigns.vendors.hmsovereign.provider:HMSovereignProvider",
    "callab": "campaigns.vendors.callab.provider:CallabProvider",
}
"""Who places calls: kind, as the settings write it → class."""
LISTS: dict[str, str] = {
    "callab": "campaigns.vendors.callab.contacts:CallabContacts",
    "callbell": "campaigns.vendors.callbell.contacts:CallbellContacts",
    "flireo": "campaigns.vendors.flireo.contacts:FlireoContacts",
}
"""Who holds contacts."""
SIMULATORS = {
    "callbell": "campaigns.vendors.callbell.simulator:simulate",
    "flireo": "campaigns.vendors.flireo.simulator:simulate",
    "hmsovereign": "campaigns.vendors.hmsovereign.simulator:simulate",
    "callab": "campaigns.vendors.callab.simulator:simulate",
}
"""The built-in servers: kind → `simulate(clock, …)`."""


class ProviderKind(Protocol):
    """A vendor's class of providers."""

    facts: Any
    """`ports.ProviderFacts`."""
    BASE_URL: str
    """Where the vendor is; empty: it is not published, and the settings must say."""

    def __call__(self, account: VendorAccount, around: Surroundings) -> CallProvider: ...


class ListKind(Protocol):
    """A vendor's class of contact lists."""

    BASE_URL: str

    def __call__(self, account: VendorAccount, around: Surroundings) -> RemoteList: ...


class Simulator(Protocol):
    """A vendor's built-in server."""

    app: "ASGIApp"
    prefix: str
    """Below which its API is, such as `/v1`."""

    async def run(self) -> None:
        """Do what time brings until cancelled."""


def provider_kind(kind: str) -> ProviderKind:
    """Raises InputError for a kind that nobody knows."""
    return cast(ProviderKind, _found("providers", PROVIDERS, kind))


def list_kind(kind: str) -> ListKind:
    """Raises InputError for a kind that nobody knows."""
    return cast(ListKind, _found("lists", LISTS, kind))


def simulate(kind: str, **setting: Any) -> Simulator:
    """A vendor's built-in server. Raises InputError where there is none.

    Args:
        kind: The vendor.
        setting: `clock`, and where wanted `seed`, `ledger` (a file of the truth), `callers` (our numbers, E.164),
            `webhook` (where it reports to) and `secret` (which it signs with).
    """
    return cast(Simulator, _found("simulators", SIMULATORS, kind)(**setting))


def kinds(group: str) -> list[str]:
    """Every known kind of `providers`, `lists` or `simulators`, ours first."""
    own = {"providers": PROVIDERS, "lists": LISTS, "simulators": SIMULATORS}[group]
    return [*own, *sorted({entry.name for entry in entry_points(group=f"campaigns.{group}")} - own.keys())]


def _found(group: str, own: dict[str, str], kind: str) -> Any:
    if kind in own:
        return resolve_name(own[kind])
    for entry in entry_points(group=f"campaigns.{group}", name=kind):
        return entry.load()
    raise InputError(f"'{kind}' is no kind of {group} that is known. Known are: {', '.join(kinds(group))}.")
