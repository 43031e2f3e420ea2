"""The simulator's HTTP surface as a raw client sees it: contract, limits, shapes, and every fault."""

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from campaigns.clock import DiscreteClock
from campaigns.domain.errors import InputError
from campaigns.serving import bind, serving
from campaigns.vendors.flireo.simulator import Faults, FlireoSimulator, Options, Rule, load_faults, own_numbers

START = datetime(2026, 11, 23, 9, 0, 20, tzinfo=UTC)
TLS = ssl.create_default_context()
"""Made once: it takes longer than a call."""
PHONE = "+12125550100"
ORDER = {"assistant_id": "a", "phone_number": PHONE}


@asynccontextmanager
async def served(*rules: Rule, **options: Any) -> AsyncIterator[tuple[httpx.AsyncClient, FlireoSimulator]]:
    """A simulator whose time stands still."""
    faults = Faults(rules=rules, options=Options(**options))
    simulator = FlireoSimulator(clock=DiscreteClock(START), faults=faults)
    async with (
        serving(simulator.app, bind("127.0.0.1", 0)) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, verify=TLS, timeout=5) as http,
    ):
        yield http, simulator


async def dial(http: httpx.AsyncClient, **more: Any) -> httpx.Response:
    return await http.post("/calls/direct", json=ORDER | more)


def forward(simulator: FlireoSimulator, **span: float) -> None:
    """Move the standing clock."""
    simulator._exchange.clock._now += timedelta(**span)  # type: ignore[attr-defined]


async def test_a_direct_call_answers_with_its_id_with_and_without_the_version_prefix() -> None:
    async with served() as (http, simulator):
        answers = [await http.post(f"{prefix}/calls/direct", json=ORDER | {"unknown": 1}) for prefix in ("", "/v1")]
        assert [answer.status_code for answer in answers] == [201, 201]
        made = {call.ordinal: {"call_id": call.call_id, "status": "queued"} for call in simulator.calls}
        assert [answer.json() for answer in answers] == [made[1], made[2]]


@pytest.mark.parametrize(
    ("body", "member"),
    [
        ({"phone_number": PHONE}, "assistant_id"),
        ({"assistant_id": 7, "phone_number": PHONE}, "assistant_id"),
        ({"assistant_id": "a"}, "phone_number"),
        ({"assistant_id": "a", "phone_number": "020 7946 0123"}, "phone_number"),
        ({"assistant_id": "a", "phone_number": PHONE, "metadata": "x"}, "metadata"),
        ([], "body"),
    ],
)
async def test_a_bad_body_is_refused_without_a_call(body: Any, member: str) -> None:
    async with served() as (http, simulator):
        answer = await http.post("/calls/direct", json=body)
        assert answer.status_code == 400
        error = answer.json()["error"]
        assert error["code"] == "invalid_parameters"
        assert member in error["message"]
        assert PHONE not in answer.text
        assert not simulator.calls


async def test_the_account_is_refused_with_its_codes_in_both_shapes() -> None:
    async with served(api_key="k", assistants={"a"}, credits=0) as (http, _):
        assert (await dial(http)).json()["error"]["code"] == "unauthorized"
        http.headers["authorization"] = "Bearer k"
        assert (await dial(http, assistant_id="b")).status_code == 404
        assert (await dial(http, phone_number_id="b")).status_code == 404
        answer = await dial(http)
        assert (answer.status_code, answer.json()["error"]["details"]) == (402, {})
        assert (await http.get("/user/profile")).json()["credits"] == 0
    async with served(errors="flat", credits=0) as (http, _):
        flat = (await dial(http)).json()
        assert flat == {"error": "insufficient_credits", "message": "There are no credits left"}


async def test_credits_run_out_with_the_minutes_talked() -> None:
    async with served(credits=5) as (http, simulator):
        seen = []
        for number in range(100, 200):
            seen.append((await dial(http, phone_number=f"+1212555{number:04}")).status_code)
            if seen[-1] == 402:
                break
        assert seen[-1] == 402
        assert sum(call.credits for call in simulator.calls) >= 5


