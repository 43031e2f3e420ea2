"""An account's requests, counted by the minute of the clock."""

from datetime import datetime


class Minute:
    """At most `limit` requests a minute; None: any number."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._minute, self._used = 0, 0

    def spend(self, *, now: datetime) -> dict[str, str]:
        """Count a request; the headers that tell of it, with `retry-after` where it is one too many."""
        if self._limit is None:
            return {}
        seconds = int(now.timestamp())
        if seconds // 60 != self._minute:
            self._minute, self._used = seconds // 60, 0
        self._used += 1
        reset = (self._minute + 1) * 60
        headers = {
            "x-ratelimit-limit": str(self._limit),
            "x-ratelimit-remaining": str(max(0, self._limit - self._used)),
            "x-ratelimit-reset": str(reset),
        }
        return headers | ({"retry-after": str(reset - seconds)} if self._used > self._limit else {})
