"""A Flireo call record, as any of its pages may show it → our report."""

from datetime import UTC, datetime
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator

from campaigns.domain.call import CallReport, Direction, Disposition

from .facts import ENDED_REASONS, FAILED, LIVE, REASON_HINTS, VOICEMAIL_WORDS


def _either(*names: str) -> Any:
    return Field(default=None, validation_alias=AliasChoices(*names))


class CallRecord(BaseModel):
    """One call; unknown keys are let through, absent ones are None. Field names are ASSUMED."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)
    call_id: str = Field(validation_alias=AliasChoices("call_id", "id"), min_length=1)
    direction: str | None = None
    from_number: str | None = _either("from_number", "caller_phone", "from")
    to_number: str | None = _either("to_number", "phone_number", "to")
    status: str | None = None
    ended_reason: str | None = _either("ended_reason", "end_reason")
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_seconds: float | None = _either("duration_seconds", "callLengthSeconds")
    summary: str | None = None
    transcript: str | None = None
    recording_url: str | None = None
    cost: float | None = None
    analysis: dict[str, Any] | None = _either("analysis", "analysis_result")
    metadata: dict[str, Any] | None = None

    @field_validator("analysis", "metadata", mode="before")
    @classmethod
    def _mappings_only(cls, value: object) -> object:
        return value if isinstance(value, dict) else None

    @field_validator("created_at", "started_at", "ended_at", mode="after")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value

    def report(self) -> CallReport:
        """The record in our words."""
        ended = self.ended_at is not None or (self.status or "queued") not in LIVE
        inbound = self.direction == "inbound"
        return CallReport(
            call_id=self.call_id,
            attempt_id=str((self.metadata or {}).get("attempt_id") or "") or None,
            direction=Direction.INBOUND if inbound else Direction.OUTBOUND,
            phone=self.from_number if inbound else self.to_number,
            ended=ended,
            disposition=self._disposition() if ended else None,
            ended_reason=self.ended_reason or "",
            talk_seconds=self.duration_seconds,
            started_at=self.started_at,
            ended_at=self.ended_at,
            created_at=self.created_at,
            summary=self.summary or "",
            transcript=self.transcript or "",
            analysis=structured(self.analysis),
            recording=self.recording_url or "",
            cost=self.cost,
        )

    def _disposition(self) -> Disposition:
        """From the end reason, then the summary, then the duration; in doubt `unknown`."""
        known = disposition_of(self.ended_reason or "")
        talked = (self.duration_seconds or 0) > 0
        if known is None and self.status in FAILED:
            return Disposition.FAILED
        if known is None and self.status:
            known = disposition_of(self.status)
        if (known in (None, Disposition.ANSWERED)) and talked and _sounds_like_voicemail(self.summary):
            return Disposition.VOICEMAIL
        if known is None:
            return Disposition.ANSWERED if talked else Disposition.UNKNOWN
        return known


def disposition_of(word: str) -> Disposition | None:
    """A vendor's end word → ours; None: nobody knows."""
    normal = word.strip().lower()
    if normal in ENDED_REASONS:
        return ENDED_REASONS[normal]
    return next((ours for hint, ours in REASON_HINTS if hint in normal.replace("_", "-")), None)


def _sounds_like_voicemail(summary: str | None) -> bool:
    return any(word in (summary or "").lower() for word in VOICEMAIL_WORDS)


def structured(analysis: dict[str, Any] | None) -> dict[str, Any]:
    """What outcome rules see: `structuredData` (ASSUMED name) where it is there, else the analysis itself."""
    if not analysis:
        return {}
    for name in ("structuredData", "structured_data"):
        if isinstance(analysis.get(name), dict):
            return dict(analysis[name])
    return {key: value for key, value in analysis.items() if key not in ("summary", "successEvaluation")}
