"""What HMS Sovereign says (src/types.ts of its Node SDK): unknown keys are kept, absent optionals are None."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from campaigns.vendors.loose import Instant, Loose, OddText, either


class Assistant(Loose):
    """An agent that talks; parts of its configuration are kept as they came."""

    id: str = Field(min_length=1)
    name: str | None = None
    business_name: str | None = None
    is_active: bool | None = None
    first_message: str | None = None
    max_duration_seconds: int | None = None
    voicemail_detection: bool | None = None
    voicemail_message: str | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = Field(default=None, repr=False)
    webhook_events: list[str] | None = None
    analysis_plan: dict[str, Any] | None = None
    stt_config: dict[str, Any] | None = None
    llm_config: dict[str, Any] | None = None
    tts_config: dict[str, Any] | None = None
    speech_config: dict[str, Any] | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class Number(Loose):
    """A number of the account, brought over a SIP trunk."""

    id: str = Field(min_length=1)
    phone_number: str | None = either("phone_number", "number")
    agent_id: str | None = None
    agent_name: str | None = None
    business_name: str | None = None
    transfer_trunk_id: str | None = None
    workflow_id: str | None = None
    workflow_name: str | None = None
    source: str | None = None
    is_active: bool | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class Message(BaseModel):
    """One turn of a conversation."""

    model_config = ConfigDict(coerce_numbers_to_str=True)

    role: OddText = None
    content: OddText = Field(default=None, repr=False)


class Call(Loose):
    """One call. Numbers are None on web calls, and once the retention period has passed."""

    id: str = Field(min_length=1)
    caller_phone: str | None = Field(default=None, repr=False)
    assistant_phone: str | None = either("assistant_phone", "agent_phone")
    status: str | None = None
    direction: str | None = None
    """inbound, outbound or web."""
    end_reason: str | None = None
    error: str | None = None
    started_at: Instant | None = None
    """When somebody answered."""
    ended_at: Instant | None = None
    duration_seconds: float | None = Field(default=None, ge=0)
    summary: str | None = Field(default=None, repr=False)
    analysis_result: dict[str, Any] | None = Field(default=None, repr=False)
    messages: list[Message] | None = Field(default=None, repr=False)
    room_name: str | None = None
    recording_url: str | None = Field(default=None, repr=False)
    agent_id: str | None = either("agent_id", "assistant_id")
    number_id: str | None = None
    agent_name: str | None = either("agent_name", "assistant_name")
    business_name: str | None = None
    phone_number: str | None = Field(default=None, repr=False)
    metadata: dict[str, Any] | None = Field(default=None, repr=False)
    """Undocumented in a record; read where it is."""
    created_at: Instant | None = None
    updated_at: Instant | None = None


class Controlled(Loose):
    """The answer to a command to a live call."""

    success: bool = True
    message: str | None = None


class Campaign(Loose):
    """A campaign of the vendor's own (beta); `scheduled` both before and while it dials."""

    id: str = Field(min_length=1)
    name: str | None = None
    agent_id: str | None = either("agent_id", "assistant_id")
    status: str | None = None
    """draft, scheduled, paused, completed or cancelled."""
    system_message_template: str | None = None
    schedule_start_time: str | None = None
    """`HH:MM:SS`, daily."""
    schedule_end_time: str | None = None
    timezone: str | None = None
    total_leads: int | None = None
    completed_leads: int | None = None
    failed_leads: int | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class CampaignLead(Loose):
    """Whom a campaign calls."""

    id: str = Field(min_length=1)
    campaign_id: str | None = None
    phone_number: str | None = Field(default=None, repr=False)
    variables: dict[str, Any] | None = Field(default=None, repr=False)
    status: str | None = None
    """pending, calling, completed, failed or skipped; `no_answer` in March 2026."""
    call_id: str | None = None
    attempts: int | None = None
    last_attempt_at: Instant | None = None
    created_at: Instant | None = None


