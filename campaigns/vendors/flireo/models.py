"""What Flireo generation A says and is told, apart from calls and scheduled calls (`calls.py`, `scheduled.py`).

Answers are read with patience: unknown keys are kept, absent ones are None. Names are seen where the guide or the
reference shows them (contacts, numbers, orders, links, groups), else ASSUMED.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypedDict, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, model_validator

from campaigns.vendors.loose import Instant, Loose, either

T = TypeVar("T")


def _id(*names: str) -> Any:
    return Field(validation_alias=AliasChoices(*names), min_length=1)


@dataclass(frozen=True, slots=True)
class Listing(Generic[T]):
    """One page of a list."""

    items: tuple[T, ...]
    rows: int
    """How many stood on the page, also such as cannot be read."""
    total: int | None
    """Of the whole list, where the vendor says so."""
    more: bool
    """Whether another page follows, as far as can be told."""


# --- contacts ---------------------------------------------------------------------------------------------------------


class Contact(Loose):
    """Seen. The reference has no tag, consent, do-not-call mark or time zone."""

    contact_id: str = _id("contact_id", "id")
    phone_number: str | None = Field(default=None, repr=False)
    full_name: str | None = Field(default=None, repr=False)
    email: str | None = Field(default=None, repr=False)
    address: str | None = Field(default=None, repr=False)
    last_interaction_at: Instant | None = None
    last_interaction_summary: str | None = Field(default=None, repr=False)
    last_modified: Instant | None = None
    logs: Any = Field(default=None, repr=False)
    """Free: an object of anybody's keys, shown in answers; that it can be written is ASSUMED."""
    org_id: str | None = None


class ContactFields(TypedDict, total=False):
    """What may be written of a contact; a key that is left out stays as it is."""

    phone_number: str
    full_name: str | None
    email: str | None
    address: str | None
    last_interaction_at: datetime | None
    last_interaction_summary: str | None
    logs: dict[str, Any] | None


