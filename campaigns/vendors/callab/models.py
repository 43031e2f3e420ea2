"""What Callab says and is told, as typed values. Documented at https://docs.callab.ai/api-reference ."""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from campaigns.vendors.loose import Instant, Loose


class Contact(Loose):
    """A contact: one label, one category, one campaign."""

    id: str | None = None
    company_id: str | None = None
    firstname: str | None = Field(default=None, repr=False)
    lastname: str | None = Field(default=None, repr=False)
    phone_number: str | None = Field(default=None, repr=False)
    """E.164."""
    metadata: dict[str, Any] | None = Field(default=None, repr=False)
    number_country_code: str | None = None
    """A dial code such as `+44`."""
    last_call_status: str | None = None
    last_call_at: Instant | None = None
    last_call_duration: int | None = None
    """Seconds."""
    last_call_feedback: str | None = Field(default=None, repr=False)
    source_name: str | None = None
    tag_name: str | None = None
    category_name: str | None = None
    notes: str | None = Field(default=None, repr=False)
    created_at: Instant | None = None
    updated_at: Instant | None = None
    campaign_id: str | None = None
    status: str | None = None
    """`active` or `inactive`."""
    workspace_id: str | None = None


class Campaign(Loose):
    """A campaign as it is shown; documented answers hold no `id`, those of V1 no agent, numbers or webhook either."""

    id: str | None = None
    name: str | None = None
    notes: str | None = None
    campaign_type: str | None = None
    status: str | None = None
    ai_agent_id: str | None = None
    workspace_id: str | None = None
    days_of_week: list[int | None] | None = None
    """0 is Sunday."""
    time_zone: str | None = None
    contacts_list_source: list[str] | None = None
    contacts_list_tags: list[Any] | None = None
    contacts_list_categories: list[Any] | None = None
    call_time_of_day_from: str | None = None
    call_time_of_day_to: str | None = None
    number_of_call_attempts: list[int] | None = None
    retry_delay: list[int] | None = None
    retry_delay_unit: list[str] | None = None
    started_at: str | None = None
    ended_at: str | None = None
    call_progress: float | None = None
    """Percent."""
    created_at: Instant | None = None
    updated_at: Instant | None = None
    deleted_at: Instant | None = None


class _Told(BaseModel):
    """A body of ours; what is None is left out."""

    model_config = ConfigDict(extra="forbid")

    def body(self) -> dict[str, Any]:
        return self.model_dump(mode="json", exclude_none=True)


class _Wishes(_Told):
    """What a campaign may be given in both dialects."""

    contacts_list_source: list[str] | None = None
    contacts_list_source_metadata: dict[str, Any] | None = None
    agent_variables_contact_metadata_mapping: dict[str, str] | None = None
    """The agent's variable → the contact's path, such as `contact.firstname`."""
    call_time_of_day_from: str | None = None
    """`HH:MM:SS`, in `time_zone`."""
    call_time_of_day_to: str | None = None
    number_of_call_attempts: list[int] | None = None
    """One for each source."""
    retry_delay: list[int] | None = None
    retry_delay_unit: list[str] | None = None
    """`seconds`; minutes, hours and days are ASSUMED."""
    inbound_phone_number_id: str | None = None
    outbound_phone_number_id: str | None = None
    started_at: date | None = None
    ended_at: date | None = None
    webhook_id: str | None = None
    webhook_mapping_variables: dict[str, Any] | None = None
    webhook_mapping_variables_sources: dict[str, Any] | None = None


class CampaignDraft(_Wishes):
    """A campaign to be created (V1)."""

    name: str
    ai_agent_id: str
    days_of_week: list[int]
    """0 is Sunday."""
    time_zone: str
    notes: str = ""
    campaign_type: Literal["outbound", "inbound"] = "outbound"
    workspace: str | None = None
    """None: that of the client."""
    contacts_list_tags: list[str] | None = None
    contacts_list_categories: list[str] | None = None


class CampaignRecord(_Wishes):
    """A whole campaign to be written over the one that is there (V0): what is left out may be lost."""

    name: str
    status: Literal["active", "paused", "completed"]
    notes: str | None = None
    campaign_type: Literal["outbound", "inbound"] | None = None
    ai_agent_id: str | None = None
    days_of_week: list[int] | None = None
    time_zone: str | None = None
    contacts_list_tags: list[list[str]] | None = None
    """One list for each source."""
    contacts_list_categories: list[list[str]] | None = None
    allow_non_local_calls: bool | None = None


