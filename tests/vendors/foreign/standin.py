"""What all stand-ins are: routes and a truth, faults by the hash of what is asked, and answers odd but legal.

The same request, asked for the nth time of a stand-in with the same seed, meets the same fate.
"""

import json
import random
import re
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

Json = Any


@dataclass(frozen=True, slots=True)
class Habits:
    """How a stand-in behaves; shares lie between 0 and 1. The default is a plain and faultless server."""

    seed: int = 1
    key: str = "foreign-key"
    odd: float = 0.0
    """Rows and answers that are dressed oddly: nulls absent, unknown keys, another order, space, chunks."""
    strings: float = 0.0
    """Answers that write their numbers as strings."""
    other: float = 0.0
    """Answers in the vendor's second shape: of errors, of envelopes."""
    fail_before: float = 0.0
    """5xx, and nothing was done."""
    fail_after: float = 0.0
    """5xx, and it was done."""
    cut_before: float = 0.0
    """Closed without a word, and nothing was done."""
    cut_after: float = 0.0
    """Closed without a word, and it was done."""
    throttle: float = 0.0
    """A storm of 429 begins here, and nothing is done while it lasts."""
    storm: int = 1
    """Requests in a row that a storm turns away."""
    retry_after: tuple[str, ...] = ("none",)
    """What a 429 says of the time to wait, one of: none, seconds, date."""
    retry_seconds: int = 1
    slow: float = 0.0
    """Answers that come `slow_seconds` late, when all is long done."""
    slow_seconds: float = 1.0
    faulty: tuple[str, ...] = ("GET", "POST", "PUT", "PATCH", "DELETE")
    """Methods that meet with faults."""


PLAIN = Habits()


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it was read, with dice of its own."""

    method: str
    target: str
    headers: dict[str, str]
    """Names in lower case."""
    body: bytes
    dice: random.Random

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    def all(self, name: str) -> list[str]:
        """Every value of this query parameter."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True).get(name, [])

    def one(self, name: str, default: str = "") -> str:
        return (self.all(name) or [default])[0]

    def number(self, name: str, default: int) -> int:
        """Raises Refused."""
        text = self.one(name, str(default))
        if not re.fullmatch(r"-?\d+", text):
            raise Refused(400, "invalid_parameters", f"{name} is no number")
        return int(text)

    def document(self) -> dict[str, Json]:
        """The JSON object sent. Raises Refused."""
        try:
            sent = json.loads(self.body or b"{}")
        except ValueError:
            sent = None
        if not isinstance(sent, dict):
            raise Refused(400, "invalid_parameters", "the body is not a JSON object")
        return sent


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back; a document of None is an empty body."""

    document: Json = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


class Refused(Exception):
    """The vendor says no; `names` are the parameters at fault."""

    def __init__(self, status: int, code: str, text: str, names: tuple[str, ...] = ()) -> None:
        super().__init__(status, code, text)
        self.status, self.code, self.text, self.names = status, code, text, names


class Cut(Exception):
    """Close the connection without a word."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request as the stand-in remembers it."""

    operation: str | None
    method: str
    target: str
    body: bytes
    status: int | None
    """None: no answer was given."""
    acted: bool
    """Whether it did what it does, whatever it answered."""


