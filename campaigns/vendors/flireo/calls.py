"""A Flireo call record, as any of its pages may show it → our report."""

from datetime import UTC, datetime
from typing import Any

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)

from campaigns.domain.call import CallReport, Direction, Disposition

from .facts import ENDED_BY_US, ENDED_REASONS, LIVE, OVER, REASON_HINTS, VOICEMAIL_WORDS


class Loose(BaseModel):
    """What a vendor says: an optional member that cannot be understood is as good as absent, never an error."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, allow_inf_nan=False)

    @field_validator("*", mode="wrap")
    @classmethod
    def _absent_when_odd(cls, value: object, read: ValidatorFunctionWrapHandler, info: ValidationInfo) -> object:
        try:
            return read(value)
        except ValidationError:
            if cls.model_fields[info.field_name or ""].is_required():
                raise
            return None


def _either(*names: str) -> Any:
    return Field(default=None, validation_alias=AliasChoices(*names))


class CallRecord(Loose):
    """One call; unknown keys are let through, absent ones are None. Field names are ASSUMED."""

    scheduled_call_id: str | None = None
    call_id: str = Field(validation_alias=AliasChoices("call_id", "id"), min_length=1)
    direction: str | None = None
    from_number: str | None = _either("from_number", "caller_phone", "from")
    to_number: str | None = _either("to_number", "phone_number", "to")
    status: str | None = None
    ended_reason: str | None = _either("ended_reason", "end_reason")
    created_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_seconds: float | None = Field(
        default=None, validation_alias=AliasChoices("duration_seconds", "callLengthSeconds"), ge=0
    )
    summary: str | None = None
    transcript: str | None = None
    recording_url: str | None = None
    cost: float | None = None
    analysis: dict[str, Any] | None = _either("analysis", "analysis_result")
    metadata: dict[str, Any] | None = None

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: object) -> object:
        """So that a null under one name does not hide the value under another."""
        return {key: value for key, value in data.items() if value is not None} if isinstance(data, dict) else data

    @field_validator("created_at", "started_at", "ended_at", mode="after")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value

    def report(self) -> CallReport:
        """The record in our words."""
        inbound = (self.direction or "").strip().lower().startswith("inbound")
        return CallReport(
            call_id=self.call_id,
            attempt_id=str((self.metadata or {}).get("attempt_id") or "") or None,
            direction=Direction.INBOUND if inbound else Direction.OUTBOUND,
            phone=self.from_number if inbound else self.to_number,
            ended=self._is_over(),
            disposition=self._disposition() if self._is_over() else None,
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
            agent_ended=ENDED_BY_US.get(_normal(self.ended_reason)),
            booking_id=self.scheduled_call_id or None,
        )

    def _is_over(self) -> bool:
        """Only what says so is over: a call that may be going on must not be followed by another."""
        word = _normal(self.status)
        return self.ended_at is not None or word in OVER or bool(self.ended_reason and word not in LIVE)

    def _disposition(self) -> Disposition:
        """From the end reason, else the status; then the summary, then the duration; in doubt `unknown`."""
        known = disposition_of(self.ended_reason or "")
        talked = (self.duration_seconds or 0) > 0
        if known is None:
            known = disposition_of(self.status or "")
            if known is Disposition.FAILED and talked:
                known = None  # it broke, but in a conversation
        if known in (None, Disposition.ANSWERED) and talked:
            return Disposition.VOICEMAIL if _sounds_like_voicemail(self.summary) else Disposition.ANSWERED
        return known or Disposition.UNKNOWN


def disposition_of(word: str) -> Disposition | None:
    """A vendor's end word → ours; None: nobody knows."""
    normal = _normal(word)
    if normal in ENDED_REASONS:
        return ENDED_REASONS[normal]
    return next((ours for hint, ours in REASON_HINTS if hint in normal), None)


def _normal(word: str | None) -> str:
    """Vendors write `In_Progress`, `in progress` and `in-progress`."""
    return "-".join((word or "").lower().replace("_", "-").split())


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
