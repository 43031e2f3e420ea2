"""How an outcome goes back to a Flireo contact: beside what is there, and the same however often it is written."""

from datetime import datetime
from typing import Any
from weakref import WeakValueDictionary

import anyio

from campaigns.domain.errors import VendorError
from campaigns.domain.sources import Returns, Told
from campaigns.ports.lists import Landed, OutcomeNote, Unwritable

from .asking import stamp
from .client import Flireo
from .models import Contact, ContactFields

LOGS = "logs."
"""Before the key of a member of `logs`, as columns and fields name it."""
_REFUSED = (400, 422)
_GONE = "the contact is not there any more"
_UNLOGGED = "Only last_interaction_* took the outcome: `logs` {why}."


class Returning:
    """Writes outcomes with PATCH, never with PUT, which would make null whatever it does not name."""

    def __init__(self, client: Flireo) -> None:
        self._client = client
        self._busy: WeakValueDictionary[str, anyio.Lock] = WeakValueDictionary()

    async def put(self, note: OutcomeNote, returns: Returns) -> Landed | Unwritable:
        """Read the contact, write what it lacks. Raises AccountRefused, Throttled, VendorError.

        `logs` is written as a whole, so two outcomes of one contact go one after the other.
        """
        lock = self._busy.setdefault(note.contact, anyio.Lock())
        async with lock:
            return await self._put(note, returns)

    async def _put(self, note: OutcomeNote, returns: Returns) -> Landed | Unwritable:
        if not note.contact:
            return Unwritable("the contact came without an id")
        try:
            contact = await self._client.get_contact(note.contact)
        except VendorError as error:
            if error.status != 404:
                raise
            return Unwritable(_GONE)
        changes = changes_for(contact, note, returns)
        if not changes:
            return Landed()
        try:
            answer = await self._client.update_contact(note.contact, **changes)
        except VendorError as error:
            if error.status in _REFUSED and changes.pop("logs", None) is not None and (changes or _told(contact, note)):
                return await self._put_without_logs(note, changes)
            return await self._judged(error, note)
        return _landed(contact, answer, changes)

    async def _put_without_logs(self, note: OutcomeNote, changes: ContactFields) -> Landed | Unwritable:
        """That `logs` may be written is ASSUMED; the other fields are seen."""
        try:
            if changes:  # else they stand there since an earlier try
                await self._client.update_contact(note.contact, **changes)
        except VendorError as error:
            return await self._judged(error, note)
        return Landed(_UNLOGGED.format(why="cannot be written on this account"))

    async def _judged(self, error: VendorError, note: OutcomeNote) -> Unwritable:
        """A refusal of the values is final; a route that is not there is for the settings to correct."""
        if error.status in _REFUSED:
            return Unwritable(f"refused: HTTP {error.status} {error.code}".strip())
        if error.status == 405 or (error.status == 404 and await self._is_there(note.contact)):
            mend = "Correct update_contact under `routes`; PUT is never used, because it loses fields"
            text = "contacts cannot be changed here"
            raise VendorError(error.vendor, error.operation, error.status, text, mend=mend) from None
        if error.status == 404:
            return Unwritable(_GONE)
        raise error

    async def _is_there(self, contact_id: str) -> bool:
        try:
            await self._client.get_contact(contact_id)
        except VendorError as error:
            if error.status != 404:
                raise
            return False
        return True


def changes_for(contact: Contact, note: OutcomeNote, returns: Returns) -> ContactFields:
    """What is to be written; empty: all of it stands there already."""
    changes = ContactFields()
    if note.called_at is not None and _is_news(contact, note, note.called_at):
        changes["last_interaction_at"] = note.called_at
        changes["last_interaction_summary"] = note.summary or _sentence(note)
    logs = contact.logs if isinstance(contact.logs, dict) else {}
    merged = logs | _logged(logs, note, returns)
    if merged != logs and contact.logs in (None, logs):  # whatever else stands there is somebody's, and stays
        changes["logs"] = merged
    return changes


def _is_news(contact: Contact, note: OutcomeNote, at: datetime) -> bool:
    """A later interaction of somebody else's stays; ours is not written twice."""
    there = contact.last_interaction_at
    if there is None or there < _to_the_millisecond(at):
        return True
    return there == _to_the_millisecond(at) and contact.last_interaction_summary != (note.summary or _sentence(note))


def _told(contact: Contact, note: OutcomeNote) -> bool:
    """Whether the last interaction there is ours."""
    return note.called_at is not None and contact.last_interaction_at == _to_the_millisecond(note.called_at)


def _to_the_millisecond(at: datetime) -> datetime:
    """As it is written there."""
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _logged(logs: dict[str, Any], note: OutcomeNote, returns: Returns) -> dict[str, Any]:
    """Our own keys: one for each campaign, the fields that were wished for, and the first word of an opt-out."""
    ours: dict[str, Any] = {
        f"campaigns:{note.campaign}": {
            "reference": note.reference, "outcome": note.outcome.value, "label": note.label,
            "attempts": note.attempts, "disposition": note.disposition, "at": stamp(note.called_at or note.closed_at),
        }
    }  # fmt: skip
    if note.opted_out and "do_not_call" not in logs:
        at = stamp(note.called_at or note.closed_at)
        ours["do_not_call"] = {"at": at, "campaign": note.campaign, "reference": note.reference}
    return ours | {name.removeprefix(LOGS): _word(note, told) for name, told in returns.fields.items()}


def _word(note: OutcomeNote, told: Told) -> str | int:
    at = note.called_at
    every: dict[Told, str | int] = {
        "outcome": note.outcome.value, "label": note.label, "attempts": note.attempts,
        "disposition": note.disposition, "date": f"{at:%Y-%m-%d}" if at else "", "time": stamp(at) if at else "",
        "campaign": note.campaign, "reference": note.reference, "summary": note.summary,
    }  # fmt: skip
    return every[told]


def _sentence(note: OutcomeNote) -> str:
    """Where the call left no summary."""
    label = f" ({note.label})" if note.label else ""
    return f"{note.campaign}: {note.outcome.value}{label}, attempts: {note.attempts}"


def _landed(before: Contact, after: Contact, changes: ContactFields) -> Landed:
    if "logs" not in changes:
        odd = before.logs is not None and not isinstance(before.logs, dict)
        return Landed(_UNLOGGED.format(why="holds something else there") if odd else "")
    kept = after.logs == changes["logs"]
    return Landed("" if kept else _UNLOGGED.format(why="cannot be written on this account"))
