"""How an outcome gets back to its contact in Callbell: as a note, and where the campaign wishes in tags and fields."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches

from campaigns.domain.errors import VendorError
from campaigns.domain.sources import Returns
from campaigns.ports.lists import Landed, OutcomeNote, Unwritable
from campaigns.vendors.wishes import filled_tags

from .client import Callbell
from .models import Contact, CustomField
from .speaking import Ends

ROUNDS = 3
"""How often tags are read, merged and written until they stand."""
MARGIN = timedelta(minutes=15)
"""By how much a note may be older, by Callbell's clock, than our first try."""
LOOK_BACK = 50
"""Pages of messages that are searched for a note at most; it is among the newest."""

Value = str | list[str]
_UNSTEADY = "Callbell's tags did not stay as written: add them in its dashboard, or look which program takes them away."


class Returning:
    """Writes the outcomes of one account."""

    def __init__(self, client: Callbell) -> None:
        self._client, self._facts = client, client.facts

    async def write(self, note: OutcomeNote, returns: Returns, since: datetime | None) -> Landed | Unwritable:
        """See `ports.lists.RemoteList.write_back`."""
        if not note.contact:
            return Unwritable("nobody knows which contact of Callbell this is")
        try:
            # The note comes last. Fields and tags are compared before they are written, so doing them again shows
            # nowhere; the note is appended, so nothing may stand between it and the end: a crash before it leaves no
            # note, and one after it only our ignorance, which `since` tells of and the search clears up.
            warnings = [*await self._fields(note, returns), *await self._tags(note, returns)]
            if since is None or not await self._is_noted(note, since):
                await self._client.add_note(note.contact, note_text(note))
        except VendorError as error:
            if error.status in self._facts.refused and error.operation == "add_note":
                return Unwritable(f"Callbell does not take the note: {error.logged}")
            if error.status in self._facts.gone and await self._is_gone(note.contact):
                return Unwritable("the contact is no longer in Callbell")
            raise
        return Landed(" ".join(warnings))

    async def _is_gone(self, uuid: str) -> bool:
        """A second opinion: a wrong route answers 404 as well."""
        try:
            await self._client.get_contact(uuid)
        except VendorError as error:
            if error.status in self._facts.gone:
                return True
            raise
        return False

    async def _is_noted(self, note: OutcomeNote, since: datetime) -> bool:
        """Whether an earlier try landed: its reference stands in a note at or after `since`."""
        mark, ends = _mark(note), Ends()
        for page in range(1, LOOK_BACK + 1):
            listed = await self._client.list_contact_messages(note.contact, page=page)
            if any(mark in (message.text or "") for message in listed.items):
                return True
            # A clock of theirs that is behind makes the note older; one that is ahead makes us look back too far.
            oldest = since - MARGIN + min(self._client.skew or timedelta(), timedelta())
            if ends.here(page, listed) or any(m.created_at and m.created_at < oldest for m in listed.items):
                break
        return False

    # ── tags ──

    async def _tags(self, note: OutcomeNote, returns: Returns) -> list[str]:
        """Read, merge, write the whole list, and read again, until it stands; warnings.

        Callbell has no call that adds one tag, and no version to write against. Whatever somebody else writes between
        our reading and our writing is lost, and nobody can see that it was; what they overwrite of ours is merged
        again. So the gap is kept as short as one request. A tag of somebody else that vanishes after our writing was
        taken away by somebody, and stays away.
        """
        words = {"outcome": note.outcome.value, "label": note.label, "campaign": note.campaign}
        add, remove = filled_tags(returns.tags.add, words), filled_tags(returns.tags.remove, words)
        refused: list[str] = []
        left, at_once = ROUNDS, len(add)
        while add or remove:
            tags = (await self._client.get_contact(note.contact)).tags
            new = _without(add, [*tags, *refused])[:at_once]
            wanted = [*_without(tags, _without(remove, add)), *new]
            if wanted == tags:
                break
            if not left:
                return [*_unknown("tags", refused), _UNSTEADY]
            if await self._takes(note.contact, tags=wanted):
                left -= 1
            elif not new:
                return [*_unknown("tags", refused), "Callbell did not take tags away: remove them by hand."]
            elif len(new) == 1:
                refused += new
            else:
                # One of them is not known there, and the answer need not say which: one at a time.
                left, at_once = left + len(add), 1
        return _unknown("tags", refused)

    # ── fields ──

    async def _fields(self, note: OutcomeNote, returns: Returns) -> list[str]:
        """Write the wanted fields alone, each only where it differs, and read again; warnings.

        What we have no word for (no label, nobody dialled) is not written: an empty text would clear the field.
        """
        wishes = {label: text for label, told in returns.fields.items() if (text := _told(note)[told])}
        if not wishes:
            return []
        before = await self._client.get_contact(note.contact, include_field_types=True)
        typed = {label: _typed(text, before.custom_fields_metadata.get(label)) for label, text in wishes.items()}
        refused = [label for label, value in typed.items() if value is None]
        wanted = {
            label: value for label, value in typed.items() if value is not None and before.fields.get(label) != value
        }
        if not wanted:
            return _unknown("fields", refused, before)
        untaken = await self._put(before, wanted)
        after = await self._client.get_contact(note.contact, include_field_types=True)
        warnings = await self._restored(before, after, [*wanted])
        untaken += [label for label in wanted if label not in untaken and after.fields.get(label) is None]
        return [*warnings, *_unknown("fields", [*refused, *untaken], before)]

    async def _put(self, before: Contact, wanted: Mapping[str, Value]) -> list[str]:
        """Write fields, together or, where that is refused, each by itself; which were refused."""
        whole = before.fields if self._facts.custom_fields == "replace" else {}
        if await self._takes(before.uuid, custom_fields={**whole, **wanted}):
            return []
        if len(wanted) == 1:
            return list(wanted)
        taken: dict[str, Value] = {}
        for label, value in wanted.items():
            if await self._takes(before.uuid, custom_fields={**whole, **(taken if whole else {}), label: value}):
                taken[label] = value
        return [label for label in wanted if label not in taken]

    async def _restored(self, before: Contact, after: Contact, ours: Sequence[str]) -> list[str]:
        """Put back what a writing wiped that should have merged; warnings."""
        others = {label: value for label, value in before.fields.items() if label not in ours}
        if not others or any(label in after.fields for label in others):
            return []
        await self._takes(before.uuid, custom_fields={**others, **after.fields})
        return [
            'Callbell replaces all fields here instead of one: set facts.custom_fields = "replace" in the settings.'
        ]

    async def _takes(
        self, uuid: str, *, tags: list[str] | None = None, custom_fields: Mapping[str, Value] | None = None
    ) -> bool:
        """Write, and whether the values were accepted. Raises for any other failure."""
        try:
            if tags is not None:
                await self._client.update_contact(uuid, tags=tags)
            if custom_fields is not None:
                await self._client.update_contact(uuid, custom_fields=custom_fields)
        except VendorError as error:
            if error.status in self._facts.refused:
                return False
            raise
        return True