async def test_the_budget_of_a_minute_is_told_and_kept() -> None:
    async with served(per_minute=3) as (http, simulator):
        answers = [await http.get("/calls") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert [answer.headers["x-ratelimit-remaining"] for answer in answers] == ["2", "1", "0", "0"]
        assert {answer.headers["x-ratelimit-limit"] for answer in answers} == {"3"}
        assert answers[3].headers["retry-after"] == "40"
        assert answers[3].headers["x-ratelimit-reset"] == str(int(START.timestamp()) + 40)
        assert "retry-after" not in answers[2].headers
        forward(simulator, seconds=40)
        assert (await http.get("/calls")).status_code == 200


async def test_too_many_calls_at_once_are_throttled() -> None:
    async with served(at_once=2) as (http, simulator):
        answers = [await dial(http, phone_number=f"+1212555{number:04}") for number in (101, 102, 103)]
        assert [answer.status_code for answer in answers] == [201, 201, 429]
        assert answers[2].headers["retry-after"] == "5"
        forward(simulator, minutes=10)
        assert (await dial(http)).status_code == 201


@pytest.mark.parametrize(("envelope", "items", "page"), [("named", "calls", "pagination"), ("guide", "data", "meta")])
async def test_lists_come_in_pages_in_either_envelope(envelope: str, items: str, page: str) -> None:
    async with served(envelope=envelope) as (http, _):
        for number in range(25):
            await dial(http, phone_number=f"+1212555{100 + number:04}")
        first, last = [(await http.get("/calls", params={"offset": offset})).json() for offset in (0, 20)]
        assert (len(first[items]), len(last[items])) == (10, 5)
        assert (last[page]["total"], last[page]["limit"], last[page]["offset"]) == (25, 10, 20)
        assert last[page].get("has_more") is (False if envelope == "named" else None)
        assert first[page].get("has_more") is (True if envelope == "named" else None)
        for wrong in ({"limit": 0}, {"limit": "x"}, {"offset": -1}, {"start_date": "soon"}):
            assert (await http.get("/calls", params=wrong)).status_code == 400
        assert len((await http.get("/calls", params={"limit": 999})).json()[items]) == 25


async def test_lists_are_filtered_and_ordered() -> None:
    orders = {}
    for order in ("newest", "oldest", "shuffled"):
        async with served(order=order) as (http, simulator):
            for number in range(6):
                await dial(http, assistant_id="ab"[number % 2], phone_number=f"+1212555{100 + number:04}")
                forward(simulator, minutes=10)
            made = [call.call_id for call in simulator.calls]
            since = (START + timedelta(minutes=15)).isoformat()
            until = (START + timedelta(minutes=40)).isoformat()

            async def ids(**query: str) -> list[str]:
                return [call["call_id"] for call in (await http.get("/calls", params=query)).json()["calls"]]

            orders[order] = [made.index(each) for each in await ids()]
            assert set(await ids(assistant_id="a")) == set(made[::2])
            assert set(await ids(start_date=since)) == set(made[2:])
            assert set(await ids(start_date=since, end_date=until)) == set(made[2:5])
            assert set(await ids(start_date="2026-11-23", end_date="2026-11-23")) == set(made)
            assert await ids(end_date="2026-11-22") == []
            assert await ids(org_id="other") == []
            assert await ids(status="queued") == []
    assert orders["newest"] == orders["oldest"][::-1] == [5, 4, 3, 2, 1, 0]
    assert sorted(orders["shuffled"]) == orders["oldest"] != orders["shuffled"]


async def test_our_numbers_have_ids_and_calls_come_from_the_one_named() -> None:
    numbers = own_numbers("+31200000001", "+31200000002")
    async with served(numbers=numbers, contacts=({"contact_id": "c", "phone_number": PHONE},)) as (http, simulator):
        rows = (await http.get("/phone-numbers", params={"limit": 100})).json()
        assert {row["id"]: row["phone_number"] for row in rows["data"]} == numbers
        assert set(rows) == {"data", "shared_numbers", "meta"}
        second = rows["data"][1]
        await dial(http, phone_number_id=second["id"])
        assert simulator.calls[0].own_number == second["phone_number"]
        assert (await http.get("/contacts")).json()["contacts"] == [{"contact_id": "c", "phone_number": PHONE}]


async def test_the_truth_can_be_asked_for() -> None:
    async with served(Rule(at="create", kind="error", first=1)) as (http, simulator):
        for _ in range(3):
            await dial(http)
        lines = (await http.get("/_simulator/ledger")).text.splitlines()
        assert [json.loads(line)["call_id"] for line in lines] == [call.call_id for call in simulator.calls]
        stats = (await http.get("/_simulator/stats")).json()
        assert (stats["outbound"], stats["most_at_once"], stats["most_per_second"], stats["overlaps"]) == (3, 3, 3, 2)
        assert stats["faults"] == {"create:error": 1}
        assert (await http.post("/_simulator/webhook", json={"url": "http://127.0.0.1:9/x"})).status_code == 200
        assert simulator.webhook == "http://127.0.0.1:9/x"
        assert (await http.post("/_simulator/webhook", json={"url": "nowhere"})).status_code == 400
        assert (await http.post("/_simulator/webhook", json={"url": None})).json() == {"url": None}


@pytest.mark.parametrize(
    ("kind", "seen", "created"),
    [
        ("refuse", 422, 0),
        ("error_before", 503, 0),
        ("error", 503, 1),
        ("drop", httpx.RemoteProtocolError, 1),
        ("drop_before", httpx.RemoteProtocolError, 0),
        ("hang", httpx.ReadTimeout, 1),
        ("hang_before", httpx.ReadTimeout, 0),
        ("half", httpx.RemoteProtocolError, 1),
        ("late", 201, 1),
        ("html", 200, 1),
        ("no_id", 201, 1),
        ("redirect", 302, 0),
    ],
)
async def test_each_fault_of_a_dial_is_seen_by_the_client(kind: str, seen: object, created: int) -> None:
    status = {"refuse": 422, "error": 503, "error_before": 503}.get(kind)
    seconds = 0.1 if kind == "late" else 0
    rule = Rule(at="create", kind=kind, status=status, seconds=seconds)
    async with served(rule) as (http, simulator):
        if isinstance(seen, type):
            with pytest.raises(seen):
                await http.post("/calls/direct", json=ORDER, timeout=0.2)
        else:
            answer = await dial(http)
            assert answer.status_code == seen
            assert ("call_id" in answer.text) is (kind == "late")
            assert ("<html>" in answer.text) is (kind == "html")
        assert len(simulator.calls) == created
        assert simulator.stats()["faults"] == {f"create:{kind}": 1}
        assert (await http.get("/user/profile")).status_code == 200


async def test_a_late_call_is_made_although_the_client_gave_up() -> None:
    async with served(Rule(at="create", kind="late", seconds=0.3)) as (http, simulator):
        with pytest.raises(httpx.ReadTimeout):
            await http.post("/calls/direct", json=ORDER, timeout=0.1)
        assert not simulator.calls
        with anyio.fail_after(5):
            while not simulator.calls:
                await anyio.sleep(0.02)


@pytest.mark.parametrize("place", ["list", "get"])
@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("error", 500),
        ("drop", httpx.RemoteProtocolError),
        ("hang", httpx.ReadTimeout),
        ("half", httpx.RemoteProtocolError),
        ("html", 200),
    ],
)
async def test_looking_can_fail_too(place: Any, kind: str, seen: object) -> None:
    async with served(Rule(at=place, kind=kind, first=1)) as (http, simulator):
        await dial(http)
        path = "/calls" if place == "list" else f"/calls/{simulator.calls[0].call_id}"
        if isinstance(seen, type):
            with pytest.raises(seen):
                await http.get(path, timeout=0.2)
        else:
            assert (await http.get(path)).status_code == seen
        assert (await http.get(path)).headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("wish", "header"),
    [("7", "7"), ("date", "Mon, 23 Nov 2026 09:00:50 GMT"), ("99999999999", "99999999999"), ("soon", "soon")],
)
async def test_a_storm_of_429_carries_any_retry_after(wish: str, header: str) -> None:
    rule = Rule(at="list", kind="error", status=429, retry_after=wish, seconds=30, after=1, first=2)
    async with served(rule) as (http, _):
        answers = [await http.get("/calls") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 429, 429, 200]
        assert answers[1].headers["retry-after"] == header
        assert answers[1].json()["error"]["code"] == "rate_limit_exceeded"


