"""The seam to whatever measures a running process. Nothing that is decided depends on it."""

from datetime import timedelta
from typing import Protocol

from campaigns.domain.lead import Attempt


class Meters(Protocol):
    """Told as things happen; each takes a few microseconds."""

    def asked(self, provider: str, late: timedelta) -> None:
        """A dial left this long after its slot."""

    def answered(self, provider: str, answer: str, took: timedelta) -> None:
        """The provider's answer to it: `Placed`, `Booked`, `Refused`, `NotSent` or `Unclear`."""

    def ended(self, attempt: Attempt) -> None:
        """An attempt's end, or better news of it, was written."""

    def webhook(self, provider: str, became: str) -> None:
        """`kept`, `repeated`, `unproved`, `too_large` or `unavailable`."""

    def swept(self, provider: str) -> None:
        """The provider has answered all that a round asked of it."""


class Unmetered:
    """Nobody measures."""

    def asked(self, provider: str, late: timedelta) -> None:
        pass

    def answered(self, provider: str, answer: str, took: timedelta) -> None:
        pass

    def ended(self, attempt: Attempt) -> None:
        pass

    def webhook(self, provider: str, became: str) -> None:
        pass

    def swept(self, provider: str) -> None:
        pass


UNMETERED = Unmetered()
