"""One account's HTTP API, for everything that rings nobody: routes, budget, patience, and errors that can be mended.

A dial never goes through here: it is `post_once` of `vendors.dial`.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from email.utils import parsedate_to_datetime
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from campaigns.domain.call import Refused, Unclear
from campaigns.domain.errors import AccountRefused, InputError, Problem, Throttled, VendorError
from campaigns.ports import Clock

from .account import Surroundings, VendorAccount
from .http import error_text, new_client, read_bounded, retry_after, why, without_key
from .json_text import read_json

T = TypeVar("T")

TRIES = 4
"""Of a request that may be repeated."""
PATIENCE = timedelta(seconds=60)
"""A vendor who wants more silence than this is left to the caller."""
_MINUTE = timedelta(minutes=1)
_BROKEN = frozenset({500, 502, 503, 504})
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
_ACCOUNT = frozenset({401, 402, 403})
_MENDS = {
    401: "Check api_key in the settings.",
    402: "Add credits to the account.",
    403: "Give the API key this right, or use another key.",
    404: "Check the id; where every request says so, correct base_url or `routes`.",
}


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint of a vendor."""

    method: str
    path: str
    """Below the base address, with `{id}` places."""
    assumed: bool = False
    """Whether nobody has published it."""
    legacy: bool = False
    repeatable: bool = False
    """A POST or PATCH that does no harm when it is done twice, such as a search, or writing the same values again."""

    def corrected(self, text: str) -> "Route":
        """As the settings say: `/path`, or `METHOD /path`."""
        method, space, path = text.strip().rpartition(" ")
        method = method.strip().upper() if space else self.method
        return Route(method, path, self.assumed, self.legacy, self.repeatable and method == self.method)


class Assumed(BaseModel):
    """What is ASSUMED of a vendor apart from its routes; each field can be corrected under `facts` in the settings."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    auth: str = "Authorization: Bearer {key}"
    """The header that carries the key."""

    @classmethod
    def corrected(cls, account: VendorAccount) -> Self:
        """With the settings' corrections. Raises InputError that names each wrong key."""
        try:
            return cls.model_validate(dict(account.facts))
        except ValidationError as error:
            where = f"[{account.section}.{account.name}] facts"
            raise InputError(
                Problem(f"{where}.{'.'.join(map(str, wrong['loc']))}", *_correction_fault(cls, wrong))
                for wrong in error.errors(include_input=False, include_url=False)
            ) from None


def _correction_fault(model: type[Assumed], wrong: ErrorDetails) -> tuple[str, str]:
    if wrong["type"] == "extra_forbidden":
        return "This key is unknown.", _nearest(str(wrong["loc"][-1]), model.model_fields)
    return f"{wrong['msg']}.", ""


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(name, names, 1)
    return f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(names)}."


def routes_of(account: VendorAccount, routes: Mapping[str, Route]) -> dict[str, Route]:
    """A vendor's routes with the settings' corrections. Raises InputError for one that is none."""
    problems = [
        Problem(f"[{account.section}.{account.name}] routes.{name}", *_ROUTE_FAULT)
        if name in routes
        else Problem(
            f"[{account.section}.{account.name}] routes.{name}", "is no operation of this vendor.",
            _nearest(name, routes),
        )
        for name, text in account.routes.items()
        if name not in routes or not routes[name].corrected(text).path.startswith("/")
    ]  # fmt: skip
    if problems:
        raise InputError(problems)
    return {
        name: route.corrected(account.routes[name]) if name in account.routes else route
        for name, route in routes.items()
    }


_ROUTE_FAULT = ("is not a route.", "Write '/path' or 'METHOD /path', with {id} where the vendor wants one.")


class Budget:
    """At most so many requests in any minute; whoever comes too early waits."""

    def __init__(self, per_minute: int, clock: Clock) -> None:
        self._per_minute, self._clock = per_minute, clock
        self._sent: deque[Any] = deque(maxlen=per_minute)

    async def __call__(self) -> None:
        while len(self._sent) == self._per_minute and self._clock.now() < self._sent[0] + _MINUTE:
            await self._clock.sleep_until(self._sent[0] + _MINUTE)
        self._sent.append(self._clock.now())


