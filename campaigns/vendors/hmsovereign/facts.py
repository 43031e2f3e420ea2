"""HMS Sovereign (Flireo, generation B) in tables: routes, words and limits.

Routes and fields are published (doc.hmsovereign.com, doc.voicedock.ai, and the vendor's Node SDK
github.com/flireo-bv-org/hmsovereign-node: the operations it is tested against, and src/types.ts). What is marked
ASSUMED nobody has published; it can be corrected under `routes` and `facts` in the settings.
"""

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from campaigns.domain.call import Disposition
from campaigns.vendors.rest import Assumed, Route

BASE_URL = "https://api.hmsovereign.com/api/v1"
REQUESTS_PER_MINUTE = 100
"""For each key (doc.hmsovereign.com/docs/reference/rate-limits); and 10 control commands a minute for each call."""
NOT_PROCESSED = 429
"""The vendor's own client repeats a POST after it, and says why: it is answered before anything is done."""
SILENCE = timedelta(seconds=30)
"""After a 429 that does not say how long."""


def _set(path: str, one: str, many: str, *, patch: bool = True, id_name: str = "id") -> dict[str, Route]:
    """The five operations of a resource; none of this vendor's is a PUT."""
    single = f"{path}/{{{id_name}}}"
    return {
        f"list_{many}": Route("GET", path),
        f"create_{one}": Route("POST", path),
        f"get_{one}": Route("GET", single),
        **({f"update_{one}": Route("PATCH", single, repeatable=True)} if patch else {}),
        f"delete_{one}": Route("DELETE", single),
    }


ROUTES: dict[str, Route] = {
    **_set("/assistants", "assistant", "assistants"),
    **_set("/numbers", "number", "numbers"),
    "list_calls": Route("GET", "/calls"),
    "get_call": Route("GET", "/calls/{id}"),
    "place_call": Route("POST", "/calls/outbound"),
    "control_call": Route("POST", "/calls/{id}/control"),
    **_set("/campaigns", "campaign", "campaigns"),
    "update_campaign": Route("PATCH", "/campaigns/{id}"),  # it may begin to dial: never repeated
    "list_leads": Route("GET", "/campaigns/{id}/leads"),
    "add_lead": Route("POST", "/campaigns/{id}/leads"),
    "remove_lead": Route("DELETE", "/campaigns/{id}/leads/{lead_id}"),
    **_set("/sip-trunks", "sip_trunk", "sip_trunks", patch=False),
    **_set("/tool-templates", "tool_template", "tool_templates"),
    **_set("/analysis-templates", "analysis_template", "analysis_templates"),
    **_set("/workflows", "workflow", "workflows"),
    **_set("/mcp-servers", "mcp_server", "mcp_servers"),
    "test_mcp_server": Route("POST", "/mcp-servers/{id}/test", repeatable=True),
    "list_voices": Route("GET", "/voices"),
    "list_usage": Route("GET", "/usage"),
    "get_byok": Route("GET", "/byok"),
    "set_byok": Route("POST", "/byok", repeatable=True),
    "delete_byok": Route("DELETE", "/byok"),
    "set_byok_config": Route("POST", "/byok/config", repeatable=True),
    "get_domain": Route("GET", "/domains"),
    "create_domain": Route("POST", "/domains"),
    "delete_domain": Route("DELETE", "/domains"),
    "list_resend_domains": Route("GET", "/domains/sync"),
    "sync_domain": Route("POST", "/domains/sync", repeatable=True),
    "verify_domain": Route("POST", "/domains/verify", repeatable=True),
    "refresh_domain": Route("POST", "/domains/refresh", repeatable=True),
    "get_organization": Route("GET", "/organizations"),
    "create_organization": Route("POST", "/organizations"),
    "update_organization": Route("PATCH", "/organizations", repeatable=True),
    "get_health": Route("GET", "/health"),
    "get_account": Route("GET", "/account", legacy=True),
    "list_chats": Route("GET", "/chats", legacy=True),
    "create_chat": Route("POST", "/chats", legacy=True),
    "delete_chat": Route("DELETE", "/chats/{id}", legacy=True),
    "get_chat_context": Route("GET", "/chats/context", legacy=True),
}

_TABLES = ("over", "end_reasons", "end_hints", "ended_by_us", "refusals")


