"""What HMS Sovereign's answer to "please call" proves."""

from datetime import datetime
from typing import Any

from campaigns.domain.call import Placed, Placement, Refused, Unclear
from campaigns.vendors.dial import Answer
from campaigns.vendors.hmsovereign.facts import NOT_PROCESSED, SILENCE, Facts, normal
from campaigns.vendors.http import error_text, retry_after
from campaigns.vendors.rest import json_or_none, names_a_call


def classify(answer: Answer, facts: Facts, *, now: datetime) -> Placement:
    """A call's id places it, a refusal is one by its status or its code, and all else is unclear."""
    data, status = json_or_none(answer.body), answer.status
    code, message = error_text(data)
    said = " ".join(filter(None, [f"HTTP {status}", code, message if message != code else ""]))[:200]
    if 200 <= status < 300:
        return (
            _accepted(data, said)
            or _refused(data, code, said, answer, facts, now=now)
            or Unclear(f"{said}: accepted without a call id")
        )
    if status == NOT_PROCESSED:
        return _throttled(said, answer, now=now)
    if names_a_call(data, "id"):
        return Unclear(said)
    if status in (401, 402, 403, 404):  # key, minutes, rights; an assistant or number that the account does not have
        return Refused(said, account=True)
    if status in (400, 422):
        shared = facts.refusals.get(normal(code)) == "account" or _param(data) in facts.account_params
        return Refused(said, account=shared, bad_data=not shared)
    return Unclear(said)


def _accepted(data: Any, said: str) -> Placement | None:
    """What a success says of a call; None: it names none."""
    call_id = data.get("call_id") if isinstance(data, dict) else None
    if not isinstance(call_id, str | int) or isinstance(call_id, bool) or not str(call_id).strip():
        return None
    if data.get("success") is False:
        return Unclear(f"{said}: not a success, and yet a call id")
    return Placed(str(call_id))


def _refused(data: Any, code: str, said: str, answer: Answer, facts: Facts, *, now: datetime) -> Placement | None:
    """A success in name only, whose words are known to prove a refusal."""
    if not isinstance(data, dict) or data.get("success") is not False or names_a_call(data, "id"):
        return None
    words = [normal(code), normal(_text(data.get("code"))), normal(_text(data.get("status")))]
    match next((facts.refusals[word] for word in words if word in facts.refusals), None):
        case "account":
            return Refused(said, account=True)
        case "throttled":
            return _throttled(said, answer, now=now)
        case "data":
            return Refused(said, bad_data=True)
        case _:
            return None


def _throttled(said: str, answer: Answer, *, now: datetime) -> Refused:
    return Refused(said, throttled=True, retry_after=retry_after(answer.headers, now=now, default=SILENCE))


def _param(data: Any) -> str | None:
    error = data.get("error") if isinstance(data, dict) else None
    param = error.get("param") if isinstance(error, dict) else None
    return param.partition(".")[0] if isinstance(param, str) else None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
