"""A write with an Idempotency-Key is done once, whoever asks again, also at the same time and after a restart."""

from collections import Counter
from typing import Any

import anyio
import httpx
import pytest

from campaigns.api.body import _without
from campaigns.desk.access import Role
from campaigns.domain.errors import InputError, StoreUnavailable
from campaigns.domain.lead import CampaignState

KEY = {"idempotency-key": "7b1f5a0c-5d0e-4a3c-9f53-0d4fd9f1c001"}


class Counted:
    """Steers nothing, and counts how often it is asked to; a test may hold it, or let it fail."""

    def __init__(self, served: Any) -> None:
        self.done, self.faults = 0, list[Exception]()
        self.go, self.begun = anyio.Event(), anyio.Event()
        self.go.set()
        served.desk.acts.steer = self

    async def __call__(self, *_words: Any, by: Any) -> CampaignState:
        self.begun.set()
        await self.go.wait()
        self.done += 1
        if self.faults:
            raise self.faults.pop()
        return CampaignState.PAUSED


def said(answer: httpx.Response) -> tuple[int, str, bool]:
    return answer.status_code, answer.text, "idempotency-replayed" in answer.headers


async def test_the_same_request_is_done_once_and_answered_alike(serve):
    async with serve() as served, served.client() as admin:
        counted = Counted(served)
        first = await admin.post("/campaigns/waiting/pause", headers=KEY)
        again = await admin.post("/campaigns/waiting/pause", headers=KEY)
        assert said(first) == (200, '{"campaign":"waiting","state":"paused"}', False)
        assert said(again) == (200, first.text, True)
        assert counted.done == 1
        await admin.post("/campaigns/waiting/pause", headers={"idempotency-key": "another"})
        await admin.post("/campaigns/waiting/pause")
        assert counted.done == 3


async def test_another_request_with_a_known_key_is_refused(serve):
    async with serve() as served, served.client() as admin:
        counted = Counted(served)
        await admin.post("/campaigns/waiting/pause", headers=KEY)
        for other in ("/campaigns/small/pause", "/campaigns/waiting/resume", "/campaigns/waiting/pause?x=1"):
            answer = await admin.post(other, headers=KEY)
            assert answer.status_code == 422
            assert "another request" in answer.json()["detail"]
        assert counted.done == 1


async def test_of_many_at_once_one_is_done_and_the_others_are_told_to_wait(serve):
    async with serve() as served, served.client() as admin:
        counted, answers = Counted(served), Counter[int]()
        counted.go = anyio.Event()

        async def ask() -> None:
            answer = await admin.post("/campaigns/waiting/pause", headers=KEY)
            answers[answer.status_code] += 1
            if answers[409] == 7:
                counted.go.set()
            if answer.status_code == 409:
                assert answer.headers["retry-after"] == "1"

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                for _ in range(8):
                    tasks.start_soon(ask)
        assert (dict(answers), counted.done) == ({409: 7, 200: 1}, 1)
        assert said(await admin.post("/campaigns/waiting/pause", headers=KEY))[2]


async def test_after_a_restart_the_answer_is_known_still(serve):
    async with serve() as served, served.client() as admin:
        Counted(served)
        first = await admin.post("/campaigns/waiting/pause", headers=KEY)
    async with serve() as served, served.client() as admin:
        counted = Counted(served)
        again = await admin.post("/campaigns/waiting/pause", headers=KEY)
        assert said(again) == (200, first.text, True)
        assert counted.done == 0


async def test_a_key_belongs_to_whoever_took_it(serve):
    async with serve() as served, served.client() as admin, served.client(Role.OPERATE) as operator:
        counted = Counted(served)
        for each in (admin, operator):
            assert not said(await each.post("/campaigns/waiting/pause", headers=KEY))[2]
        assert counted.done == 2


@pytest.mark.parametrize("fault", [RuntimeError("a slip"), StoreUnavailable("busy")])
async def test_after_a_fault_the_same_may_be_tried_again(serve, fault):
    async with serve() as served, served.client() as admin:
        counted = Counted(served)
        counted.faults = [fault]
        assert (await admin.post("/campaigns/waiting/pause", headers=KEY)).status_code >= 500
        assert said(await admin.post("/campaigns/waiting/pause", headers=KEY))[::2] == (200, False)


async def test_a_refusal_is_an_answer_too(serve):
    async with serve() as served, served.client() as admin:
        counted = Counted(served)
        counted.faults = [InputError("'waiting' is stopped, so it cannot become paused.")]
        first = await admin.post("/campaigns/waiting/pause", headers=KEY)
        again = await admin.post("/campaigns/waiting/pause", headers=KEY)
        assert first.status_code == 409
        assert said(again) == (409, first.text, True)
        assert again.headers["content-type"] == "application/problem+json"


async def test_whoever_is_cut_off_leaves_the_key_free(serve):
    async with serve() as served, served.client() as admin:
        counted = Counted(served)
        counted.go = anyio.Event()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: admin.post("/campaigns/waiting/pause", headers=KEY))
            await counted.begun.wait()
            tasks.cancel_scope.cancel()
        counted.go.set()
        assert said(await admin.post("/campaigns/waiting/pause", headers=KEY))[::2] == (200, False)


@pytest.mark.parametrize("key", ["", " ", "two words", "k" * 201, "clé"])
async def test_a_key_that_is_none_is_refused(serve, key):
    async with serve() as served, served.client() as admin:
        answer = await admin.post("/campaigns/waiting/pause", headers={"idempotency-key": key.encode()})
        assert answer.status_code == 400


async def test_a_secret_is_never_kept_for_a_second_telling(serve):
    async with serve() as served, served.client() as admin:
        new = {"name": "crm", "role": "read"}
        first = await admin.post("/tokens", json=new, headers=KEY)
        assert first.status_code == 201
        again = await admin.post("/tokens", json=new, headers=KEY)
        assert again.status_code == 409
        assert first.json()["secret"] not in again.text
        parameters = (await admin.get("/openapi.json")).json()["paths"]["/tokens"]["post"].get("parameters", [])
        assert "Idempotency-Key" not in {one["name"] for one in parameters}


async def test_a_form_that_is_sent_again_is_the_same_though_its_boundary_is_another(serve):
    async with serve() as served, served.client() as admin:
        counts = Counter[str]()

        async def suppress(bars: Any, *, by: Any) -> int:
            counts["bars"] += len(bars)
            return len(bars)

        served.desk.acts.suppress = suppress
        sent = {"files": {"file": ("dnc.csv", b"phone\n+442079460123\n+442079460124\n", "text/csv")}}
        first = await admin.post("/imports/suppressions", headers=KEY, **sent)
        again = await admin.post("/imports/suppressions", headers=KEY, **sent)
        assert said(first) == (200, '{"read":2,"added":2}', False)
        assert said(again) == (200, first.text, True)
        other = {"files": {"file": ("dnc.csv", b"phone\n+442079460125\n", "text/csv")}}
        assert (await admin.post("/imports/suppressions", headers=KEY, **other)).status_code == 422
        assert counts["bars"] == 2


@pytest.mark.parametrize("width", range(1, 12))
def test_a_boundary_is_left_out_wherever_chunks_end(width):
    body = b"--edge\r\nphone\r\n--edge--"
    chunks = (body[start : start + width] for start in range(0, len(body), width))
    assert b"".join(_without(b"edge", chunks)) == b"--\r\nphone\r\n----"