class Call(Loose):
    """A call; of the second half any may be absent."""

    id: str | None = None
    call_sid: str | None = None
    company_id: str | None = None
    ai_agent_id: str | None = None
    call_provider: str | None = None
    call_from: str | None = Field(default=None, repr=False)
    call_to: str | None = Field(default=None, repr=False)
    call_duration: float | None = Field(default=None, ge=0)
    """Seconds."""
    call_status: str | None = None
    call_direction: str | None = None
    is_test: bool | None = None
    call_rating: int | None = None
    cost: float | None = None
    price_unit: str | None = None
    latency: float | None = None
    disconnect_reason: str | None = None
    analysis_sentiment: str | None = None
    agent_task_status: str | None = None
    agent_task_feedback: str | None = Field(default=None, repr=False)
    created_at: Instant | None = None
    updated_at: Instant | None = None
    workspace_id: str | None = None
    campaign_id: str | None = None
    contact_id: str | None = None
    call_feedback: str | None = Field(default=None, repr=False)
    record_url: str | None = Field(default=None, repr=False)
    transcript: str | None = Field(default=None, repr=False)
    transcript_object: Any = Field(default=None, repr=False)
    transcript_language: str | None = None
    metadata: dict[str, Any] | None = Field(default=None, repr=False)
    agent_dynamic_variables: dict[str, Any] | None = Field(default=None, repr=False)
    agent_post_call_outcomes: dict[str, Any] | None = Field(default=None, repr=False)
    """What the agent drew from the talk; its schema is the agent's."""
    notes: str | None = Field(default=None, repr=False)
    deleted_at: Instant | None = None
    started_at: Instant | None = None
    ended_at: Instant | None = None
    retry_at: Instant | None = None


class RecordedCall(_Told):
    """A call made elsewhere, to be added to the store of calls; nothing is dialled."""

    campaign_id: str
    ai_agent_id: str
    call_sid: str
    call_from: str = Field(repr=False)
    call_to: str = Field(repr=False)
    call_direction: Literal["outbound", "inbound"] = "outbound"
    workspace: str | None = None
    contact_id: str | None = None
    agent_dynamic_variables: dict[str, str] | None = Field(default=None, repr=False)
    """A plain object here, unlike that of a dial."""


class Agent(Loose):
    """An AI agent; its `id` is shown by the newest version alone."""

    id: str | None = None
    name: str | None = None
    description: str | None = None
    language: str | None = None
    status: str | None = None
    """`active` or `inactive`."""
    agent_type: str | None = None
    agent_dynamic_variables: Any = None
    agent_post_call_outcomes: Any = None
    prompt: str | None = Field(default=None, repr=False)
    workspace_id: str | None = None


class PhoneNumber(Loose):
    """A number of the account; no `id` is documented, though campaigns want one."""

    id: str | None = None
    nickname: str | None = None
    phone_number: str | None = None
    """E.164."""
    number_country_code: str | None = None
    """`US` style, unlike that of contacts."""
    created_at: Instant | None = None
    updated_at: Instant | None = None


class Flow(Loose):
    """A webhook: a recipe of HTTP steps that Callab runs."""

    id: str | None = None
    name: str | None = None
    status: str | None = None
    flow_direction: str | None = None
    """`INBOUND` in V0, `inbound` in V1; outbound too."""
    retry_delay: int | None = None
    retry_delay_unit: str | None = None
    max_retries: int | None = None
    tag_name: str | None = None
    category_name: str | None = None
    workspace_id: str | None = None
    steps: list[dict[str, Any]] | None = Field(default=None, repr=False)
    executions: list[dict[str, Any]] | None = Field(default=None, repr=False)
    variables: list[dict[str, Any]] | None = Field(default=None, repr=False)
    predefinedVariables: list[dict[str, Any]] | None = Field(default=None, repr=False)  # noqa: N815 - as it is spelled
    created_at: Instant | None = None
    updated_at: Instant | None = None
    deleted_at: Instant | None = None


class User(Loose):
    """Somebody of the company."""

    id: str | None = None
    email: str | None = Field(default=None, repr=False)
    fullname: str | None = Field(default=None, repr=False)
    role: str | None = None
    permissions: list[int] | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class Workspace(Loose):
    """A part of the company; its slug names it in requests."""

    id: str | None = None
    workspace_slug: str | None = None
    workspace_name: str | None = None
    company_id: str | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None
