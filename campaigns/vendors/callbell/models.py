"""What Callbell says: answers in camelCase become attributes in snake_case; unknown keys are kept, absent ones None."""

import json
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field, ModelWrapValidatorHandler, model_validator
from pydantic.alias_generators import to_camel

from campaigns.vendors.loose import Instant, Loose, either


def _as_iso(value: object) -> object:
    """`2026-01-05 20:00:19 +0100`, which GET /funnels and custom statuses write, as ISO 8601 has it."""
    parts = value.split(" ") if isinstance(value, str) else []
    return f"{parts[0]}T{parts[1]}{parts[2]}" if len(parts) == 3 else value


Moment = Annotated[Instant, BeforeValidator(_as_iso)]
"""Aware, from any of Callbell's three shapes: `…Z`, `….123+02:00`, `2026-01-05 20:00:19 +0100`."""


def _words(value: object) -> object:
    """Tags: an array in every example, a string in the tables."""
    if isinstance(value, str):
        return [value] if value.strip() else []
    return [str(item) for item in value if item is not None] if isinstance(value, list) else value


def _texts(value: object) -> object:
    """Custom fields: every value as text; an array as the JSON that Callbell itself makes of it. Empty: maybe `[]`."""
    if not isinstance(value, dict):
        return {}
    return {
        str(label): text if isinstance(text, str) else json.dumps(text, ensure_ascii=False)
        for label, text in value.items()
        if text is not None
    }


Words = Annotated[list[str], BeforeValidator(_words)]


class CallbellModel(Loose):
    """Read by camelCase and snake_case keys alike: `/auth/me` and user statuses come in the latter."""

    model_config = ConfigDict(alias_generator=to_camel)


class Me(CallbellModel):
    """GET /auth/me; `api_key` is the key's name or id and stays out of logs."""

    status: str = ""
    user_email: str | None = Field(default=None, repr=False)
    user_name: str | None = Field(default=None, repr=False)
    api_key: str | None = Field(default=None, repr=False)


class Meta(CallbellModel):
    """Of a list. `next`: the cursor, since 2026-08; `pages`: OBS earlier."""

    page: int | None = None
    pages: int | None = None
    next: str | None = None
    has_cursor: bool = False
    """Whether a `next` was answered at all, be it null: then the list has cursors."""

    @model_validator(mode="wrap")  # around that of `Loose`, which leaves out nulls
    @classmethod
    def _notices_cursors(cls, data: object, read: ModelWrapValidatorHandler[Self]) -> Self:
        return read({**data, "has_cursor": "next" in data} if isinstance(data, dict) else data)


class Team(CallbellModel):
    """Shown on contacts as `{}`, or not at all, by some answers."""

    uuid: str | None = None
    name: str | None = None
    created_at: Moment | None = None
    default: bool | None = None
    members: int | None = None


class Channel(CallbellModel):
    uuid: str | None = None
    title: str | None = None
    type: str | None = None
    """facebook, whatsapp, instagram, telegram."""
    main: bool | None = None
    discarded_at: Any = None
    """Typed as a string, shown as a boolean."""


class CustomField(CallbellModel):
    """A custom field of one contact with its type, from `include_field_types`."""

    value: Any = None
    type: str = "text"
    """text, email, number, date, dropdown, checkbox."""
    options: Words = Field(default=[])
    """Of dropdown and checkbox."""


