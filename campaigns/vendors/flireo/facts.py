"""Flireo generation A in two tables: its routes, and whatever else nobody publishes; correct both in the settings
(`routes = {place = "/calls/outbound"}`, `facts = {ended_reasons = {"hung-up" = "answered"}}`)."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from campaigns.domain.call import BookingState, Disposition
from campaigns.vendors.rest import Assumed, Route

REQUESTS_PER_MINUTE = 100
"""Published for generation B per key; ASSUMED the same here."""


def _seen(method: str, path: str) -> Route:
    """Of a page of the vendor's own (the guide has it under /v1, which belongs in base_url)."""
    return Route(method, path)


def _assumed(method: str, path: str, **more: bool) -> Route:
    return Route(method, path, assumed=True, **more)


ROUTES: Mapping[str, Route] = MappingProxyType({
    "list_assistants": _assumed("GET", "/assistants"),
    "create_assistant": _assumed("POST", "/assistants"),
    "get_assistant": _assumed("GET", "/assistants/{id}"),
    "replace_assistant": _assumed("PUT", "/assistants/{id}"),
    "update_assistant": _assumed("PATCH", "/assistants/{id}", repeatable=True),
    "delete_assistant": _assumed("DELETE", "/assistants/{id}"),
    "get_linked_number": _seen("GET", "/assistants/{id}/phone-number"),
    "link_number": _seen("POST", "/assistants/{id}/phone-number"),
    "unlink_number": _seen("DELETE", "/assistants/{id}/phone-number"),
    "place": _assumed("POST", "/calls/direct"),
    "list_calls": _assumed("GET", "/calls"),
    "get_call": _assumed("GET", "/calls/{id}"),
    "delete_call": _assumed("DELETE", "/calls/{id}"),
    "list_contacts": _seen("GET", "/contacts"),
    "create_contact": _assumed("POST", "/contacts"),
    "get_contact": _assumed("GET", "/contacts/{id}"),
    "replace_contact": _seen("PUT", "/contacts/{id}"),
    "update_contact": _assumed("PATCH", "/contacts/{id}", repeatable=True),
    "delete_contact": _assumed("DELETE", "/contacts/{id}"),
    "list_available_numbers": _seen("GET", "/phone-numbers/available"),
    "list_available_numbers_legacy": _assumed("GET", "/available-phone-numbers", legacy=True),
    "list_phone_numbers": _seen("GET", "/phone-numbers"),
    "order_phone_number": _seen("POST", "/phone-numbers"),
    "get_phone_number": _assumed("GET", "/phone-numbers/{id}"),
    "delete_phone_number": _assumed("DELETE", "/phone-numbers/{id}"),
    "list_orders": _seen("GET", "/phone-number-orders"),
    "get_order": _seen("GET", "/phone-number-orders/{id}"),
    "list_scheduled_calls": _assumed("GET", "/scheduled-calls"),
    "schedule_call": _assumed("POST", "/scheduled-calls"),
    "get_scheduled_call": _assumed("GET", "/scheduled-calls/{id}"),
    "update_scheduled_call": _assumed("PATCH", "/scheduled-calls/{id}", repeatable=True),
    "cancel_scheduled_call": _assumed("DELETE", "/scheduled-calls/{id}"),
    "list_verification_groups": _seen("GET", "/verification-groups"),
    "create_verification_group": _seen("POST", "/verification-groups"),
    "get_verification_group": _seen("GET", "/verification-groups/{id}"),
    "delete_verification_group": _assumed("DELETE", "/verification-groups/{id}"),
    "list_verification_documents": _assumed("GET", "/verification-groups/{id}/documents"),
    "upload_verification_document": _assumed("POST", "/verification-groups/{id}/documents"),
    "delete_verification_document": _assumed("DELETE", "/verification-groups/{id}/documents/{document}"),
    "list_group_numbers": _seen("GET", "/verification-groups/{id}/available-phone-numbers"),
    "order_group_number": _seen("POST", "/verification-groups/{id}/order-number"),
    "submit_verification_group": _assumed("POST", "/verification-groups/{id}/submit"),
    "get_user": _assumed("GET", "/user"),
    "get_user_profile": _assumed("GET", "/user/profile"),
    "get_user_legacy": _assumed("GET", "/me", legacy=True),
    "inject_message": _assumed("POST", "/inject-message"),
    "query_knowledgebase": _assumed("POST", "/query-knowledgebase", repeatable=True),
    "create_instant_agent": _assumed("POST", "/instant-agents"),
    "generate_faqs": _assumed("POST", "/instant-agents/generate-faqs"),
})  # fmt: skip
"""The Dutch reference, every item of it."""

Stage = Literal["live", "over"]