class Standin:
    """A vendor. Subclasses name their `routes` ("GET /contacts/{uuid}": method) and keep their truth.

    `counts` (by operation), `log` (all requests, in order) and the truth may be read while it serves. `before` is
    called with every request ahead of anything else: to stir, to change, as a person at the vendor's screen would.
    """

    routes: ClassVar[dict[str, str]] = {}
    prefix = ""
    """What may stand before every path."""

    def __init__(self, habits: Habits = PLAIN) -> None:
        self.habits = habits
        self.lock = threading.RLock()
        self.counts: Counter[str] = Counter()
        self.log: list[Asked] = []
        self.before: Callable[[Request], None] | None = None
        self._times: Counter[tuple[str, str, bytes]] = Counter()
        self._storm = 0
        self._later: Callable[[Coroutine[Any, Any, None]], object] | None = None

    # What a subclass says in its own words

    def error(self, refused: Refused, request: Request) -> Answer:
        """A refusal in this vendor's shape."""
        raise NotImplementedError

    def headers(self, request: Request) -> dict[str, str]:
        """What every answer carries."""
        return {}

    # What it does with a request

    def handle(self, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        """Raises Cut."""
        with self.lock:
            asked = (method, target, body)
            self._times[asked] += 1
            dice = random.Random(f"{self.habits.seed}|{method}|{target}|{body!r}|{self._times[asked]}")
            request = Request(method, target, headers, body, dice)
            if self.before is not None:
                self.before(request)
            return self._faulty(request)

    def _faulty(self, request: Request) -> Answer:
        habits = self.habits
        name, values = self._route(request)
        draws = [request.dice.random() for _ in range(5)]
        shares = (habits.throttle, habits.fail_before, habits.cut_before, habits.fail_after, habits.cut_after)
        faulty = request.method in habits.faulty
        storm, broken, cut, broken_after, cut_after = (faulty and d < s for d, s in zip(draws, shares, strict=True))
        if storm and not self._storm:
            self._storm = habits.storm
        if self._storm and faulty:
            self._storm -= 1
            return self._noted(request, name, self._throttled(request), acted=False)
        if broken:
            return self._noted(request, name, self._broken(request), acted=False)
        if cut:
            self._noted(request, name, None, acted=False)
            raise Cut
        answer = self._act(request, name, values)
        if cut_after:
            self._noted(request, name, None, acted=True)
            raise Cut
        return self._noted(request, name, self._broken(request) if broken_after else answer, acted=True)

    def _route(self, request: Request) -> tuple[str | None, dict[str, str]]:
        path = request.path.removeprefix(self.prefix)
        for route, name in sorted(self.routes.items(), key=lambda one: one[0].count("{")):
            method, _, template = route.partition(" ")
            found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template), path)
            if method == request.method and found:
                return name, {key: unquote(value) for key, value in found.groupdict().items()}
        return None, {}

    def _act(self, request: Request, name: str | None, values: dict[str, str]) -> Answer:
        try:
            if request.headers.get("authorization") != f"Bearer {self.habits.key}":
                raise Refused(401, "unauthorized", "not authorized")
            if name is None:
                raise Refused(404, "not_found", "not found")
            answer: Answer = getattr(self, name)(request, **values)
        except Refused as refused:
            answer = self.error(refused, request)
        return Answer(answer.document, answer.status, {**self.headers(request), **answer.headers})

    def _throttled(self, request: Request) -> Answer:
        answer = self.error(Refused(429, "rate_limit_exceeded", "too many requests"), request)
        extra, seconds = {}, self.habits.retry_seconds
        kind = request.dice.choice(self.habits.retry_after)
        if kind == "seconds":
            extra = {"Retry-After": str(seconds)}
        elif kind == "date":
            extra = {"Retry-After": format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)}
        return Answer(answer.document, 429, {**self.headers(request), **answer.headers, **extra})

    def _broken(self, request: Request) -> Answer:
        status = request.dice.choice((500, 502, 503))
        return Answer(self.error(Refused(status, "server_error", "server error"), request).document, status)

    def _noted(self, request: Request, name: str | None, answer: Answer | None, *, acted: bool) -> Answer:
        self.counts[name or "unknown"] += 1
        status = answer.status if answer else None
        self.log.append(Asked(name, request.method, request.target, request.body, status, acted))
        return answer or Answer()

    # What subclasses use

    def dress(self, row: dict[str, Json], request: Request, decor: tuple[str, ...] = ()) -> dict[str, Json]:
        """A row as it may also be shown: nulls and `decor` perhaps absent, an unknown key, another order."""
        dice = request.dice
        if dice.random() >= self.habits.odd:
            return row
        kept = {k: v for k, v in row.items() if not ((v is None or k in decor) and dice.random() < 0.5)}
        kept["newly_invented"] = dice.choice((None, 7, {"deep": [None]}, "text"))
        order = list(kept)
        dice.shuffle(order)
        return {key: kept[key] for key in order}

    def other(self, request: Request) -> bool:
        """Whether this answer takes the vendor's second shape."""
        return request.dice.random() < self.habits.other

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do this beside the answers; only while it is served."""
        if self._later is None:
            work.close()
        else:
            self._later(work)
