"""Flireo's four webhooks: proof, and translation; and the answers that two of them wait for.

Generation A signs nothing, so a report is proved by the secret part of its address alone; where the signature of
generation B stands in the headers and a secret is set, it must be right as well.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import Field, ValidationError

from campaigns.domain.call import CallReport, Grade, Notice, Question, Reply, ToolCall, Webhook
from campaigns.domain.errors import ProofError
from campaigns.vendors.json_text import read_json
from campaigns.vendors.loose import Loose
from campaigns.vendors.signatures import check_stamped, check_token

from .calls import structured
from .facts import PLAIN, Facts, normal

ASSISTANT_REQUEST, TOOL_CALLS = "assistant-request", "tool-calls"


class _Task(Loose):
    taskId: str = Field(min_length=1)  # noqa: N815
    taskName: str = ""  # noqa: N815
    taskPayload: dict[str, Any] | None = None  # noqa: N815 - absent where a tool has no arguments


class _Event(Loose):
    eventType: Literal["assistant-request", "status-update", "tool-calls", "end-of-call-report"]  # noqa: N815
    fromCaller: str | None = None  # noqa: N815 - ASSUMED: the human party, in both directions
    toAssistant: str | None = None  # noqa: N815
    callId: str | None = None  # noqa: N815
    callSession: str | None = None  # noqa: N815 - status-update spells the call id so
    userMetadata: dict[str, Any] | None = None  # noqa: N815 - the echo of metadata is ASSUMED; never needed
    status: str | None = None
    endedReason: str | None = None  # noqa: N815 - ASSUMED
    transcriptText: str | None = None  # noqa: N815
    summaryText: str | None = None  # noqa: N815
    recordings: dict[str, Any] | None = None
    callLengthSeconds: float | None = Field(default=None, ge=0)  # noqa: N815
    analysis: dict[str, Any] | None = None  # ASSUMED
    tasksInitiated: list[Any] | None = None  # noqa: N815

    @property
    def call_id(self) -> str | None:
        return self.callId or self.callSession or None

    @property
    def attempt_id(self) -> str | None:
        return str((self.userMetadata or {}).get("attempt_id") or "") or None

    def report(self, facts: Facts) -> CallReport | None:
        if not self.call_id or self.eventType not in ("status-update", "end-of-call-report"):
            return None
        return CallReport(
            call_id=self.call_id,
            attempt_id=self.attempt_id,
            phone=self.fromCaller,
            ended=self.eventType == "end-of-call-report" or self._is_over(facts),
            ended_reason=self.endedReason or "",
            talk_seconds=self.callLengthSeconds,
            summary=self.summaryText or "",
            transcript=self.transcriptText or "",
            analysis=structured(self.analysis),
            recording=str((self.recordings or {}).get("linkStereo") or ""),
        )

    def _is_over(self, facts: Facts) -> bool:
        """The three words of the guide are in the table; `ended-with-…` may grow."""
        word = normal(self.status)
        stage = facts.call_statuses.get(word)
        return stage == "over" or (stage is None and word.startswith("ended"))

    def question(self) -> Question | None:
        """An assistant-request names no call; tools that cannot be read are not asked for."""
        if self.eventType == ASSISTANT_REQUEST:
            return Question((), phone=self.fromCaller, own_number=self.toAssistant)
        tools = tuple(filter(None, map(_tool, self.tasksInitiated or []))) if self.eventType == TOOL_CALLS else ()
        return Question(tools, self.call_id, self.attempt_id, self.fromCaller, self.toAssistant) if tools else None


def _tool(data: object) -> ToolCall | None:
    try:
        task = _Task.model_validate(data)
    except ValidationError:
        return None
    return ToolCall(task.taskId, task.taskName, task.taskPayload or {})


def read(
    webhook: Webhook, *, tokens: Sequence[str], secrets: Sequence[str], now: datetime, facts: Facts = PLAIN
) -> Notice:
    """A webhook as a notice of grade TOKEN (BODY where a signature proves it). Raises ProofError."""
    check_token(webhook.token, tokens)
    signed = bool(secrets) and "x-webhook-signature" in webhook.headers
    if signed:
        _check_signature(webhook, secrets, now=now)
    event = _parse(webhook.body, facts)
    return Notice(
        grade=Grade.BODY if signed else Grade.TOKEN,
        dedupe_key=f"{event.eventType}:{hashlib.sha256(webhook.body).hexdigest()}",
        report=event.report(facts),
        question=event.question(),
    )


def answer(question: Question, reply: Reply) -> dict[str, Any]:
    """The body that each of the two questions waits for.

    Every task that was asked for is answered, with an empty text where we know nothing. Without an assistant of ours
    the vendor ends the call: it has none of its own for an external assistant.
    """
    if question.tools:
        results = [{"toolCallId": tool.id, "result": reply.tools.get(tool.id, "")} for tool in question.tools]
        return {"results": results}
    return {"assistant": reply.assistant} if reply.assistant is not None else {}


def _parse(body: bytes, facts: Facts) -> _Event:
    try:
        return _Event.model_validate(facts.received(read_json(body, strict=True)))
    except (ValueError, ValidationError):
        raise ProofError("not a Flireo event") from None


def _check_signature(webhook: Webhook, secrets: Sequence[str], *, now: datetime) -> None:
    kind, _, digest = webhook.headers["x-webhook-signature"].partition("=")
    if kind != "sha256":
        raise ProofError("wrong signature")
    stamp = webhook.headers.get("x-webhook-timestamp", "")
    check_stamped(digest, stamp=stamp, body=webhook.body, secrets=secrets, now=now)