class Facts(Assumed):
    """Whatever else is ASSUMED; entries that the settings give to a table are added to it.

    Words are compared in lower case, with hyphens for blanks and underscores.
    """

    auth: str = "Authorization: Bearer {key}"
    """Published: doc.hmsovereign.com/docs/introduction."""
    page: int = Field(default=100, ge=1, le=1000)
    """Calls asked for at a time. Published: 100 by default, 1000 at most."""
    person: Literal["caller_phone", "assistant_phone"] = "caller_phone"
    """ASSUMED: the human party of a call record, in both directions. The docs call it the caller's number and show
    inbound calls only; where it is a number of the account, the other member is taken instead."""
    webhook_events: tuple[str, ...] = ("status-update", "end-of-call-report", "tool-calls")
    """What a call's own webhook address is told. Published words; ASSUMED: `webhook_events` and `webhook_url` in the
    override hold for that call, and the secret of the assistant goes on signing."""
    live: frozenset[str] = frozenset({"queued", "scheduled", "dialing", "connecting", "ringing", "in-progress"})
    """Statuses of a call that has not ended, whatever its end reason says. The first two are ASSUMED."""
    over: dict[str, Disposition | None] = Field(
        default={
            "ended": None,
            "ended-with-error": Disposition.FAILED,
            "failed": Disposition.FAILED,
            "rejected": Disposition.DECLINED,
            "transferred": Disposition.ANSWERED,
            "insufficient-credits": Disposition.FAILED,
            "completed": None,
            "ended-with-debugging": Disposition.FAILED,
            "busy": Disposition.BUSY,
            "no-answer": Disposition.NO_ANSWER,
            "cancelled": Disposition.FAILED,
            "canceled": Disposition.FAILED,
        }
    )
    """Statuses of a call that has ended, and what the status alone tells of it. The first six are published, what they
    mean for somebody who did not answer is ASSUMED; the others ASSUMED. Any other word may be of a call that goes on,
    as long as the record has no `ended_at`."""
    unanswered: Disposition = Disposition.NO_ANSWER
    """ASSUMED: a call that has ended, was never answered, and says nothing more. No webhook tells of such calls."""
    end_reasons: dict[str, Disposition] = Field(
        default={
            "user-hangup": Disposition.ANSWERED,
            "max-duration": Disposition.ANSWERED,
            "agent-hangup": Disposition.ANSWERED,
            "assistant-hangup": Disposition.ANSWERED,
            "end-call": Disposition.ANSWERED,
            "transferred": Disposition.ANSWERED,
            "silence-timeout": Disposition.ANSWERED,
            "voicemail": Disposition.VOICEMAIL,
            "insufficient-credits": Disposition.FAILED,
        }
    )
    """The first two are the only published ones; the others ASSUMED. `error` is looked up here as well."""
    end_hints: dict[str, Disposition] = Field(
        default={
            "voicemail": Disposition.VOICEMAIL,
            "answering-machine": Disposition.VOICEMAIL,
            "machine-detected": Disposition.VOICEMAIL,
            "no-answer": Disposition.NO_ANSWER,
            "not-answer": Disposition.NO_ANSWER,
            "unanswered": Disposition.NO_ANSWER,
            "ring-timeout": Disposition.NO_ANSWER,
            "busy": Disposition.BUSY,
            "decline": Disposition.DECLINED,
            "reject": Disposition.DECLINED,
            "unallocated": Disposition.BAD_NUMBER,
            "invalid-number": Disposition.BAD_NUMBER,
            "invalid-destination": Disposition.BAD_NUMBER,
            "error": Disposition.FAILED,
            "fail": Disposition.FAILED,
        }
    )
    """ASSUMED: the first of these that stands in an end reason or error which the table does not have."""
    ended_by_us: dict[str, bool] = Field(
        default={
            "user-hangup": False,
            "max-duration": True,
            "agent-hangup": True,
            "assistant-hangup": True,
            "end-call": True,
            "transferred": True,
        }
    )
    """Who hung up; other words do not say. The first two follow from what is published, the others are ASSUMED."""
    voicemail_words: tuple[str, ...] = ("voicemail", "voice mail", "answering machine", "mailbox", "antwoordapparaat")
    """In a summary. Published: a machine that was met shows in the free text alone; the words are ASSUMED."""
    refusals: dict[str, Literal["account", "data", "throttled"]] = Field(
        default={
            "unauthorized": "account",
            "api-key-expired": "account",
            "api-key-revoked": "account",
            "insufficient-credits": "account",
            "forbidden": "account",
            "not-found": "account",
            "invalid-request": "data",
            "missing-field": "data",
            "rate-limit-exceeded": "throttled",
        }
    )
    """What a code says of an order that was refused; `forbidden` and `not_found` are ASSUMED, the others published."""
    account_params: frozenset[str] = frozenset(
        {"assistant_id", "agent_id", "assistant_override", "assistant", "number_id", "first_message"}
    )
    """`error.param` of a 400 or 422 that blames what every call of the campaign shares. The member is published, its
    values are ASSUMED to be the names of the fields."""

    @field_validator(*_TABLES, mode="before")
    @classmethod
    def _added(cls, value: Any, info: ValidationInfo) -> Any:
        default = cls.model_fields[info.field_name or ""].default
        return {**default, **{normal(key): entry for key, entry in value.items()}} if isinstance(value, dict) else value


def normal(word: str | None) -> str:
    """A vendor's word as the tables have it: `In_Progress`, `in progress` and `in-progress` are one."""
    return "-".join((word or "").lower().replace("_", " ").replace("-", " ").split())
