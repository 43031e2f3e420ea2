"""HMS Sovereign's API, usable alone:

async with HMSovereign("fl_live_…") as hms:
    print((await hms.get_organization()).minutes_balance)
    async for call in hms.calls(status="ended"):
        print(call.id, call.duration_seconds)
"""

from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.hmsovereign.facts import BASE_URL, REQUESTS_PER_MINUTE, ROUTES, Facts
from campaigns.vendors.rest import Rest

from .account import Account
from .agents import Agents
from .calling import Calling
from .campaigning import Campaigning


class HMSovereign(Calling, Campaigning, Agents, Account):
    """Every endpoint of the API; close with `aclose`, or use `async with`.

    It keeps to 100 requests a minute, and waits where the vendor says that none are left. Reading, deleting and
    changes that write the same again are repeated when they fail; what creates or dials never is, but after a 429.
    Methods raise VendorError, Throttled and AccountRefused, which name the operation and what to do.

    Args:
        api_key: As the dashboard shows it.
        base_url: Where the API is.
        account: Instead of both, with corrections to routes and facts.
        around: The program that it runs in; by default it stands alone.
    """

    def __init__(
        self,
        api_key: str = "",
        *,
        base_url: str = BASE_URL,
        account: VendorAccount | None = None,
        around: Surroundings | None = None,
    ) -> None:
        account = account or VendorAccount("hmsovereign", base_url, api_key)
        facts = Facts.corrected(account)
        rest = Rest(account, around or Surroundings(), routes=ROUTES, facts=facts, per_minute=REQUESTS_PER_MINUTE)
        super().__init__(rest, facts)
