"""Our client against a Callab that others wrote from the notes alone, and our simulator against their document."""

from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from foreign.callab import AGENT, Rules
from foreign.callab import Callab as Foreign
from foreign.calls import Course
from foreign.standin import Habits
from foreign.wire import serving as standing
from openapi.contract import Contract, Ledger, drive

from campaigns.clock import SystemClock
from campaigns.domain.call import CallOrder, Disposition, Placed, Unclear
from campaigns.domain.errors import AccountRefused, VendorError
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.callab import Callab, CampaignDraft, CampaignRecord, RecordedCall, Where
from campaigns.vendors.callab.contacts import CallabContacts
from campaigns.vendors.callab.facts import ROUTES
from campaigns.vendors.callab.provider import CallabProvider

CALLER, KEY = "+442079460900", "foreign-key"
AT_ONCE = Course(ring=(0.0, 0.0), talk=(0.0, 0.0))


@contextmanager
def listened(vendor: Foreign) -> Any:
    """The stand-in's address, and a ledger for each of the two documents."""
    new, old = Ledger(Contract.load("callab"), "/v1"), Ledger(Contract.load("callab_v0"))

    def hear(method: str, target: str, *rest: Any) -> None:
        (new if target.startswith("/v1/") else old).hear(method, target, *rest)

    with standing(vendor, (hear,)) as url:
        yield url, new, old


def account(url: str, **more: Any) -> VendorAccount:
    return VendorAccount("callab", f"{url}/v1", KEY, "t" * 32, **more)


def client(url: str, **more: Any) -> Callab:
    return Callab(account=account(url, **more), around=Surroundings(patient=False))


async def everything(walk: Any) -> list[Any]:
    return [item async for item in walk]


async def _use_all(callab: Callab, contact: str) -> None:
    await everything(callab.contacts(Where(tags=["a", "b"], source_names=["x", "y"], search="q", status="active")))
    await callab.get_contact(contact)
    draft = CampaignDraft(name="May", ai_agent_id=AGENT, days_of_week=[1], time_zone="UTC", retry_delay_unit=["hours"])
    campaign = await callab.create_campaign(draft)
    await callab.get_campaign(campaign)
    await callab.campaigns()
    await callab.company_campaigns()
    await callab.update_campaign(campaign, CampaignRecord(name="May", status="paused"))
    placed = await callab.make_call(AGENT, call_from=CALLER, call_to="+442079460041", variables={"name": "Ada"})
    assert isinstance(placed, Placed)
    await callab.get_call(placed.call_id)
    filters = {"filter_columns": ["call_to"], "filter_values": ["44"], "filter_operator": ["contains"]}
    await everything(callab.calls(start_date="2026-01-01", **filters))
    await callab.record_call(RecordedCall(campaign_id="k", ai_agent_id=AGENT, call_sid="s", call_from=CALLER,
                                          call_to="+442079460042"))  # fmt: skip
    await callab.agents()
    await callab.get_agent(AGENT)
    await callab.phone_numbers()
    await callab.webhooks()
    await everything(callab.users())
    await callab.create_workspace("North")


@pytest.mark.parametrize("seed", range(4))
async def test_every_request_of_ours_is_one_of_the_documents(seed: int) -> None:
    vendor = Foreign(Habits(seed=seed, odd=0.8), course=AT_ONCE)
    contact = vendor.add("+442079460041", "Ada", tag="a", source="x")
    with listened(vendor) as (url, new, old):
        async with client(url) as callab:
            await _use_all(callab, contact.key)
        async with client(url, facts={"dialect": "v0"}) as callab:
            await everything(callab.contacts())
            await everything(callab.contacts(Where(tags=["a"], source_names=["x"])))
            await callab.webhooks()
    assert (new.requests, new.answers, old.requests, old.answers) == ([], [], [], [])
    assert new.heard.keys() == new.contract.operations.keys()
    assert old.heard.keys() == old.contract.operations.keys()


