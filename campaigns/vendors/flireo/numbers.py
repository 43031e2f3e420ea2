"""Flireo's phone numbers: for sale, of the account, on order, linked to assistants, and the groups that prove who may
have local ones. Seen in the guide but where ROUTES says ASSUMED."""

from collections.abc import AsyncIterator
from typing import Literal

from campaigns.vendors.rest import rows

from .asking import Asking, Query
from .models import (
    AvailableNumber,
    Document,
    GroupApplication,
    NumberLink,
    NumberOrder,
    PhoneNumber,
    VerificationGroup,
)

NumberType = Literal["local", "mobile", "national"]


class Numbers(Asking):
    """Every request about numbers; raises AccountRefused, Throttled, VendorError."""

    async def available_numbers(
        self, *, number_type: Literal["national", "mobile"] = "national", query: str = "", limit: int | None = None
    ) -> tuple[AvailableNumber, ...]:
        """Numbers for sale, at most 50; `query` is a pattern."""
        asked: Query = {"number_type": number_type, "query": query, "limit": limit or self.facts.available_page}
        return (await self._listing("list_available_numbers", AvailableNumber, "available_numbers", asked)).items

    async def available_numbers_legacy(self, *, query: str = "") -> tuple[AvailableNumber, ...]:
        """Legacy: use `available_numbers`. ASSUMED: GET /available-phone-numbers."""
        asked = {"query": query}
        return (await self._listing("list_available_numbers_legacy", AvailableNumber, "available_numbers", asked)).items

    async def phone_numbers(self, *, shared: bool = False) -> AsyncIterator[PhoneNumber]:
        """The account's numbers; with `shared`, then those of the platform that several accounts may use."""
        met: dict[str, PhoneNumber] = {}
        async for number in self._numbers(met, shared=shared):
            yield number
        for number in met.values():
            yield number

    async def _numbers(self, met: dict[str, PhoneNumber], *, shared: bool) -> AsyncIterator[PhoneNumber]:
        """The list proper; `met` takes the shared ones, which stand beside it on every page."""

        def look(data: object) -> None:
            for row in rows(data, "shared_numbers") or [] if isinstance(data, dict) and shared else []:
                if (number := self._read(PhoneNumber, row, "")) is not None:
                    met[number.id] = number

        query = {"include_default": shared}
        async for number in self._every("list_phone_numbers", PhoneNumber, "phone_numbers", query, key="id", look=look):
            yield number

    async def get_phone_number(self, number_id: str) -> PhoneNumber:
        """One number. ASSUMED."""
        return await self._one("get_phone_number", PhoneNumber, ids={"id": number_id})

    async def delete_phone_number(self, number_id: str) -> None:
        """Give a number up; 400 `already_in_use` while it is linked. ASSUMED."""
        await self._done("delete_phone_number", ids={"id": number_id})

    async def order_phone_number(
        self, phone_number: str, *, number_type: NumberType = "national", verification_group_id: str | None = None
    ) -> NumberOrder:
        """Buy a number with credits; poll `get_number_order` until it is `success` or `failed`.

        Local numbers need an approved verification group. Raises AccountRefused (402) where credits do not suffice.
        """
        body = {"phone_number": phone_number, "number_type": number_type}
        more = {"verification_group_id": verification_group_id} if verification_group_id else {}
        return await self._one("order_phone_number", NumberOrder, body=body | more)

    async def number_orders(
        self,
        *,
        status: Literal["pending", "success", "failed"] | None = None,
        verification_group_id: str | None = None,
        number_type: NumberType | None = None,
    ) -> AsyncIterator[NumberOrder]:
        """Every order that fits."""
        query = {"status": status, "verification_group_id": verification_group_id, "number_type": number_type}
        async for order in self._every("list_orders", NumberOrder, "orders", query, key="order_id"):
            yield order

    async def get_number_order(self, order_id: str) -> NumberOrder:
        """One order, and how it stands."""
        return await self._one("get_order", NumberOrder, "order", ids={"id": order_id})

    async def assistant_number(self, assistant_id: str) -> NumberLink:
        """Which number an assistant has; `phone_number` is None where it has none."""
        return await self._one("get_linked_number", NumberLink, ids={"id": assistant_id})

    async def link_number(self, assistant_id: str, phone_number_id: str) -> NumberLink:
        """Give an assistant a number; it silently drops the one before, which `previous_phone_number_id` names."""
        body = {"phone_number_id": phone_number_id}
        return await self._one("link_number", NumberLink, ids={"id": assistant_id}, body=body)

    async def unlink_number(self, assistant_id: str) -> NumberLink:
        """Take it away again; 400 `no_phone_number` where there is none."""
        return await self._one("unlink_number", NumberLink, ids={"id": assistant_id})

    # --- verification ------------------------------------------------------------------------------------------------

    async def verification_groups(
        self,
        *,
        status: Literal["pending", "approved", "rejected", "deleted"] | None = None,
        phone_number_type: NumberType | None = None,
    ) -> AsyncIterator[VerificationGroup]:
        """Every group that fits."""
        query = {"status": status, "phone_number_type": phone_number_type}
        async for group in self._every(
            "list_verification_groups", VerificationGroup, "verification_groups", query, key="id"
        ):
            yield group

    async def create_verification_group(self, application: GroupApplication) -> VerificationGroup:
        """Begin to prove who wants local numbers; the answer holds the new group's id alone."""
        body = application.model_dump(exclude_none=True)
        return await self._one("create_verification_group", VerificationGroup, body=body)

    async def get_verification_group(self, group_id: str) -> VerificationGroup:
        """A group with its documents and numbers."""
        return await self._one("get_verification_group", VerificationGroup, "verification_group", ids={"id": group_id})

    async def delete_verification_group(self, group_id: str) -> None:
        """Its status becomes `deleted`. ASSUMED."""
        await self._done("delete_verification_group", ids={"id": group_id})

    async def documents(self, group_id: str) -> tuple[Document, ...]:
        """What proves a group. ASSUMED."""
        return (
            await self._listing("list_verification_documents", Document, "documents", {}, ids={"id": group_id})
        ).items

    async def upload_document(
        self,
        group_id: str,
        kind: str,
        name: str,
        content: bytes,
        *,
        content_type: str = "application/pdf",
    ) -> Document:
        """Add a document, such as a `proof_of_address`. ASSUMED: multipart with `file` and `type`."""
        files = {"type": (None, kind), "file": (name, content, content_type)}
        return await self._one("upload_verification_document", Document, "document", ids={"id": group_id}, files=files)

    async def delete_document(self, group_id: str, document_id: str) -> None:
        """Take a document back. ASSUMED."""
        await self._done("delete_verification_document", ids={"id": group_id, "document": document_id})

    async def group_numbers(self, group_id: str) -> tuple[AvailableNumber, ...]:
        """Numbers for sale to an approved group; the answer's shape is ASSUMED."""
        listing = await self._listing(
            "list_group_numbers", AvailableNumber, "available_numbers", {}, ids={"id": group_id}
        )
        return listing.items

    async def order_group_number(self, group_id: str, phone_number: str) -> NumberOrder:
        """Buy a local number; 400 `invalid_status` until the group is approved."""
        body = {"phone_number": phone_number}
        return await self._one("order_group_number", NumberOrder, ids={"id": group_id}, body=body)

    async def submit_verification_group(self, group_id: str) -> None:
        """Hand a group in; 400 `invalid_status` where documents are missing. ASSUMED."""
        await self._done("submit_verification_group", ids={"id": group_id})
