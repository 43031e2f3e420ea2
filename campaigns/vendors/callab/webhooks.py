"""What Callab sends us: nothing is signed, and the body is whatever the user wrote into the flow. So it is a hint."""

import hashlib
from collections.abc import Sequence
from typing import Any

from campaigns.domain.call import CallReport, Grade, Notice, Webhook
from campaigns.domain.errors import ProofError
from campaigns.vendors.json_text import read_json
from campaigns.vendors.signatures import check_token

from .calls import report
from .facts import Facts
from .models import Call

_OTHERS = ("contact", "campaign", "agent")
"""Events that begin so are about something else, which has an id as well."""


def read(webhook: Webhook, *, tokens: Sequence[str], facts: Facts) -> Notice:
    """A webhook as a notice of grade TOKEN. Raises ProofError for a wrong address, or what is no JSON object."""
    check_token(webhook.token, tokens)
    try:
        said = read_json(webhook.body, strict=True)
    except ValueError:
        said = None
    if not (said and isinstance(said, dict)):
        raise ProofError("not a Callab event")
    return Notice(Grade.TOKEN, hashlib.sha256(webhook.body).hexdigest(), _news(said, facts))


def _news(said: dict[str, Any], facts: Facts) -> CallReport | None:
    """Of the call that it names; under the surest name first."""
    event = str(said.get("event") or said.get("type") or "").lower()
    data, call = (inner if isinstance(inner := said.get(name), dict) else {} for name in ("data", "call"))
    named = [(data, "call_id"), (call, "call_id"), (call, "id"), (said, "call_id"), (said, "callId")]
    if not event.startswith(_OTHERS):
        named += [(data, "id"), (said, "id")]
    for members, name in named:
        if isinstance(call_id := members.get(name), str) and call_id.strip():
            return report(Call.model_validate({**members, "id": call_id}), facts)
    return None