@pytest.mark.parametrize("dialect", ["v1", "v0"])
async def test_everybody_is_read_once_while_others_come_in(dialect: str) -> None:
    vendor = Foreign(Habits(odd=0.5))
    people = {vendor.add(f"+44207946{n:04}", "Ada", tag="hot" if n % 2 else None).key for n in range(230)}
    hot = {key for key in people if vendor.contacts[key].tag}
    vendor.before = lambda _request: vendor.stir(3)
    with listened(vendor) as (url, _, _):
        contacts = CallabContacts(account(url, facts={"dialect": dialect}), Surroundings(patient=False))
        refs = [row.ref async for batch in contacts.read({"tags": ["hot", "cold"]}) for row in batch.rows]  # type: ignore[union-attr]
        await contacts.aclose()
    assert len(refs) == len(set(refs))
    assert set(refs) == hot


async def test_calls_are_placed_and_told_of_as_they_truly_were() -> None:
    vendor = Foreign(Habits(odd=0.6), course=AT_ONCE)
    words = {"answered": Disposition.ANSWERED, "voicemail": Disposition.ANSWERED, "no_answer": Disposition.NO_ANSWER,
             "busy": Disposition.BUSY, "failed": Disposition.FAILED, "broke": None}  # fmt: skip
    with listened(vendor) as (url, new, _):
        provider = CallabProvider(account(url), Surroundings(patient=False))
        await provider.prepare([CALLER])
        ids = []
        for n in range(25):
            order = CallOrder(f"a{n}", f"+44207946{n:04}", AGENT, CALLER, {})
            placed = await provider.place(provider.encode(order), attempt_id=order.attempt_id)
            assert isinstance(placed, Placed)
            ids.append(placed.call_id)
        since = SystemClock().now() - timedelta(minutes=5)
        listed = {r.call_id: r for r in (await provider.page(since=since, offset=0, limit=100)).reports}
        assert listed.keys() == set(ids)
        for call in vendor.calls:
            report = await provider.fetch(call.call_id)
            assert report is not None
            assert (report.phone, report.ended) == (call.to, True)
            assert report.disposition == (words[call.fate] or report.disposition)
        assert await provider.fetch("c0c0c0c0-0000-4000-8000-000000000009") is None
        await provider.aclose()
    assert new.requests == []


@pytest.mark.parametrize("fault", ["fail_before", "fail_after", "cut_before", "cut_after"])
async def test_a_dial_that_breaks_is_a_doubt_and_rings_once_at_most(fault: str) -> None:
    vendor = Foreign(Habits(faulty=("POST",), **{fault: 1.0}), course=AT_ONCE)
    with listened(vendor) as (url, _, _):
        async with client(url) as callab:
            assert isinstance(await callab.make_call(AGENT, call_from=CALLER, call_to="+442079460041"), Unclear)
    assert vendor.dialled("+442079460041") == fault.endswith("after")
    assert vendor.counts["make_call"] == 1


@pytest.mark.parametrize("status", [401, 200])
async def test_a_wrong_key_is_refused_in_either_way(status: int) -> None:
    vendor = Foreign(Habits(key="other", odd=0.5), Rules(unauthorized=status))
    with listened(vendor) as (url, _, _):
        async with client(url) as callab:
            with pytest.raises((AccountRefused, VendorError)):
                await callab.agents()


@pytest.mark.parametrize(("name", "base"), [("callab", "/v1"), ("callab_v0", "")])
async def test_our_simulator_satisfies_their_document(simulated: Any, name: str, base: str) -> None:
    async with simulated(numbers={"n1": CALLER}) as vendor:
        vendor.simulator.webhook = "http://127.0.0.1:9/hook"
        async with vendor.callab() as callab:
            draft = CampaignDraft(name="May", ai_agent_id=AGENT, days_of_week=[1], time_zone="UTC")
            known = {"campaign_id": await callab.create_campaign(draft)}
        known["contact_id"] = vendor.simulator.book.contacts[0]["id"]
        async with httpx.AsyncClient(base_url=f"{vendor.url}{base}/", trust_env=False) as http:
            heard = await drive(Contract.load(name), http, known)
    assert [one for one in heard if one.complaints or one.status >= 400] == []
    assert {one.body["status"] for one in heard} <= {"ok", "success"}


def test_operations_bear_the_names_of_the_documents() -> None:
    new, old = (Contract.load(name).operations.keys() for name in ("callab", "callab_v0"))
    assert ROUTES.keys() == new | {f"{name}_v0" if name in new else name for name in old}
