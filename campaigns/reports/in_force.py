"""The settings of a campaign file that a reader of the report should know, as sentences."""

from datetime import timedelta

from campaigns.domain.campaign import Attempts, Campaign, RetryDelay
from campaigns.domain.durations import format_duration

_PURPOSES = {
    "telemarketing": "telemarketing",
    "informational": "information for people who expect it",
    "debt_collection": "collecting debts",
    "research": "research",
    "emergency": "an emergency",
}
_UNCERTAIN = {
    "hold": "waits for a person",
    "as_attempt": "counts as an attempt once the longest call would be over",
    "drop": "ends the lead; it is not called again",
}


def in_force(campaign: Campaign) -> list[tuple[str, str]]:
    """What holds, in pairs of a name and a sentence."""
    attempts, pacing = campaign.attempts, campaign.pacing
    found = [
        ("Legal rules", f"switched off: {campaign.legal_hours.off}" if campaign.legal_hours.off else ""),
        ("Purpose", _PURPOSES[campaign.purpose]),
        ("Who talks", "an artificial voice" if campaign.voice == "ai" else "a human voice"),
        ("Calling hours", campaign.calling_hours),
        ("Whose clock", campaign.zone or "each person's own"),
        ("From and until", _span(campaign)),
        ("Pace", f"at most {_many(pacing.at_once, 'call')} at once, {pacing.per_second:g} begun per second"),
        ("Attempts", _attempts(attempts)),
        ("Tried again", _retries(attempts)),
        ("A doubtful call", _UNCERTAIN[attempts.uncertain]),
        ("Numbers shown", _many(len(campaign.caller_ids), "number") if campaign.caller_ids else "the provider's own"),
    ]
    return [(name, sentence) for name, sentence in found if sentence]


def _span(campaign: Campaign) -> str:
    starts = f"from {campaign.starts:%Y-%m-%d %H:%M}" if campaign.starts else ""
    ends = f"until {campaign.ends:%Y-%m-%d %H:%M}" if campaign.ends else ""
    return " ".join(filter(None, [starts, ends]))


def _attempts(attempts: Attempts) -> str:
    return (
        f"at most {attempts.max} for each lead over all numbers, {attempts.per_day} a day,"
        f" at least {format_duration(attempts.gap)} between two"
    )


def _retries(attempts: Attempts) -> str:
    delays: list[tuple[str, list[RetryDelay] | None]] = list(attempts.retry)
    named = [f"{word.replace('_', ' ')}: {', then '.join(map(_delay, each))}" for word, each in delays if each]
    return "; ".join(named) or "never"


def _delay(delay: RetryDelay) -> str:
    return f"after {format_duration(delay)}" if isinstance(delay, timedelta) else "the next day"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"
