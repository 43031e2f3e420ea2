"""The Callab simulator as a raw client sees it: the vendor's quirks, and what calls leave at contacts."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from campaigns.clock import SystemClock
from campaigns.domain.errors import InputError
from campaigns.vendors import simulate
from campaigns.vendors.callab.simulator import CallabSimulator, How, Options, Rule, SimCall, load_faults
from campaigns.vendors.callab.simulator.webhooks import Paper

TLS = ssl.create_default_context()
"""Made once: it takes longer than a call."""
CALLER = "+31200000001"


@asynccontextmanager
async def raw(vendor: Any) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=vendor.url, trust_env=False, verify=TLS, timeout=5) as http:
        yield http


def order(number: int = 0, **more: Any) -> dict[str, Any]:
    return {"ai_agent_id": "a", "call_from": CALLER, "call_to": f"+442079460{number:03}"} | more


async def test_every_error_is_http_200_with_an_empty_text_for_data(simulated: Any) -> None:
    async with simulated(assistants={"a"}) as vendor, raw(vendor) as http:
        bodies = [{}, order(ai_agent_id="b"), order(call_from="+31200000099"), order(call_to="x"),
                  order(workspace="north"), order(dynamic_variables={"a": "b"}), []]  # fmt: skip
        answers = [await http.post("/v1/calls/make-call", json=body) for body in bodies]
        answers += [await http.get(path) for path in ("/v1/contacts/none", "/v1/calls/none", "/v1/campaigns/by-id/none",
                                                      "/v1/contacts/query?page=-1", "/v1/contacts/query?order=up",
                                                      "/v1/calls/query?filter_columns[]=call_to")]  # fmt: skip
        answers.append(await http.post("/v1/calls/make-call", content=b"{"))
        for answer in answers:
            assert answer.status_code == 200
            assert answer.json() == {"status": "error", "message": answer.json()["message"], "data": ""}
        assert not vendor.simulator.calls


async def test_only_key_budget_and_lines_speak_by_http(simulated: Any) -> None:
    async with simulated(api_key="k", at_once=1, per_minute=4) as vendor, raw(vendor) as http:
        assert (await http.get("/v1/contacts/query")).status_code == 401
        http.headers["authorization"] = "Bearer k"
        assert (await http.post("/v1/calls/make-call", json=order(1))).json()["status"] == "ok"
        full = await http.post("/v1/calls/make-call", json=order(2))
        assert (full.status_code, full.headers["retry-after"]) == (429, "5")
        assert (await http.get("/v1/contacts/query")).status_code == 200
        spent = await http.get("/v1/contacts/query")
        assert (spent.status_code, spent.headers["retry-after"]) == (429, "60")
        assert (await http.get("/nowhere")).status_code == 404


async def test_pages_begin_at_0_with_10_and_say_nothing_of_a_total(simulated: Any) -> None:
    async with simulated(people=150) as vendor, raw(vendor) as http:

        async def page(**query: Any) -> list[Any]:
            answer = (await http.get("/v1/contacts/query", params=query)).json()
            assert answer.keys() == {"status", "message", "data"}
            return [row["id"] for row in answer["data"]]

        every = [contact["id"] for contact in vendor.simulator.book.contacts]
        assert await page(order="asc") == await page(order="asc", page=0) == every[:10]
        assert await page() == every[::-1][:10]
        assert await page(order="asc", page=1, per_page=30) == every[30:60]
        assert await page(order="asc", per_page=500) == every[:100]
        assert await page(page=9, per_page=100) == []


async def test_v1_answers_with_and_without_its_prefix_and_v0_at_the_host(simulated: Any) -> None:
    async with simulated() as vendor, raw(vendor) as http:
        assert (await http.get("/v1/contacts/query")).json() == (await http.get("/contacts/query")).json()
        assert (await http.get("/phone_number")).json()["data"][0]["created_at"] == "2026-01-05T08:00:00"
        assert (await http.get("/v1/phone_number")).status_code == 404
        by_get = await http.request("GET", "/contact/query", json={"tags": ["hot"]})
        assert by_get.json() == (await http.post("/contact/query", json={"tags": ["hot"]})).json()
        assert {row["tag_name"] for row in by_get.json()["data"]} == {"hot"}


async def test_a_call_changes_the_contact_whom_it_reached(simulated: Any) -> None:
    words = {How.ANSWERED: "completed", How.VOICEMAIL: "completed", How.NO_ANSWER: "no-answer", How.BUSY: "busy",
             How.DECLINED: "busy", How.BAD_NUMBER: "failed", How.PROVIDER_ERROR: "failed"}  # fmt: skip
    async with simulated() as vendor, raw(vendor) as http:
        for number in range(60):
            await http.post("/v1/calls/make-call", json=order(number))

        async def statuses() -> list[str]:
            rows = (await http.get("/v1/contacts/query", params={"per_page": "100", "order": "asc"})).json()["data"]
            return [row["last_call_status"] for row in rows]

        assert set(await statuses()) == {"in-progress"}
        vendor.forward(hours=1)
        called = sorted(vendor.simulator.calls, key=lambda call: call.phone_number)
        assert await statuses() == [words[call.how] for call in called]
        query = {"last_call_statuses": "no-answer,busy", "per_page": "100"}
        found = (await http.get("/v1/contacts/query", params=query)).json()["data"]
        assert {row["last_call_status"] for row in found} == {"no-answer", "busy"}


async def test_who_never_picked_up_has_no_start_and_is_on_no_day(simulated: Any) -> None:
    async with simulated() as vendor, raw(vendor) as http:
        for number in range(60):
            await http.post("/v1/calls/make-call", json=order(number))
        vendor.forward(hours=1)
        query = {"start_date": "2026-11-23", "end_date": "2026-11-23", "per_page": "100"}
        dated = (await http.get("/v1/calls/query", params=query)).json()["data"]
        assert {row["id"] for row in dated} == {call.call_id for call in vendor.simulator.calls if call.answered_at}


async def test_calls_are_found_by_a_part_of_their_status_and_by_words(simulated: Any) -> None:
    async with simulated() as vendor, raw(vendor) as http:
        for number in range(60):
            await http.post("/v1/calls/make-call", json=order(number))
        vendor.forward(hours=1)

        async def found(**query: Any) -> list[dict[str, Any]]:
            answer = await http.get("/v1/calls/query", params={"per_page": "100", **query})
            return list(answer.json()["data"])

        assert {row["call_status"] for row in await found(status="ANSW")} == {"no-answer"}
        assert [row["call_to"] for row in await found(search="460017")] == ["+442079460017"]
        filters = {"filter_columns[]": ["call_to", "call_provider"], "filter_values[]": ["46001", "twilio"],
                   "filter_operator[]": ["contains", "equals"]}  # fmt: skip
        assert len(await found(**filters)) == 10
        assert [row["call_to"] for row in await found(sort_column="name", order="asc")][:2] == [
            "+442079460000", "+442079460001"
        ]  # fmt: skip


async def test_contacts_can_be_set_as_by_the_dashboard(simulated: Any) -> None:
    async with simulated() as vendor, raw(vendor) as http:
        person = {"id": "p1", "phone_number": "+442079460123", "workspace_id": "north"}
        await http.post("/_simulator/contacts", json={"contacts": [person]})
        assert (await http.get("/_simulator/contacts")).json() == {"contacts": [person]}
        assert (await http.get("/v1/contacts/query")).json()["data"] == []
        north = (await http.get("/v1/contacts/query", params={"workspace": "north"})).json()["data"]
        assert [row["id"] for row in north] == ["p1"]
        assert (await http.post("/_simulator/contacts", json=[])).status_code == 400


async def test_the_control_routes_tell_the_truth(simulated: Any) -> None:
    async with simulated() as vendor, raw(vendor) as http:
        await http.post("/v1/calls/make-call", json=order())
        assert (await http.get("/_simulator/stats")).json()["outbound"] == 1
        assert vendor.simulator.calls[0].call_id in (await http.get("/_simulator/ledger")).text
        await http.post("/_simulator/webhook", json={"url": "http://127.0.0.1:9/x"})
        assert vendor.simulator.webhook == "http://127.0.0.1:9/x"
        assert (await http.post("/_simulator/webhook", json={"url": "x"})).status_code == 400


def test_the_same_seed_makes_the_same_people_of_fiction() -> None:
    one, same, other = (CallabSimulator(clock=SystemClock(), seed=seed).book.contacts for seed in (1, 1, 2))
    assert one == same != other
    assert all(contact["phone_number"].startswith("+442079460") for contact in one)
    assert {bool(contact["metadata"]) for contact in one} == {True, False}
    assert {contact["last_call_status"] for contact in one} == {"", "completed", "no-answer", "busy"}


@pytest.mark.parametrize("body", ["event", "flat"])
def test_the_end_of_each_call_is_told_in_the_users_words(body: str) -> None:
    call = SimCall(
        call_id="c1", created_at="2026-11-23T09:00:00Z", direction="outbound", phone_number="+442079460123",
        own_number=CALLER, assistant_id="a", ordinal=1, how="answered", answered_at="2026-11-23T09:00:10Z",
        ended_at="2026-11-23T09:00:52Z", goodbye="assistant", analysis={"confirmed": True},
    )  # fmt: skip
    paper = Paper(Options(webhook_body=body))
    (item,) = paper.news(call)
    if body == "flat":
        assert item.body == {"call_id": "c1", "result": "completed", "confirmed": True}
    else:
        assert item.body["event"] == "call.ended"
        assert (item.body["data"]["id"], item.body["data"]["call_duration"]) == ("c1", 42)
    assert paper.forged(item, "http://127.0.0.1/webhooks/x/abc1")[1].endswith("abc0")
    assert paper.misdirected(item).body != item.body


def test_the_registry_knows_it_and_a_ledger_goes_on(tmp_path: Path) -> None:
    made = simulate("callab", clock=SystemClock(), seed=2, ledger=tmp_path / "l.jsonl", callers=["+31200000007"])
    assert made.prefix == "/v1"
    (tmp_path / "bad.yaml").write_text("rules: [{at: create, kind: melt}]")
    with pytest.raises(InputError, match="melt"):
        load_faults(tmp_path / "bad.yaml")
    (tmp_path / "good.yaml").write_text("rules: [{at: create, kind: drop}]\noptions: {campaign_ids: true}")
    assert load_faults(tmp_path / "good.yaml").rules == (Rule(at="create", kind="drop"),)
