"""What went wrong, as RFC 9457 tells it: what happened, and how to mend it; never what was sent."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from campaigns.domain.errors import (
    AccountRefused,
    CampaignsError,
    Forbidden,
    InputError,
    Problem,
    StoreError,
    StoreUnavailable,
    Throttled,
    Unknown,
    VendorError,
)

MEDIA_TYPE = "application/problem+json"
AGAIN = "5"
"""Seconds after which a database that was busy may be asked again."""
MOST = 50
"""Faults that are listed."""

TITLES = {
    400: "The request cannot be read",
    401: "Nobody comes in without a token",
    403: "The token does not allow this",
    404: "There is no such thing",
    405: "This cannot be done here",
    409: "It does not stand as it would have to",
    413: "Too large",
    415: "Sent as something else",
    422: "It cannot be done as it was asked",
    429: "Too many wrong tokens",
    500: "A fault of the program itself",
    502: "A system elsewhere does not answer as it should",
    503: "Not now",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is wrong."""

    where: str
    """`body.number`, or the place in a file: `campaign.yaml:12: pacing.at_once`."""
    what: str
    mend: str


@dataclass(frozen=True, slots=True)
class ProblemDocument:
    """RFC 9457, with `mend` and `problems` beside its own members."""

    type: str
    """`urn:campaigns:problem:` and the status."""
    title: str
    status: int
    detail: str
    """What happened."""
    mend: str
    """What to do."""
    problems: tuple[Part, ...] = ()
    """Everything that is wrong, where it is more than one thing or has a place."""


class Trouble(HTTPException):
    """A refusal of the API itself."""

    def __init__(
        self, status: int, detail: str, mend: str, *, headers: Mapping[str, str] | None = None,
        problems: Sequence[Part] = (),
    ) -> None:  # fmt: skip
        super().__init__(status, detail, headers)
        self.mend, self.problems = mend, tuple(problems[:MOST])


def answer(trouble: Trouble) -> Response:
    """A trouble as it is sent."""
    status = trouble.status_code
    title = TITLES.get(status, "Refused")
    document = ProblemDocument(
        f"urn:campaigns:problem:{status}", title, status, trouble.detail, trouble.mend, trouble.problems
    )
    text = json.dumps(asdict(document), ensure_ascii=False)
    return Response(text, status, headers=dict(trouble.headers or {}), media_type=MEDIA_TYPE)


def told(error: CampaignsError) -> Trouble:
    """Our own errors, whose texts are fit for users."""
    if isinstance(error, Unknown):
        return _of(error, 404)
    if isinstance(error, Forbidden):
        return _of(error, 403)
    if isinstance(error, InputError):
        return _of(error, 422)
    if isinstance(error, StoreUnavailable):
        return Trouble(503, str(error), "Ask again in some seconds.", headers={"Retry-After": AGAIN})
    if isinstance(error, StoreError):
        return Trouble(409, str(error), "Look again at how it stands.")
    if isinstance(error, Throttled):
        seconds = max(1, round(error.retry_after.total_seconds()))
        return Trouble(503, str(error), "Ask again later.", headers={"Retry-After": str(seconds)})
    if isinstance(error, AccountRefused | VendorError):
        return Trouble(502, str(error), "`GET /api/doctor` says what is wrong there.")
    return Trouble(500, "The program met an error that it does not know.", "Ask again; its log says more.")


def _of(error: InputError, status: int) -> Trouble:
    parts = [Part(*_placed(problem)) for problem in error.problems]
    plain = len(parts) == 1 and not parts[0].where
    mend = parts[0].mend if len(parts) == 1 else "Mend what `problems` lists."
    detail = parts[0].what if len(parts) == 1 else f"{len(parts)} things are wrong."
    return Trouble(status, detail, mend or "The detail says how.", problems=() if plain else parts)


def _placed(problem: Problem) -> tuple[str, str, str]:
    return "" if problem.where == "campaigns" else problem.where, problem.what, problem.mend


@contextmanager
def as_it_stands() -> Iterator[None]:
    """For what is well understood, and forbidden by how things stand: that is a conflict."""
    try:
        yield
    except (Unknown, Forbidden):
        raise
    except InputError as error:
        raise _of(error, 409) from error


def misread(error: RequestValidationError) -> Trouble:
    """What pydantic found, without the values."""
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return Trouble(400, "The body is not JSON.", "Send one JSON document in UTF-8.")
    parts = [Part(".".join(map(str, fault["loc"])), fault["msg"], "See /api/openapi.json.") for fault in faults]
    count = "One value is" if len(parts) == 1 else f"{len(parts)} values are"
    return Trouble(422, f"{count} missing or not of the kind that is asked for.", "Mend what `problems` lists.",
                   problems=parts)  # fmt: skip


def plain(error: HTTPException) -> Trouble:
    """What the framework refuses by itself."""
    if isinstance(error, Trouble):
        return error
    mend = "GET /api/openapi.json says what is asked for."
    return Trouble(error.status_code, str(error.detail), mend, headers=error.headers)
