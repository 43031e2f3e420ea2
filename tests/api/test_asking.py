"""What is asked and done over HTTP is what the desk shows and does."""

import io
from tempfile import gettempdir
from typing import Any

import openpyxl
import pytest

from campaigns.desk.access import Role

SPREADSHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


async def get(client: Any, path: str, **query: Any) -> Any:
    answer = await client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def post(client: Any, path: str, body: Any = None) -> Any:
    answer = await client.post(path, json=body)
    assert answer.is_success, answer.text
    return answer.json()


async def pages(client: Any, path: str, limit: int, **query: Any) -> list[Any]:
    """Every item, page by page."""
    items: list[Any] = []
    after: dict[str, str] = {}
    while True:
        page = await get(client, path, limit=limit, **query, **after)
        assert len(page["items"]) <= limit
        items += page["items"]
        if page["next"] is None:
            return items
        after = {"after": page["next"]}


@pytest.mark.parametrize(
    ("path", "limit", "name"),
    [
        ("/campaigns", 1, "name"),
        ("/campaigns/small/leads", 4, "key"),
        ("/campaigns/small/attempts", 4, "attempt"),
        ("/rules", 40, "code"),
        ("/tokens", 2, "name"),
    ],
)
async def test_pages_together_are_the_list(serve, path, limit, name):
    async with serve() as served, served.client() as admin:
        whole = await pages(admin, path, 500)
        assert len(whole) > limit
        assert [one[name] for one in await pages(admin, path, limit)] == [one[name] for one in whole]


async def test_a_campaign_is_shown_with_its_past(serve):
    async with serve() as served, served.client(Role.READ) as reader:
        one = await get(reader, "/campaigns/small")
        assert (one["state"], one["leads"], one["outcomes"]["reached"]) == ("finished", 6, 3)
        assert [each["name"] for each in (await get(reader, "/campaigns", state="paused"))["items"]] == ["waiting"]
        assert dict((await get(reader, "/campaigns/small/history"))["funnel"])["leads"] == 6
        assert (await get(reader, "/campaigns/small/live"))["items"] == []
        assert (await get(reader, "/doubts"))["items"] == []
        assert (await get(reader, "/status"))["campaigns"] == {"finished": 1, "paused": 1}
        assert (await get(reader, "/health"))["lines"]
        assert {"simulator", "flireo"} <= {each["name"] or each["kind"] for each in await get(reader, "/providers")}
        assert "calling_hours" in (await get(reader, "/schema"))["properties"]


async def test_whoever_may_only_read_is_shown_no_number(serve):
    async with serve() as served, served.client(Role.READ) as reader, served.client(Role.OPERATE) as operator:
        for path in ("/campaigns/small/leads", "/campaigns/small/attempts"):
            whole, masked = await get(operator, path), await get(reader, path)
            assert whole["items"][0]["phone"].startswith("+442079460")
            assert "+442079460" not in str(masked)
        lead = (await get(reader, "/campaigns/small/leads"))["items"][0]["lead"]
        assert "+442079460" not in str(await get(reader, f"/leads/{lead}"))
        assert (await get(operator, f"/leads/{lead}"))["row"]["phone"].startswith("+442079460")


async def test_people_are_found_by_number_key_and_name(serve):
    async with serve() as served, served.client(Role.OPERATE) as operator:
        for text in ("+44 20 7946 0003", "3", "Person 3"):
            found = await post(operator, "/search", {"text": text})
            assert {row["key"] for row in found["items"]} == {"3"}, text
        found = await post(operator, "/search", {"text": "Person", "limit": 4})
        assert len(found["items"]) == 4


async def test_campaigns_are_told_what_to_do_and_say_before_what_it_will_do(serve):
    async with serve() as served, served.client(Role.OPERATE) as operator:
        assert (await get(operator, "/campaigns/waiting/effects/resume"))["allowed"]
        assert await post(operator, "/campaigns/waiting/resume") == {"campaign": "waiting", "state": "active"}
        assert (await post(operator, "/campaigns/waiting/pause"))["state"] == "paused"
        assert (await post(operator, "/campaigns/waiting/stop"))["state"] == "stopped"
        answer = await operator.post("/campaigns/waiting/pause")
        assert (answer.status_code, "stopped" in answer.json()["detail"]) == (409, True)
        assert (await operator.post("/campaigns/nobody/pause")).status_code == 404


async def test_whom_nobody_may_call_is_added_listed_imported_and_taken_off(serve):
    async with serve() as served, served.client(Role.OPERATE) as operator:
        bar = {"number": "+44 20 7946 0100", "why": "by letter", "proof": "letter 7"}
        assert await post(operator, "/suppressions", bar) == {"read": 1, "added": 1}
        files = {"file": ("dnc.csv", b"Phone\n020 7946 0101\n020 7946 0102\n")}
        answer = await operator.post("/imports/suppressions", files=files, data={"column": "Phone", "region": "GB"})
        assert answer.json() == {"read": 2, "added": 2}
        entries = await pages(operator, "/suppressions", 2)
        assert len(entries) == 3
        mine = next(one for one in entries if one["proof"] == "letter 7")
        assert (mine["who"], mine["why"]) == ("the operate", "by letter")
        assert (await operator.delete(f"/suppressions/{mine['id']}")).json() == {"removed": 1}
        assert (await operator.delete(f"/suppressions/{mine['id']}")).status_code == 404


