"""The numbers of the Flireo simulator: for sale, ordered, owned, shared, linked; in the envelope of the guide, since no
other is known of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from campaigns.vendors.simulated.exchange import ApiError, Exchange, name_id

from .assistants import Assistants
from .door import Asked, Door, iso, number
from .options import Options

COST = 10
"""Credits for a number."""


@dataclass(slots=True)
class Order:
    """A number that was asked for."""

    id: str
    phone: str
    kind: str
    at: datetime
    group: dict[str, Any] | None
    settled: str = ""


class Numbers:
    """The account's numbers, by id; they become usable for calls as they come."""

    def __init__(self, exchange: Exchange[Options], door: Door, assistants: Assistants) -> None:
        self._exchange, self._door, self._assistants = exchange, door, assistants
        self._kinds: dict[str, str] = {}
        self.orders: dict[str, Order] = {}
        self.links: dict[str, str] = {}
        """Assistant → number."""

    def routes(self) -> Iterable[BaseRoute]:
        yield self._door.route("/phone-numbers/available", self._available)
        yield self._door.route("/available-phone-numbers", self._available)
        yield self._door.route("/phone-numbers", self._list)
        yield self._door.route("/phone-numbers", self._order, "POST")
        yield self._door.route("/phone-numbers/{key}", self._get)
        yield self._door.route("/phone-numbers/{key}", self._delete, "DELETE")
        yield self._door.route("/phone-number-orders", self._orders)
        yield self._door.route("/phone-number-orders/{key}", self._one_order)
        yield self._door.route("/assistants/{key}/phone-number", self._linked)
        yield self._door.route("/assistants/{key}/phone-number", self._link, "POST")
        yield self._door.route("/assistants/{key}/phone-number", self._unlink, "DELETE")

    # --- for sale, and ordered ---------------------------------------------------------------------------------------

    def for_sale(self, kind: str, pattern: str, limit: int) -> list[dict[str, Any]]:
        """Numbers that nobody has yet; invented, and ringing nobody."""
        self._settle()
        taken = {*self._own().values(), *(order.phone for order in self.orders.values())}
        start = {"national": 1000, "mobile": 2000, "local": 3000}[kind]
        every = (f"+3120000{start + step:04}" for step in range(200))
        free = [phone for phone in every if phone not in taken and pattern in phone][:limit]
        cost = {"monthly": "2.50", "currency": "EUR", "credits": COST}
        more = {"locality": "Amsterdam" if kind == "local" else None, "features": ["voice"], "reservable": True}
        return [{"phone_number": phone, "number_type": kind, **more, "cost": cost} for phone in free]

    def order(self, phone: object, kind: str, group: dict[str, Any] | None) -> dict[str, Any]:
        """Take credits, and begin. Raises ApiError: 400, 402."""
        if not isinstance(phone, str) or phone not in {row["phone_number"] for row in self.for_sale(kind, "", 200)}:
            raise ApiError(400, "invalid_parameters", "Missing or malformed: phone_number")
        if self._exchange.balance < COST:
            raise ApiError(402, "insufficient_credits", "A number costs more than what is left")
        self._exchange.ledger.credits_spent += COST
        now = self._exchange.clock.now()
        key = name_id("order", f"{self._exchange.seed}:{len(self.orders)}:{iso(now)}")
        self.orders[key] = Order(key, phone, kind, now, group)
        return {"order_id": key, "phone_number": phone, "number_type": kind, "status": "pending",
                "credits_used": COST, "remaining_credits": self._exchange.balance}  # fmt: skip

    def _settle(self) -> None:
        """What time has made of the orders."""
        lag = timedelta(seconds=self._exchange.options.order_lag)
        for order in self.orders.values():
            if order.settled or self._exchange.clock.now() < order.at + lag:
                continue
            order.settled = "failed" if order.phone in self._exchange.options.failing_numbers else "success"
            if order.settled == "success":
                key = name_id("number", order.id)
                self._own()[key], self._kinds[key] = order.phone, order.kind

    def _available(self, asked: Asked) -> Response:
        kind = asked.query("number_type") or "national"
        if kind not in ("national", "mobile"):
            raise ApiError(400, "invalid_parameters", "Missing or malformed: number_type")
        limit = number(asked.request, "limit", default=20, least=1)
        if limit > 50:
            raise ApiError(400, "invalid_parameters", "limit must be at most 50")
        rows = self.for_sale(kind, asked.query("query") or "", limit)
        meta = {"total_results": len(rows), "number_type": kind, "requires_verification": False}
        return JSONResponse({"data": rows, "meta": meta})

    def _order(self, asked: Asked) -> Response:
        told = asked.told()
        kind = told.get("number_type", "national")
        if kind not in ("national", "mobile"):  # local ones: by their group
            raise ApiError(400, "invalid_parameters", "Missing or malformed: verification_group_id")
        data = self.order(told.get("phone_number"), kind, None)
        return JSONResponse({"message": "Number ordered", "data": data}, 201)

    def _orders(self, asked: Asked) -> Response:
        self._settle()
        fitting = [
            order
            for order in self.orders.values()
            if asked.query("status") in (None, order.settled or "pending")
            and asked.query("number_type") in (None, order.kind)
            and asked.query("verification_group_id") in (None, (order.group or {}).get("id"))
        ]
        rows, meta = self._door.cut(asked.request, fitting, _order_row, default=20)
        return JSONResponse({"data": rows, "meta": meta})

    def _one_order(self, asked: Asked) -> Response:
        self._settle()
        if asked.key not in self.orders:
            raise ApiError(404, "not_found", "No order has this id")
        row = _order_row(self.orders[asked.key])
        return JSONResponse({"data": row | {"external_order_id": f"x-{row['id']}", "external_sub_order_id": None}})

    # --- owned and shared --------------------------------------------------------------------------------------------

    def _own(self) -> dict[str, str]:
        return self._exchange.options.numbers

    def _list(self, asked: Asked) -> Response:
        self._settle()
        shared = self._exchange.options.shared
        own = [key for key in self._own() if key not in shared]
        rows, meta = self._door.cut(asked.request, own, self._row, default=50)
        beside = [self._short(key) for key in shared] if asked.query("include_default") == "true" else []
        return JSONResponse({"data": rows, "shared_numbers": beside, "meta": meta})

    def _get(self, asked: Asked) -> Response:
        return JSONResponse({"data": self._row(self._known(asked.key))})

    def _delete(self, asked: Asked) -> Response:
        key = self._known(asked.key)
        if key in self.links.values():
            raise ApiError(400, "already_in_use", "The number is linked to an assistant")
        del self._own()[key]
        return JSONResponse({"message": "Number deleted"})

    def _known(self, key: object) -> str:
        self._settle()
        if not isinstance(key, str) or key not in self._own():
            raise ApiError(404, "not_found", "No phone number has this id")
        return key

    def _row(self, key: str) -> dict[str, Any]:
        linked = next(({"id": who, "name": "Simulated"} for who, has in self.links.items() if has == key), None)
        more = {"available": True, "created_at": "2026-01-05T08:00:00Z", "linked_assistant": linked}
        return self._short(key) | more

    def _short(self, key: str) -> dict[str, Any]:
        kind = self._kinds.get(key, "national")
        return {"id": key, "phone_number": self._own()[key], "locality": None, "number_type": kind}

    # --- links -------------------------------------------------------------------------------------------------------

    def _linked(self, asked: Asked) -> Response:
        assistant = self._assistants.find(asked.key)
        key = self.links.get(asked.key)
        data = {"assistant_id": asked.key, "assistant_name": assistant["name"]}
        return JSONResponse({"data": data | {"phone_number": self._link_row(key) if key else None}})

    def _link(self, asked: Asked) -> Response:
        self._assistants.find(asked.key)
        key = self._known(asked.told().get("phone_number_id"))
        if self.links.get(asked.key) == key:
            raise ApiError(400, "already_linked", "The number is linked to this assistant already")
        others = [who for who, has in self.links.items() if has == key and who != asked.key]
        shared = self._exchange.options.shared
        if key in shared:  # whoever of ours uses a shared number lets go of it
            others = [who for who, has in self.links.items() if has in shared and who != asked.key]
        elif others:
            raise ApiError(400, "already_in_use", "The number is linked to another assistant")
        for who in others:
            del self.links[who]
        before, self.links[asked.key] = self.links.get(asked.key), key
        data = {"assistant_id": asked.key, "phone_number": self._link_row(key), "previous_phone_number_id": before}
        return JSONResponse({"message": "Number linked", "data": data | {"released_assistants": len(others)}})

    def _unlink(self, asked: Asked) -> Response:
        self._assistants.find(asked.key)
        key = self.links.pop(asked.key, None)
        if key is None:
            raise ApiError(400, "no_phone_number", "No number is linked to this assistant")
        gone = {"id": key, "number": self._own()[key]}
        data = {"assistant_id": asked.key, "unlinked_phone_number": gone}
        return JSONResponse({"message": "Number unlinked", "data": data})

    def _link_row(self, key: str) -> dict[str, Any]:
        """Here the number is `number`, elsewhere `phone_number`."""
        row = self._short(key)
        return {"id": key, "number": row["phone_number"], "type": row["number_type"], "locality": None, "origin": "own"}


def _order_row(order: Order) -> dict[str, Any]:
    return {
        "id": order.id, "phone_number": order.phone, "status": order.settled or "pending", "number_type": order.kind,
        "requirements_met": True, "ordered_at": iso(order.at), "verification_group": order.group,
    }  # fmt: skip
