"""Callbell's contacts and their conversations."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, TypedDict, Unpack

from campaigns.domain.errors import VendorError
from campaigns.vendors.walking import WALKS, Seen

from .models import Bot, Contact, Message
from .speaking import MOST_PAGES, Listed, Query, Speaking, named, numbered


class ContactFilters(TypedDict, total=False):
    """What the server can filter by; it matches tags looser than exactly (OBS), so look again."""

    tags: Sequence[str]
    """Whether several mean all or any of them is not said."""
    source: str
    team_uuid: str
    include_field_types: bool
    """Adds `custom_fields_metadata`."""


class ContactChanges(TypedDict, total=False):
    """What may be written; what is left out stays as it is."""

    name: str
    tags: Sequence[str]
    """Replaces the whole list (OBS)."""
    custom_fields: Mapping[str, str | Sequence[str]]
    """By label; a sequence for a checkbox. Send the changed ones alone."""
    assigned_user: str
    """Email."""
    unassign_user: bool
    team_uuid: str
    bot_status: str
    """bot_start or bot_end."""
    note: str
    """At most 1000 characters; replaces what people wrote there, empty clears it."""


class NewContact(TypedDict, total=False):
    """The optional part of a new contact, as in `ContactChanges`."""

    tags: Sequence[str]
    custom_fields: Mapping[str, str | Sequence[str]]
    assigned_user: str
    team_uuid: str
    channel_uuid: str
    """The main channel if absent."""
    bot_status: str
    note: str


class Crm(Speaking):
    """Pages: https://docs.callbell.eu/api/reference/contacts_api/"""

    async def list_contacts(self, *, page: int = 1, after: str = "", **by: Unpack[ContactFilters]) -> Listed[Contact]:
        """One page, most recent conversation first; `after` (a cursor of `meta.next`) goes before `page`."""
        query = self._filters(by) | ({"after": after} if after else {"page": str(page)} if page > 1 else {})
        return await self._list(Contact, "contacts", "list_contacts", query)

    async def contacts(self, **by: Unpack[ContactFilters]) -> AsyncIterator[Contact]:
        """Everybody that the server finds, each once, in constant memory; as `contact_pages`."""
        async for found, _ in self.contact_pages(**by):
            for contact in found:
                yield contact

    async def contact_pages(
        self, *, after: str = "", **by: Unpack[ContactFilters]
    ) -> AsyncIterator[tuple[Sequence[Contact], str]]:
        """What is new of each page, and the cursor to go on after it (empty: none).

        By cursor where the API has them (since 2026-08), else by page number. A cursor that Callbell no longer takes
        begins anew and passes over everybody that was met. Raises as `Rest.ask`, and VendorError for an account too
        large to be walked without cursors.
        """
        with Seen() as seen:
            start = after
            for _ in range(WALKS):
                try:
                    async for page in self._walk(start, by, seen):
                        yield page
                    return
                except _StaleCursor as error:
                    start, stale = "", error
        raise VendorError(
            self.rest.account.name, "list_contacts", stale.status, "the cursor expires before the list is read",
            mend="Try again later, or narrow the list by tags, source or team.",
        )  # fmt: skip

    async def _walk(self, after: str, by: ContactFilters, seen: Seen) -> AsyncIterator[tuple[Sequence[Contact], str]]:
        with Seen() as cursors:
            while True:
                page = await self._after(after, by)
                if not after and not page.meta.has_cursor:
                    async for items in numbered(lambda number: self._numbered(number, by)):
                        yield [item for item in items if seen.is_new(named(item))], ""
                    return
                # A cursor that comes back would lead in circles.
                after = page.meta.next if page.meta.next and cursors.is_new(page.meta.next) else ""
                yield [item for item in page.items if seen.is_new(named(item))], after
                if not after:
                    return

    async def _after(self, after: str, by: ContactFilters) -> Listed[Contact]:
        try:
            return await self.list_contacts(after=after, **by)
        except VendorError as error:
            if after and error.status in self.facts.stale_cursor:
                raise _StaleCursor(error.status) from None
            raise

    async def _numbered(self, number: int, by: ContactFilters) -> Listed[Contact]:
        try:
            return await self.list_contacts(page=number, **by)
        except VendorError as error:
            if number <= MOST_PAGES or error.status != 400:
                raise
            raise VendorError(
                error.vendor, error.operation, error.status, f"Callbell shows no more than {MOST_PAGES} pages",
                mend="Whoever comes later was not read: narrow the list by tags, source or team.",
            ) from None  # fmt: skip

    def _filters(self, by: ContactFilters) -> dict[str, str | Sequence[str] | None]:
        tags = by.get("tags") or ()
        several: Query = {"tags[]": list(tags)} if self.facts.tags == "brackets" else {"tags": ",".join(tags)}
        return {
            **(several if tags else {}),
            "source": by.get("source"),
            "team_uuid": by.get("team_uuid"),
            "include_field_types": "true" if by.get("include_field_types") else None,
        }

    async def create_contact(self, identifier: str, source: str, name: str, **more: Unpack[NewContact]) -> Contact:
        """`identifier`: the phone number, for WhatsApp. Never repeated by itself: whether the same identifier again
        makes a second contact is not documented."""
        body = {"identifier": identifier, "source": source, "name": name, **more}
        return await self._contact("create_contact", body)

    async def get_contact(self, uuid: str, *, include_field_types: bool = False) -> Contact:
        query = {"include_field_types": "true" if include_field_types else None}
        data = await self.rest.ask("get_contact", ids={"uuid": uuid}, query=query)
        return self._known("get_contact", self._understood(Contact, "contact", "get_contact", data))

    async def find_contact_by_phone(self, number: str, *, channel_uuid: str | None = None) -> Contact:
        """Looks in the main WhatsApp channel unless a channel is named."""
        data = await self.rest.ask(
            "find_contact_by_phone", ids={"number": number}, query={"channel_uuid": channel_uuid}
        )
        found = self._understood(Contact, "contact", "find_contact_by_phone", data)
        return self._known("find_contact_by_phone", found)

    async def find_contact_by_bsuid(self, bsuid: str) -> Contact:
        return await self._contact("find_contact_by_bsuid", bsuid=bsuid)

    async def update_contact(self, uuid: str, **changes: Unpack[ContactChanges]) -> Contact:
        """PATCH: what is left out stays. The phone number cannot be changed. Tags, fields, users and teams must
        exist. Not repeated by itself after a doubt: somebody may have written in between."""
        return await self._contact("update_contact", dict(changes), uuid=uuid)

    async def delete_contact(self, uuid: str) -> None:
        """Cannot be undone."""
        await self.rest.ask("delete_contact", ids={"uuid": uuid})

    async def list_contact_messages(self, uuid: str, *, page: int = 1) -> Listed[Message]:
        """One page, newest first; notes are among them, with the status `note`."""
        return await self._list(Message, "messages", "list_contact_messages", {"page": str(page)}, uuid=uuid)

    async def contact_messages(self, uuid: str) -> AsyncIterator[Message]:
        """All of them, each once."""
        async for found in numbered(lambda page: self.list_contact_messages(uuid, page=page)):
            for message in found:
                yield message

    async def add_note(self, uuid: str, text: str) -> None:
        """Append a note to the conversation; `@name` mentions a colleague. There is no idempotency key, so it is never
        repeated by itself."""
        await self.rest.ask("add_note", ids={"uuid": uuid}, body={"text": text})

    async def close_conversation(self, uuid: str) -> Contact:
        return await self._contact("close_conversation", uuid=uuid)

    async def open_conversation(self, uuid: str) -> Contact:
        return await self._contact("open_conversation", uuid=uuid)

    async def move_conversation(self, uuid: str, funnel_id: str) -> Contact:
        """Move the conversation to another funnel."""
        return await self._contact("move_conversation", {"funnel_id": funnel_id}, uuid=uuid)

    async def get_bot(self, uuid: str) -> Bot:
        """The bot that speaks with a contact."""
        return await self._one(Bot, "bot", "get_bot", uuid=uuid)

    async def steer_bot(self, uuid: str, status: str) -> Bot:
        """`status`: bot_start or bot_end."""
        return await self._one(Bot, "bot", "steer_bot", {"status": status}, uuid=uuid)

    async def _contact(self, operation: str, body: Any = None, **ids: str) -> Contact:
        return self._known(operation, await self._one(Contact, "contact", operation, body, **ids))

    def _known(self, operation: str, contact: Contact) -> Contact:
        if not contact.uuid:
            raise self._odd(operation, "the answer has no contact")
        return contact


class _StaleCursor(Exception):  # no error: the walk begins anew
    def __init__(self, status: int | None) -> None:
        self.status = status
