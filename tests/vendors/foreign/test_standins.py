"""What the stand-ins say satisfies the documents, plain or odd; and their faults are what they claim to be."""

import json
import subprocess
import sys
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import pytest
from foreign.callab import AGENT, Callab
from foreign.callbell import Callbell
from foreign.calls import Course
from foreign.flireo import ASSISTANT, NUMBER, Flireo
from foreign.hmsovereign import ASSISTANT_ID, NUMBER_ID, HmsSovereign
from foreign.standin import PLAIN, Habits
from foreign.wire import serving
from openapi.contract import Contract, Ledger, drive

TALKING = Course(ring=(0.0, 0.0), talk=(5.0, 5.0))
KEY = {"Authorization": "Bearer foreign-key"}
BEYOND = {
    "callbell": {
        "get_channel", "update_channel", "get_team", "update_team", "list_templates", "get_template",
        "update_template", "list_custom_statuses", "create_custom_status", "get_custom_status",
        "replace_custom_status", "delete_custom_status", "set_user_status", "clear_user_status", "send_message",
        "get_message_status", "delete_message",
    },
    "hmsovereign": {
        "test_mcp_server", "list_byok", "create_byok", "delete_byok", "set_byok_config", "get_domain",
        "create_domain", "delete_domain", "list_resend_domains", "sync_domain", "verify_domain", "refresh_domain",
        "create_organization", "update_organization", "list_chats", "create_chat", "delete_chat", "get_chat_context",
    },
    "flireo": {
        "list_calls", "start_call", "get_call", "delete_call", "list_scheduled_calls", "schedule_call",
        "get_scheduled_call", "update_scheduled_call", "cancel_scheduled_call", "inject_message",
        "list_available_numbers_legacy", "get_user_legacy", "query_knowledgebase", "create_instant_agent",
        "generate_faqs",
    },
    "callab": set(), "callab_v0": set(),
}  # fmt: skip
"""Operations that a runner of campaigns has no use for (Flireo's calls have a server of their own)."""


def callbell(habits):
    vendor = Callbell(habits)
    vendor.add("Ada", "+44 20 7946 0031", ("to-call",), bsuid="bs-1", fields={"Consent": "voice"})
    vendor.add(None, None, blocked_at="2026-05-04T08:15:00Z")
    return vendor, "/v1", {}


def callab(habits):
    vendor = Callab(habits, course=TALKING)
    contact = vendor.add("+442079460041", "Ada", tag="spring", metadata={"best_time": "morning"})
    vendor.campaigns["c1"] = {"name": "May", "status": "active"}
    return vendor, "/v1", {"contact_id": contact.key, "campaign_id": "c1"}


def hmsovereign(habits):
    return HmsSovereign(habits, course=TALKING), "/api/v1", {"assistant_id": ASSISTANT_ID, "number_id": NUMBER_ID}


def flireo(habits):
    vendor = Flireo(habits)
    vendor.add("+442079460001", "Ada")
    return vendor, "/v1", {"assistant_id": ASSISTANT, "phone_number_id": NUMBER}


VENDORS = {
    "callbell": callbell, "callab": callab, "callab_v0": lambda habits: (callab(habits)[0], "", {"campaign_id": "c1"}),
    "hmsovereign": hmsovereign, "flireo": flireo,
}  # fmt: skip


@asynccontextmanager
async def talking(vendor, base="/v1", ears=(), **more):
    with serving(vendor, ears) as url:
        async with httpx.AsyncClient(base_url=f"{url}{base}/", headers=KEY, **more) as client:
            yield client


async def driven(name, habits=PLAIN):
    """(what was heard, the ledger, the stand-in)"""
    vendor, base, known = VENDORS[name](habits)
    ledger = Ledger(Contract.load(name), base)
    async with talking(vendor, base, (ledger.hear,)) as client:
        heard = await drive(ledger.contract, client, known, BEYOND[name])
    return heard, ledger, vendor