class WholeContact(BaseModel):
    """For `replace_contact`: all six fields must be said, since whatever is left out becomes null there. `logs` is none
    of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phone_number: str = Field(repr=False)
    full_name: str | None = Field(repr=False)
    email: str | None = Field(repr=False)
    address: str | None = Field(repr=False)
    last_interaction_at: datetime | None
    last_interaction_summary: str | None = Field(repr=False)


# --- assistants -------------------------------------------------------------------------------------------------------


class Assistant(Loose):
    """ASSUMED but for its kinds."""

    assistant_id: str = _id("assistant_id", "id")
    name: str | None = None
    first_message: str | None = None
    system_prompt: str | None = None
    voice_id: str | None = None
    language: str | None = None
    type: str | None = None
    """`default` (set up in the dashboard) or `external` (your server is asked); a third kind is not described."""
    server_url: str | None = Field(default=None, repr=False)
    max_duration_seconds: int | None = None
    voicemail_message: str | None = None
    phone_number_id: str | None = None
    is_active: bool | None = None
    created_at: Instant | None = None
    last_modified: Instant | None = None


class AssistantFields(TypedDict, total=False):
    """What may be written of an assistant (ASSUMED); a key that is left out stays as it is."""

    name: str
    first_message: str | None
    system_prompt: str | None
    voice_id: str | None
    language: str | None
    type: Literal["default", "external"]
    server_url: str | None
    max_duration_seconds: int | None
    voicemail_message: str | None
    phone_number_id: str | None
    is_active: bool
    tools: list[dict[str, Any]] | None


class WholeAssistant(BaseModel):
    """For `replace_assistant`: every field must be said, since whatever is left out becomes null there (ASSUMED, as
    with contacts). Further fields of the account may be added."""

    model_config = ConfigDict(extra="allow", frozen=True)

    name: str
    first_message: str | None
    system_prompt: str | None
    voice_id: str | None
    language: str | None
    type: Literal["default", "external"]
    server_url: str | None = Field(repr=False)
    max_duration_seconds: int | None
    voicemail_message: str | None
    phone_number_id: str | None
    is_active: bool


class LinkedNumber(Loose):
    """A number as links show it: there it is `number`, elsewhere `phone_number`."""

    id: str = _id("id", "phone_number_id")
    number: str | None = either("number", "phone_number")
    type: str | None = either("type", "number_type")
    locality: str | None = None
    origin: str | None = None


class NumberLink(Loose):
    """An assistant and its number; one at most. Linking a second silently drops the first."""

    assistant_id: str | None = None
    assistant_name: str | None = None
    phone_number: LinkedNumber | None = None
    previous_phone_number_id: str | None = None
    released_assistants: int | None = None
    """Of ours, which used a shared number until now."""
    unlinked_phone_number: LinkedNumber | None = None


# --- numbers ----------------------------------------------------------------------------------------------------------


class AvailableNumber(Loose):
    """One that can be ordered."""

    phone_number: str
    number_type: str | None = None
    locality: str | None = None
    features: Any = None
    cost: dict[str, Any] | None = None
    """`monthly` (text), `currency`, `credits`."""
    reservable: bool | None = None


class LinkedAssistant(Loose):
    id: str = _id("id", "assistant_id")
    name: str | None = None


class PhoneNumber(Loose):
    """One of the account, or shared by several accounts."""

    id: str = _id("id", "phone_number_id")
    phone_number: str = Field(validation_alias=AliasChoices("phone_number", "number"), min_length=1)
    locality: str | None = None
    number_type: str | None = None
    available: bool | None = None
    created_at: Instant | None = None
    linked_assistant: LinkedAssistant | None = None


class NumberOrder(Loose):
    """Asynchronous: pending, then success or failed."""

    order_id: str = _id("order_id", "id")
    phone_number: str | None = None
    number_type: str | None = None
    status: str | None = None
    credits_used: int | None = None
    remaining_credits: int | None = None
    requirements_met: bool | None = None
    ordered_at: Instant | None = None
    verification_group: dict[str, Any] | None = None
    external_order_id: str | None = None
    external_sub_order_id: str | None = None


class Document(Loose):
    """Of a verification group."""

    id: str = _id("id", "document_id")
    type: str | None = None
    status: str | None = None


class VerificationGroup(Loose):
    """What local numbers need: pending → approved or rejected; deleted."""

    id: str = _id("id", "requirement_group_id", "verification_group_id")
    name: str | None = None
    phone_number_type: str | None = None
    status: str | None = None
    locality: str | None = None
    business_name: str | None = None
    created_at: Instant | None = None
    documents: list[Document] | None = None
    phone_numbers: list[dict[str, Any]] | None = None


class GroupApplication(BaseModel):
    """For `create_verification_group`: all but the description are required, and not empty."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_min_length=1)

    phone_number_type: Literal["local", "mobile", "national"]
    name: str
    business_name: str
    contact_person_first_name: str = Field(repr=False)
    contact_person_last_name: str = Field(repr=False)
    contact_person_phone: str = Field(repr=False)
    street_name: str
    house_number: str
    postal_code: str
    city: str
    province: str
    description: str | None = None


# --- the account, and the rest ----------------------------------------------------------------------------------------


class User(Loose):
    """ASSUMED."""

    id: str | None = either("id", "user_id")
    email: str | None = Field(default=None, repr=False)
    company_name: str | None = None
    org_id: str | None = None
    created_at: Instant | None = None


class Profile(User):
    """ASSUMED: with what is left to spend."""

    credits: float | None = either("credits", "remaining_credits", "balance")

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, data: object) -> object:
        """A balance may stand in an object of its own."""
        if not isinstance(data, dict):
            return data
        nested: dict[str, Any] = next(
            (data[name] for name in ("credits", "credits_balance") if isinstance(data.get(name), dict)), {}
        )
        flat = next((nested[name] for name in ("credits", "balance", "remaining") if name in nested), None)
        return data if flat is None else data | {"credits": flat}


class Injected(Loose):
    """ASSUMED."""

    success: bool | None = None
    message: str | None = Field(default=None, repr=False)


class KnowledgeAnswer(Loose):
    """ASSUMED."""

    answer: str | None = Field(default=None, repr=False)
    sources: list[Any] | None = Field(default=None, repr=False)


class InstantAgent(Loose):
    """Not described anywhere: whatever is answered is kept."""

    assistant_id: str | None = either("assistant_id", "id", "agent_id")


class Faqs(Loose):
    """Not described anywhere: whatever is answered is kept."""

    faqs: list[Any] | None = either("faqs", "questions")
