"""Small changes of a campaign that its author may wonder about."""

import re
from collections.abc import Iterator

from campaigns.domain.campaign import Campaign
from campaigns.domain.hours_text import parse_hours

_RANGE = r"(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})"
_RANGES = re.compile(rf"(?:{_RANGE},\s*)*{_RANGE}")
MIDNIGHT = 24 * 60


def changes(campaign: Campaign, at_once: int) -> Iterator[tuple[str, Campaign, int]]:
    """Each change in words, with the campaign and the lines that it makes."""
    if at_once > 1:
        yield "one line fewer", campaign, at_once - 1
    yield "one line more", campaign, at_once + 1
    yield "twice the lines", campaign, 2 * at_once
    longer = an_hour_longer(campaign.calling_hours)
    if longer is not None:
        yield "an hour longer each day", campaign.model_copy(update={"calling_hours": longer}), at_once
    attempts = campaign.attempts.model_copy(update={"max": campaign.attempts.max + 1})
    yield "one attempt more", campaign.model_copy(update={"attempts": attempts}), at_once


def an_hour_longer(text: str) -> str | None:
    """Calling hours whose last span of each day ends an hour later, at most at midnight; None: none can."""
    longer = _RANGES.sub(lambda match: _later(match[0]), text)
    if longer == text:
        return None
    try:
        parse_hours(longer)
    except ValueError:
        return None
    return longer


def _later(ranges: str) -> str:
    first, _, last = ranges.rpartition("-")
    hour, minute = (int(part) for part in last.split(":"))
    opens = re.findall(r"(\d{1,2}):(\d{2})$", first)[0]
    ends = hour * 60 + minute
    if ends <= int(opens[0]) * 60 + int(opens[1]):  # over midnight: whoever calls then has hours enough
        return ranges
    ends = max(ends, min(ends + 60, MIDNIGHT))
    return f"{first}-{ends // 60:02}:{ends % 60:02}"
