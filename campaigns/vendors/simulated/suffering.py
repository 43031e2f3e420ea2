"""An answer as a fault would have it: refused, cut, late, mangled, or proper."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, timedelta
from email.utils import format_datetime
from typing import Any

import anyio
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from .cut import Cut
from .exchange import ApiError, Exchange
from .faults import LONGEST_WAIT, Rule

Act = Callable[[], Response]


class Sufferer:
    """Answers the requests of one exchange.

    Args:
        exchange: Whose clock and teller are used.
        codes: Error code by status, in the vendor's words.
        accepted: What an acceptance without an id says.
    """

    def __init__(self, exchange: Exchange[Any], *, codes: dict[int, str], accepted: dict[str, Any]) -> None:
        self._exchange, self._codes, self._accepted = exchange, codes, accepted

    async def answer(self, rule: Rule | None, act: Act) -> Response:
        """`act` does the work and gives the proper answer. Raises ApiError."""
        if rule is None:
            return act()
        if rule.kind in ("refuse", "error_before"):
            raise self._failure(rule)
        if rule.kind in ("drop_before", "hang_before"):
            return Cut(wait=_wait(rule))
        if rule.kind == "redirect":
            return RedirectResponse("/elsewhere", rule.status or 302)
        if rule.kind == "drop_late":
            self._exchange.teller.later(self._exchange.clock.now() + timedelta(seconds=rule.seconds), _quiet(act))
            return Cut()
        if rule.kind == "late":
            with anyio.move_on_after(_wait(rule)):
                await anyio.sleep_forever()
        return self._mangled(rule, act())

    def _mangled(self, rule: Rule, answer: Response) -> Response:
        """The work is done; what the client gets to see of it."""
        match rule.kind:
            case "error":
                raise self._failure(rule)
            case "drop" | "hang":
                return Cut(wait=_wait(rule))
            case "half":
                return Cut(half=answer)
            case "html":
                return HTMLResponse("<html><body>Welcome</body></html>", rule.status or 200)
            case "no_id":
                return JSONResponse(self._accepted, answer.status_code)
            case _:
                return answer

    def _failure(self, rule: Rule) -> ApiError:
        status = rule.status or (400 if rule.kind == "refuse" else 500)
        headers = {"retry-after": rule.retry_after} if rule.retry_after is not None else {}
        if rule.retry_after == "date":
            at = self._exchange.clock.now() + timedelta(seconds=rule.seconds)
            headers["retry-after"] = format_datetime(at.astimezone(UTC), usegmt=True)
        return ApiError(status, rule.code or self._codes.get(status, "server_error"), "Simulated fault", headers)


def _quiet(act: Act) -> Callable[[], None]:
    def later() -> None:
        with suppress(ApiError):
            act()

    return later


def _wait(rule: Rule) -> float:
    """Real seconds of silence; a hang without `seconds` is as long as it gets."""
    silent = rule.kind in ("hang", "hang_before")
    return min(rule.seconds or (LONGEST_WAIT if silent else 0.0), LONGEST_WAIT)
