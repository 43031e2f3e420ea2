"""The simulator's reading of HMS Sovereign's words: published are the statuses and two end reasons, no more."""

from datetime import UTC, datetime
from typing import Any

from campaigns.vendors.simulated.ledger import SimCall
from campaigns.vendors.simulated.people import Goodbye, How

_STAGES = {"queued": "connecting", "ringing": "ringing", "talking": "in-progress"}
_ENDS = {How.DECLINED: "rejected", How.BUSY: "failed", How.BAD_NUMBER: "failed", How.PROVIDER_ERROR: "failed"}
_GOODBYES = {
    Goodbye.CUSTOMER: "user_hangup",
    Goodbye.ASSISTANT: "agent_hangup",
    Goodbye.SILENCE: "silence_timeout",
    Goodbye.FORWARDED: "transferred",
}
_ERRORS = {
    How.BUSY: "SIP 486 Busy Here",
    How.BAD_NUMBER: "SIP 404 unallocated number",
    How.PROVIDER_ERROR: "SIP trunk failed",
}


def status(call: SimCall, now: datetime) -> str:
    """The word of the record at `now`."""
    stage = call.stage(now)
    if stage != "over":
        return _STAGES[stage]
    if call.troubled:
        return "ended-with-error"
    return "transferred" if call.goodbye is Goodbye.FORWARDED else _ENDS.get(call.how, "ended")


def end_reason(call: SimCall) -> str | None:
    """Why a conversation ended; of others the vendor says nothing here."""
    return _GOODBYES[call.goodbye] if call.goodbye else None


def error(call: SimCall) -> str | None:
    """The carrier's words about a call that came to nothing."""
    return "audio frames were lost" if call.troubled else _ERRORS.get(call.how)


def iso(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def turns(transcript: str) -> list[dict[str, str]]:
    """A transcript as messages."""
    said = [line.partition(": ") for line in transcript.splitlines()]
    return [{"role": "assistant" if who == "AI" else "user", "content": text} for who, _, text in said]


def override(call: SimCall) -> dict[str, Any]:
    """What the order said about the assistant of this call alone."""
    return call.metadata or {}