# ── words ──


def note_text(note: OutcomeNote) -> str:
    """The note as people read it; its first words name it, so that it can be found again."""
    said = [_mark(note)]
    if note.opted_out:
        said.append("DO NOT CALL: this person asked not to be called again.")
    result = note.outcome.value.replace("_", " ") + (f" ({note.label})" if note.label else "")
    said.append(f"Campaign {note.campaign}: {result}.")
    if note.called_at is not None:
        times = "1 call" if note.attempts == 1 else f"{note.attempts} calls"
        at = note.called_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
        said.append(
            f"{times}, the last on {at}" + (f": {note.disposition.replace('_', ' ')}." if note.disposition else ".")
        )
    else:
        said.append("Nobody was called.")
    # An @ would call a colleague who happens to bear the name.
    return " ".join(said).replace("@", "(at)")


def _mark(note: OutcomeNote) -> str:
    return f"[campaigns {note.reference}]".replace("@", "(at)")


def _told(note: OutcomeNote) -> dict[str, str]:
    called = note.called_at.astimezone(UTC) if note.called_at else None
    return {
        "outcome": note.outcome.value, "label": note.label, "attempts": str(note.attempts),
        "disposition": note.disposition, "date": called.strftime("%Y-%m-%d") if called else "",
        "time": called.strftime("%H:%M") if called else "", "campaign": note.campaign, "reference": note.reference,
        "summary": note.summary,
    }  # fmt: skip


def _typed(text: str, field: CustomField | None) -> Value | None:
    """A value as the field's type wants it; None: none of its options. A field that is not shown may have any type."""
    if field is None:
        return text
    if field.options:
        option = next((option for option in field.options if option.casefold() == text.casefold()), None)
        if option is None:
            return None
        text = option
    return [text] if field.type == "checkbox" else text


def _without(tags: Sequence[str], others: Sequence[str]) -> list[str]:
    """Those that are not among the others; tags that differ in case are one tag."""
    folded = {tag.casefold() for tag in others}
    return [tag for tag in tags if tag.casefold() not in folded]


def _unknown(kind: str, names: Sequence[str], contact: Contact | None = None) -> list[str]:
    if not names:
        return []
    shown = list(contact.custom_fields) if contact else []
    near = [match for name in names for match in get_close_matches(name, shown, 1) if match != name]
    hint = f" Did you mean {', '.join(near)}?" if near else ""
    return [f"Callbell took no {kind} {', '.join(names)}: add them, or their options, in its dashboard.{hint}"]
