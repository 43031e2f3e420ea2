"""The stand-ins that dial: calls ring, are answered or not, end, and are told of."""

import hashlib
import hmac
import json
import time

import anyio
import httpx
import pytest
from foreign.callab import AGENT, Callab
from foreign.callab import Rules as CallabRules
from foreign.calls import Course
from foreign.hmsovereign import ASSISTANT_ID, NUMBER, HmsSovereign, Rules
from foreign.mailbox import Mailbox
from foreign.standin import Habits
from foreign.wire import serving
from openapi.contract import Contract

KEY = {"Authorization": "Bearer foreign-key"}
SECRET = "whsec-made-up"
FATES = Course(
    ring=(0.1, 0.1), talk=(0.1, 0.2), fates={"1": ("no_answer",), "2": ("busy", "answered"), "3": ("voicemail",)}
)


async def until(true):
    with anyio.fail_after(5):
        while not true():
            await anyio.sleep(0.02)


def order(phone):
    return {"destination": phone, "assistant_id": ASSISTANT_ID}


async def dial(http, *phones):
    return [(await http.post("calls/outbound", json=order(phone))).json()["call_id"] for phone in phones]


async def test_a_call_rings_is_answered_and_ends():
    vendor = HmsSovereign(course=Course(ring=(30.0, 30.0), talk=(30.0, 30.0)))
    with serving(vendor) as url:
        async with httpx.AsyncClient(base_url=f"{url}/api/v1/", headers=KEY) as http:
            (key,) = await dial(http, "+442079460020")
            statuses = []
            for happens in (lambda: None, vendor.calls[0].pick_up, vendor.calls[0].hang_up):
                happens()
                statuses.append((await http.get(f"calls/{key}")).json()["status"])
            row = (await http.get("calls")).json()["calls"][0]
    assert statuses == ["ringing", "in-progress", "ended"]
    assert (row["id"], row["caller_phone"], row["assistant_phone"]) == (key, "+442079460020", NUMBER)
    assert row["end_reason"] == "user_hangup"
    assert vendor.dialled("+442079460020") == 1


async def test_nobody_answers_once_and_answers_the_next_time():
    vendor = HmsSovereign(course=FATES)
    with serving(vendor) as url:
        async with httpx.AsyncClient(base_url=f"{url}/api/v1/", headers=KEY) as http:
            await dial(http, "+442079460021", "+442079460022", "+442079460022")
            await until(lambda: all(call.phase() == "over" for call in vendor.calls))
            rows = (await http.get("calls")).json()["calls"][::-1]
            failed = (await http.get("calls", params={"status": "failed"})).json()["pagination"]["total"]
    assert [row["status"] for row in rows] == ["failed", "failed", "ended"]
    assert [row["started_at"] is None for row in rows] == [True, True, False]
    assert failed == 2


async def reported(**rules):
    """(vendor, letters) after three calls of which one was not answered."""
    mailbox = Mailbox()
    with serving(mailbox) as box:
        vendor = HmsSovereign(rules=Rules(webhook_url=f"{box}/hook", webhook_secret=SECRET, **rules), course=FATES)
        with serving(vendor) as url:
            async with httpx.AsyncClient(base_url=f"{url}/api/v1/", headers=KEY) as http:
                await dial(http, "+442079460020", "+442079460021", "+442079460023")
                await until(lambda: len([one for one in vendor.sent if not one.forged]) >= 6)
    return vendor, mailbox.letters


def is_signed(headers, body):
    stamp = headers["x-webhook-timestamp"]
    signed = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return abs(int(stamp) - time.time()) < 60 and headers["x-webhook-signature"] == f"sha256={signed}"


@pytest.mark.parametrize("casing", ["snake", "camel"])
async def test_answered_calls_are_told_of_in_signed_messages_that_satisfy_the_document(casing):
    contract = Contract.load("hmsovereign")
    vendor, letters = await reported(casing=casing)
    assert sorted(one.event for one in vendor.sent) == ["end-of-call-report"] * 2 + ["status-update"] * 4
    assert {one.call_id for one in vendor.sent} == {call.call_id for call in vendor.calls if call.answered}
    for headers, body in letters:
        assert is_signed(headers, body)
        assert contract.event(headers["x-webhook-event"], body, headers) == []
        assert (b"phoneNumber" in body) == (casing == "camel")


