"""The judge judges: what is right passes, and every kind of wrong is named."""

import json

import httpx
import pytest
from openapi.contract import Contract, Ledger, Overheard, drive, overheard
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

CALLBELL, FLIREO, HMS, CALLAB = (Contract.load(name) for name in ("callbell", "flireo", "hmsovereign", "callab"))
CONTACT = {"uuid": "0d3c5a1be2f94c0a8d5d6b7f3a1c9e42", "tags": [], "customFields": {}}


def wrong(contract, method, target, body=None, base=""):
    return contract.request(method, target, b"" if body is None else json.dumps(body).encode(), base)[1]


def told(contract, operation, status, body):
    return contract.response(operation, status, json.dumps(body).encode())


def name(contract, method, path):
    found = contract.find(method, path)
    return found and found.name


def test_a_request_is_named_and_literal_paths_win():
    assert name(CALLAB, "GET", "/calls/query") == "query_calls"
    assert name(CALLAB, "GET", "/calls/7") == "get_call"
    assert name(CALLAB, "DELETE", "/calls/7") is None
    assert name(CALLBELL, "GET", "/contacts/phone/44%2020") == "find_contact_by_phone"
    assert name(CALLBELL, "GET", "/contacts/a/b/c/d") is None


def test_a_path_below_another_base_is_no_operation():
    assert wrong(CALLBELL, "GET", "/v1/contacts", base="/v1") == []
    assert wrong(CALLBELL, "GET", "/contacts", base="/v1") == ["GET /contacts: no such operation"]
    assert wrong(CALLBELL, "GET", "/numbers/442079460001") == ["GET /numbers/#: no such operation"]


@pytest.mark.parametrize(
    ("contract", "target"),
    [
        (CALLBELL, "/contacts?per_page=50"),
        (CALLBELL, "/contacts?page=0"),
        (CALLBELL, "/contacts?page=one"),
        (CALLBELL, "/contacts?page=1&page=2"),
        (CALLBELL, "/contacts?include_field_types=1"),
        (FLIREO, "/contacts?limit=101"),
        (FLIREO, "/phone-numbers?include_default=True"),
        (CALLAB, "/calls/query?start_date=2026-05-04T00:00:00Z"),
    ],
)
def test_a_query_that_the_vendor_does_not_know_is_named(contract, target):
    assert len(wrong(contract, "GET", target)) == 1


def test_a_query_may_hold_lists_and_both_ways_of_tags():
    assert wrong(CALLBELL, "GET", "/contacts?tags[]=a&tags%5B%5D=b&tags=a,b&after=x&include_field_types=true") == []
    assert wrong(CALLAB, "GET", "/calls/query?filter_columns[]=call_to&filter_values[]=%2B44&page=0") == []


@pytest.mark.parametrize(
    ("contract", "method", "target", "body"),
    [
        (CALLBELL, "PATCH", "/contacts/x", {"phoneNumber": "1"}),
        (CALLBELL, "PATCH", "/contacts/x", {"tags": "to-call"}),
        (CALLBELL, "PATCH", "/contacts/x", {"note": "x" * 1001}),
        (CALLBELL, "POST", "/contacts/x/conversation/note", {"text": ""}),
        (CALLBELL, "POST", "/contacts/x/conversation/note", None),
        (FLIREO, "PATCH", "/contacts/x", {"tags": []}),
        (FLIREO, "POST", "/calls/direct", {"assistant_id": "a", "phone_number": "442079460001"}),
        (FLIREO, "POST", "/calls/direct", {"phone_number": "+442079460001"}),
        (HMS, "POST", "/calls/outbound", {"destination": "+442079460001"}),
        (HMS, "POST", "/calls/outbound", {"destination": "+442079460001", "assistant_id": "a", "metadata": {}}),
        (HMS, "POST", "/calls/outbound", {"destination": "+442079460001", "assistant_override": {}, "agent_id": "x"}),
        (HMS, "POST", "/calls/x/control", {"type": "hang-up"}),
        (HMS, "PATCH", "/campaigns/x", {"status": "completed"}),
        (
            CALLAB,
            "POST",
            "/calls/make-call",
            {"ai_agent_id": "a", "call_from": "b", "call_to": "+4420", "metadata": {}},
        ),
        (CALLAB, "GET", "/ai-agent", {"workspace": "default"}),
    ],
)
def test_a_body_that_the_vendor_would_refuse_is_named(contract, method, target, body):
    assert len(wrong(contract, method, target, body)) == 1


def test_a_body_in_words_of_our_own_encoding_is_named():
    assert CALLBELL.request("PATCH", "/contacts/x", b"{")[1] == ["update_contact request: the body is not JSON"]


def test_both_forms_of_an_envelope_pass():
    assert told(CALLBELL, "get_contact", 200, {"contact": CONTACT}) == []
    assert told(CALLBELL, "get_contact", 200, {"contact": [CONTACT]}) == []
    assert told(CALLBELL, "get_contact", 200, {"contact": []}) != []
    assert told(CALLBELL, "get_contact", 200, {"contact": [CONTACT, CONTACT]}) != []
    assert told(CALLBELL, "get_contact", 200, CONTACT) != []


