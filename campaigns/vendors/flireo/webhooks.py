"""Flireo's four webhooks: proof, and translation.

Generation A signs nothing, so a report is proved by the secret part of its address alone; where the signature of
generation B stands in the headers and a secret is set, it must be right as well.
"""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field, ValidationError

from campaigns.domain.call import CallReport, Grade, Notice, Webhook
from campaigns.domain.errors import ProofError
from campaigns.vendors.json_text import read_json

from .calls import Loose, structured

FRESH = timedelta(minutes=5)
"""The vendor's own tolerance for generation B."""


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

    def report(self) -> CallReport | None:
        call_id = self.callId or self.callSession
        if not call_id or self.eventType not in ("status-update", "end-of-call-report"):
            return None
        return CallReport(
            call_id=call_id,
            attempt_id=str((self.userMetadata or {}).get("attempt_id") or "") or None,
            phone=self.fromCaller,
            ended=self.eventType == "end-of-call-report" or (self.status or "").startswith("ended"),
            ended_reason=self.endedReason or "",
            talk_seconds=self.callLengthSeconds,
            summary=self.summaryText or "",
            transcript=self.transcriptText or "",
            analysis=structured(self.analysis),
            recording=str((self.recordings or {}).get("linkStereo") or ""),
        )


def read(webhook: Webhook, *, token: str, secret: str, now: datetime) -> Notice:
    """A webhook as a notice of grade TOKEN (BODY where a signature proves it). Raises ProofError."""
    if len(token) < 16 or not _same(webhook.token, token):
        raise ProofError("wrong address token")
    signed = bool(secret) and "x-webhook-signature" in webhook.headers
    if signed:
        _check_signature(webhook, secret, now=now)
    event = _parse(webhook.body)
    return Notice(
        grade=Grade.BODY if signed else Grade.TOKEN,
        dedupe_key=f"{event.eventType}:{hashlib.sha256(webhook.body).hexdigest()}",
        report=event.report(),
    )


def _parse(body: bytes) -> _Event:
    try:
        return _Event.model_validate(read_json(body, strict=True))
    except (ValueError, ValidationError):
        raise ProofError("not a Flireo event") from None


def _check_signature(webhook: Webhook, secret: str, *, now: datetime) -> None:
    stamp = webhook.headers.get("x-webhook-timestamp", "")
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise ProofError("no usable time stamp")
    if abs(now.timestamp() - int(stamp)) > FRESH.total_seconds():
        raise ProofError("too old, or from the future")
    expected = "sha256=" + hmac.new(secret.encode(), stamp.encode() + b"." + webhook.body, hashlib.sha256).hexdigest()
    if not _same(webhook.headers["x-webhook-signature"], expected):
        raise ProofError("wrong signature")


def _same(told: str, ours: str) -> bool:
    """In constant time, whatever characters the stranger sent."""
    return hmac.compare_digest(told.encode("utf-8", "surrogatepass"), ours.encode())
