"""The client alone: every endpoint against the simulator over real HTTP, in both envelopes, and what it never does."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.call import Booked, NotSent, Placed, Refused, Unclear
from campaigns.domain.errors import AccountRefused, InputError, VendorError
from campaigns.serving import bind, serving
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.flireo import Flireo
from campaigns.vendors.flireo.facts import ROUTES
from campaigns.vendors.flireo.models import GroupApplication, WholeAssistant, WholeContact
from campaigns.vendors.flireo.simulator import Faults, FlireoSimulator, Options, Rule
from campaigns.vendors.simulated.people import How

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
PHONE, OTHER = "+442079460001", "+442079460002"
SHAPES = [{"envelope": "named", "errors": "nested"}, {"envelope": "guide", "errors": "flat"}]
APPLICATION = GroupApplication(
    phone_number_type="local", name="Office", business_name="Dentists", contact_person_first_name="A",
    contact_person_last_name="B", contact_person_phone=PHONE, street_name="Street", house_number="1",
    postal_code="1000 AA", city="Amsterdam", province="NH",
)  # fmt: skip


class World:
    """The client, the simulator, and every request between them."""

    def __init__(self, clock: DiscreteClock, flireo: Flireo, simulator: FlireoSimulator) -> None:
        self.clock, self.flireo, self.simulator = clock, flireo, simulator
        self.asked: list[tuple[str, str]] = []

    async def wait(self, **span: float) -> None:
        await self.clock.sleep_until(self.clock.now() + timedelta(**span))


@asynccontextmanager
async def a_world(clock: DiscreteClock, *rules: Rule, patient: bool = True, **options: Any) -> AsyncIterator[World]:
    simulator = FlireoSimulator(clock=clock, faults=Faults(rules=rules, options=Options(api_key="key", **options)))
    worlds: list[World] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        worlds[0].asked.append((scope["method"], scope["path"]))
        await simulator.app(scope, receive, send)

    async with serving(app, bind("127.0.0.1", 0)) as address:
        account = VendorAccount("flireo", f"{address}/v1", "key", facts={"page": 7})
        async with Flireo(account=account, around=Surroundings(clock, patient=patient)) as flireo:
            worlds.append(World(clock, flireo, simulator))
            yield worlds[0]


def play(main: Any, *rules: Rule, **options: Any) -> None:
    clock = DiscreteClock(START)

    async def whole() -> None:
        async with a_world(clock, *rules, **options) as world:
            await main(world)

    run_virtual(clock, whole)


async def every(items: AsyncIterator[Any]) -> list[Any]:
    return [item async for item in items]


@asynccontextmanager
async def refused(status: int, code: str) -> AsyncIterator[None]:
    with pytest.raises(VendorError) as caught:
        yield
    assert (caught.value.status, caught.value.code) == (status, code)


async def contacts(world: World) -> None:
    flireo = world.flireo
    one = await flireo.create_contact(phone_number=PHONE, full_name="Anna Appel", email="anna@example.org")
    two = await flireo.create_contact(phone_number=OTHER, full_name="Bram Berg", logs={"bron": "import"})
    async with refused(400, "already_in_use"):
        await flireo.create_contact(phone_number=PHONE)
    async with refused(400, "invalid_parameters"):
        await flireo.create_contact(full_name="Nobody")
    assert {one.contact_id, two.contact_id} == {each.contact_id for each in await every(flireo.contacts())}
    assert [each.full_name for each in await every(flireo.contacts(phone_number=PHONE))] == ["Anna Appel"]
    assert [each.full_name for each in await every(flireo.contacts(full_name="BERG"))] == ["Bram Berg"]
    assert await every(flireo.contacts(org_id="another")) == []
    changed = await flireo.update_contact(two.contact_id, address="Street 1", last_interaction_at=START)
    assert (changed.full_name, changed.logs, changed.last_interaction_at) == ("Bram Berg", {"bron": "import"}, START)
    assert (await flireo.get_contact(two.contact_id)) == changed
    whole = WholeContact(
        phone_number=OTHER, full_name="B", email=None, address="X", last_interaction_at=START,
        last_interaction_summary=None,
    )  # fmt: skip
    replaced = await flireo.replace_contact(two.contact_id, whole)
    assert (replaced.full_name, replaced.address, replaced.logs) == ("B", "X", {"bron": "import"})
    await flireo.delete_contact(two.contact_id)
    async with refused(404, "not_found"):
        await flireo.get_contact(two.contact_id)


async def assistants(world: World) -> None:
    flireo = world.flireo
    made = await flireo.create_assistant(name="Recall", first_message="Hello", type="external")
    assert (made.type, made.first_message, made.is_active) == ("external", "Hello", True)
    changed = await flireo.update_assistant(made.assistant_id, language="nl")
    assert (changed.language, changed.first_message) == ("nl", "Hello")
    whole = WholeAssistant(
        name="Recall 2", first_message=None, system_prompt="Be brief", voice_id=None, language=None, type="default",
        server_url=None, max_duration_seconds=60, voicemail_message=None, phone_number_id=None, is_active=True,
    )  # fmt: skip
    replaced = await flireo.replace_assistant(made.assistant_id, whole)
    assert (replaced.name, replaced.language, replaced.max_duration_seconds) == ("Recall 2", None, 60)
    assert await flireo.get_assistant(made.assistant_id) == replaced
    assert [each.assistant_id for each in await every(flireo.assistants())] == [made.assistant_id]
    agent = await flireo.create_instant_agent(name="Quick")
    assert agent.assistant_id
    assert (await flireo.generate_faqs(website="https://example.org")).faqs
    known = await flireo.query_knowledgebase(made.assistant_id, "When are you open?")
    assert (known.answer, len(known.sources or [])) == ("On working days.", 1)
    await flireo.delete_assistant(made.assistant_id)
    async with refused(404, "not_found"):
        await flireo.get_assistant(made.assistant_id)


async def numbers(world: World) -> None:
    flireo = world.flireo
    (own,) = await every(flireo.phone_numbers())
    ours, shared = await every(flireo.phone_numbers(shared=True))
    assert (ours.id, shared.id, shared.phone_number) == (own.id, "shared-1", "+31200000077")
    some = await flireo.available_numbers(limit=3)
    assert (len(some), some[0].cost) == (3, {"monthly": "2.50", "currency": "EUR", "credits": 10})
    assert await flireo.available_numbers(query="1007") == await flireo.available_numbers_legacy(query="1007")
    ordered = await flireo.order_phone_number(some[0].phone_number)
    assert (ordered.status, ordered.credits_used, ordered.remaining_credits) == ("pending", 10, 40)
    assert (await flireo.get_number_order(ordered.order_id)).status == "pending"
    async with refused(400, "invalid_parameters"):
        await flireo.order_phone_number("020 123")
    await world.wait(minutes=2)
    (done,) = await every(flireo.number_orders(status="success"))
    assert (done.order_id, await every(flireo.number_orders(status="pending"))) == (ordered.order_id, [])
    new = next(each for each in await every(flireo.phone_numbers()) if each.phone_number == some[0].phone_number)
    assert isinstance(await flireo.place_call("any", PHONE, phone_number_id=new.id), Placed)

    assert (await flireo.assistant_number("one")).phone_number is None
    assert (await flireo.link_number("one", own.id)).previous_phone_number_id is None
    relinked = await flireo.link_number("one", new.id)
    assert relinked.previous_phone_number_id == own.id, "the first is dropped without a word"
    linked = (await flireo.assistant_number("one")).phone_number
    assert linked is not None
    assert linked.number == new.phone_number
    assert (await flireo.get_phone_number(new.id)).linked_assistant is not None
    async with refused(400, "already_in_use"):
        await flireo.delete_phone_number(new.id)
    await flireo.link_number("two", "shared-1")
    assert (await flireo.link_number("three", "shared-1")).released_assistants == 1
    gone = (await flireo.unlink_number("one")).unlinked_phone_number
    assert gone is not None
    assert gone.id == new.id
    async with refused(400, "no_phone_number"):
        await flireo.unlink_number("one")
    await flireo.delete_phone_number(new.id)
    async with refused(404, "not_found"):
        await flireo.get_phone_number(new.id)


async def verification(world: World) -> None:
    flireo = world.flireo
    group = await flireo.create_verification_group(APPLICATION)
    async with refused(400, "invalid_status"):
        await flireo.submit_verification_group(group.id)
    odd = await flireo.upload_document(group.id, "other", "x.pdf", b"%PDF\r\n--x\r\n")
    proof = await flireo.upload_document(group.id, "proof_of_address", "bill.pdf", b"%PDF")
    await flireo.delete_document(group.id, odd.id)
    assert await flireo.documents(group.id) == (proof,)
    await flireo.submit_verification_group(group.id)
    async with refused(400, "invalid_status"):
        await flireo.group_numbers(group.id)
    await world.wait(hours=2)
    (shown,) = await every(flireo.verification_groups(status="approved"))
    assert shown.id == group.id
    (first, *_) = await flireo.group_numbers(group.id)
    ordered = await flireo.order_group_number(group.id, first.phone_number)
    assert (ordered.status, ordered.number_type) == ("pending", "local")
    whole = await flireo.get_verification_group(group.id)
    assert (whole.status, whole.documents, len(whole.phone_numbers or [])) == ("approved", [proof], 1)
    await flireo.delete_verification_group(group.id)
    assert (await flireo.get_verification_group(group.id)).status == "deleted"


async def calls(world: World) -> None:
    flireo = world.flireo
    placed = [await flireo.place_call("a", f"+4420794601{n:02}", metadata={"n": n}) for n in range(30)]
    ids = [one.call_id for one in placed if isinstance(one, Placed)]
    listed = await every(flireo.calls(since=START, assistant_id="a"))
    assert sorted(call.call_id for call in listed) == sorted(ids)
    assert await every(flireo.calls(until=START - timedelta(days=1))) == []
    talking = next(call for call in world.simulator.calls if call.how is How.ANSWERED)
    async with refused(400, "invalid_status"):
        await flireo.inject_message(talking.call_id, "The doctor is here now")
    assert talking.answered_at
    await world.clock.sleep_until(talking.answered_at)
    assert (await flireo.inject_message(talking.call_id, "The doctor is here now")).success
    async with refused(404, "not_found"):
        await flireo.inject_message("nobody", "Hello")
    await flireo.delete_call(ids[0])
    async with refused(404, "not_found"):
        await flireo.get_call(ids[0])
    assert (await flireo.get_call(ids[1])).metadata == {"n": 1}


async def scheduled(world: World) -> None:
    flireo = world.flireo
    at = world.clock.now().replace(microsecond=0) + timedelta(hours=1)
    booked = await flireo.schedule_call("a", PHONE, at, first_message="Hello")
    assert isinstance(booked, Booked)
    moved = await flireo.update_scheduled_call(booked.booking_id, scheduled_at=at + timedelta(hours=1))
    assert moved.scheduled_at == at + timedelta(hours=1)
    assert await flireo.get_scheduled_call(booked.booking_id) == moved
    assert [one.scheduled_call_id for one in await every(flireo.scheduled_calls(status="pending"))] == [
        booked.booking_id
    ]
    cancelled = await flireo.cancel_scheduled_call(booked.booking_id)
    assert cancelled is not None
    assert cancelled.status == "cancelled"
    async with refused(400, "invalid_status"):
        await flireo.update_scheduled_call(booked.booking_id, phone_number=OTHER)
    assert isinstance(await flireo.schedule_call("a", PHONE, START - timedelta(days=1)), Refused)


async def the_account(world: World) -> None:
    user, profile, me = await world.flireo.get_user(), await world.flireo.get_profile(), await world.flireo.get_me()
    assert user == me
    assert [path for _, path in world.asked[-3:]] == ["/v1/user", "/v1/user/profile", "/v1/me"]
    assert (user.company_name, profile.credits) == ("Simulated", 60)


@pytest.mark.parametrize("shape", SHAPES, ids=["reference", "guide"])
@pytest.mark.parametrize("part", [contacts, assistants, numbers, verification, calls, scheduled, the_account])
def test_each_part_of_the_api_does_what_it_says_in_both_envelopes(part: Any, shape: dict[str, str]) -> None:
    left = {numbers: 50, the_account: 60}.get(part)
    play(part, credits=left, shared={"shared-1": "+31200000077"}, **shape)


def test_every_route_of_the_table_is_asked() -> None:
    """What no part above asks would be untested; paths are compared with their ids left out."""
    seen: set[tuple[str, str]] = set()

    async def main(world: World) -> None:
        for part in (the_account, contacts, assistants, verification, calls, scheduled):
            await part(world)
        seen.update((method, _shape(path.removeprefix("/v1"))) for method, path in world.asked)

    async def of_numbers(world: World) -> None:
        await numbers(world)
        seen.update((method, _shape(path.removeprefix("/v1"))) for method, path in world.asked)

    play(main, credits=60)
    play(of_numbers, credits=50, shared={"shared-1": "+31200000077"})
    assert {(route.method, _shape(route.path)) for route in ROUTES.values()} <= seen


_WORDS = {part for route in ROUTES.values() for part in route.path.split("/") if "{" not in part}


def _shape(path: str) -> str:
    return "/".join(part if part in _WORDS else "{}" for part in path.split("/"))


def test_updates_are_patch_and_put_is_sent_for_whole_things_alone() -> None:
    async def main(world: World) -> None:
        one = await world.flireo.create_contact(phone_number=PHONE, email="a@example.org", logs={"k": 1})
        await world.flireo.update_contact(one.contact_id, full_name="Anna")
        made = await world.flireo.create_assistant(name="A", voice_id="v")
        await world.flireo.update_assistant(made.assistant_id, name="B")
        assert "PUT" not in {method for method, _ in world.asked}
        (kept,) = world.simulator.contacts
        assert (kept["email"], kept["logs"], kept["full_name"]) == ("a@example.org", {"k": 1}, "Anna")
        assert (await world.flireo.get_assistant(made.assistant_id)).voice_id == "v"

    play(main)


def test_a_put_that_leaves_something_out_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="email"):
        WholeContact(phone_number=PHONE, full_name=None)  # type: ignore[call-arg]
    with pytest.raises(ValueError, match="is_active"):
        WholeAssistant(name="A", type="default")  # type: ignore[call-arg]


def test_reading_and_patch_are_asked_again_and_a_call_never_is() -> None:
    async def main(world: World) -> None:
        one = await world.flireo.create_contact(phone_number=PHONE)
        await world.flireo.update_contact(one.contact_id, full_name="Anna")
        assert (await world.flireo.get_contact(one.contact_id)).full_name == "Anna"
        assert isinstance(await world.flireo.place_call("a", PHONE), Unclear)
        assert [path for _, path in world.asked].count("/v1/calls/direct") == len(world.simulator.calls) == 1

    rules = [
        Rule(at="write", kind="error", after=1, first=2),
        Rule(at="get", kind="drop", first=2),
        Rule(at="create", kind="error", status=503),
    ]
    play(main, *rules)


def test_creating_is_not_repeated_after_a_broken_answer() -> None:
    async def main(world: World) -> None:
        with pytest.raises(VendorError, match="HTTP 500"):
            await world.flireo.create_contact(phone_number=PHONE)
        assert len(world.simulator.contacts) == 1

    play(main, Rule(at="write", kind="error", first=1))


def test_a_refused_account_is_told_with_what_to_do() -> None:
    async def main(world: World) -> None:
        (some, *_) = await world.flireo.available_numbers()
        with pytest.raises(AccountRefused, match=r"order_phone_number: HTTP 402 .*Add credits") as caught:
            await world.flireo.order_phone_number(some.phone_number)
        assert caught.value.status == 402
        assert some.phone_number not in str(caught.value)
        answer = await world.flireo.place_call("a", PHONE)
        assert isinstance(answer, Refused)
        assert answer.account

    play(main, credits=0)


async def test_without_a_server_a_call_is_not_sent_and_without_an_address_there_is_no_client() -> None:
    async with Flireo("key", base_url="http://127.0.0.1:1", around=Surroundings(DiscreteClock(START))) as flireo:
        assert isinstance(await flireo.place_call("a", PHONE), NotSent)
    with pytest.raises(InputError, match="base_url"):
        Flireo("key")


def test_the_documented_budget_is_kept_without_a_program_around_it() -> None:
    async def main(world: World) -> None:
        for _ in range(101):
            await world.flireo.get_user()
        assert world.clock.now() - START >= timedelta(minutes=1)

    play(main, per_minute=100)
