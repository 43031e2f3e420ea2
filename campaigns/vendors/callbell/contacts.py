"""Callbell as a contact list: its contacts become rows, and outcomes go back to them."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from campaigns.domain.errors import AccountRefused, VendorError
from campaigns.domain.rows import BadRow, Row
from campaigns.domain.sources import Columns, PhoneColumn, Returns
from campaigns.ports.health import Finding
from campaigns.ports.lists import Batch, Fault, Landed, OutcomeNote, Unwritable
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.walking import Seen
from campaigns.vendors.wishes import read_wish, tag_faults

from . import facts
from .client import Callbell
from .filters import Where, fits, questions, team_uuids
from .models import Contact
from .returning import Returning

HEADER = (
    "phone", "international", "name", "id", "source", "tags", "assigned_user", "team", "channel", "note", "created_at",
    "closed_at", "bsuid", "href", "conversation_href",
)  # fmt: skip
"""The columns that every row has; each custom field has one more, named as its label.

`phone` is Callbell's own text, which has no fixed format: where it begins with no `+`, the list's `region` decides, and
without a region the row is told as bad. `international` is the same text, but digits that stand alone get a `+`, as
WhatsApp's own identifiers mean it: an account whose numbers are all like `331122334455` says
`columns: {phone: international}`. The two are not mixed: some digits are a good number in both readings.
"""
_SKEWED = timedelta(seconds=30)


class CallbellContacts:
    """A `ports.lists.RemoteList`. Blocked contacts are not in it."""

    BASE_URL = facts.BASE_URL
    columns = Columns(phone=[PhoneColumn(column="phone")], name="name", id="id")
    header = HEADER
    open_header = True
    no_returns = ""

    def __init__(self, account: VendorAccount, around: Surroundings) -> None:
        self.name = account.name
        self._client = Callbell(account=account, around=around)
        self._returning = Returning(self._client)

    def check(self, where: Mapping[str, Any], returns: Returns) -> list[Fault]:
        wish = read_wish(Where, where)
        return [*(wish if isinstance(wish, list) else []), *tag_faults(returns)]

    async def read(self, where: Mapping[str, Any], *, after: str = "") -> AsyncIterator[Batch]:
        """As the port says; `after` is `question:line:cursor`, good as long as the cursor is, and `where`."""
        wish = read_wish(Where, where)
        if isinstance(wish, list):
            raise self._unreadable("; ".join(fault.what for fault in wish), "Correct `where`.")
        asked = questions(wish, await self._teams(wish))
        number, line, cursor = _bookmark(after, len(asked))
        with Seen() as seen:
            for index in range(number, len(asked)):
                async for found, follow in self._client.contact_pages(after=cursor, **asked[index]):
                    met = [one for one in found if len(asked) == 1 or seen.is_new(one.uuid or one.model_dump_json())]
                    wanted = [one for one in met if not one.blocked and fits(one, wish, asked[index])]
                    rows = tuple(row(contact, line + n) for n, contact in enumerate(wanted, 1))
                    line += len(rows)
                    yield Batch(rows, f"{index}:{line}:{follow}" if follow else "")
                cursor = ""

    async def _teams(self, wish: Where) -> list[str]:
        """The uuids of the wanted teams. Raises VendorError for one that the account does not have."""
        wanted = wish.team or []
        found = team_uuids(wanted, [])
        if None in found.values():
            found = team_uuids(wanted, await self._client.list_teams())
        if missing := [name for name, uuid in found.items() if uuid is None]:
            raise self._unreadable(f"the account has no team {', '.join(missing)}", "Correct `where.team`.")
        return list(dict.fromkeys(uuid for uuid in found.values() if uuid))

    def _unreadable(self, what: str, mend: str) -> VendorError:
        return VendorError(self.name, "list_contacts", None, what, mend=mend)

    async def write_back(self, note: OutcomeNote, returns: Returns, *, since: datetime | None) -> Landed | Unwritable:
        return await self._returning.write(note, returns, since)

    async def health(self) -> list[Finding]:
        try:
            await self._client.get_me()
            page = await self._client.list_contacts()
        except AccountRefused as error:
            return [Finding("key", False, str(error), "Check api_key in the settings.")]
        except VendorError as error:
            return [Finding("key", None, str(error))]
        found = [Finding("key", True, "Callbell accepts the key.")]
        if not page.meta.has_cursor:
            says = "Callbell offers no cursors here: of more than 10,000 contacts the rest is not read."
            found.append(Finding("contacts", None, says, "Narrow `where` by tags, source or team."))
        skew = self._client.skew
        if skew is not None and abs(skew) > _SKEWED:
            says = f"Callbell's clock and ours differ by {abs(skew).total_seconds():.0f} s."
            found.append(Finding("clock", None, says, "Set this machine's clock by NTP."))
        return found

    async def aclose(self) -> None:
        await self._client.aclose()


def row(contact: Contact, line: int) -> Row | BadRow:
    """A contact as a row: custom fields under their labels, ticks of a checkbox separated by commas.

    Where a label is one of `HEADER`, the field is `field LABEL`.
    """
    if not contact.uuid:
        return BadRow(line, "Callbell shows it without a uuid")
    cells = {
        (f"field {label}" if label in HEADER else label): ", ".join(value) if isinstance(value, list) else value
        for label, value in contact.fields.items()
    }
    phone = (contact.phone_number or "").strip()
    texts: tuple[str | None, ...] = (
        phone, f"+{phone}" if phone.isdigit() and phone.isascii() and phone[0] != "0" else phone,
        contact.name, contact.uuid, contact.source, ", ".join(contact.tags), contact.assigned_user,
        contact.team.name or contact.team.uuid, contact.channel.title or contact.channel.uuid, contact.note,
        _written(contact.created_at), _written(contact.closed_at),
        contact.bsuid, contact.href, contact.conversation_href,
    )  # fmt: skip
    return Row(line, cells | {column: text or "" for column, text in zip(HEADER, texts, strict=True)}, contact.uuid)


def _written(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def _bookmark(after: str, questions: int) -> tuple[int, int, str]:
    """(question, rows before it, cursor); the start for one that is none."""
    number, _, rest = after.partition(":")
    line, _, cursor = rest.partition(":")
    if number.isdecimal() and line.isdecimal() and int(number) < questions:
        return int(number), int(line), cursor
    return 0, 0, ""
