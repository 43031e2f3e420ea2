"""Which of Callbell's contacts a campaign wants: asked of the server where it can filter, and looked at again here."""

import re
from collections.abc import Sequence
from itertools import product

from campaigns.domain.written import Strict
from campaigns.vendors.wishes import AnyOf

from .crm import ContactFilters
from .models import Contact, Team

_UUID = re.compile(r"[0-9a-fA-F]{32}|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class Where(Strict):
    """The filters of a campaign file. Several values mean any of them, several filters all of them; case is nothing."""

    tags: AnyOf | None = None
    source: AnyOf | None = None
    """whatsapp, facebook, instagram, telegram, or what else Callbell calls it."""
    team: AnyOf | None = None
    """A team's uuid or name."""
    assigned_user: AnyOf | None = None
    """Email."""
    fields: dict[str, AnyOf] | None = None
    """Custom fields by their label; of a checkbox any tick may fit."""


def is_uuid(text: str) -> bool:
    return bool(_UUID.fullmatch(text))


def questions(wish: Where, teams: Sequence[str]) -> list[ContactFilters]:
    """What the server is asked, one question after the other: each with one tag, one source and one team at most.

    Whether several tags in one question mean all or any of them is documented nowhere; one means the same either way.
    `teams`: uuids of the wanted teams.
    """
    found = []
    for tag, source, team in product(wish.tags or [""], wish.source or [""], teams or [""]):
        by = ContactFilters(source=source.lower(), team_uuid=team, include_field_types=True)
        found.append(by | ContactFilters(tags=[tag]) if tag else by)
    return found


def team_uuids(wanted: Sequence[str], teams: Sequence[Team]) -> dict[str, str | None]:
    """The uuid of each wanted team; None: the account has no such team."""
    known = {team.name.casefold(): team.uuid for team in teams if team.name}
    return {name: name if is_uuid(name) else known.get(name.casefold()) for name in wanted}


def fits(contact: Contact, wish: Where, asked: ContactFilters) -> bool:
    """Whether a contact is what the campaign wants; a team only where the answer shows one, which it often does not."""
    team = asked.get("team_uuid", "")
    return (
        (wish.tags is None or _any(wish.tags, contact.tags))
        and (wish.source is None or _any(wish.source, [contact.source or ""]))
        and (not team or contact.team.uuid is None or _bare(contact.team.uuid) == _bare(team))
        and (wish.assigned_user is None or _any(wish.assigned_user, [contact.assigned_user or ""]))
        and all(_any(values, _values(contact, label)) for label, values in (wish.fields or {}).items())
    )


def _any(wanted: Sequence[str], found: Sequence[str]) -> bool:
    return not {text.casefold() for text in wanted}.isdisjoint(text.strip().casefold() for text in found)


def _values(contact: Contact, label: str) -> list[str]:
    of_label = [value for name, value in contact.fields.items() if name.casefold() == label.casefold()]
    return [text for value in of_label for text in (value if isinstance(value, list) else [value])]


def _bare(uuid: str) -> str:
    return uuid.replace("-", "").lower()
