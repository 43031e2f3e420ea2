"""Asking Flireo for a call, now or later: the body, one POST that is sent at most once, and what the answer proves."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, TypedDict, Unpack

from campaigns.domain.call import Booked, Handover, NotSent, Placed, Placement, Refused, Unclear
from campaigns.vendors.dial import Answer, post_once
from campaigns.vendors.http import error_text, retry_after
from campaigns.vendors.rest import json_or_none, names_a_call

from .asking import Asking, plain
from .facts import PLAIN, Facts
from .scheduled import booked

SILENCE = timedelta(seconds=30)
"""After a 429 that does not say how long."""


class CallExtras(TypedDict, total=False):
    """What a call may be given beside assistant and number; ASSUMED."""

    phone_number_id: str
    """Of the number that is shown."""
    contact_id: str
    first_message: str
    metadata: dict[str, Any]
    """That it comes back with the call is ASSUMED."""


class Dialing(Asking):
    """The two requests that ring somebody. Neither is ever repeated: no idempotency key exists."""

    async def dial(self, operation: str, body: bytes) -> Answer | NotSent | Unclear:
        """Send a frozen body to `place` or `schedule_call`, at most once, past the request budget."""
        headers = {**self.rest.headers, "Content-Type": "application/json"}
        with self.rest.clock.work():
            return await post_once(self.rest.url(operation), headers=headers, body=body)

    async def place_call(self, assistant_id: str, phone_number: str, **more: Unpack[CallExtras]) -> Placement:
        """Ring somebody (E.164), once. ASSUMED: POST /calls/direct.

        `Placed` with the call's id; `Refused` and `NotSent` prove that nothing was dialled; after `Unclear` the call
        may exist: look for it before asking again. Raises nothing.
        """
        body = self.packed({"assistant_id": assistant_id, "phone_number": phone_number, **more})
        await self.rest.admitted()
        answer = await self.dial("place", body)
        if isinstance(answer, NotSent | Unclear):
            return answer
        return self.rest.keyless(classify(answer, now=self.rest.clock.now(), facts=self.facts))

    async def schedule_call(
        self, assistant_id: str, phone_number: str, scheduled_at: datetime, **more: Unpack[CallExtras]
    ) -> Handover:
        """Have somebody rung at an instant to come. ASSUMED: POST /scheduled-calls. Answers as `place_call` does."""
        order = {"assistant_id": assistant_id, "phone_number": phone_number, "scheduled_at": scheduled_at, **more}
        await self.rest.admitted()
        answer = await self.dial("schedule_call", self.packed(order))
        if isinstance(answer, NotSent | Unclear):
            return answer
        return self.rest.keyless(handed_over(answer, now=self.rest.clock.now(), facts=self.facts))

    def packed(self, order: Mapping[str, Any]) -> bytes:
        """An order as the exact bytes of a body."""
        body = self.facts.sent(plain(order))
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def classify(answer: Answer, *, now: datetime, facts: Facts = PLAIN) -> Placement:
    """What an answer to "please call" proves (reliability: everything that proves nothing is unclear)."""
    proved = refusal(answer, now=now, facts=facts)
    if proved is not None:
        return proved
    return _accepted(json_or_none(answer.body), f"HTTP {answer.status}", facts)


def handed_over(answer: Answer, *, now: datetime, facts: Facts = PLAIN) -> Booked | Refused | Unclear:
    """What an answer to "please call then" proves."""
    proved = refusal(answer, now=now, facts=facts)
    return booked(json_or_none(answer.body), facts) if proved is None else proved


def refusal(answer: Answer, *, now: datetime, facts: Facts = PLAIN) -> Refused | Unclear | None:
    """What an answer proves that is none of acceptance; None: it says that it was accepted."""
    status = answer.status
    code, message = error_text(json_or_none(answer.body))
    said = " ".join(filter(None, [f"HTTP {status}", code, message if message != code else ""]))[:200]
    if status == facts.not_processed:
        return Refused(said, throttled=True, retry_after=retry_after(answer.headers, now=now, default=SILENCE))
    if not 200 <= status < 300 and names_a_call(facts.received(json_or_none(answer.body)), "id"):
        return Unclear(said)
    if status in facts.account_statuses:
        return Refused(said, account=True)
    if status in facts.bad_data_statuses:
        ours = code in facts.account_codes
        return Refused(said, account=ours, bad_data=not ours)
    return None if 200 <= status < 300 else Unclear(said)


def _accepted(data: Any, said: str, facts: Facts) -> Placement:
    inner = data.get("data") if isinstance(data, dict) and isinstance(data.get("data"), dict) else data
    inner = facts.received(inner)
    call_id = inner.get("call_id") if isinstance(inner, dict) else None
    if isinstance(call_id, str | int) and not isinstance(call_id, bool) and str(call_id).strip():
        return Placed(str(call_id))
    return Unclear(f"{said}: accepted without a call id")