@pytest.mark.parametrize("name", VENDORS)
async def test_plain_answers_to_every_operation_satisfy_the_document(name):
    heard, ledger, _ = await driven(name)
    assert len(heard) == len(ledger.contract.operations) - len(BEYOND[name])
    assert [one for one in heard if one.complaints or one.status >= 400] == []
    if name.startswith("callab"):
        assert {one.body["status"] for one in heard} <= {"ok", "success"}
    assert (ledger.requests, ledger.answers) == ([], [])


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("name", VENDORS)
async def test_odd_answers_are_legal_all_the_same(name, seed):
    heard, _, _ = await driven(name, Habits(seed=seed, odd=0.8, other=0.5))
    assert [one for one in heard if one.complaints or one.status >= 400] == []


LISTS = {
    "callbell": "contacts", "callab": "contacts/query", "callab_v0": "contact", "hmsovereign": "assistants",
    "flireo": "contacts",
}  # fmt: skip


@pytest.mark.parametrize("name", VENDORS)
async def test_odd_answers_are_odd(name):
    texts = set()
    for seed in range(8):
        vendor, base, _ = VENDORS[name](Habits(seed=seed, odd=0.8, other=0.5))
        async with talking(vendor, base) as client:
            texts |= {(await client.get(LISTS[name])).text for _ in range(4)}
    assert len(texts) > 8


async def test_numbers_may_be_written_as_strings():
    vendor, base, _ = callbell(Habits(strings=1.0))
    async with talking(vendor, base) as client:
        assert (await client.get("contacts")).json()["meta"]["page"] == "1"


REFUSALS = {
    "callbell": [("GET", "contacts/gone", None), ("PATCH", "contacts/gone", {}), ("POST", "contacts", {"name": ""}),
                 ("GET", "contacts?page=501", None), ("GET", "contacts?after=x", None)],
    "hmsovereign": [("POST", "calls/outbound", {"destination": "1"}), ("GET", "calls/gone", None)],
    "flireo": [("POST", "contacts", {"phone_number": "1"}), ("GET", "contacts/gone", None)],
    "callab": [("GET", "contacts/gone", None), ("POST", "calls/make-call", {"call_to": "1"})],
}  # fmt: skip


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("name", REFUSALS)
async def test_refusals_in_every_shape_satisfy_the_document(name, seed):
    vendor, base, _ = VENDORS[name](Habits(seed=seed, odd=0.5, other=0.5))
    ledger = Ledger(Contract.load(name), base)
    async with talking(vendor, base, (ledger.hear,)) as client:
        for method, path, body in REFUSALS[name]:
            answer = await client.request(method, path, json=body)
            assert answer.status_code >= 400 or answer.json()["status"] not in ("ok", "success")
        assert (await client.get("contacts", headers={"Authorization": "Bearer other"})).status_code in (401, 404)
    assert ledger.answers == []


async def test_a_cut_after_acting_leaves_the_deed_and_a_cut_before_does_not():
    for share, acted in (({"cut_after": 1.0}, True), ({"cut_before": 1.0}, False)):
        vendor = Callbell(Habits(faulty=("POST",), **share))
        contact = vendor.add("Ada", "+442079460031")
        async with talking(vendor) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.post(f"contacts/{contact.uuid}/conversation/note", json={"text": "Called."})
            assert (await client.get("contacts")).status_code == 200
        assert contact.notes == ["Called."] * acted
        assert (vendor.log[0].status, vendor.log[0].acted) == (None, acted)


async def test_a_failure_after_acting_leaves_the_deed_and_a_failure_before_does_not():
    for share, made in (({"fail_after": 1.0}, 1), ({"fail_before": 1.0}, 0)):
        vendor = HmsSovereign(Habits(**share), course=TALKING)
        body = {"destination": "+442079460021", "assistant_id": ASSISTANT_ID}
        async with talking(vendor, "/api/v1") as client:
            assert (await client.post("calls/outbound", json=body)).status_code in (500, 502, 503)
        assert vendor.dialled("+442079460021") == len(vendor.calls) == made