class Rest:
    """Asks one account's API; close with `aclose`.

    Args:
        account: Where, and with which key.
        around: The program that it runs in.
        routes: The vendor's table.
        facts: What is assumed of the vendor.
        per_minute: Requests that the vendor documents as its limit; None: none.
    """

    def __init__(
        self,
        account: VendorAccount,
        around: Surroundings,
        *,
        routes: Mapping[str, Route],
        facts: Assumed,
        per_minute: int | None = None,
    ) -> None:
        self.account, self.clock = account, around.clock
        self.base = account.base_url.rstrip("/")
        self.routes = routes_of(account, routes)
        name, _, value = facts.auth.partition(":")
        key = {name.strip(): value.strip().replace("{key}", account.api_key)} if account.api_key else {}
        self.headers = {**key, "Accept": "application/json", "User-Agent": "campaigns"}
        self._client = new_client(self.headers)
        own = Budget(per_minute, around.clock) if per_minute else None
        self._gate = around.gate or own
        self._tries = TRIES if around.patient else 1
        self.skew: timedelta | None = None
        """By how much the vendor's clock was ahead of ours when it last answered."""
        self._spent_until: datetime | None = None

    async def aclose(self) -> None:
        await self._client.aclose()

    def keyless(self, placement: T) -> T:
        """What became of a dial, told without our key: the reason is kept and logged."""
        if isinstance(placement, Refused | Unclear):
            return replace(placement, reason=without_key(placement.reason, self.account.api_key))
        return placement

    def url(self, operation: str, **ids: str) -> str:
        """The address of an operation, with its `{…}` places filled.

        Raises VendorError for an id of dots: it would lead to another operation.
        """
        path = self.routes[operation].path
        for name, value in ids.items():
            if str(value).strip(".") == "":
                mend = "Look for it in the vendor's dashboard."
                raise VendorError(self.account.name, operation, None, f"the {name} is empty or dots alone", mend=mend)
            path = path.replace("{" + name + "}", quote(str(value), safe=""))
        return self.base + path

    async def ask(
        self,
        operation: str,
        *,
        ids: Mapping[str, str] | None = None,
        query: Mapping[str, str | Sequence[str] | None] | None = None,
        body: Any = None,
        files: Any = None,
        read: Callable[[Any], Any] | None = None,
    ) -> Any:
        """One operation: the JSON that was answered, None for an empty answer; with `read`, what that makes of it.

        Where `read` makes None of it, the answer is not what was asked for: a VendorError that tells its status.
        A repeat is tried only where it does no harm: reading, PUT, DELETE and routes marked so, on a broken answer or
        connection; anything after a 429, which is answered before anything is done. Raises AccountRefused, Throttled,
        VendorError.
        """
        route = self.routes[operation]
        params = {name: value for name, value in (query or {}).items() if value not in (None, "")}
        for tried in range(1, self._tries + 1):
            answer = await self._once(operation, route, dict(ids or {}), params, body=body, files=files)
            wait = self._wait(operation, route, answer, tried)
            if wait is None:
                break
            await self.clock.sleep_until(self.clock.now() + wait)
        if isinstance(answer, Exception):
            mend = "Check base_url and the network, then try again."
            raise VendorError(self.account.name, operation, None, why(answer), mend=mend) from None
        data = self._understood(operation, *answer)
        found = read(data) if read else data
        if read and found is None:
            mend = "Check base_url, and this operation under `routes`."
            text = "the answer is not what was asked for"
            raise VendorError(self.account.name, operation, answer[0].status_code, text, mend=mend)
        return found

    async def admitted(self) -> None:
        """Wait for the request budget; for requests that go out by another door too."""
        if self._gate is not None:
            await self._gate()
        await self._reset()

    def heed(self, headers: Mapping[str, str]) -> None:
        """Where an answer says that nothing is left of the vendor's budget, the next request waits for its reset.

        X-RateLimit-Remaining and X-RateLimit-Reset (unix seconds), as HMS Sovereign documents them. Dials do not wait.
        """
        with suppress(KeyError, ValueError, OverflowError, OSError):
            left, reset = int(headers["x-ratelimit-remaining"]), int(headers["x-ratelimit-reset"])
            self._spent_until = datetime.fromtimestamp(reset, UTC) if left <= 0 else None

    async def _reset(self) -> None:
        until, now = self._spent_until, self.clock.now()
        if until is not None and now < until:
            await self.clock.sleep_until(min(until, now + PATIENCE))

    async def _once(
        self, operation: str, route: Route, ids: dict[str, str], params: Any, *, body: Any, files: Any
    ) -> tuple[httpx.Response, bytes] | Exception:
        await self.admitted()
        try:
            request = self._client.build_request(
                route.method, self.url(operation, **ids), params=params or None, files=files,
                content=json.dumps(body, ensure_ascii=False).encode("utf-8", "replace") if body is not None else None,
                headers={"Content-Type": "application/json"} if body is not None else None,
            )  # fmt: skip
            with self.clock.work():
                response, text = await read_bounded(self._client, request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return error
        self._compare_clocks(response)
        self.heed(response.headers)
        return response, text

    def _wait(
        self, operation: str, route: Route, answer: tuple[httpx.Response, bytes] | Exception, tried: int
    ) -> timedelta | None:
        """How long until the next try; None: this answer is the last."""
        backoff = timedelta(seconds=2 ** (tried - 1))
        harmless = route.method in _REPEATABLE or route.repeatable
        if isinstance(answer, Exception):
            return backoff if harmless and tried < self._tries else None
        response, _ = answer
        if response.status_code == 429 or (response.status_code == 503 and harmless):
            wait = retry_after(response.headers, now=self.clock.now(), default=backoff)
            if tried < self._tries and wait <= PATIENCE:
                return wait
            if response.status_code == 429:
                raise Throttled(self.account.name, operation, wait)
        broken = response.status_code in _BROKEN
        return backoff if broken and harmless and tried < self._tries else None

    def _understood(self, operation: str, response: httpx.Response, body: bytes) -> Any:
        status, name = response.status_code, self.account.name
        data = json_or_none(body)
        code, message = error_text(data, key=self.account.api_key)
        said = ": ".join(dict.fromkeys(filter(None, [code, message]))) or "an error without words"
        if status in _ACCOUNT:
            text = f"{name}: {operation}: HTTP {status} {said}. {_MENDS[status]}"
            raise AccountRefused(text, status=status, code=code)
        if not 200 <= status < 300:
            mend = _MENDS.get(status, "Correct what was sent." if status < 500 else "Try again later.")
            raise VendorError(name, operation, status, said, code=code, mend=mend)
        if data is None and body.strip():
            mend = "Check base_url: this is not the API's answer."
            raise VendorError(name, operation, status, "the answer is no JSON", mend=mend)
        return data

    def _compare_clocks(self, response: httpx.Response) -> None:
        with suppress(KeyError, ValueError, TypeError):
            theirs = parsedate_to_datetime(response.headers["date"])
            self.skew = theirs.replace(tzinfo=theirs.tzinfo or UTC) - self.clock.now()


class Client:
    """A vendor's client over one account, open as long as its block; a subclass sets `rest`."""

    rest: Rest

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close its connections."""
        await self.rest.aclose()


def json_or_none(body: bytes) -> Any:
    """What a vendor answered; None: no JSON."""
    try:
        return read_json(body)
    except ValueError:
        return None


_CALL_IDS = ("call_id", "callId", "call_sid", "room_name")


def names_a_call(data: Any, *more: str) -> bool:
    """Whether an answer to a dial names a call, in an envelope or not: then it proves no refusal, whatever it says.

    `more`: further members that name one inside `data` or `call`.
    """
    inner = [data.get(name) for name in ("data", "call")] if isinstance(data, dict) else []
    places = [(data, _CALL_IDS), *((one, (*_CALL_IDS, *more)) for one in inner)]
    inmost = [(one["call"], (*_CALL_IDS, "id")) for one in inner if isinstance(one, dict) and "call" in one]
    return any(isinstance(one, dict) and any(one.get(name) for name in names) for one, names in [*places, *inmost])


def unwrapped(data: Any, *names: str) -> Any:
    """What stands in an envelope under one of these names, an object or a list of one; else the thing itself."""
    if isinstance(data, dict):
        found = next((data[name] for name in names if data.get(name) is not None), data)
        if isinstance(found, list):
            return found[0] if len(found) == 1 else None
        return found
    return data[0] if isinstance(data, list) and len(data) == 1 else data


def rows(data: Any, *names: str) -> list[dict[str, Any]] | None:
    """The items of a list, bare or in an envelope under one of these names, also a single object; None: no list."""
    if isinstance(data, dict):
        found = next((data[name] for name in names if name in data), None)
        if isinstance(found, dict):
            found = next((found[name] for name in names if isinstance(found.get(name), list)), [found])
        data = found
    return [row for row in data if isinstance(row, dict)] if isinstance(data, list) else None