def test_both_forms_of_an_error_pass_and_no_third():
    flat, nested = {"error": "text", "message": "text"}, {"error": {"code": "not_found", "message": "text"}}
    assert told(FLIREO, "get_call", 404, flat) == told(FLIREO, "get_call", 404, nested) == []
    assert told(FLIREO, "get_call", 404, {"message": "text"}) != []
    assert told(CALLBELL, "get_contact", 422, {"error": {"name": ["must be present and not empty"]}}) == []
    assert told(CALLBELL, "get_contact", 422, {"error": {"name": "must be present"}}) != []


def test_absent_optionals_and_unknown_keys_pass_but_a_wrong_type_does_not():
    page = {"contacts": [{**CONTACT, "invented": 1}], "meta": {"next": None}}
    assert told(CALLBELL, "list_contacts", 200, page) == told(CALLBELL, "list_contacts", 200, {"contacts": []}) == []
    assert told(CALLBELL, "list_contacts", 200, {"contacts": [{"uuid": "a", "tags": "to-call"}]}) != []


def test_a_failure_that_comes_as_200_is_an_answer_and_a_half_one_is_not():
    assert told(CALLAB, "query_contacts", 200, {"status": "error", "message": "error", "data": ""}) == []
    assert told(CALLAB, "query_contacts", 200, {"status": "ok", "message": "ok", "data": ""}) != []
    assert told(CALLAB, "query_contacts", 200, []) != []


def test_an_answer_without_content_must_be_empty_and_an_unforeseen_status_is_named():
    assert HMS.response("delete_lead", 204, b"") == []
    assert HMS.response("delete_lead", 204, b"{}") == ["delete_lead: 204 with a body"]
    assert told(HMS, "delete_lead", 200, {"success": True}) == []
    assert HMS.reply("tool-calls", 404, b"") == ["on_tool_calls: status 404 is not foreseen"]


def test_messages_of_the_vendor_are_judged_with_their_headers():
    message = {"type": "status-update", "timestamp": "x", "call": {"id": "c", "status": "ended"}}
    body, headers = json.dumps({"message": message}).encode(), {"x-webhook-event": "status-update"}
    assert HMS.event("status-update", body) == []
    assert HMS.event("status-update", body, {**headers, "X-Webhook-Timestamp": "1790500000"}) == []
    assert HMS.event("status-update", body, headers) == ["on_status_update: header x-webhook-timestamp is missing"]
    ringing = json.dumps({"message": {**message, "call": {"id": "c", "status": "ringing"}}}).encode()
    assert HMS.event("status-update", ringing) != []


def test_an_event_in_two_casings_at_once_is_no_event():
    both = {"type": "tool-calls", "timestamp": "x", "call": {"id": "c"}, "tool_call_list": [], "toolCallList": []}
    assert HMS.event("tool-calls", json.dumps({"message": both}).encode()) != []


async def shop(request: Request) -> JSONResponse:
    known = request.path_params["uuid"] != "gone"
    return JSONResponse({"contact": CONTACT} if known else "gone", 200 if known else 404)


def conversation(base="/v1"):
    ledger = Ledger(CALLBELL, base)
    app = Starlette(routes=[Route("/v1/contacts/{uuid}", shop, methods=["GET", "PATCH"])])
    return ledger, app


async def talk(transport, **patch):
    async with httpx.AsyncClient(transport=transport, base_url="http://vendor.example/v1/") as client:
        await client.get("contacts/x")
        await client.patch("contacts/x", json=patch or {"tags": []})
        await client.get("contacts/gone")


async def test_middleware_hears_both_sides():
    ledger, app = conversation()
    await talk(httpx.ASGITransport(overheard(app, ledger)))
    assert ledger.heard == {"get_contact": 2, "update_contact": 1}
    assert ledger.requests == []
    assert ledger.answers == ["get_contact 404 at $: 'gone' is not of type 'object'"]


async def test_a_transport_hears_both_sides():
    ledger, app = conversation()
    await talk(Overheard(httpx.ASGITransport(app), ledger), phone="1")
    assert ledger.heard == {"get_contact": 2, "update_contact": 1}
    assert len(ledger.requests) == len(ledger.answers) == 1


async def test_a_transport_hears_the_request_whose_answer_never_came():
    class Broken(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            raise httpx.ReadError("cut")

    ledger = Ledger(CALLBELL)
    async with httpx.AsyncClient(transport=Overheard(Broken(), ledger), base_url="http://vendor.example") as client:
        with pytest.raises(httpx.ReadError):
            await client.get("/contacts?per_page=5")
    assert ledger.heard == {"list_contacts": 1}
    assert len(ledger.requests) == 1


async def test_a_driven_server_is_asked_for_everything_and_deletions_come_last():
    asked = []

    async def anything(request: Request) -> JSONResponse:
        asked.append((request.method, request.url.path, await request.body()))
        return JSONResponse({"lead": {"id": "taught"}})

    app = Starlette(routes=[Route("/{rest:path}", anything, methods=["GET", "POST", "PATCH", "DELETE", "PUT"])])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://vendor.example/") as client:
        heard = await drive(HMS, client, {"campaign_id": "ours"}, skip=["get_health"])
    assert len(heard) == len(HMS.operations) - 1
    assert ("DELETE", "/campaigns/ours/leads/taught", b"") in asked
    methods = [method for method, _, _ in asked]
    assert "DELETE" not in methods[: methods.index("DELETE")]
    assert set(methods[methods.index("DELETE") :]) == {"DELETE"}
    assert any(one.complaints for one in heard)
    for method, path, body in asked:
        assert HMS.request(method, path, body)[1] == []
