"""What Callab's answers say: the one envelope, in which errors arrive as HTTP 200, and what a dial's answer proves."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from campaigns.domain.call import Placed, Placement, Refused, Unclear
from campaigns.vendors.dial import Answer
from campaigns.vendors.http import error_text, retry_after
from campaigns.vendors.rest import json_or_none, names_a_call

from .facts import Facts, says

SILENCE = timedelta(seconds=30)
"""After a 429 that does not say how long."""
_BEFORE_ALL = frozenset({401, 402, 403})
"""Key, credits and rights are looked at before anything is done, whatever else is said."""
_DONE = frozenset({"ok", "success"})


@dataclass(frozen=True, slots=True)
class Envelope:
    """`{"status", "message", "data"}`; `data` changes its type when it is an error."""

    ok: bool
    message: str
    data: Any


def opened(said: Any) -> Envelope | None:
    """What stands in the envelope; None: it is none. Whatever is neither ok nor success is an error."""
    if not isinstance(said, dict) or not isinstance(said.get("status"), str):
        return None
    return Envelope(said["status"].strip().lower() in _DONE, error_text(said)[1], said.get("data"))


def placement(answer: Answer, facts: Facts, *, now: datetime) -> Placement:
    """What an answer to "please call" proves; everything that proves nothing is unclear.

    An error with HTTP 200 does not say whether the call was made before it: it proves a refusal by its words alone.
    """
    status = answer.status
    said = json_or_none(answer.body)
    envelope = opened(said)
    message = envelope.message if envelope else error_text(said)[1]
    text = " ".join(filter(None, [f"HTTP {status}", message]))[:200]
    if status == facts.throttled_status:
        return Refused(text, throttled=True, retry_after=retry_after(answer.headers, now=now, default=SILENCE))
    if envelope is not None and envelope.ok and 200 <= status < 300:
        return _accepted(envelope.data, text)
    if names_a_call(said, "id") or (status not in _BEFORE_ALL and says(message, facts.doubts)):
        return Unclear(text)
    if status in facts.account_statuses:
        return Refused(text, account=True)
    if status in facts.bad_data_statuses:
        return _refused(text, facts.side(message, "bad_data"))
    if not 200 <= status < 300 or envelope is None:
        return Unclear(text)
    side = facts.refused_side(message)
    return _refused(text, side) if side else Unclear(text)


def _refused(text: str, side: str) -> Refused:
    return Refused(text, account=side == "account", bad_data=side == "bad_data")


def _accepted(data: Any, text: str) -> Placement:
    call_id = data.get("id") if isinstance(data, dict) else None
    if isinstance(call_id, str | int) and not isinstance(call_id, bool) and str(call_id).strip():
        return Placed(str(call_id))
    return Unclear(f"{text}: accepted without a call id")
