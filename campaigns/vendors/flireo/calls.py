"""A Flireo call record, as any of its pages may show it → our report."""

from typing import Any

from pydantic import AliasChoices, Field

from campaigns.domain.call import CallReport, Direction, Disposition
from campaigns.vendors.loose import Instant, Loose, either

from .facts import PLAIN, Facts, normal


class CallRecord(Loose):
    """One call; unknown keys are let through, absent ones are None. Field names are ASSUMED."""

    scheduled_call_id: str | None = None
    call_id: str = Field(validation_alias=AliasChoices("call_id", "id"), min_length=1)
    assistant_id: str | None = None
    contact_id: str | None = None
    direction: str | None = None
    from_number: str | None = either("from_number", "caller_phone", "from")
    to_number: str | None = either("to_number", "phone_number", "to")
    status: str | None = None
    ended_reason: str | None = either("ended_reason", "end_reason")
    created_at: Instant | None = None
    started_at: Instant | None = None
    ended_at: Instant | None = None
    duration_seconds: float | None = Field(
        default=None, validation_alias=AliasChoices("duration_seconds", "callLengthSeconds"), ge=0
    )
    summary: str | None = None
    transcript: str | None = None
    recording_url: str | None = None
    cost: float | None = None
    credits_used: float | None = None
    analysis: dict[str, Any] | None = either("analysis", "analysis_result")
    metadata: dict[str, Any] | None = None

    def report(self, facts: Facts = PLAIN) -> CallReport:
        """The record in our words."""
        inbound = (self.direction or "").strip().lower().startswith("inbound")
        over = self._is_over(facts)
        return CallReport(
            call_id=self.call_id,
            attempt_id=str((self.metadata or {}).get("attempt_id") or "") or None,
            direction=Direction.INBOUND if inbound else Direction.OUTBOUND,
            phone=self.from_number if inbound else self.to_number,
            ended=over,
            disposition=self._disposition(facts) if over else None,
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
            agent_ended=facts.ended_by_us.get(normal(self.ended_reason)),
            booking_id=self.scheduled_call_id or None,
        )

    def _is_over(self, facts: Facts) -> bool:
        """Only what says so is over: a call that may be going on must not be followed by another."""
        stage = facts.call_statuses.get(normal(self.status))
        told = facts.disposition_of(self.ended_reason) is not None if normal(self.status) else bool(self.ended_reason)
        return self.ended_at is not None or stage == "over" or (told and stage != "live")

    def _disposition(self, facts: Facts) -> Disposition:
        """From the end reason, else the status; then the summary, then the duration; in doubt `unknown`."""
        known = facts.disposition_of(self.ended_reason)
        talked = (self.duration_seconds or 0) > 0
        if known is None:
            known = facts.disposition_of(self.status)
            if known is Disposition.FAILED and talked:
                known = None  # it broke, but in a conversation
        if known in (None, Disposition.ANSWERED) and talked:
            return Disposition.VOICEMAIL if facts.is_voicemail(self.summary) else Disposition.ANSWERED
        return known or Disposition.UNKNOWN


def structured(analysis: dict[str, Any] | None) -> dict[str, Any]:
    """What outcome rules see: `structuredData` (ASSUMED name) where it is there, else the analysis itself."""
    if not analysis:
        return {}
    for name in ("structuredData", "structured_data"):
        if isinstance(analysis.get(name), dict):
            return dict(analysis[name])
    return {key: value for key, value in analysis.items() if key not in ("summary", "successEvaluation")}
