"""A typed client of Flireo generation A, usable alone:

    async with Flireo(api_key, base_url="https://…/v1") as flireo:
        async for contact in flireo.contacts(email="example"):
            ...

Reading, PUT, DELETE and PATCH are repeated after a broken answer, other requests only after a 429; a call is asked for
once. PUT makes null whatever is left out, so it is `replace_…` and wants the whole; `update_…` is PATCH.
"""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, Unpack

from campaigns.domain.errors import InputError
from campaigns.vendors.account import Surroundings, VendorAccount

from .asking import Query
from .calls import CallRecord
from .dialing import Dialing
from .models import (
    Assistant,
    AssistantFields,
    Contact,
    ContactFields,
    Faqs,
    Injected,
    InstantAgent,
    KnowledgeAnswer,
    Listing,
    Profile,
    User,
    WholeAssistant,
    WholeContact,
)
from .numbers import Numbers
from .scheduled import ScheduledRecord

BASE_URL = ""
"""Not published."""


class Flireo(Dialing, Numbers):
    """Every endpoint of the Dutch reference; close with `aclose`, or use `async with`.

    Args:
        api_key: ASSUMED to be a bearer key; `facts.auth` of the account says otherwise.
        base_url: Where the API is; nobody has published it.
        account: In place of both: an account with corrections.
        around: The program that it runs in; None: alone, in real time, within 100 requests a minute.

    Every method raises AccountRefused (401, 402, 403), Throttled (429), VendorError (anything else).
    """

    def __init__(
        self,
        api_key: str = "",
        *,
        base_url: str = BASE_URL,
        account: VendorAccount | None = None,
        around: Surroundings | None = None,
    ) -> None:
        account = account or VendorAccount("flireo", base_url, api_key)
        if not account.base_url:
            raise InputError("Flireo has no published address: name base_url, such as https://host/v1.")
        super().__init__(account, around or Surroundings())

    # --- contacts: list and PUT are seen, the others ASSUMED ---------------------------------------------------------

    async def contacts(
        self, *, full_name: str = "", email: str = "", phone_number: str = "", org_id: str = ""
    ) -> AsyncIterator[Contact]:
        """Every contact that fits, once; ASSUMED: names and e-mails by a part of them, numbers exactly."""
        query = {"full_name": full_name, "email": email, "phone_number": phone_number, "org_id": org_id}
        async for contact in self._every("list_contacts", Contact, "contacts", query, key="contact_id"):
            yield contact

    async def contacts_page(self, *, offset: int, limit: int) -> Listing[Contact]:
        """One page of all contacts."""
        query = {"limit": min(limit, self.facts.page), "offset": offset}
        return await self._listing("list_contacts", Contact, "contacts", query)

    async def create_contact(self, **fields: Unpack[ContactFields]) -> Contact:
        """A new contact; `phone_number` is required. ASSUMED: 400 `already_in_use` where it exists."""
        return await self._one("create_contact", Contact, "contact", body=fields)

    async def get_contact(self, contact_id: str) -> Contact:
        """One contact."""
        return await self._one("get_contact", Contact, "contact", ids={"id": contact_id})

    async def update_contact(self, contact_id: str, **changes: Unpack[ContactFields]) -> Contact:
        """Change what is named, and nothing else."""
        return await self._one("update_contact", Contact, "contact", ids={"id": contact_id}, body=changes)

    async def replace_contact(self, contact_id: str, whole: WholeContact) -> Contact:
        """Put another contact in the place of one: members that are None become null."""
        return await self._one("replace_contact", Contact, "contact", ids={"id": contact_id}, body=dict(whole))

    async def delete_contact(self, contact_id: str) -> None:
        """Forget a contact."""
        await self._done("delete_contact", ids={"id": contact_id})

    # --- assistants: ASSUMED -----------------------------------------------------------------------------------------

    async def assistants(self, *, org_id: str = "") -> AsyncIterator[Assistant]:
        """Every assistant."""
        query = {"org_id": org_id}
        async for assistant in self._every("list_assistants", Assistant, "assistants", query, key="assistant_id"):
            yield assistant

    async def create_assistant(self, **fields: Unpack[AssistantFields]) -> Assistant:
        """A new assistant; `name` is required."""
        return await self._one("create_assistant", Assistant, "assistant", body=fields)

    async def get_assistant(self, assistant_id: str) -> Assistant:
        """One assistant."""
        return await self._one("get_assistant", Assistant, "assistant", ids={"id": assistant_id})

    async def update_assistant(self, assistant_id: str, **changes: Unpack[AssistantFields]) -> Assistant:
        """Change what is named, and nothing else."""
        return await self._one("update_assistant", Assistant, "assistant", ids={"id": assistant_id}, body=changes)

    async def replace_assistant(self, assistant_id: str, whole: WholeAssistant) -> Assistant:
        """Put another assistant in the place of one: whatever is not named becomes null."""
        body = dict(whole)
        return await self._one("replace_assistant", Assistant, "assistant", ids={"id": assistant_id}, body=body)

    async def delete_assistant(self, assistant_id: str) -> None:
        """Remove an assistant."""
        await self._done("delete_assistant", ids={"id": assistant_id})

    # --- calls: ASSUMED; `place_call` and `schedule_call` are in `dialing.py` ----------------------------------------

    async def calls(
        self,
        *,
        assistant_id: str = "",
        status: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
        org_id: str = "",
    ) -> AsyncIterator[CallRecord]:
        """Every call that fits, created from `since` to `until`."""
        query: Query = {
            "assistant_id": assistant_id, "status": status, "start_date": since, "end_date": until, "org_id": org_id,
        }  # fmt: skip
        async for call in self._every("list_calls", CallRecord, "calls", query, key="call_id"):
            yield call

    async def calls_page(self, *, since: datetime, offset: int, limit: int) -> Listing[CallRecord]:
        """One page of the calls created from `since` on."""
        query: Query = {"limit": min(limit, self.facts.page), "offset": offset, "start_date": since}
        return await self._listing("list_calls", CallRecord, "calls", query)

    async def get_call(self, call_id: str) -> CallRecord:
        """One call."""
        return await self._one("get_call", CallRecord, "call", ids={"id": call_id})

    async def delete_call(self, call_id: str) -> None:
        """Delete the record; it does not hang up."""
        await self._done("delete_call", ids={"id": call_id})

    async def inject_message(self, call_id: str, message: str) -> Injected:
        """Tell a live call's assistant something; 404 unknown, 400 not active."""
        return await self._one("inject_message", Injected, body={"call_id": call_id, "message": message})

    # --- scheduled calls: ASSUMED ------------------------------------------------------------------------------------

    async def scheduled_calls(
        self, *, status: str = "", assistant_id: str = "", org_id: str = ""
    ) -> AsyncIterator[ScheduledRecord]:
        """Every scheduled call that fits, whatever became of it."""
        query = {"status": status, "assistant_id": assistant_id, "org_id": org_id}
        name, key = "scheduled_calls", "scheduled_call_id"
        async for one in self._every("list_scheduled_calls", ScheduledRecord, name, query, key=key):
            yield one

    async def scheduled_calls_page(self, *, offset: int, limit: int) -> Listing[ScheduledRecord]:
        """One page of them all."""
        query = {"limit": min(limit, self.facts.page), "offset": offset}
        return await self._listing("list_scheduled_calls", ScheduledRecord, "scheduled_calls", query)

    async def get_scheduled_call(self, scheduled_call_id: str) -> ScheduledRecord:
        """One scheduled call."""
        ids = {"id": scheduled_call_id}
        return await self._one("get_scheduled_call", ScheduledRecord, "scheduled_call", ids=ids)

    async def update_scheduled_call(
        self,
        scheduled_call_id: str,
        *,
        scheduled_at: datetime | None = None,
        phone_number: str | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> ScheduledRecord:
        """Change what is named; 400 `invalid_status` once it no longer waits."""
        every = {"scheduled_at": scheduled_at, "phone_number": phone_number, "metadata": metadata}
        body = {name: value for name, value in every.items() if value is not None}
        ids = {"id": scheduled_call_id}
        return await self._one("update_scheduled_call", ScheduledRecord, "scheduled_call", ids=ids, body=body)

    async def cancel_scheduled_call(self, scheduled_call_id: str) -> ScheduledRecord | None:
        """Call it off; None: the answer does not show it. 400 `invalid_status` once it has started."""
        data = await self.rest.ask("cancel_scheduled_call", ids={"id": scheduled_call_id})
        return self._read(ScheduledRecord, data, "scheduled_call")

    # --- the account and the rest: ASSUMED ---------------------------------------------------------------------------

    async def get_user(self) -> User:
        """Whose key it is."""
        return await self._one("get_user", User, "user")

    async def get_profile(self) -> Profile:
        """The same, with the credits that are left."""
        return await self._one("get_user_profile", Profile, "user")

    async def get_me(self) -> User:
        """Legacy: use `get_user`."""
        return await self._one("get_user_legacy", User, "user")

    async def query_knowledgebase(self, assistant_id: str, query: str) -> KnowledgeAnswer:
        """Ask what an assistant knows."""
        return await self._one(
            "query_knowledgebase", KnowledgeAnswer, body={"assistant_id": assistant_id, "query": query}
        )

    async def create_instant_agent(self, **fields: Any) -> InstantAgent:
        """An assistant from a few words; what it wants to know is not described."""
        return await self._one("create_instant_agent", InstantAgent, "assistant", body=fields)

    async def generate_faqs(self, **fields: Any) -> Faqs:
        """Questions and answers for an instant agent; what it wants to know is not described."""
        return await self._one("generate_faqs", Faqs, body=fields)
