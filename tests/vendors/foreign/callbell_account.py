"""What a Callbell account holds, and what it takes."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from foreign.standin import Refused

Json = Any
LONGEST_NOTE = 1000
MAIN = "c0000000000000000000000000000001"
"""The main WhatsApp channel."""
SETTABLE = {"name", "tags", "custom_fields", "assigned_user", "unassign_user", "team_uuid", "bot_status", "note"}
AT_BIRTH = SETTABLE - {"unassign_user"} | {"identifier", "source", "channel_uuid"}


@dataclass(slots=True)
class Contact:
    """One contact as it truly is."""

    uuid: str
    name: str | None
    phone: str | None
    talked: float
    """The latest conversation, any number: the highest is listed first."""
    tags: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)
    source: str = "whatsapp"
    channel: str = MAIN
    blocked_at: str | None = None
    assigned: str | None = None
    team: str | None = None
    bsuid: str | None = None
    note: str | None = None
    closed_at: str | None = None
    notes: list[str] = field(default_factory=list)
    """What was written into the conversation, in order; nothing here ever goes away."""
    lost: set[str] = field(default_factory=set)
    """Tags that a person gave, and that a program took away."""
    human: set[str] = field(default_factory=set)
    """Tags that a person gave at the vendor's screen."""
    bot: str = "ended"


@dataclass(frozen=True, slots=True)
class Rules:
    """What this account demands and which of the vendor's eras it lives in."""

    era: str = "2026-08"
    """2023: no meta; 2026-07: page and pages; 2026-08: with cursors."""
    tags: frozenset[str] | None = None
    """Those that exist in the account; None: all."""
    fields: dict[str, tuple[str, tuple[str, ...]]] | None = None
    """Label: (type, options), of those that exist; None: all, as text."""
    empty_last_page: bool = False
    """A last page that is exactly full points to an empty one."""
    loose_tags: bool = False
    """The filter also finds tags that merely contain what was asked for."""
    cursor_dies: int = 0
    """Every nth request with a cursor is told that the cursor is invalid, and no cursor lives on."""
    webhook_secret: str = ""
    """Signs what is told; made at the vendor's screen only."""
    webhook_gaps: tuple[float, ...] = (0.05, 0.1)
    """Seconds before a delivery that was not answered by a 2xx is tried again."""
    merges_fields: bool = True
    """Whether custom_fields are merged by label, or replaced."""


USUAL = Rules()


def judge(sent: dict[str, Json], settable: set[str], rules: Rules) -> None:
    """Raises Refused for a write that this account does not take."""
    if unknown := set(sent) - settable:
        raise Refused(422, "", "is not allowed", tuple(sorted(unknown)))
    tags = sent.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise Refused(422, "", "must be a list of texts", ("tags",))
    if rules.tags is not None and not set(tags) <= rules.tags:
        raise Refused(422, "", "must exist", ("tags",))
    if len(sent.get("note") or "") > LONGEST_NOTE:
        raise Refused(422, "", "is too long", ("note",))
    for label, value in (sent.get("custom_fields") or {}).items():
        _judge_field(label, value, rules)


def _judge_field(label: str, value: Json, rules: Rules) -> None:
    if rules.fields is None:
        return
    if label not in rules.fields:
        raise Refused(422, "", f"{label} must exist", ("custom_fields",))
    kind, options = rules.fields[label]
    legal: dict[str, Callable[[], object]] = {
        "number": lambda: re.fullmatch(r"-?\d+(\.\d+)?", str(value)),
        "date": lambda: re.fullmatch(r"\d{4}-\d\d-\d\d", str(value)),
        "email": lambda: "@" in str(value),
        "dropdown": lambda: value in options,
        "checkbox": lambda: isinstance(value, list) and set(value) <= set(options),
        "text": lambda: isinstance(value, str),
    }
    if value != "" and not legal[kind]():
        raise Refused(422, "", f"{label} is not valid", ("custom_fields",))