class Contact(CallbellModel):
    """https://docs.callbell.eu/api/reference/object_types/contact"""

    uuid: str = ""
    """32 hex digits."""
    name: str | None = Field(default=None, repr=False)
    phone_number: str | None = Field(default=None, repr=False)
    """In no fixed format; None for people who hide theirs, and on channels without numbers."""
    avatar_url: str | None = Field(default=None, repr=False)
    blocked_at: Moment | None = None
    blocked: bool = False
    """Whether any `blockedAt` was answered, readable or not."""
    created_at: Moment | None = None
    source: str | None = None
    """whatsapp, facebook, instagram, telegram (ASSUMED), or a word that is new."""
    funnel_id: str | None = None
    closed_at: Moment | None = None
    href: str | None = None
    conversation_href: str | None = None
    tags: Words = Field(default=[])
    assigned_user: str | None = None
    custom_fields: Annotated[dict[str, str], BeforeValidator(_texts)] = Field(default={}, repr=False)
    """By label. A checkbox is a JSON array inside a string here; `fields` opens it."""
    custom_fields_metadata: dict[str, CustomField] = Field(default={}, repr=False)
    """Only with `include_field_types`."""
    team: Team = Team()
    channel: Channel = Channel()
    bsuid: str | None = Field(default=None, repr=False)
    note: str | None = Field(default=None, repr=False)

    @model_validator(mode="wrap")  # around that of `Loose`, which leaves out what is odd
    @classmethod
    def _notices_blocks(cls, data: object, read: ModelWrapValidatorHandler[Self]) -> Self:
        """Fails closed: whoever may be blocked is."""
        marks = ("blockedAt", "blocked_at", "blocked")
        return read({**data, "blocked": any(data.get(mark) for mark in marks)} if isinstance(data, dict) else data)

    @property
    def fields(self) -> dict[str, str | list[str]]:
        """Custom fields by label: a checkbox as the list of what is ticked, anything else as text."""
        return {
            label: _opened(text, self.custom_fields_metadata.get(label)) for label, text in self.custom_fields.items()
        }


def _opened(text: str, typed: CustomField | None) -> str | list[str]:
    if typed is not None and typed.type != "checkbox":
        return text
    if typed is not None and isinstance(typed.value, list):
        return [str(item) for item in typed.value]
    try:
        found = json.loads(text) if text.startswith("[") else None
    except ValueError:
        return text
    return found if isinstance(found, list) and all(isinstance(item, str) for item in found) else text


class Message(CallbellModel):
    """https://docs.callbell.eu/api/reference/contacts_api/get_contact_messages"""

    uuid: str | None = None
    """None for automatic notes (OBS)."""
    text: str | None = Field(default=None, repr=False)
    created_at: Moment | None = None
    status: str | None = None
    """sent, received, note."""
    channel: Any = None
    sender: str | None = Field(default=None, repr=False, alias="from")
    to: str | None = Field(default=None, repr=False)


class Bot(CallbellModel):
    uuid: str | None = None
    name: str | None = None
    status: str | None = None
    """in_progress, started, ended."""
    conversation_started_at: Moment | None = None
    version: int | None = None
    latest_bot_version: bool | None = None


class CustomStatus(CallbellModel):
    id: str | None = either("id", "uuid")
    name: str | None = None
    emoji: str | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None


class TeamMember(CallbellModel):
    uuid: str | None = None
    email: str | None = Field(default=None, repr=False)
    name: str | None = Field(default=None, repr=False)
    available: bool | None = None
    last_updated_at: Moment | None = None
    user_custom_status: CustomStatus | None = None


class Funnel(CallbellModel):
    uuid: str | None = None
    name: str | None = None
    emoji: str | None = None
    position: int | None = None
    created_at: Moment | None = None


class Plan(CallbellModel):
    plan: str | None = None
    included_channels: int | None = None
    licenses: int | None = None
    active_users: int | None = None
    teams: list[Team] = Field(default=[])


class Template(CallbellModel):
    uuid: str | None = None
    title: str | None = None
    template_type: str | None = None
    text: str | None = None
    status: str | None = None
    """failed, paused, pending, deactivated, deleted, rejected, approved, disabled, in_appeal, limit_exceeded,
    pending_deletion."""
    category: str | None = None
    """MARKETING or UTILITY."""
    created_at: Moment | None = None


class SentMessage(CallbellModel):
    """The answer to a message, and its status later."""

    uuid: str | None = None
    status: str | None = None
    """enqueued, sent, delivered, read, failed, mismatch, deleted (deprecated)."""


class WebhookSubscription(CallbellModel):
    url: str | None = None
    subscriptions: Words = Field(default=[])
    created_at: Moment | None = None
    enabled: bool | None = None


class WebhookEvent(CallbellModel):
    """One line of the log of deliveries."""

    event: str | None = None
    payload: dict[str, Any] = Field(default={}, repr=False)
    response: dict[str, Any] = Field(default={}, repr=False)
    """`body`, `code`, `headers` of the receiver's answer."""
    success: bool | None = None
    """Said to mean exactly 200."""
    created_at: Moment | None = None
