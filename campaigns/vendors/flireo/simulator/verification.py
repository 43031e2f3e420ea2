"""The verification groups of the Flireo simulator: documents first, then a review that takes its time, then numbers."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email import message_from_bytes
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from campaigns.vendors.simulated.exchange import ApiError, Exchange, name_id

from .door import Asked, Door, iso
from .numbers import Numbers
from .options import Options

_REQUIRED = (
    "phone_number_type", "name", "business_name", "contact_person_first_name", "contact_person_last_name",
    "contact_person_phone", "street_name", "house_number", "postal_code", "city", "province",
)  # fmt: skip


@dataclass(slots=True)
class Group:
    """Who wants local numbers."""

    id: str
    told: dict[str, Any] = field(repr=False)
    made_at: datetime
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    submitted_at: datetime | None = None
    deleted: bool = False


class Verification:
    """The groups of one account, and how far each is."""

    def __init__(self, exchange: Exchange[Options], door: Door, numbers: Numbers) -> None:
        self._exchange, self._door, self._numbers = exchange, door, numbers
        self._groups: dict[str, Group] = {}

    def routes(self) -> Iterable[BaseRoute]:
        one = "/verification-groups/{key}"
        yield self._door.route("/verification-groups", self._list)
        yield self._door.route("/verification-groups", self._create, "POST")
        yield self._door.route(one, self._get)
        yield self._door.route(one, self._delete, "DELETE")
        yield self._door.route(f"{one}/documents", self._documents)
        yield self._door.route(f"{one}/documents", self._upload, "POST")
        yield self._door.route(f"{one}/documents/{{document}}", self._remove, "DELETE")
        yield self._door.route(f"{one}/available-phone-numbers", self._available)
        yield self._door.route(f"{one}/order-number", self._order, "POST")
        yield self._door.route(f"{one}/submit", self._submit, "POST")

    def _status(self, group: Group) -> str:
        """A review takes `review_lag` seconds, and always ends well."""
        if group.deleted:
            return "deleted"
        lag = timedelta(seconds=self._exchange.options.review_lag)
        done = group.submitted_at is not None and self._exchange.clock.now() >= group.submitted_at + lag
        return "approved" if done else "pending"

    def _list(self, asked: Asked) -> Response:
        fitting = [
            group
            for group in self._groups.values()
            if asked.query("status") in (None, self._status(group))
            and asked.query("phone_number_type") in (None, group.told["phone_number_type"])
        ]
        rows, meta = self._door.cut(asked.request, fitting, self._row, default=20)
        return JSONResponse({"data": rows, "meta": meta})

    def _create(self, asked: Asked) -> Response:
        told = asked.told()
        missing = [name for name in _REQUIRED if not isinstance(told.get(name), str) or not told[name].strip()]
        if missing:
            raise ApiError(400, "invalid_parameters", f"Missing or malformed: {', '.join(missing)}")
        now = self._exchange.clock.now()
        key = name_id("group", f"{self._exchange.seed}:{len(self._groups)}:{iso(now)}")
        self._groups[key] = Group(key, told, now)
        return JSONResponse({"message": "Group created", "data": {"requirement_group_id": key}}, 201)

    def _get(self, asked: Asked) -> Response:
        group = self._known(asked)
        more = {"documents": list(group.documents.values()), "phone_numbers": self._numbers_of(group)}
        return JSONResponse({"data": self._row(group) | more})

    def _delete(self, asked: Asked) -> Response:
        self._known(asked).deleted = True
        return JSONResponse({"message": "Group deleted"})

    def _documents(self, asked: Asked) -> Response:
        return JSONResponse({"data": list(self._known(asked).documents.values())})

    def _upload(self, asked: Asked) -> Response:
        group, parts = self._known(asked), _parts(asked)
        if not (parts.get("file") and parts.get("type")):
            raise ApiError(400, "invalid_parameters", "Missing or malformed: file, type")
        key = name_id("document", f"{group.id}:{len(group.documents)}:{iso(self._exchange.clock.now())}")
        group.documents[key] = {"id": key, "type": parts["type"].decode(), "status": "uploaded"}
        return JSONResponse({"message": "Document uploaded", "data": group.documents[key]}, 201)

    def _remove(self, asked: Asked) -> Response:
        group, key = self._known(asked), str(asked.request.path_params["document"])
        if group.documents.pop(key, None) is None:
            raise ApiError(404, "not_found", "No document has this id")
        return JSONResponse({"message": "Document deleted"})

    def _submit(self, asked: Asked) -> Response:
        group = self._known(asked)
        if not group.documents:
            raise ApiError(400, "invalid_status", "Documents are missing")
        group.submitted_at = group.submitted_at or self._exchange.clock.now()
        return JSONResponse({"message": "Group submitted"})

    def _available(self, asked: Asked) -> Response:
        rows = self._numbers.for_sale(self._approved(asked).told["phone_number_type"], "", 20)
        return JSONResponse({"data": rows, "meta": {"total_results": len(rows), "requires_verification": True}})

    def _order(self, asked: Asked) -> Response:
        group = self._approved(asked)
        kind, known = group.told["phone_number_type"], {"id": group.id, "name": group.told["name"]}
        data = self._numbers.order(asked.told().get("phone_number"), kind, known | {"locality": group.told["city"]})
        return JSONResponse({"message": "Number ordered", "data": data | {"verification_group": known}}, 201)

    def _approved(self, asked: Asked) -> Group:
        group = self._known(asked)
        if self._status(group) != "approved":
            raise ApiError(400, "invalid_status", "Group is not approved yet")
        return group

    def _known(self, asked: Asked) -> Group:
        if asked.key not in self._groups:
            raise ApiError(404, "not_found", "No verification group has this id")
        return self._groups[asked.key]

    def _row(self, group: Group) -> dict[str, Any]:
        told = {name: group.told[name] for name in ("name", "phone_number_type", "business_name")}
        more = {"status": self._status(group), "locality": group.told["city"], "created_at": iso(group.made_at)}
        return {"id": group.id} | told | more

    def _numbers_of(self, group: Group) -> list[dict[str, Any]]:
        orders = [order for order in self._numbers.orders.values() if (order.group or {}).get("id") == group.id]
        return [{"id": order.id, "phone_number": order.phone, "status": "active"} for order in orders]


def _parts(asked: Asked) -> dict[str, bytes]:
    """The parts of a multipart body, by name."""
    head = f"Content-Type: {asked.request.headers.get('content-type', '')}\r\n\r\n".encode()
    found: dict[str, bytes] = {}
    for part in message_from_bytes(head + asked.raw).walk():
        name, body = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(body, bytes):
            found[name] = body
    return found
