"""The verification groups of the stand-in for Flireo: papers first, then local numbers."""

from datetime import UTC, datetime
from typing import Any

from foreign.standin import Answer, Refused, Request, Standin

Json = Any
GROUP_FIELDS = (
    "phone_number_type", "name", "business_name", "contact_person_first_name", "contact_person_last_name",
    "contact_person_phone", "street_name", "house_number", "postal_code", "city", "province",
)  # fmt: skip


class Groups(Standin):
    """The part of Flireo that knows groups; the rest knows numbers, orders and people."""

    groups: dict[str, dict[str, Json]]

    def new_id(self) -> str:
        raise NotImplementedError

    def order(self, phone: Json, kind: str, group: str | None) -> Answer:
        raise NotImplementedError

    def paged(self, kind: str, rows: list[Json], request: Request, *, guide: bool) -> Answer:
        raise NotImplementedError

    def list_available_numbers(self, request: Request) -> Answer:
        raise NotImplementedError

    def _group(self, key: str, request: Request) -> Json:
        row = self._grouped(key)
        names = ("name", "phone_number_type", "status", "business_name")
        shown = {"id": key, **{name: row[name] for name in names}, "locality": None, "created_at": row["created_at"]}
        return self.dress(shown, request, ("created_at", "business_name"))

    def list_verification_groups(self, request: Request) -> Answer:
        status, kind = request.one("status"), request.one("phone_number_type")
        fits = [key for key, row in self.groups.items() if status in ("", row["status"])]
        keys = [key for key in fits if kind in ("", self.groups[key]["phone_number_type"])]
        return self.paged("groups", [self._group(key, request) for key in keys], request, guide=True)

    def create_verification_group(self, request: Request) -> Answer:
        sent = request.document()
        if missing := tuple(name for name in GROUP_FIELDS if not sent.get(name)):
            raise Refused(400, "invalid_parameters", "is required", missing)
        key = self.new_id()
        self.groups[key] = {**sent, "status": "pending", "documents": {}, "created_at": now()}
        return Answer({"message": "created", "data": {"requirement_group_id": key}}, 201)

    def get_verification_group(self, request: Request, key: str) -> Answer:
        shown = self._group(key, request)
        papers = self.groups[key]["documents"]
        return Answer({"data": {**shown, "documents": [*papers.values()], "phone_numbers": []}})

    def delete_verification_group(self, request: Request, key: str) -> Answer:
        self._grouped(key)["status"] = "deleted"
        return Answer({"message": "deleted"})

    def list_verification_documents(self, request: Request, key: str) -> Answer:
        papers = [self.dress(row, request) for row in self._grouped(key)["documents"].values()]
        return Answer({"documents" if self.other(request) else "data": papers})

    def upload_verification_document(self, request: Request, key: str) -> Answer:
        if "multipart/form-data" not in request.headers.get("content-type", ""):
            raise Refused(400, "invalid_parameters", "is required", ("file",))
        paper = {"id": self.new_id(), "type": "proof_of_address", "status": "pending"}
        self._grouped(key)["documents"][paper["id"]] = paper
        return Answer({"message": "taken", "data": paper} if self.other(request) else paper, 201)

    def delete_verification_document(self, request: Request, key: str, paper: str) -> Answer:
        if self._grouped(key)["documents"].pop(paper, None) is None:
            raise Refused(404, "not_found", "no such document")
        return Answer({"message": "deleted"})

    def submit_verification_group(self, request: Request, key: str) -> Answer:
        row = self._grouped(key)
        if not row["documents"]:
            raise Refused(400, "invalid_status", "documents are missing")
        row["status"] = "approved"
        return Answer({"message": "handed in"})

    def list_group_numbers(self, request: Request, key: str) -> Answer:
        self._grouped(key)
        return self.list_available_numbers(request)

    def order_group_number(self, request: Request, key: str) -> Answer:
        if self._grouped(key)["status"] != "approved":
            raise Refused(400, "invalid_status", "Group is not approved yet")
        return self.order(request.document().get("phone_number"), "local", key)

    def _grouped(self, key: str) -> dict[str, Json]:
        if key not in self.groups:
            raise Refused(404, "not_found", "no such group")
        return self.groups[key]


def now() -> str:
    """The time as this vendor writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