@pytest.mark.parametrize(
    ("name", "content", "column", "what"),
    [
        ("dnc.csv", b"Phone\n020 7946 0101\nnot a number\n", "Phone", "dnc.csv:3"),
        ("dnc.csv", b"Phone\n1\n", "Mobile", "no column"),
        ("dnc.xlsx", b"\x00\x01rubbish", "Phone", "dnc.xlsx"),
        ("dnc.exe", b"MZ", "Phone", "dnc.exe"),
        ("../dnc.csv", b"Phone\n", "Phone", "plain name"),
        ("dnc.csv", b"", "Phone", "dnc.csv"),
        ("dnc.jsonl", b"{", "Phone", "dnc.jsonl"),
    ],
)
async def test_rubbish_is_told_by_the_name_it_came_with_and_adds_nobody(serve, name, content, column, what):
    async with serve() as served, served.client(Role.OPERATE) as operator:
        form = {"column": column, "region": "GB"}
        answer = await operator.post("/imports/suppressions", files={"file": (name, content)}, data=form)
        assert (answer.status_code, what in answer.text) == (422, True), answer.text
        assert gettempdir() not in answer.text
        assert (await get(operator, "/suppressions"))["items"] == []


async def test_what_people_agreed_to_is_shown_and_taken_back(serve):
    async with serve() as served, served.client(Role.OPERATE) as operator:
        assert (await post(operator, "/consents/list", {"number": "+442079460001"}))["items"] == []
        assert await post(operator, "/consents/withdraw", {"number": "+442079460001"}) == {"withdrawn": 0}


async def test_a_jurisdiction_is_closed_and_opened(serve):
    async with serve() as served, served.client() as admin:
        assert await post(admin, "/rules/us-la/suspend", {"why": "a storm"}) == {"code": "US-LA", "open": False}
        assert any("a storm" in rule["suspended"] for rule in (await get(admin, "/rules", code="US-LA"))["items"])
        assert await post(admin, "/rules/US-LA/resume") == {"code": "US-LA", "open": True}
        assert (await admin.post("/rules/US-LA/resume")).status_code == 404


async def test_leads_wait_again_and_are_promised_a_call(serve):
    async with serve() as served, served.client(Role.OPERATE) as operator:
        assert await post(operator, "/campaigns/waiting/reopen", {"outcomes": ["reached"], "attempts": 2}) == {
            "reopened": 2
        }
        lead = (await get(operator, "/campaigns/waiting/leads"))["items"][0]["lead"]
        answer = await operator.post(f"/leads/{lead}/call-back", json={"at": "2026-11-24T10:00:00"})
        assert answer.status_code == 422  # without its offset
        said = await post(operator, f"/leads/{lead}/call-back", {"at": "2026-11-25T10:00:00+00:00"})
        assert said["lead"] == lead


async def test_a_word_on_an_attempt_that_nobody_doubts_is_refused(serve):
    async with serve() as served, served.client(Role.OPERATE) as operator:
        attempt = (await get(operator, "/campaigns/small/attempts"))["items"][0]["attempt"]
        answer = await operator.post(f"/attempts/{attempt}/resolve", json={"word": "called"})
        assert answer.status_code == 404


async def test_a_report_comes_in_every_form_with_numbers_for_those_who_may_see_them(serve):
    async with serve() as served, served.client(Role.READ) as reader, served.client(Role.OPERATE) as operator:
        for form, begin in (("html", b"<!doctype html>"), ("csv", b""), ("xlsx", b"PK"), ("parquet", b"PAR1")):
            answer = await reader.get(f"/campaigns/small/report.{form}")
            assert answer.status_code == 200, answer.text
            assert answer.content.startswith(begin)
            assert answer.headers["content-disposition"] == f'attachment; filename="small.{form}"'
        text = (await reader.get("/campaigns/small/report.csv")).text
        assert "+442079460" not in text
        whole = await operator.get("/campaigns/small/report.xlsx")
        assert whole.headers["content-type"] == SPREADSHEET
        book = openpyxl.load_workbook(io.BytesIO(whole.content))
        assert any("+442079460" in str(cell.value) for sheet in book for row in sheet.rows for cell in row)
        assert (await reader.get("/campaigns/small/report.pdf")).status_code == 422
        assert (await reader.get("/campaigns/nobody/report.csv")).status_code == 404


async def test_a_campaign_whose_calls_count_still_is_not_archived(serve):
    async with serve() as served, served.client() as admin:
        assert (await admin.post("/campaigns/small/archive")).status_code == 409
        assert (await admin.post("/campaigns/nobody/archive")).status_code == 404


async def test_somebody_is_let_in_and_put_out(serve):
    async with serve() as served, served.client() as admin:
        new = await post(admin, "/tokens", {"name": "crm", "role": "operate"})
        served.secrets[Role.OPERATE] = new["secret"]
        async with served.client(Role.OPERATE) as crm:
            assert await get(crm, "/status") | {"name": "crm", "role": "operate"} == await get(crm, "/status")
            assert (await admin.delete("/tokens/crm")).json() == {"revoked": "crm"}
            assert (await crm.get("/status")).status_code == 401
        assert (await admin.delete("/tokens/crm")).status_code == 404