async def test_a_share_strikes_the_same_requests_in_every_run() -> None:
    async def struck() -> list[int]:
        async with served(Rule(at="create", kind="refuse", status=402, share=0.3)) as (http, _):
            return [(await dial(http, phone_number=f"+1212555{100 + n:04}")).status_code for n in range(100)]

    first = await struck()
    assert first == await struck()
    assert 15 <= first.count(402) <= 45


def test_fault_files_are_read_in_three_languages(tmp_path: Path) -> None:
    rule = {"at": "create", "kind": "drop", "share": 0.05}
    texts = {
        "f.yaml": "rules:\n  - {at: create, kind: drop, share: 0.05}\noptions: {credits: 9}\n",
        "f.json": json.dumps({"rules": [rule], "options": {"credits": 9}}),
        "f.toml": '[[rules]]\nat = "create"\nkind = "drop"\nshare = 0.05\n[options]\ncredits = 9\n',
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
        assert load_faults(tmp_path / name) == Faults(rules=(Rule(**rule),), options=Options(credits=9))
    (tmp_path / "empty.yaml").write_text("")
    assert load_faults(tmp_path / "empty.yaml") == Faults()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("rules: [{at: list, kind: lose}]", r"f\.yaml: rules\[0\].*'lose' cannot happen at 'list'\. Choose from"),
        ("rules: [{at: moon, kind: drop, share: 3}]", r"rules\[0\]\.at.*\n.*rules\[0\]\.share"),
        ("rulez: []", "rulez"),
        ("- a", "file"),
        ("rules: [", "is not the YAML"),
    ],
)
def test_a_wrong_fault_file_says_where_and_what(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "f.yaml").write_text(text)
    with pytest.raises(InputError, match=says):
        load_faults(tmp_path / "f.yaml")
    with pytest.raises(InputError, match="cannot be read"):
        load_faults(tmp_path / "absent.yaml")