async def test_messages_may_be_lost_doubled_and_forged():
    vendor, letters = await reported(drop=1.0)
    assert ([one.status for one in vendor.sent], letters) == ([-1] * 6, [])
    vendor, letters = await reported(forge=1.0)
    assert len([one for one in vendor.sent if one.forged]) >= 6
    assert [is_signed(*letter) for letter in letters].count(False) >= 6
    vendor, letters = await reported(twice=1.0)
    bodies = [body for _, body in letters]
    assert len(bodies) > len(set(bodies))


async def test_an_override_says_where_its_own_call_is_told():
    mailbox, other = Mailbox(), Mailbox()
    with serving(mailbox) as box, serving(other) as elsewhere:
        vendor = HmsSovereign(rules=Rules(webhook_url=f"{elsewhere}/account"), course=FATES)
        override = {"webhook_url": f"{box}/own", "webhook_secret": SECRET, "webhook_events": ["end-of-call-report"]}
        with serving(vendor) as url:
            async with httpx.AsyncClient(base_url=f"{url}/api/v1/", headers=KEY) as http:
                await http.post("calls/outbound", json={**order("+442079460020"), "assistant_override": override})
                await until(lambda: vendor.sent)
    assert (len(mailbox.letters), other.letters) == (1, [])
    assert is_signed(*mailbox.letters[0])


async def test_an_override_without_a_secret_is_signed_with_its_assistants():
    mailbox = Mailbox()
    with serving(mailbox) as box:
        vendor = HmsSovereign(course=FATES)
        vendor.rows["assistants"][ASSISTANT_ID]["webhook_secret"] = SECRET
        override = {"webhook_url": f"{box}/own", "webhook_events": ["status-update"]}
        with serving(vendor) as url:
            async with httpx.AsyncClient(base_url=f"{url}/api/v1/", headers=KEY) as http:
                await http.post("calls/outbound", json={**order("+442079460020"), "assistant_override": override})
                await until(lambda: len(vendor.sent) == 2)
    assert all(is_signed(*letter) for letter in mailbox.letters)


async def test_what_was_said_and_what_broke_is_told_alike_by_record_and_report():
    mailbox = Mailbox()
    course = Course(fates={"4": ("broke",)}, said={"0": {"confirmed": True}})
    with serving(mailbox) as box:
        vendor = HmsSovereign(rules=Rules(webhook_url=f"{box}/hook", other_ids=True), course=course)
        with serving(vendor) as url:
            async with httpx.AsyncClient(base_url=f"{url}/api/v1/", headers=KEY) as http:
                await dial(http, "+442079460020", "+442079460024")
                await until(lambda: len(vendor.sent) == 6)
                rows = (await http.get("calls")).json()["calls"][::-1]
    assert [(row["status"], row["analysis_result"]) for row in rows] == [
        ("ended", {"confirmed": True}), ("ended-with-error", None),
    ]  # fmt: skip
    reports = [m for _, body in mailbox.letters if (m := json.loads(body)["message"])["type"] == "end-of-call-report"]
    told = {m["customer"]["number"]: (m["call"]["status"], m["analysis"]) for m in reports}
    assert told == {"+442079460020": ("ended", {"confirmed": True}), "+442079460024": ("ended-with-error", None)}
    assert not {m["call"]["id"] for m in reports} & {row["id"] for row in rows}


async def test_a_good_status_may_hold_a_no_and_numbers_may_be_forgotten():
    vendor = HmsSovereign(rules=Rules(unsuccessful=1.0, forgets_phones=True))
    with serving(vendor) as url:
        async with httpx.AsyncClient(base_url=f"{url}/api/v1/", headers=KEY) as http:
            answer = await http.post("calls/outbound", json=order("+442079460020"))
            assert (answer.status_code, answer.json()["success"], vendor.calls) == (200, False, [])
            vendor.rules = Rules(forgets_phones=True)
            await dial(http, "+442079460020")
            row = (await http.get("calls")).json()["calls"][0]
    assert (row["caller_phone"], vendor.dialled("+442079460020")) == (None, 1)


