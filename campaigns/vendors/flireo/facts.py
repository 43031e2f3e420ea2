"""Flireo generation A in tables: routes, words and limits. What nobody publishes is marked ASSUMED; correct it here,
or a route in the settings (`routes = {place = "/calls/outbound"}`)."""

from campaigns.domain.call import BookingState, Disposition

ROUTES = {
    "place": "/calls/direct",  # ASSUMED: POST
    "calls": "/calls",  # ASSUMED: GET ?limit, offset, start_date
    "call": "/calls/{id}",  # ASSUMED: GET
    "scheduled_calls": "/scheduled-calls",  # ASSUMED: POST; GET ?limit, offset
    "scheduled_call": "/scheduled-calls/{id}",  # ASSUMED: GET, DELETE
    "phone_numbers": "/phone-numbers",  # seen: GET (the guide has it under /v1, which belongs in base_url)
    "profile": "/user/profile",  # ASSUMED: GET, with credits
}

REQUESTS_PER_MINUTE = 100
"""Published for generation B per key; ASSUMED the same here."""
PAGE = 100
"""Most calls per page. ASSUMED, as for the other lists."""
NOT_PROCESSED = 429
"""ASSUMED, as the vendor's own client reasons for generation B: a 429 is answered before anything is done."""

ACCOUNT_STATUSES = frozenset({401, 402, 403, 404})
"""Nothing was dialled, and nothing will be: key, credits, rights, or an unknown assistant."""
ACCOUNT_CODES = frozenset(
    {"no_phone_number", "insufficient_credits", "forbidden", "unauthorized", "already_linked", "already_in_use",
     "invalid_status", "not_found"}
)  # fmt: skip
"""Codes of a 400 that name the account's side, not the called person's data."""
BAD_DATA_STATUSES = frozenset({400, 422})

BOOKING_STATES = {  # ASSUMED: pending -> in-progress -> completed or failed; pending -> cancelled
    "pending": BookingState.WAITING,
    "scheduled": BookingState.WAITING,
    "in-progress": BookingState.FIRING,
    "completed": BookingState.DONE,
    "failed": BookingState.FAILED,
    "cancelled": BookingState.CANCELLED,
    "canceled": BookingState.CANCELLED,
}
"""Lower case, with hyphens; any other word proves nothing."""

LIVE = frozenset({"queued", "scheduled", "dialing", "connecting", "ringing", "in-progress"})
"""ASSUMED: a call with such a status has not ended, whatever its end reason says."""
OVER = frozenset(
    {"ended", "ended-with-error", "ended-with-debugging", "completed", "finished", "failed", "error", "busy",
     "no-answer", "rejected", "declined", "cancelled", "canceled", "insufficient-credits"}
)  # fmt: skip
"""ASSUMED: it has ended; so has a call with `ended_at`. Any other word may mean a call that is going on."""

ENDED_REASONS = {  # ASSUMED but for the first, which one dashboard showed
    "customer-ended-call": Disposition.ANSWERED,
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
"""Lower case, with hyphens."""
ENDED_BY_US = {  # ASSUMED: who hung up; other words do not say
    "assistant-ended-call": True,
    "assistant-forwarded-call": True,
    "exceeded-max-duration": True,
    "max-duration": True,
    "customer-ended-call": False,
    "user-hangup": False,
}
REASON_HINTS = (  # ASSUMED: for words that the table does not have
    ("voicemail", Disposition.VOICEMAIL),
    ("machine", Disposition.VOICEMAIL),
    ("no-answer", Disposition.NO_ANSWER),
    ("not-answer", Disposition.NO_ANSWER),
    ("busy", Disposition.BUSY),
    ("reject", Disposition.DECLINED),
    ("decline", Disposition.DECLINED),
    ("invalid", Disposition.BAD_NUMBER),
    ("unallocated", Disposition.BAD_NUMBER),
    ("misdialed", Disposition.BAD_NUMBER),
    ("bad-number", Disposition.BAD_NUMBER),
    ("error", Disposition.FAILED),
    ("fail", Disposition.FAILED),
)
VOICEMAIL_WORDS = ("voicemail", "voice mail", "answering machine", "antwoordapparaat")
"""In a summary: the vendor has no flag for voicemail."""
