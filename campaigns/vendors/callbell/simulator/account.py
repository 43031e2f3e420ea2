"""The truth of a simulated account: its contacts in the order of their conversations, and what else it has."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, islice
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from campaigns.domain.lead import spread

EPOCH = datetime(2026, 1, 5, 19, 0, 19, tzinfo=UTC)
PAGE = 20


def hex_id(name: str) -> str:
    """32 hex digits made of a name."""
    return uuid5(NAMESPACE_URL, f"simulator:callbell:{name}").hex


@dataclass(slots=True)
class SimMessage:
    text: str = field(repr=False)
    at: datetime
    status: str
    """sent, received or note."""
    uuid: str | None = None


@dataclass(slots=True)
class SimContact:
    """One contact, as it truly is."""

    uuid: str
    name: str = field(repr=False)
    phone: str | None = field(default=None, repr=False)
    source: str = "whatsapp"
    tags: list[str] = field(default_factory=list)
    fields: dict[str, str | list[str]] = field(default_factory=dict, repr=False)
    assigned_user: str | None = None
    team: str | None = None
    channel: str | None = None
    note: str | None = field(default=None, repr=False)
    created_at: datetime = EPOCH
    blocked_at: datetime | None = None
    closed_at: datetime | None = None
    funnel: str | None = None
    bsuid: str | None = field(default=None, repr=False)
    bot: str = "ended"
    messages: list[SimMessage] = field(default_factory=list, repr=False)
    """Oldest first."""

    @property
    def notes(self) -> list[str]:
        return [message.text for message in self.messages if message.status == "note"]


@dataclass(slots=True)
class FieldKind:
    """A custom field as the dashboard made it."""

    type: str = "text"
    options: tuple[str, ...] = ()


@dataclass(slots=True)
class Walk:
    """A list as it was when somebody began to read it."""

    uuids: tuple[str, ...]
    asked: int = 0


@dataclass
class Account:
    """One account. Contacts lie in the order of their latest conversation, the latest last."""

    seed: int = 1
    tags: set[str] = field(default_factory=set)
    fields: dict[str, FieldKind] = field(default_factory=dict)
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By uuid."""
    teams: dict[str, dict[str, Any]] = field(default_factory=dict)
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    funnels: dict[str, dict[str, Any]] = field(default_factory=dict)
    templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    statuses: dict[str, dict[str, Any]] = field(default_factory=dict)
    sent: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    """Messages by uuid: when, and to which contact."""

    def __post_init__(self) -> None:
        self._by_uuid: dict[str, SimContact] = {}
        self._walks: dict[int, Walk] = {}
        self._serials, self._stirs, self.made = count(1), count(1), count(1)

    @property
    def contacts(self) -> list[SimContact]:
        """The truth; those who talked first come first."""
        return list(self._by_uuid.values())

    @contacts.setter
    def contacts(self, contacts: Iterable[SimContact]) -> None:
        self._by_uuid = {contact.uuid: contact for contact in contacts}

    @property
    def main_channel(self) -> str | None:
        return next((uuid for uuid, channel in self.channels.items() if channel["main"]), None)

    def find(self, uuid: str) -> SimContact | None:
        return self._by_uuid.get(uuid)

    def add(self, contact: SimContact) -> None:
        self._by_uuid[contact.uuid] = contact

    def remove(self, uuid: str) -> None:
        del self._by_uuid[uuid]

    def touch(self, contact: SimContact) -> None:
        """There was talk: it comes first from now on."""
        self._by_uuid[contact.uuid] = self._by_uuid.pop(contact.uuid)

    def say(self, contact: SimContact, text: str, status: str, *, now: datetime) -> SimMessage:
        message = SimMessage(text, now, status, hex_id(f"message:{self.seed}:{next(self.made)}"))
        contact.messages.append(message)
        if status != "note":
            self.touch(contact)
        return message

    def stir(self, moves: int) -> None:
        """As many people write, so that their conversations come first."""
        uuids = list(self._by_uuid) if moves else []
        for _ in range(moves if uuids else 0):
            index = int(spread(f"{self.seed}|stir|{next(self._stirs)}") * len(uuids))
            self.touch(self._by_uuid[uuids[index]])

    def latest_first(self) -> Iterator[SimContact]:
        return reversed(self._by_uuid.values())

    # ── cursors ──

    def begin_walk(self) -> int:
        """Note who is there now; the number of the walk. Old walks are forgotten."""
        serial = next(self._serials)
        self._walks[serial] = Walk(tuple(reversed(self._by_uuid)))
        self._walks.pop(serial - 20, None)
        return serial

    def walk(self, serial: int, lives: int | None) -> Walk | None:
        """None: it has expired, or never was."""
        walk = self._walks.get(serial)
        if walk is None:
            return None
        walk.asked += 1
        return walk if lives is None or walk.asked <= lives else None

    def there(self, walk: Walk, position: int) -> Iterator[tuple[int, SimContact]]:
        """Whoever is still there of a walk from a position on, with the position after each."""
        for index, uuid in enumerate(islice(walk.uuids, position, None), position + 1):
            if (contact := self._by_uuid.get(uuid)) is not None:
                yield index, contact
