"""The calls of the Callab simulator: the dial, the list with its filters, and records of calls made elsewhere."""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response

from campaigns.vendors.simulated.exchange import ApiError, Exchange, Order, name_id

from .asking import WrongError, body_of, needs, page, told
from .company import Company
from .options import Options
from .words import COMPANY, iso, view

_SEARCHED = ("call_to", "notes", "call_feedback", "transcript")
_RECORDED = ("campaign_id", "ai_agent_id", "call_sid", "call_from", "call_to", "call_direction", "workspace")
_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "equals": lambda told, wanted: told == wanted,
    "contains": lambda told, wanted: wanted.lower() in told.lower(),
}
"""Assumed."""


class Dialling:
    """What the routes of calls do."""

    def __init__(self, exchange: Exchange[Options], company: Company) -> None:
        self._exchange, self._company = exchange, company
        self._recorded: dict[str, dict[str, Any]] = {}

    def dial(self, body: dict[str, Any]) -> Response:
        """Ring somebody. Raises WrongError; too many at once is the one refusal that HTTP knows as well (assumed)."""
        needs(body, "ai_agent_id", "call_from", "call_to")
        workspace, variables = body.get("workspace") or "default", self._variables(body)
        if workspace not in self._company.workspaces:
            raise WrongError("workspace not found")
        try:
            order = Order(assistant_id=body["ai_agent_id"], phone_number=body["call_to"],
                          phone_number_id=self._number(body["call_from"]),
                          metadata={"workspace": workspace, "variables": variables})  # fmt: skip
        except ValidationError:
            raise WrongError("invalid call_to") from None
        try:
            call = self._exchange.place(order)
        except ApiError as error:
            raise _as_told(error) from None
        return told(view(call, self._exchange.clock.now()))

    def _number(self, call_from: object) -> str:
        for key, number in self._exchange.options.numbers.items():
            if call_from == number:
                return key
        raise WrongError("call_from not found")

    def _variables(self, body: dict[str, Any]) -> dict[str, str]:
        """A list of pairs here; shown as an object."""
        pairs = body.get("dynamic_variables") or []
        if not isinstance(pairs, list) or not all(
            isinstance(pair, dict) and {"name", "value"} <= pair.keys() for pair in pairs
        ):
            raise WrongError("invalid dynamic_variables")
        return {str(pair["name"]): str(pair["value"]) for pair in pairs}

    async def record(self, request: Request) -> Response:
        """A call that was made elsewhere: nobody is rung, and no contact shows it (assumed)."""
        body = await body_of(request)
        needs(body, *_RECORDED)
        now = iso(self._exchange.clock.now())
        key = name_id("recorded", str(len(self._recorded)))
        self._recorded[key] = {
            "id": key, "company_id": COMPANY, "call_provider": "other", "call_duration": 0, "call_status": "completed",
            "is_test": False, "call_rating": 0, "cost": 0, "price_unit": "USD", "latency": 0, "disconnect_reason": "",
            "created_at": now, "updated_at": now, "workspace_id": body.pop("workspace"), **body,
        }  # fmt: skip
        return told(self._recorded[key])

    def one(self, key: str) -> Response:
        call = self._exchange.ledger.find(key)
        record = self._view(call) if call else self._recorded.get(key)
        if record is None:
            raise WrongError("call not found")
        return told(record)

    def _view(self, call: Any) -> dict[str, Any]:
        return view(call, self._exchange.clock.now(), lag=self._exchange.options.analysis_lag)

    def listing(self, request: Request) -> Response:
        records = [*(self._view(call) for call in self._exchange.listed(None)), *self._recorded.values()]
        filters = _filters(request)
        fitting = [record for record in records if _fits(record, request.query_params, filters)]
        return page(request, self._exchange.options, fitting)


def _fits(record: dict[str, Any], query: QueryParams, filters: list[tuple[str, str, str]]) -> bool:
    day = (record.get("started_at") or "")[:10]
    dated = query.get("start_date") or query.get("end_date")
    return (
        all(record.get(name) == query[name] for name in ("campaign_id", "ai_agent_id") if query.get(name))
        and (query.get("workspace") or record["workspace_id"]) == record["workspace_id"]
        and query.get("status", "").lower() in str(record["call_status"]).lower()
        and any(query.get("search", "").lower() in str(record.get(name) or "").lower() for name in _SEARCHED)
        # Of the start of the call: one that never began is on no day.
        and (not dated or (bool(day) and (query.get("start_date") or day) <= day <= (query.get("end_date") or day)))
        and all(_OPERATORS[how](str(record.get(column) or ""), value) for column, value, how in filters)
    )


def _filters(request: Request) -> list[tuple[str, str, str]]:
    """Three arrays side by side."""
    names = ("filter_columns[]", "filter_values[]", "filter_operator[]")
    columns, values, operators = (request.query_params.getlist(name) for name in names)
    if not len(columns) == len(values) == len(operators) or not set(operators) <= _OPERATORS.keys():
        raise WrongError("invalid filter")
    return list(zip(columns, values, operators, strict=True))


def _as_told(error: ApiError) -> WrongError:
    if error.status == 429:
        return WrongError("too many requests", 429, error.headers)
    words = {"insufficient_credits": "insufficient credits", "no_phone_number": "phone number not found"}
    return WrongError(words.get(error.code, "AI agent not found"))
