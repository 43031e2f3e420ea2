"""Callab as a call provider: its test dial (`make-call`), whose answer and numbers are all that leads back to us.

Neither a key against repeats nor an id of ours is taken, and nothing is signed. So a dial that is in doubt is looked
for by number and time, and whatever a webhook says is asked for.
"""

from datetime import datetime, timedelta
from typing import Any

from campaigns.domain.call import CallOrder, CallReport, Notice, Placement, Question, Reply, Webhook
from campaigns.domain.errors import AccountRefused, Throttled, VendorError
from campaigns.ports import CallPage, ProviderFacts
from campaigns.ports.health import Finding, Needs
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.signatures import addressed

from . import facts, webhooks
from .calls import report
from .client import Callab
from .health import examine, same_number
from .models import Call, PhoneNumber


class CallabProvider:
    """Implements `ports.CallProvider`; close with `aclose`."""

    BASE_URL = facts.BASE_URL
    facts = ProviderFacts(documented_per_minute=None)

    def __init__(self, account: VendorAccount, around: Surroundings) -> None:
        self._account = account
        self._callab = Callab(account=account, around=around)
        self._numbers: dict[str, str] = {}
        """The number of each id that the API gives."""

    async def aclose(self) -> None:
        await self._callab.aclose()

    def encode(self, order: CallOrder) -> bytes:
        shown = order.caller_id and self._numbers.get(order.caller_id, order.caller_id)
        return self._callab.call_body(order.agent, shown or None, order.phone, order.variables)

    async def prepare(self, caller_ids: list[str]) -> None:
        """Callab wants the number itself; ids are looked up where the API shows them."""
        if not caller_ids:
            raise AccountRefused(f"{self._account.name}: a call needs a number to be shown. Write caller_ids.")
        known = await self._known_numbers()
        self._numbers.update({each.id: each.phone_number for each in known or [] if each.id and each.phone_number})
        unknown = [caller for caller in caller_ids if not self._is_known(caller, known)]
        if unknown:
            raise AccountRefused(
                f"{self._account.name}: {len(unknown)} of the caller_ids are not numbers of this account. "
                "Write numbers that the account has, with +."
            )

    def _is_known(self, caller: str, known: list[PhoneNumber] | None) -> bool:
        if known is None:
            return caller in self._numbers or caller.startswith("+")
        return caller in self._numbers or any(same_number(caller, each.phone_number) for each in known)

    async def _known_numbers(self) -> list[PhoneNumber] | None:
        """None: the path is V0's, and may not answer any more; then numbers pass unseen."""
        try:
            return await self._callab.phone_numbers()
        except Throttled:
            raise
        except VendorError as error:
            if error.status in (200, 404, 405):
                return None
            raise

    async def place(self, body: bytes, *, attempt_id: str) -> Placement:  # noqa: ARG002 - Callab takes no id of ours
        return await self._callab.post_call(body)

    async def page(self, *, since: datetime, offset: int, limit: int) -> CallPage:
        """The newest first, until one is older than `since`.

        `start_date` is not used: it looks at the start of a call, which a call that never began may not have. An
        offset inside a page (some rows were none of ours) means the next page: what was counted is never too much.
        """
        size = min(limit, self._callab.facts.per_page)
        calls = await self._callab.call_page(-(-offset // size), size=size, sort_column="created_at", order="desc")
        told = (report(call, self._callab.facts) for call in calls if not _is_older(call, since))
        past_it = _is_newest_first(calls) and any(_is_older(call, since) for call in calls)
        return CallPage(tuple(filter(None, told)), None, has_more=bool(calls) and not past_it)

    async def fetch(self, call_id: str) -> CallReport | None:
        try:
            call = await self._callab.get_call(call_id)
        except VendorError as error:
            if error.status == 404 or error.code == "not_found":
                return None
            raise
        found = report(call, self._callab.facts)
        return found if found is not None and found.call_id == call_id else None

    def addressed(self, token: str) -> bool:
        return addressed(token, self._account.tokens)

    def read(self, webhook: Webhook, *, now: datetime) -> Notice:  # noqa: ARG002 - nothing is dated
        return webhooks.read(webhook, tokens=self._account.tokens, facts=self._callab.facts)

    def answer(self, question: Question, reply: Reply) -> dict[str, Any]:  # noqa: ARG002 - Callab asks nothing
        return {}

    async def health(self, needs: Needs) -> list[Finding]:
        return await examine(self._callab, needs, token=self._account.webhook_token)

    async def erase(self, call_id: str) -> bool:  # noqa: ARG002 - no such endpoint exists
        return False


def _is_older(call: Call, since: datetime) -> bool:
    """By the whole second: a vendor may cut the rest of it off."""
    moment = call.created_at or call.started_at
    return moment is not None and moment < since - timedelta(seconds=1)


def _is_newest_first(calls: list[Call]) -> bool:
    """Whether the page is in the order that was asked for, as every one of its calls shows."""
    moments = [call.created_at for call in calls if call.created_at]
    return len(moments) == len(calls) and moments == sorted(moments, reverse=True)
