"""HMS Sovereign's four webhooks: proof, translation, and the answers that two of them wait for.

Three forms are read: everything under `message` in snake_case (2026) or camelCase (2025), and the flat one of 2025 with
its names of its own. Signed they are believed; without a secret in the settings only their address proves them.
Sources: doc.voicedock.ai/docs/webhooks/overview, doc.hmsovereign.com/webhook-security-2032067m0, src/webhooks.ts and
src/types.ts of the vendor's Node SDK.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator

from campaigns.domain.call import CallReport, Disposition, Grade, Notice, Question, Reply, ToolCall, Webhook
from campaigns.domain.changed import changed
from campaigns.domain.errors import ProofError
from campaigns.vendors.json_text import read_json
from campaigns.vendors.loose import Instant, Loose, either
from campaigns.vendors.signatures import attempt_of, check_stamped

from .calls import report_of, said_by
from .facts import Facts, normal
from .models import Call, Message

REPORTS = ("status-update", "end-of-call-report")
QUESTIONS = ("assistant-request", "tool-calls")


class _Function(Loose):
    name: str = Field(min_length=1)
    arguments: dict[str, Any] = Field(default_factory=dict)

    @field_validator("arguments", mode="before")
    @classmethod
    def _unpacked(cls, value: object) -> object:
        return read_json(value.encode()) if isinstance(value, str) else value


class _Tool(Loose):
    id: str = Field(min_length=1)
    function: _Function


class _Call(Loose):
    id: str | None = None
    type: str | None = None
    status: str | None = None


class _Party(Loose):
    id: str | None = None
    number: str | None = Field(default=None, repr=False)


class _Message(Loose):
    """What stands under `message`, in both casings."""

    type: str
    call: _Call = _Call()
    phone_number: _Party | None = either("phone_number", "phoneNumber")
    customer: _Party | None = None
    """The human party. ASSUMED: also where we called them."""
    assistant: dict[str, Any] | None = Field(default=None, repr=False)
    tools: list[_Tool] | None = either("tool_call_list", "toolCallList")
    error: str | None = None
    end_reason: str | None = either("end_reason", "endReason", "endedReason")
    started_at: Instant | None = either("started_at", "startedAt")
    ended_at: Instant | None = either("ended_at", "endedAt")
    duration_seconds: Annotated[float, Field(ge=0)] | None = either("duration_seconds", "durationSeconds")
    summary: str | None = Field(default=None, repr=False)
    messages: list[Message] | None = Field(default=None, repr=False)
    analysis: dict[str, Any] | None = Field(default=None, repr=False)
    recording_url: str | None = either("recording_url", "recordingUrl")

    @property
    def attempt_id(self) -> str | None:
        """Of the metadata that the call was given, where the vendor shows it; undocumented."""
        metadata = (self.assistant or {}).get("metadata")
        return str(metadata.get("attempt_id") or "") or None if isinstance(metadata, dict) else None


class _Flat(Loose):
    """The form of 2025 without an envelope."""

    eventType: str  # noqa: N815
    callId: str | None = None  # noqa: N815
    callSession: str | None = None  # noqa: N815 - status-update spells the call id so
    fromCaller: str | None = Field(default=None, repr=False)  # noqa: N815 - ASSUMED: the human party, both ways
    toAssistant: str | None = Field(default=None, repr=False)  # noqa: N815
    status: str | None = None
    endedReason: str | None = None  # noqa: N815
    summaryText: str | None = Field(default=None, repr=False)  # noqa: N815
    transcriptText: str | None = Field(default=None, repr=False)  # noqa: N815
    callLengthSeconds: float | None = None  # noqa: N815
    analysis: dict[str, Any] | None = Field(default=None, repr=False)
    recordings: dict[str, Any] | None = Field(default=None, repr=False)
    tasksInitiated: list[dict[str, Any]] | None = Field(default=None, repr=False)  # noqa: N815
    userMetadata: dict[str, Any] | None = Field(default=None, repr=False)  # noqa: N815

    def nested(self) -> dict[str, Any]:
        """The same as it would stand under `message`."""
        return {
            "type": self.eventType,
            "call": {"id": self.callId or self.callSession, "status": self.status},
            "phone_number": {"number": self.toAssistant},
            "customer": {"number": self.fromCaller},
            "assistant": {"metadata": self.userMetadata or {}},
            "tool_call_list": [_task(task) for task in self.tasksInitiated or ()],
            "end_reason": self.endedReason,
            "duration_seconds": self.callLengthSeconds,
            "summary": self.summaryText,
            "analysis": self.analysis,
            "recording_url": (self.recordings or {}).get("linkStereo"),
        }


def read(webhook: Webhook, facts: Facts, *, tokens: Sequence[str], secrets: Sequence[str], now: datetime) -> Notice:
    """A webhook as a notice of grade BODY; of grade TOKEN where no secret is set. Raises ProofError.

    Args:
        webhook: As it came.
        facts: The vendor's words.
        tokens: The account's address tokens; an address may be good for one attempt instead.
        secrets: With one of which the vendor signs; then what is not signed is refused.
        now: The present.
    """
    attempt_id = attempt_of(webhook.token, tokens)
    if secrets:
        _check_signature(webhook, secrets, now=now)
    message, transcript = _parse(webhook.body)
    attempt_id = attempt_id or message.attempt_id
    return Notice(
        grade=Grade.BODY if secrets else Grade.TOKEN,
        dedupe_key=f"{message.type}:{hashlib.sha256(webhook.body).hexdigest()}",
        report=_report(message, transcript, attempt_id, facts) if message.type in REPORTS else None,
        question=_question(message, attempt_id) if message.type in QUESTIONS else None,
    )


def answer(question: Question, reply: Reply) -> dict[str, Any]:
    """`{"results": […]}` for tools; for who is to talk an override of the configuration, `{}`: the agent as it is."""
    if not question.tools:
        return reply.assistant or {}
    return {"results": [{"toolCallId": tool.id, "result": reply.tools.get(tool.id, "")} for tool in question.tools]}


def _check_signature(webhook: Webhook, secrets: Sequence[str], *, now: datetime) -> None:
    scheme, _, told = webhook.headers.get("x-webhook-signature", "").partition("=")
    if scheme != "sha256":
        raise ProofError("no signature")
    stamp = webhook.headers.get("x-webhook-timestamp", "")
    check_stamped(told, stamp=stamp, body=webhook.body, secrets=secrets, now=now)


def _parse(body: bytes) -> tuple[_Message, str]:
    """(message, transcript of the flat form)."""
    try:
        data = read_json(body, strict=True)
        if isinstance(data, dict) and "message" in data:
            message, transcript = _Message.model_validate(data["message"]), ""
        else:
            flat = _Flat.model_validate(data)
            message, transcript = _Message.model_validate(flat.nested()), flat.transcriptText or ""
    except (ValueError, ValidationError):
        raise ProofError("not an HMS Sovereign event") from None
    if message.type not in REPORTS + QUESTIONS:
        raise ProofError("not an event that HMS Sovereign documents")
    return message, transcript


def _report(message: _Message, transcript: str, attempt_id: str | None, facts: Facts) -> CallReport | None:
    """What an event tells of its call; one whose call has no name tells nothing."""
    if not message.call.id:
        return None
    is_last = message.type == "end-of-call-report"
    person = message.customer.number if message.customer else None
    status = "ended" if is_last and normal(message.call.status) not in facts.over else message.call.status
    read_already = {name: getattr(message, name) for name in _SAME}
    call = _NOTHING.model_copy(update={
        "id": message.call.id, "caller_phone": person, "assistant_phone": person, "direction": message.call.type,
        "status": status, "analysis_result": message.analysis, **read_already,
    })  # fmt: skip
    report = report_of(call, facts)
    talked = bool(message.duration_seconds) or message.started_at is not None
    told = is_last and (talked or said_by(message.end_reason, facts) not in (None, Disposition.ANSWERED))
    return changed(
        report,
        attempt_id=attempt_id,
        # Only the last word tells how it ended; a status alone is known to be over, and no more.
        disposition=report.disposition if told else None,
        transcript=report.transcript or transcript,
    )


_SAME = {"error", "end_reason", "started_at", "ended_at", "duration_seconds", "summary", "messages", "recording_url"}
_NOTHING = Call.model_construct(id="")


def _question(message: _Message, attempt_id: str | None) -> Question | None:
    tools = tuple(ToolCall(tool.id, tool.function.name, tool.function.arguments) for tool in message.tools or ())
    if message.type == "tool-calls" and not tools:
        return None
    return Question(
        tools=tools if message.type == "tool-calls" else (),
        call_id=message.call.id,
        attempt_id=attempt_id,
        phone=message.customer.number if message.customer else None,
        own_number=message.phone_number.number if message.phone_number else None,
    )


def _task(task: dict[str, Any]) -> dict[str, Any]:
    """A tool call as the flat form writes it; its payload may be missing."""
    return {"id": task.get("taskId"), "function": {"name": task.get("taskName"), "arguments": task.get("taskPayload")}}
