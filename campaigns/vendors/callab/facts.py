"""Callab in tables: routes, words and limits. What nobody has published is marked ASSUMED and can be corrected in the
settings, under `routes` and `facts`.

Sources: the pages under https://docs.callab.ai/api-reference in their older (V0) and newer (V1) versions.
"""

import re
from typing import Literal

from pydantic import Field, field_validator

from campaigns.domain.call import Disposition
from campaigns.vendors.rest import Assumed, Route

BASE_URL = "https://api.callab.ai/v1"
"""Of V1; V0's paths begin at the same host without `/v1`."""

ROUTES: dict[str, Route] = {
    "query_contacts": Route("GET", "/contacts/query"),
    "get_contact": Route("GET", "/contacts/{id}"),
    "create_campaign": Route("POST", "/campaigns/create"),
    "get_campaign": Route("GET", "/campaigns/by-id/{id}"),
    "list_campaigns": Route("GET", "/campaigns/by-workspace/{workspace}"),
    "make_call": Route("POST", "/calls/make-call"),
    "record_call": Route("POST", "/calls"),
    "get_call": Route("GET", "/calls/{id}"),
    "query_calls": Route("GET", "/calls/query"),
    "list_agents": Route("GET", "/ai-agent"),
    "get_agent": Route("GET", "/ai-agent/{id}"),
    "list_flows": Route("GET", "/webhooks"),
    "list_users": Route("GET", "/users/all"),
    "create_workspace": Route("POST", "/workspace/create"),
    # V0, with _v0 behind the name of what V1 has too: whether these still answer is not known; that they begin at the
    # host is ASSUMED.
    "query_contacts_v0": Route("POST", "/contact/query", legacy=True, repeatable=True),
    "list_contacts": Route("GET", "/contact", legacy=True),
    "list_campaigns_v0": Route("GET", "/campaign/list", legacy=True),
    "update_campaign": Route("POST", "/campaign/update/{id}", legacy=True),
    "list_phone_numbers": Route("GET", "/phone_number", legacy=True),
    "list_flows_v0": Route("GET", "/webhook/flow/company/outbound", legacy=True),
}

StatusWord = Disposition | Literal["live"]
Side = Literal["account", "bad_data"]

_STATUSES: dict[str, StatusWord] = {
    "completed": Disposition.ANSWERED,
    "answered": Disposition.ANSWERED,
    "picked-up": Disposition.ANSWERED,
    "no-answer": Disposition.NO_ANSWER,
    "busy": Disposition.BUSY,
    "unreachable": Disposition.FAILED,
    "failed": Disposition.FAILED,
    "in-progress": "live",
    # ASSUMED: the words of Twilio, whose numbers Callab uses.
    "canceled": Disposition.FAILED,
    "cancelled": Disposition.FAILED,
    "queued": "live",
    "initiated": "live",
    "ringing": "live",
}
_REFUSALS: dict[str, Side] = {
    "unauthorized": "account",
    "forbidden": "account",
    "insufficient": "account",
    "inactive": "account",
    "not found": "account",
    "does not exist": "account",
    "required": "account",
    "invalid": "bad_data",
}
_DISCONNECTS: dict[str, Disposition] = {
    "voicemail": Disposition.VOICEMAIL,
    "machine": Disposition.VOICEMAIL,
    "declined": Disposition.DECLINED,
    "rejected": Disposition.DECLINED,
    "invalid-number": Disposition.BAD_NUMBER,
    "unallocated": Disposition.BAD_NUMBER,
}
_HANG_UPS = {"agent-hangup": True, "call-transfer": True, "user-hangup": False}


