"""What a simulated Callab call tells us: one body at its end, as the user wrote it into the flow (all assumed)."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from campaigns.domain.lead import spread
from campaigns.vendors.simulated.ledger import SimCall
from campaigns.vendors.simulated.telling import News

from .options import Options
from .words import view

_EVENT = (
    "id", "campaign_id", "contact_id", "call_to", "call_status", "call_duration", "disconnect_reason",
    "analysis_sentiment", "agent_post_call_outcomes", "started_at", "ended_at", "retry_at",
)  # fmt: skip


class Paper:
    """Callab's flows; nothing is signed."""

    def __init__(self, options: Options) -> None:
        self._options = options

    def news(self, call: SimCall) -> list[News]:
        """The end of every call, also of those that nobody answered."""
        at = call.ended_at + timedelta(seconds=2 + 4 * spread(f"{call.call_id}|report"))
        record = view(call, at)
        if self._options.webhook_body == "flat":
            outcomes = record["agent_post_call_outcomes"] or {}
            body: dict[str, Any] = {"call_id": call.call_id, "result": record["call_status"], **outcomes}
        else:
            body = {"event": "call.ended", "data": {name: record[name] for name in _EVENT}}
        return [News(at, "call.ended", body)]

    def encode(self, item: News) -> bytes:
        return json.dumps(item.body).encode()

    def headers(self, body: bytes, item: News) -> dict[str, str]:  # noqa: ARG002 - nothing is signed
        return {"Content-Type": "application/json"}

    def forged(self, item: News, url: str) -> tuple[News, str]:
        """What somebody without the secret address would send: the same call, another story, a wrong token."""
        parts = urlsplit(url)
        wrong = parts._replace(path=parts.path[:-1] + ("0" if parts.path.endswith("1") else "1"))
        return self._changed(item, agent_post_call_outcomes={"opt_out": True, "refused": True}), urlunsplit(wrong)

    def misdirected(self, item: News) -> News:
        number = str(item.body.get("data", {}).get("call_to", "+12125550100"))
        return self._changed(item, call_to=number[:-1] + str((int(number[-1]) + 1) % 10))

    def _changed(self, item: News, **members: Any) -> News:
        data = item.body.get("data")
        return replace(item, body={**item.body, "data": {**data, **members}} if data else {**item.body, **members})
