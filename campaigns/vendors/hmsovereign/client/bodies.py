"""What can be sent to HMS Sovereign, as keyword arguments: what is left out stays as it is, None becomes a null.

Configurations of speech and language models change often and are passed on as they are.
"""

from typing import Any, Literal, TypedDict


class Assistant(TypedDict, total=False):
    """Of an assistant; a call's override may carry these but name, business, mail, analysis, GDPR and consent."""

    name: str
    business_name: str | None
    notification_email: str | None
    notification_emails: list[str] | None
    recording_consent: dict[str, Any] | None
    first_message: str | None
    is_active: bool
    max_duration_seconds: int | None
    autonomous_silence_handling: bool
    silence_timeout_seconds: int
    voicemail_detection: bool | None
    voicemail_message: str | None
    gdpr_mode: bool
    webhook_url: str | None
    webhook_secret: str | None
    webhook_events: list[str] | None
    analysis_plan: dict[str, Any] | None
    stt_config: dict[str, Any]
    llm_config: dict[str, Any]
    tts_config: dict[str, Any] | None
    speech_config: dict[str, Any] | None


class Number(TypedDict, total=False):
    """Of a number; a workflow_id of None detaches the workflow."""

    agent_id: str | None
    transfer_trunk_id: str | None
    workflow_id: str | None
    is_active: bool


class Outbound(TypedDict, total=False):
    """Of a call: `assistant_id`, or with `assistant_override`, or a whole `assistant` for this call alone.

    Without `number_id` the platform takes any number of its pool.
    """

    number_id: str
    assistant_id: str
    assistant_override: dict[str, Any]
    assistant: dict[str, Any]
    first_message: str


class Lead(TypedDict, total=False):
    """Whom a campaign is to call."""

    phone_number: str
    variables: dict[str, str]


class Campaign(TypedDict, total=False):
    """Of a campaign. A status of `scheduled` starts the dialling, `paused` stops it."""

    name: str
    status: Literal["draft", "scheduled", "paused", "cancelled"]
    system_message_template: str
    schedule_start_time: str
    schedule_end_time: str
    timezone: str


class SipTrunk(TypedDict, total=False):
    """Of a SIP trunk, beyond what it must have; the transport is `udp` when none is named."""

    auth_username: str
    auth_password: str
    transport: Literal["udp", "tcp", "tls"]


class ToolTemplate(TypedDict, total=False):
    """Of a tool; a configuration replaces the stored one."""

    name: str
    description: str | None
    tool_type: Literal["function", "end_call", "transfer_call"]
    tool_config: dict[str, Any]


class AnalysisTemplate(TypedDict, total=False):
    """Of an analysis. Places in the prompt: `{transcript}`, `{summary}`, `{duration}`, `{caller_number}`."""

    name: str
    description: str | None
    system_prompt: str
    user_prompt: str
    schema: dict[str, Any]


class Workflow(TypedDict, total=False):
    """Of a workflow; a definition replaces the stored one whole."""

    name: str
    definition: dict[str, Any]
    is_active: bool


class McpServer(TypedDict, total=False):
    """Of a server of tools; headers replace all that are stored, and go along when the host changes."""

    name: str
    url: str
    transport: Literal["streamable_http", "sse"]
    headers: dict[str, str]
    timeout_seconds: int