_STATUSES: dict[str, Stage] = {
    **dict.fromkeys(("queued", "scheduled", "dialing", "connecting", "ringing", "in-progress"), "live"),
    **dict.fromkeys(
        ("ended", "ended-with-error", "ended-with-debugging", "completed", "finished", "failed", "error", "busy",
         "no-answer", "rejected", "declined", "cancelled", "canceled", "insufficient-credits"),
        "over",
    ),
}  # fmt: skip
_ENDED_REASONS = {
    "customer-ended-call": Disposition.ANSWERED,  # seen in one dashboard
    "assistant-ended-call": Disposition.ANSWERED,
    "assistant-forwarded-call": Disposition.ANSWERED,
    "silence-timed-out": Disposition.ANSWERED,
    "exceeded-max-duration": Disposition.ANSWERED,
    "user-hangup": Disposition.ANSWERED,
    "max-duration": Disposition.ANSWERED,
    "customer-did-not-answer": Disposition.NO_ANSWER,
    "customer-busy": Disposition.BUSY,
    "voicemail": Disposition.VOICEMAIL,
    "ended-with-debugging": Disposition.FAILED,
    "insufficient-credits": Disposition.FAILED,
}
_ENDED_BY_US = {
    "assistant-ended-call": True,
    "assistant-forwarded-call": True,
    "exceeded-max-duration": True,
    "max-duration": True,
    "customer-ended-call": False,
    "user-hangup": False,
}
_REASON_HINTS = {
    "voicemail": Disposition.VOICEMAIL,
    "machine": Disposition.VOICEMAIL,
    "no-answer": Disposition.NO_ANSWER,
    "not-answer": Disposition.NO_ANSWER,
    "busy": Disposition.BUSY,
    "reject": Disposition.DECLINED,
    "decline": Disposition.DECLINED,
    "invalid": Disposition.BAD_NUMBER,
    "unallocated": Disposition.BAD_NUMBER,
    "misdialed": Disposition.BAD_NUMBER,
    "bad-number": Disposition.BAD_NUMBER,
    "error": Disposition.FAILED,
    "fail": Disposition.FAILED,
}
_BOOKING_STATES = {
    "pending": BookingState.WAITING,
    "scheduled": BookingState.WAITING,
    "in-progress": BookingState.FIRING,
    "completed": BookingState.DONE,
    "failed": BookingState.FAILED,
    "cancelled": BookingState.CANCELLED,
    "canceled": BookingState.CANCELLED,
}


class Facts(Assumed):
    """What is ASSUMED of generation A beside its routes. A table in the settings adds to the one here; its words are
    read in lower case with hyphens."""

    page: int = 100
    """ASSUMED: the most items that a page holds, as the guide says of numbers, orders and groups."""
    available_page: int = 50
    """Seen: the most numbers for sale that are shown at once."""
    call_statuses: dict[str, Stage] = _STATUSES
    """ASSUMED: whether a call with this status may be going on, whatever its end reason says, or has ended, as has one
    with `ended_at`. Any other word may mean a call that is going on."""
    ended_reasons: dict[str, Disposition] = _ENDED_REASONS
    """ASSUMED but for the first."""
    reason_hints: dict[str, Disposition] = _REASON_HINTS
    """ASSUMED: parts of words that the table does not have; the first that fits decides."""
    ended_by_us: dict[str, bool] = _ENDED_BY_US
    """ASSUMED: who hung up; other words do not say."""
    booking_states: dict[str, BookingState] = _BOOKING_STATES
    """ASSUMED: pending → in-progress → completed or failed; pending → cancelled; any other word proves nothing."""
    voicemail_words: tuple[str, ...] = ("voicemail", "voice mail", "answering machine", "antwoordapparaat")
    """In a summary: the vendor has no flag for voicemail."""
    not_processed: int = 429
    """ASSUMED, as the vendor's own client reasons for generation B: a 429 is answered before anything is done."""
    account_statuses: frozenset[int] = frozenset({401, 402, 403, 404})
    """ASSUMED: nothing was dialled, and nothing will be: key, credits, rights, or an unknown assistant."""
    account_codes: frozenset[str] = frozenset(
        {"no_phone_number", "insufficient_credits", "forbidden", "unauthorized", "already_linked", "already_in_use",
         "invalid_status", "not_found"}
    )  # fmt: skip
    """ASSUMED: codes of a 400 that name the account's side, not the called person's data."""
    bad_data_statuses: frozenset[int] = frozenset({400, 422})
    """ASSUMED but for 400: this one call's data is refused."""
    credits_per_minute: float = 1.0
    """ASSUMED of generation A; generation B sells one minute for one."""
    receives: dict[str, str] = Field(default={})
    """Their name of a member → the one that is read here, of records and webhooks, most of which are ASSUMED."""
    sends: dict[str, str] = Field(default={})
    """Our name of a member of a body → theirs."""

    @field_validator("call_statuses", "ended_reasons", "reason_hints", "ended_by_us", "booking_states", mode="before")
    @classmethod
    def _added(cls, value: object, info: ValidationInfo) -> object:
        """Corrections come first, and the rest of the table stays; an odd value is left for pydantic to refuse."""
        if not isinstance(value, dict):
            return value
        told = {normal(str(word)): meaning for word, meaning in value.items()}
        table = cls.model_fields[info.field_name or ""].default
        return told | {word: meaning for word, meaning in table.items() if word not in told}

    def received(self, data: Any) -> Any:
        """A record or an event of theirs, with its members named as they are read here."""
        if not self.receives or not isinstance(data, dict):
            return data
        return {self.receives.get(name, name): value for name, value in data.items()}

    def sent(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A body with its members named as they are said there."""
        return {self.sends.get(name, name): value for name, value in body.items()}

    def disposition_of(self, word: str | None) -> Disposition | None:
        """An end word of theirs → ours; None: nobody knows."""
        plain = normal(word)
        if plain in self.ended_reasons:
            return self.ended_reasons[plain]
        return next((ours for hint, ours in self.reason_hints.items() if hint in plain), None)

    def is_voicemail(self, summary: str | None) -> bool:
        """Whether a summary sounds like it."""
        return any(word in (summary or "").lower() for word in self.voicemail_words)


def normal(word: str | None) -> str:
    """The vendor writes `In_Progress`, `in progress` and `in-progress`."""
    return "-".join((word or "").lower().replace("_", "-").split())


PLAIN = Facts()
"""Without corrections."""
