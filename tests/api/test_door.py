"""Nobody comes in without a token whose role is enough; nothing of a body is read before; refusals are problems."""

import json
from itertools import count
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from openapi_spec_validator import validate

from campaigns.api import api
from campaigns.api.door import Door
from campaigns.clock import real_now
from campaigns.desk.access import Role
from campaigns.web.knocks import MOST, Knocks

PROBLEM = "application/problem+json"


def operations(served: Any) -> list[tuple[str, str, str, str]]:
    """Method, an address, the role it needs, its body's media type: of every route there is."""
    door: Any = api(served.desk, Knocks(real_now))
    routes = [route for route in door._app.routes if isinstance(route, APIRoute)]
    assert [way.route for way in door._ways] == routes
    found = [(method, _address(way.route), way.role, way.body) for way in door._ways for method in way.route.methods]
    assert len(found) > 40
    return found


def _address(route: APIRoute) -> str:
    path = route.path_format
    for name in route.param_convertors:
        path = path.replace(f"{{{name}}}", {"verb": "pause", "code": "US-FL", "form": "csv"}.get(name, "small"))
    return path


def check(answer: httpx.Response, status: int, where: object) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (status, PROBLEM), where
    document = answer.json()
    assert document["status"] == status
    assert document["type"] == f"urn:campaigns:problem:{status}"
    assert document["title"]
    assert document["detail"]
    assert document["mend"]
    return document


async def test_every_operation_refuses_whoever_has_no_token_or_a_wrong_one(serve):
    houses = count()
    async with serve() as served, served.client(None) as nobody:
        for method, path, *_ in operations(served):
            answer = await nobody.request(method, path)
            check(answer, 401, path)
            assert answer.headers["www-authenticate"] == 'Bearer realm="campaigns"'
            for said in ("Bearer campaigns_wrong", "Bearer " + served.secrets[Role.ADMIN][:-1], "Basic YTpi", "Bearer"):
                elsewhere = f"2001:db8:{next(houses):x}::1"  # whoever guesses from one address is told to wait
                answer = await nobody.request(
                    method, path, headers={"authorization": said, "x-forwarded-for": elsewhere}
                )
                check(answer, 401, path)


async def test_every_operation_refuses_every_role_that_is_too_small_before_it_reads_anything(serve):
    async with serve() as served:
        needed = set()
        for method, path, role, _ in operations(served):
            needed.add(role)
            for less in [each for each in Role if not each.allows(Role(role))]:
                async with served.client(less) as client:
                    answer = await client.request(method, path, content=b"{", headers={"content-type": "no/thing"})
                    assert str(role) in check(answer, 403, path)["detail"]
        assert needed == {"read", "operate", "admin"}


async def test_whoever_guesses_tokens_is_told_to_wait_and_a_right_one_opens_all_the_same(serve):
    async with serve() as served, served.client() as admin, served.client(None) as nobody:
        assert (await admin.get("/status")).status_code == 200
        wrong = {"authorization": "Bearer campaigns_guess"}
        assert [(await nobody.get("/status", headers=wrong)).status_code for _ in range(MOST)] == [401] * MOST
        answer = await nobody.post("/suppressions", headers=wrong, content=b"{")
        check(answer, 429, "guessed")
        assert 0 < int(answer.headers["retry-after"]) <= 60
        assert (await admin.get("/status")).status_code == 200
        check(await nobody.get("/status"), 401, "no token is no guess")


async def test_a_body_of_another_kind_is_refused_by_every_operation_that_reads_one(serve):
    async with serve() as served, served.client() as admin:
        bodies = [(method, path) for method, path, _, kind in operations(served) if kind]
        assert len(bodies) > 10
        for method, path in bodies:
            answer = await admin.request(method, path, content=b"<a/>", headers={"content-type": "application/xml"})
            check(answer, 415, path)


