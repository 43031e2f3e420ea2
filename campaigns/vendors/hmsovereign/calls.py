"""An HMS Sovereign call, as its API or its report shows it → our report."""

from collections.abc import Container
from typing import Any

from campaigns.domain.call import CallReport, Direction, Disposition

from .facts import Facts, normal
from .models import Call, Message

_SPEAKERS = {"assistant": "AI", "user": "User"}


def report_of(call: Call, facts: Facts, *, own: Container[str] = ()) -> CallReport:
    """A record in our words.

    Args:
        call: The record.
        facts: The vendor's words.
        own: Numbers of the account, where they are known: none of them is the person called.
    """
    over = is_over(call, facts)
    return CallReport(
        call_id=call.id,
        attempt_id=str((call.metadata or {}).get("attempt_id") or "") or None,
        direction=direction_of(call.direction),
        phone=_person(call, facts, own),
        ended=over,
        disposition=disposition_of(call, facts) if over else None,
        ended_reason=call.end_reason or "",
        talk_seconds=call.duration_seconds,
        started_at=call.started_at,
        ended_at=call.ended_at,
        created_at=call.created_at,
        summary=call.summary or "",
        transcript=transcript_of(call.messages),
        analysis=structured(call.analysis_result),
        recording=call.recording_url or "",
        agent_ended=facts.ended_by_us.get(normal(call.end_reason)),
    )


def direction_of(word: str | None) -> Direction:
    """Also of webhooks' types, `outbound_phone_call`, and `inboundPhoneCall` of 2025. Who is on the web came to us."""
    return Direction.INBOUND if normal(word).startswith(("inbound", "web")) else Direction.OUTBOUND


def is_over(call: Call, facts: Facts) -> bool:
    """Only what says so is over: a call that may be going on must not be followed by another."""
    word = normal(call.status)
    reasoned = said_by(call.end_reason, facts) is not None if word else bool(call.end_reason)
    return call.ended_at is not None or word in facts.over or (reasoned and word not in facts.live)


def disposition_of(call: Call, facts: Facts) -> Disposition:
    """From the end reason, then the summary, then whether anybody answered, then the status; in doubt `unknown`."""
    answered = call.started_at is not None or bool(call.duration_seconds)
    known = said_by(call.end_reason, facts) or said_by(call.error, facts)
    if known is Disposition.ANSWERED and not answered and call.duration_seconds is not None:
        return facts.unanswered  # somebody hung up before anybody spoke
    if answered and known in (None, Disposition.ANSWERED, Disposition.FAILED) and _is_machine(call.summary, facts):
        return Disposition.VOICEMAIL
    if answered and (known is None or (known is Disposition.FAILED and _talked(call))):
        return Disposition.ANSWERED  # also where it broke, but in a conversation
    if known is not None:
        return known
    silent = not (call.end_reason or call.error)
    return facts.over.get(normal(call.status)) or (facts.unanswered if silent else Disposition.UNKNOWN)


def said_by(words: str | None, facts: Facts) -> Disposition | None:
    """What an end reason or an error tells; None: nobody knows."""
    word = normal(words)
    if word in facts.end_reasons:
        return facts.end_reasons[word]
    return next((ours for hint, ours in facts.end_hints.items() if hint in word), None)


def transcript_of(messages: list[Message] | None) -> str:
    """A line for each turn; what the assistant was told by its maker is left out."""
    turns = [(_SPEAKERS.get(turn.role or ""), turn.content) for turn in messages or ()]
    return "\n".join(f"{speaker}: {text}" for speaker, text in turns if speaker and text)


def structured(analysis: dict[str, Any] | None) -> dict[str, Any]:
    """What outcome rules see: the structured data where it stands apart, else the analysis itself."""
    for name in ("structured_data", "structuredData"):
        if isinstance((analysis or {}).get(name), dict):
            return dict((analysis or {})[name])
    return {key: value for key, value in (analysis or {}).items() if key != "summary"}


def _person(call: Call, facts: Facts, own: Container[str]) -> str | None:
    first, other = call.caller_phone, call.assistant_phone
    if facts.person == "assistant_phone":
        first, other = other, first
    return other if first in own and other is not None and other not in own else first


def _talked(call: Call) -> bool:
    return (call.duration_seconds or 0) > 0


def _is_machine(summary: str | None, facts: Facts) -> bool:
    return any(word in (summary or "").lower() for word in facts.voicemail_words)
