"""Every exception of this project.

CampaignsError
├── InputError          the user can mend it: a file, a setting, an option (exit 2)
│   ├── Unknown             a name that nothing has (HTTP 404)
│   └── Forbidden           whoever asks may not do that (HTTP 403)
├── AccountRefused      the provider refuses the account: 401, 402, 403 (exit 4)
├── StoreError          the database cannot be used, or must not be
│   ├── StoreUnavailable    it may work again in a moment (HTTP 503)
│   └── StoreDoubtful       what it holds may not be what was written: this process uses it no more
├── ProofError          a webhook whose origin is not proved (HTTP 401)
└── VendorError         a vendor answered something that is no answer
    └── Throttled           too fast: be silent for a while

Expected things (refusals, busy lines, blocked contacts, lost races) are values, never exceptions.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any


class CampaignsError(Exception):
    """Base of all errors raised by this package; its text is fit for a user."""

    @property
    def logged(self) -> str:
        """As it may stand in a log: in our own words, since a vendor's may repeat whatever it was sent of a person."""
        return str(self)

    def __reduce__(self) -> tuple[Any, ...]:
        """Whole from process to process, whatever its class is made of."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[CampaignsError], told: tuple[Any, ...], parts: dict[str, Any]) -> CampaignsError:
    error = kind.__new__(kind)
    error.args = told
    error.__dict__.update(parts)
    return error


def ours_in(group: BaseExceptionGroup[BaseException]) -> CampaignsError | None:
    """The first error of ours that a task group has wrapped; None where there is any other in it."""
    ours, others = group.split(CampaignsError)
    first: BaseException | None = ours
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first if others is None and isinstance(first, CampaignsError) else None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file: where, what, and how to mend it."""

    where: str
    """`file`, or `file:line`, or `file:line: key`."""
    what: str
    mend: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" {self.mend}" if self.mend else "")


class InputError(CampaignsError):
    """Something that the user wrote cannot be understood; carries every problem found."""

    def __init__(self, problems: Iterable[Problem] | str) -> None:
        self.problems = (Problem("campaigns", problems),) if isinstance(problems, str) else tuple(problems)
        super().__init__(problems if isinstance(problems, str) else "\n".join(str(p) for p in self.problems))


class Unknown(InputError):
    """Something was asked for by a name that nothing has; the text tells the names that there are."""


class Forbidden(InputError):
    """Whoever asks may not do that; the text tells which role may."""


class AccountRefused(CampaignsError):
    """A vendor refuses the account (no credit, bad key, forbidden): nothing may be dialled."""

    def __init__(self, text: str, *, status: int | None = None, code: str = "") -> None:
        self.status, self.code = status, code
        super().__init__(text)

    @property
    def logged(self) -> str:
        return f"the account is refused: {_answered(self.status, self.code)}" if self.status else str(self)


class StoreError(CampaignsError):
    """The database must not be used as it is; the text says why and what to do."""


class StoreUnavailable(StoreError):
    """The database cannot take a write at this moment."""


class StoreDoubtful(StoreError):
    """The disk has failed under the database, or it is damaged: nobody is called from it until a person has looked."""


class ProofError(CampaignsError):
    """A webhook whose origin is not proved."""


class VendorError(CampaignsError):
    """A vendor answered with an error, or with something unreadable."""

    def __init__(
        self, vendor: str, operation: str, status: int | None, text: str, *, code: str = "", mend: str = ""
    ) -> None:
        self.vendor, self.operation, self.status, self.code = vendor, operation, status, code
        super().__init__(
            f"{vendor}: {operation}: {f'HTTP {status}: ' if status else ''}{text.rstrip('.')}"
            + (f". {mend}" if mend else "")
        )

    @property
    def logged(self) -> str:
        return f"{self.vendor}: {self.operation}: {_answered(self.status, self.code)}" if self.status else str(self)


def _answered(status: int, code: str) -> str:
    """An answer by its number, and its code where that is one word."""
    return f"HTTP {status} {code}" if re.fullmatch(r"[A-Za-z][A-Za-z_.-]{,39}", code) else f"HTTP {status}"


class Throttled(VendorError):
    """A vendor wants silence for `retry_after`."""

    def __init__(self, vendor: str, operation: str, retry_after: timedelta) -> None:
        self.retry_after = retry_after
        mend = f"Try again in {retry_after.total_seconds():.0f} s, or lower requests_per_minute."
        super().__init__(vendor, operation, 429, "too many requests", mend=mend)