async def test_a_caller_id_that_is_not_ours_is_refused():
    vendor = HmsSovereign()
    with serving(vendor) as url:
        async with httpx.AsyncClient(base_url=f"{url}/api/v1/", headers=KEY) as http:
            answer = await http.post("calls/outbound", json={**order("+442079460020"), "number_id": "other"})
    assert (answer.status_code, vendor.calls) == (404, [])


async def test_every_answer_counts_down_and_too_many_requests_are_told_to_wait():
    vendor = HmsSovereign(rules=Rules(per_minute=3, window=3600.0))
    with serving(vendor) as url:
        async with httpx.AsyncClient(base_url=f"{url}/api/v1/", headers=KEY) as http:
            answers = [await http.get("calls") for _ in range(4)]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 3601


async def test_a_call_is_hung_up_only_while_somebody_talks():
    vendor = HmsSovereign(course=Course(ring=(0.0, 0.0), talk=(30.0, 30.0)))
    with serving(vendor) as url:
        async with httpx.AsyncClient(base_url=f"{url}/api/v1/", headers=KEY) as http:
            (key,) = await dial(http, "+442079460020")
            statuses = [
                (await http.post(f"calls/{key}/control", json={"type": "end-call"})).status_code for _ in range(2)
            ]
            assert (await http.get(f"calls/{key}")).json()["status"] == "ended"
    assert statuses == [200, 400]


async def test_calls_that_are_not_paid_for_or_not_wanted_are_not_made():
    rules = Rules(credits=1, refused={"99": 422}, unsuccessful=0.0)
    vendor = HmsSovereign(rules=rules)
    with serving(vendor) as url:
        async with httpx.AsyncClient(base_url=f"{url}/api/v1/", headers=KEY) as http:
            phones = ("+442079460099", "+442079460020", "+442079460021", "020")
            statuses = [(await http.post("calls/outbound", json=order(phone))).status_code for phone in phones]
    assert statuses == [422, 200, 402, 400]
    assert [call.to for call in vendor.calls] == ["+442079460020"]


async def test_callabs_calls_end_as_they_must_and_are_told_of():
    contract, mailbox = Contract.load("callab"), Mailbox()
    with serving(mailbox) as box:
        vendor = Callab(Habits(odd=0.3), CallabRules(webhook=f"{box}/hook"), FATES)
        with serving(vendor) as url:
            async with httpx.AsyncClient(base_url=f"{url}/v1/", headers=KEY) as http:
                for n in (20, 21, 22, 22, 23):
                    body = {"ai_agent_id": AGENT, "call_from": NUMBER, "call_to": f"+4420794600{n}"}
                    made = (await http.post("calls/make-call", json=body)).json()
                    assert made["data"]["call_status"] == "in-progress"
                await until(lambda: len(vendor.sent) == 5)
                rows = (await http.get("calls/query", params={"order": "asc", "per_page": 100})).json()["data"]
                busy = (await http.get("calls/query", params={"status": "BUS"})).json()["data"]
    words = ["completed", "no-answer", "busy", "completed", "completed"]
    assert ([row["call_status"] for row in rows], len(busy)) == (words, 1)
    assert [contract.event("call.ended", body) for _, body in mailbox.letters] == [[]] * 5
    assert {json.loads(body)["data"]["id"] for _, body in mailbox.letters} == {row["id"] for row in rows}


async def test_a_call_that_is_only_written_down_rings_nobody():
    vendor = Callab()
    with serving(vendor) as url:
        async with httpx.AsyncClient(base_url=f"{url}/v1/", headers=KEY) as http:
            body = {"ai_agent_id": AGENT, "call_from": NUMBER, "call_to": "+442079460020", "call_direction": "outbound"}
            await http.post("calls", json=body)
    assert (len(vendor.records), vendor.calls) == (1, [])