class Facts(Assumed):
    """What is not published, and which of the two dialects is spoken. A table given in the settings adds to ours."""

    dialect: Literal["v1", "v0"] = "v1"
    """Of contacts, campaign lists and webhook flows; calls and agents exist in V1 alone, phone numbers in V0."""
    workspace: str = "default"
    """The slug of the workspace that is worked in (documented: lists fall back to `default`)."""
    v0_base: str = ""
    """Where V0's paths begin; empty: at `base_url` without its `/v1`. ASSUMED, the published host is a filler."""
    per_page: int = Field(default=100, ge=1)
    """ASSUMED: the largest page; a smaller one that comes all the same loses nobody."""
    contacts_order: str = "order"
    """ASSUMED: the parameter of the direction in which contacts are sorted, called so for calls."""
    campaigns_limit: str = "limit"
    """ASSUMED: the parameter of the most campaigns that V0 lists."""
    users_pages: tuple[str, str] = ("page", "per_page")
    """ASSUMED: how the page and its size are called for users."""
    day_zone: str = "UTC"
    """ASSUMED: the zone of `start_date` and `end_date`."""

    statuses: dict[str, StatusWord] = Field(default=_STATUSES)
    """What a call's status means: a disposition of ours, or `live`. Seen in the reference but for what is marked
    ASSUMED; a word that is not here ends no call."""
    over: frozenset[str] = frozenset(
        {"completed", "no-answer", "busy", "unreachable", "failed", "canceled", "cancelled"}
    )
    """ASSUMED: a call with such a status has ended. `answered` and `picked-up` may still be talking: they have ended
    when there is a time of the end, or a reason."""
    disconnects: dict[str, Disposition] = Field(default=_DISCONNECTS)
    """ASSUMED: what occurs in a disconnect_reason, and what it says beyond the status."""
    hang_ups: dict[str, bool] = Field(default=_HANG_UPS)
    """ASSUMED: disconnect reasons that say who ended the call; true: our side."""

    throttled_status: int = 429
    """ASSUMED: answered before anything is done."""
    account_statuses: frozenset[int] = frozenset({401, 402, 403, 404, 405})
    """ASSUMED: a dial with such an HTTP status was not made, for the account's sake: key, credits, rights, or a route
    that is none."""
    bad_data_statuses: frozenset[int] = frozenset({400, 422})
    """ASSUMED: nor one with these, for the called person's data unless the message names the account's."""
    refusals: dict[str, Side] = Field(default=_REFUSALS)
    """ASSUMED: a message of an error with one of these words proves that nothing was dialled, and whose fault it is."""
    doubts: tuple[str, ...] = (
        "timeout", "timed out", "response", "internal", "carrier", "provider", "twilio", "sip", "already",
        "contact not", "contact does", "campaign not", "campaign is", "record", "database", "syntax", "webhook",
        "created", "placed", "started", "dialled", "dialed",
    )  # fmt: skip
    """ASSUMED: but not where one of these stands beside it: what fails then may come after the call was made."""
    lead_words: tuple[str, ...] = ("call_to", "recipient", "destination")
    """ASSUMED: a refusal that names one of these is about the called person's data."""
    account_words: tuple[str, ...] = ("agent", "ai_agent_id", "call_from", "caller", "workspace", "key", "token")
    """ASSUMED: and one that names one of these is about the account."""
    locked_out: tuple[str, ...] = ("unauthorized", "forbidden", "insufficient", "api key", "token")
    """ASSUMED: an error of any other request that says so is about the account."""
    absent: tuple[str, ...] = ("not found", "does not exist", "no such", "unknown")
    """ASSUMED: an error that says so means that the thing asked for does not exist."""

    @field_validator("statuses", "refusals", "disconnects", "hang_ups", mode="before")
    @classmethod
    def _added(cls, value: object, info: object) -> object:
        ours = cls.model_fields[info.field_name].default  # type: ignore[attr-defined]
        return {**ours, **value} if isinstance(value, dict) else value

    def refused_side(self, message: str) -> Side | None:
        """Whose fault an error of a dial is, where its words prove that nothing was dialled; None: they do not."""
        if says(message, self.doubts):
            return None
        found = next((side for word, side in self.refusals.items() if says(message, (word,))), None)
        return self.side(message, found) if found else None

    def side(self, message: str, otherwise: Side) -> Side:
        """Whose data a refusal is about."""
        if says(message, self.lead_words):
            return "bad_data"
        return "account" if says(message, self.account_words) else otherwise


def says(message: str, words: tuple[str, ...]) -> bool:
    """Whether one of the words stands in the message, as a word of its own."""
    return any(re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", message.lower()) for word in words)


def normal(word: str | None) -> str:
    """Lower case, with hyphens."""
    return "-".join((word or "").lower().replace("_", "-").split())