class SipTrunk(Loose):
    """Where calls reach the telephone network; its password is never shown."""

    id: str = Field(min_length=1)
    org_id: str | None = None
    name: str | None = None
    provider: str | None = None
    address: str | None = None
    transport: str | None = None
    auth_username: str | None = None
    is_active: bool | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class ToolTemplate(Loose):
    """A tool that assistants may be given."""

    id: str = Field(min_length=1)
    org_id: str | None = None
    name: str | None = None
    description: str | None = None
    tool_type: str | None = None
    """function, end_call or transfer_call."""
    tool_config: dict[str, Any] | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class AnalysisTemplate(Loose):
    """What is drawn from a conversation after it."""

    id: str = Field(min_length=1)
    org_id: str | None = None
    name: str | None = None
    description: str | None = None
    system_prompt: str | None = None
    user_prompt: str | None = None
    output_schema: dict[str, Any] | None = Field(default=None, validation_alias="schema")
    """JSON Schema of the data; `schema` on the wire."""
    created_at: Instant | None = None
    updated_at: Instant | None = None


class Workflow(Loose):
    """A conversation in steps; a list shows `entry_node` and counts instead of the definition."""

    id: str = Field(min_length=1)
    name: str | None = None
    is_active: bool | None = None
    definition: dict[str, Any] | None = None
    entry_node: str | None = None
    node_count: int | None = None
    edge_count: int | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class McpServer(Loose):
    """A server of tools; its header values are never shown."""

    id: str = Field(min_length=1)
    name: str | None = None
    url: str | None = None
    transport: str | None = None
    """streamable_http or sse."""
    header_names: list[str] | None = None
    timeout_seconds: int | None = None
    created_at: Instant | None = None
    updated_at: Instant | None = None


class McpTest(Loose):
    """What came of connecting to a server of tools; one that cannot be reached is `ok=False`, and no error."""

    ok: bool = False
    duration_ms: float | None = None
    tools: list[dict[str, Any]] | None = None
    error: str | None = None


class Voice(Loose):
    """A voice that assistants may have."""

    id: str = Field(min_length=1)
    name: str | None = None
    language: str | None = None
    description: dict[str, Any] | None = None


class UsageLog(Loose):
    """One call as it is charged."""

    id: str = Field(min_length=1)
    duration_sec: float | None = None
    call_type: str | None = None
    """phone or web."""
    phone_number: str | None = Field(default=None, repr=False)
    agent_name: str | None = None
    business_name: str | None = None
    created_at: Instant | None = None


class UsageSummary(Loose):
    """Of everything in the asked span; older documents name the members otherwise."""

    total_calls: int | None = None
    total_seconds: float | None = either("total_duration_seconds", "total_seconds")
    total_minutes: float | None = either("total_duration_minutes", "total_minutes")
    total_cost: float | None = None


class Domain(Loose):
    """The domain from which the account's mail is sent."""

    id: str = Field(min_length=1)
    org_id: str | None = None
    domain_name: str | None = None
    resend_domain_id: str | None = None
    status: str | None = None
    region: str | None = None
    records: list[dict[str, Any]] | None = None
    """What has to stand in its DNS."""
    created_at: Instant | None = None
    updated_at: Instant | None = None
    verified_at: Instant | None = None


class ResendDomain(Loose):
    """A domain at the mail carrier that can be chosen."""

    id: str = Field(min_length=1)
    name: str | None = None
    status: str | None = None
    region: str | None = None


class Organization(Loose):
    """Who the key belongs to."""

    id: str = Field(min_length=1)
    name: str | None = None
    minutes_balance: float | None = None
    monthly_usage_minutes: float | None = None
    active_numbers: int | None = None
    active_agents: int | None = None
    active_calls: int | None = None
    parent_org_id: str | None = None
    children: list[dict[str, Any]] | None = None
    """Only where they were asked for."""
    api_key: str | None = Field(default=None, repr=False)
    """Only in the answer that creates one, and never again."""
    created_at: Instant | None = None


class Retention(Loose):
    """Days until the vendor forgets: content is transcript, summary, analysis and recording; metadata the numbers."""

    content_retention_days: int | None = None
    metadata_retention_days: int | None = None
