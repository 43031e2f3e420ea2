"""A Callab call → our report."""

from campaigns.domain.call import CallReport, Direction, Disposition

from .facts import Facts, normal
from .models import Call


def report(call: Call, facts: Facts) -> CallReport | None:
    """The call in our words; None: it names no id, so it is nobody's."""
    if not call.id:
        return None
    inbound = normal(call.call_direction).startswith("inbound")
    over = is_over(call, facts)
    return CallReport(
        call_id=call.id,
        direction=Direction.INBOUND if inbound else Direction.OUTBOUND,
        phone=call.call_from if inbound else call.call_to,
        ended=over,
        disposition=_disposition(call, facts) if over else None,
        ended_reason=call.disconnect_reason or normal(call.call_status),
        talk_seconds=call.call_duration,
        started_at=call.started_at,
        ended_at=call.ended_at,
        created_at=call.created_at,
        summary=call.call_feedback or call.agent_task_feedback or "",
        transcript=call.transcript or "",
        analysis=dict(call.agent_post_call_outcomes or {}),
        recording=call.record_url or "",
        cost=call.cost,
        agent_ended=facts.hang_ups.get(normal(call.disconnect_reason)),
    )


def is_over(call: Call, facts: Facts) -> bool:
    """Only what says so is over: a call that may be going on must not be followed by another."""
    word = normal(call.call_status)
    known = facts.statuses.get(word)
    return (
        call.ended_at is not None
        or word in facts.over
        or bool(call.disconnect_reason and known not in (None, "live"))
    )  # fmt: skip


def _disposition(call: Call, facts: Facts) -> Disposition:
    """From the status, but for what only the disconnect reason tells; in doubt `unknown`."""
    known = facts.statuses.get(normal(call.call_status))
    talked, reason = (call.call_duration or 0) > 0, normal(call.disconnect_reason)
    told = next((ours for hint, ours in facts.disconnects.items() if hint in reason), None)
    if told is Disposition.VOICEMAIL or (told is not None and not talked):
        return told
    if known is Disposition.FAILED and talked:
        return Disposition.ANSWERED  # it broke, but in a conversation
    return Disposition.UNKNOWN if known in (None, "live") else Disposition(known)