async def test_a_slow_answer_comes_too_late_for_what_was_done():
    vendor = Callbell(Habits(slow=1.0, slow_seconds=30.0, faulty=("POST",)))
    contact = vendor.add("Ada", "+442079460031")
    async with talking(vendor, timeout=0.2) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(f"contacts/{contact.uuid}/conversation/note", json={"text": "Called."})
    assert contact.notes == ["Called."]


async def test_a_storm_turns_away_as_many_as_it_says_and_does_nothing():
    vendor = Callab(Habits(throttle=1.0, storm=3, retry_after=("none", "seconds", "date"), retry_seconds=7))
    seen = set()
    async with talking(vendor) as client:
        for n in range(30):
            body = {"ai_agent_id": AGENT, "call_from": "+442079460900", "call_to": f"+4420794600{n:02}"}
            answer = await client.post("calls/make-call", json=body)
            assert answer.status_code == 429
            text = answer.headers.get("Retry-After", "")
            seen.add("seconds" if text == "7" else "date" if text and parsedate_to_datetime(text) else "none")
    assert seen == {"none", "seconds", "date"}
    assert vendor.calls == []
    assert vendor.counts["make_call"] == 30


async def test_storms_have_their_length():
    vendor = Callbell(Habits(throttle=0.1, storm=4))
    async with talking(vendor) as client:
        statuses = [(await client.get("contacts", params={"page": n})).status_code for n in range(1, 80)]
    calm = "".join("x" if status == 429 else " " for status in statuses).rsplit(" ", 1)[0].split()
    assert len(calm) > 1
    assert all(len(storm) >= 4 for storm in calm)


async def test_the_same_seed_has_the_same_fates_and_another_has_not():
    async def statuses(seed):
        vendor = Callbell(Habits(seed=seed, fail_before=0.3, throttle=0.2))
        async with talking(vendor) as client:
            return [(await client.get("contacts", params={"page": n})).status_code for n in range(1, 30)]

    assert await statuses(1) == await statuses(1) != await statuses(2)


async def test_a_request_that_failed_may_succeed_when_it_is_repeated():
    vendor = Callbell(Habits(fail_before=0.5))
    async with talking(vendor) as client:
        statuses = {(await client.get("contacts")).status_code for _ in range(20)}
    assert 200 in statuses
    assert statuses & {500, 502, 503}


async def test_a_defect_of_a_stand_in_comes_to_light():
    vendor = Callbell()
    vendor.before = lambda request: 1 / 0

    async def ask():
        async with talking(vendor) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.get("contacts")

    with pytest.raises(ZeroDivisionError):
        await ask()


async def test_what_happens_before_a_request_is_seen_by_it():
    vendor = Callbell()
    vendor.before = lambda request: vendor.add("New", "+442079460031")
    async with talking(vendor) as client:
        assert len((await client.get("contacts")).json()["contacts"]) == 1
        assert len((await client.get("contacts")).json()["contacts"]) == 2


async def test_the_foreign_server_of_flireos_calls_satisfies_the_document(tmp_path):
    (tmp_path / "options.json").write_text(json.dumps({"ledger": str(tmp_path / "ledger"), "talk": [5, 5]}))
    script = Path(__file__).parents[2] / "faults" / "foreign_flireo.py"
    contract = Contract.load("flireo")
    skip = {*contract.operations} - BEYOND["flireo"] | {
        "delete_call", "update_scheduled_call", "inject_message", "list_available_numbers_legacy", "get_user_legacy",
        "query_knowledgebase", "create_instant_agent", "generate_faqs",
    }  # fmt: skip
    with subprocess.Popen([sys.executable, script, tmp_path / "options.json"], stdout=subprocess.PIPE) as server:
        try:
            url = f"http://127.0.0.1:{int(server.stdout.readline())}/"
            async with httpx.AsyncClient(base_url=url, headers=KEY) as client:
                heard = await drive(contract, client, skip=skip)
        finally:
            server.kill()
    assert [one.operation for one in heard] == [
        "list_calls", "start_call", "get_call", "list_scheduled_calls", "schedule_call", "get_scheduled_call",
        "cancel_scheduled_call",
    ]  # fmt: skip
    assert [one for one in heard if one.complaints or one.status >= 400] == []