async def test_a_revoked_token_comes_in_no_more(serve):
    async with serve() as served, served.client() as admin, served.client(Role.READ) as reader:
        assert (await reader.get("/status")).status_code == 200
        assert (await admin.delete("/tokens/the read")).status_code == 200
        check(await reader.get("/status"), 401, "revoked")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "", 404),
        ("GET", "/campaigns/", 404),
        ("GET", "/campaigns/%0A", 422),
        ("PUT", "/campaigns", 405),
        ("GET", "/campaigns/Not-A-Slug", 422),
        ("GET", "/campaigns/nobody-knows-it", 404),
        ("GET", "/campaigns/..%2f..%2fetc/leads", 404),
        ("GET", "/campaigns?limit=0", 422),
        ("GET", "/campaigns?limit=501", 422),
        ("GET", "/campaigns?after=%FF", 422),
        ("GET", "/campaigns?after=bm8gc2lnbg==x", 422),
        ("GET", "/campaigns?state=nosuch", 422),
    ],
)
async def test_whatever_is_refused_says_what_happened_and_how_to_mend_it(serve, method, path, status):
    async with serve() as served, served.client() as admin:
        answer = await admin.request(method, path)
        check(answer, status, path)
        if status == 405:
            assert answer.headers["allow"] == "GET, POST"


async def test_rubbish_is_told_by_where_it_stands_and_not_repeated(serve):
    async with serve() as served, served.client() as admin:
        answer = await admin.post("/suppressions", json={"number": ["+442079460123"], "hwy": "x"})
        told = check(answer, 422, "rubbish")
        assert {part["where"] for part in told["problems"]} == {"body.number", "body.hwy"}
        assert "7946" not in answer.text
        check(
            await admin.post("/suppressions", content=b"{", headers={"content-type": "application/json"}), 400, "json"
        )
        answer = await admin.post("/suppressions", json={"number": "+4420794609991234567"})
        assert "0999" not in answer.text
        check(answer, 422, "number")


async def test_a_body_is_counted_as_it_comes_whatever_it_says_of_its_length(serve):
    async with serve() as served, served.client() as admin:

        async def endless():
            for _ in range(40):
                yield b" " * 50_000

        answer = await admin.post("/suppressions", content=endless(), headers={"content-type": "application/json"})
        check(answer, 413, "counted")
        keyed = {"content-type": "application/json", "idempotency-key": "k"}
        check(await admin.post("/suppressions", content=endless(), headers=keyed), 413, "counted, with a key")
        large = {"content-type": "application/json", "content-length": "99999999999"}
        check(await admin.post("/suppressions", content=b"{}", headers=large), 413, "said")


async def test_a_fault_of_the_program_is_told_without_its_text(serve):
    async with serve() as served, served.client() as admin:

        async def broken() -> Any:
            raise RuntimeError("+442079460123")

        served.desk.board.campaigns = broken  # type: ignore[method-assign]
        answer = await admin.get("/campaigns")
        check(answer, 500, "fault")
        assert "7946" not in answer.text


async def test_every_answer_is_for_whoever_asked_alone(serve):
    async with serve() as served, served.client() as admin, served.client(None) as nobody:
        for answer in (await admin.get("/status"), await nobody.get("/status"), await admin.get("/nothing")):
            assert answer.headers["cache-control"] == "no-store"
            assert answer.headers["x-content-type-options"] == "nosniff"


async def test_the_document_is_there_for_everybody_and_every_operation_in_it_says_how_it_is_refused(serve):
    async with serve() as served, served.client(None) as nobody:
        document = (await nobody.get("/openapi.json")).json()
        validate(document)
        operations = [one for path in document["paths"].values() for one in path.values()]
        ids = [one["operationId"] for one in operations]
        assert len(ids) == len(set(ids))
        for one in operations:
            assert one["summary"], one["operationId"]
            assert one["security"] == [{"token": []}]
            assert {"401", "403", "404", "422", "503"} <= set(one["responses"])
            assert PROBLEM in one["responses"]["401"]["content"]
        assert "+31" not in json.dumps(document)


async def test_nothing_is_open_by_mistake():
    app = FastAPI()

    @app.get("/open")
    async def opened() -> None: ...

    with pytest.raises(TypeError, match="/open"):
        Door(app, None, None)  # type: ignore[arg-type]
