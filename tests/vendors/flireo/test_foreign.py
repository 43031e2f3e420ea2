"""Our client against a Flireo that others wrote from the notes alone, and our simulator against their document."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from foreign.flireo import ASSISTANT, NUMBER, SHARED
from foreign.flireo import Flireo as Foreign
from foreign.standin import Habits
from foreign.wire import serving as standing
from openapi.contract import Contract, Ledger, drive

from campaigns.clock import DiscreteClock
from campaigns.domain.errors import VendorError
from campaigns.domain.lead import Outcome
from campaigns.domain.sources import Returns
from campaigns.ports.lists import Landed, OutcomeNote
from campaigns.serving import bind, serving
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.flireo import Flireo
from campaigns.vendors.flireo.contacts import FlireoContacts
from campaigns.vendors.flireo.facts import ROUTES
from campaigns.vendors.flireo.models import GroupApplication, WholeAssistant, WholeContact
from campaigns.vendors.flireo.simulator import FlireoSimulator, Options

DOCUMENT = Contract.load("flireo")
KEY = "foreign-key"
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


def account(url: str) -> VendorAccount:
    return VendorAccount("flireo", f"{url}/v1", KEY, "t" * 32)


async def everything(walk: Any) -> list[Any]:
    return [item async for item in walk]


async def _use_all(flireo: Flireo) -> None:
    one = await flireo.create_contact(phone_number="+442079460555", full_name="Ada", email="ada@example.org")
    await flireo.update_contact(one.contact_id, address="Street 1", last_interaction_at=NOW)
    whole = {name: getattr(one, name) for name in WholeContact.model_fields}
    await flireo.replace_contact(one.contact_id, WholeContact(**whole))
    await flireo.get_contact(one.contact_id)
    assert len(await everything(flireo.contacts(phone_number="+442079460555"))) == 1
    await flireo.delete_contact(one.contact_id)

    assert ASSISTANT in {each.assistant_id for each in await everything(flireo.assistants())}
    made = await flireo.create_assistant(name="Recall")
    await flireo.update_assistant(made.assistant_id, first_message="Hello")
    nothing = dict.fromkeys(WholeAssistant.model_fields) | {"name": "Recall", "type": "default", "is_active": True}
    await flireo.replace_assistant(made.assistant_id, WholeAssistant(**nothing))
    await flireo.link_number(made.assistant_id, NUMBER)
    assert (await flireo.assistant_number(made.assistant_id)).phone_number is not None
    await flireo.unlink_number(made.assistant_id)
    await flireo.delete_assistant(made.assistant_id)

    assert {each.id for each in await everything(flireo.phone_numbers(shared=True))} == {NUMBER, SHARED}
    (some, *_) = await flireo.available_numbers(limit=2)
    ordered = await flireo.order_phone_number(some.phone_number)
    await flireo.get_number_order(ordered.order_id)
    assert len(await everything(flireo.number_orders())) == 1
    await flireo.get_phone_number(NUMBER)

    group = await flireo.create_verification_group(
        GroupApplication(
            phone_number_type="local", name="Office", business_name="B", contact_person_first_name="A",
            contact_person_last_name="B", contact_person_phone="+442079460900", street_name="S", house_number="1",
            postal_code="1000", city="C", province="P",
        )
    )  # fmt: skip
    paper = await flireo.upload_document(group.id, "proof_of_address", "bill.pdf", b"%PDF")
    assert len(await flireo.documents(group.id)) == 1
    await flireo.submit_verification_group(group.id)
    assert group.id in {each.id for each in await everything(flireo.verification_groups())}
    await flireo.get_verification_group(group.id)
    await flireo.delete_document(group.id, paper.id)
    await flireo.delete_verification_group(group.id)
    assert (await flireo.get_profile()).credits is not None
    await flireo.get_user()


@pytest.mark.parametrize("other", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(3))
async def test_every_request_of_ours_is_one_of_the_document_and_every_answer_is_understood(
    seed: int, other: float
) -> None:
    vendor, ledger = Foreign(Habits(seed=seed, odd=0.7, other=other)), Ledger(DOCUMENT, "/v1")
    with standing(vendor, (ledger.hear,)) as url:
        async with Flireo(account=account(url), around=Surroundings(patient=False)) as flireo:
            await _use_all(flireo)
    assert ledger.requests == []


async def test_everybody_is_read_once_while_others_come_in() -> None:
    vendor = Foreign(Habits(odd=0.5))
    people = {vendor.add(f"+44207946{number:04}", "Ada") for number in range(230)}
    vendor.before = lambda _request: vendor.stir(3)
    with standing(vendor) as url:
        contacts = FlireoContacts(account(url), Surroundings(patient=False))
        refs = [row.ref async for batch in contacts.read({}) for row in batch.rows]  # type: ignore[union-attr]
        await contacts.aclose()
    assert len(refs) == len(set(refs))
    assert people <= set(refs)


async def test_outcomes_land_although_a_fifth_of_the_answers_break_and_nothing_is_nulled() -> None:
    shares = {"fail_before": 0.05, "fail_after": 0.05, "cut_before": 0.05, "cut_after": 0.05}
    vendor = Foreign(Habits(**shares))  # type: ignore[arg-type]
    people = {vendor.add(f"+44207946{number:04}", "Ada", email="a@example.org") for number in range(16)}
    with standing(vendor) as url:
        contacts = FlireoContacts(account(url), Surroundings(patient=False))
        for person in sorted(people):
            note = OutcomeNote("r", person, "+442079460001", "recall", Outcome.REACHED, "yes", 1, "answered", NOW, NOW)
            for _ in range(30):
                try:
                    assert isinstance(await contacts.write_back(note, Returns(), since=NOW), Landed)
                    break
                except VendorError:
                    continue
            else:
                pytest.fail("it never landed")
        await contacts.aclose()
    assert vendor.nulled == []
    assert all(vendor.contacts[key]["email"] == "a@example.org" for key in people)
    assert all(vendor.contacts[key]["last_interaction_summary"] for key in people)


def test_our_operations_are_called_as_those_of_the_document() -> None:
    events = {name for name in DOCUMENT.operations if name.startswith("on_")}
    theirs = {"place" if name == "start_call" else name for name in DOCUMENT.operations if name not in events}
    assert set(ROUTES) == theirs


async def test_our_simulator_satisfies_their_document() -> None:
    options = Options(contacts=({"contact_id": "c", "phone_number": "+442079460001"},), review_lag=0, order_lag=0)
    simulator = FlireoSimulator(clock=DiscreteClock(NOW), options=options)
    async with (
        serving(simulator.app, bind("127.0.0.1", 0)) as url,
        httpx.AsyncClient(base_url=f"{url}/v1/", trust_env=False) as http,
    ):
        heard = await drive(DOCUMENT, http, {})
    assert [(one.name, one.complaints) for one in heard if one.complaints] == []
    assert not [(one.name, one.status) for one in heard if one.status >= 500]
