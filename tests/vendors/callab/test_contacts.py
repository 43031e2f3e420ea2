"""Callab as a contact list: rows, filters that are checked twice, and why nothing goes back."""

from datetime import UTC, datetime
from typing import Any

import pytest

from campaigns.domain.errors import InputError
from campaigns.domain.lead import Outcome
from campaigns.domain.rows import Row
from campaigns.domain.sources import Returns, TagReturns
from campaigns.ports.lists import OutcomeNote, Unwritable
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.callab.contacts import CallabContacts, cells
from campaigns.vendors.callab.models import Contact

PHONE = "+442079460123"
ADA = {
    "id": "p1", "firstname": "Ada", "lastname": "Example", "phone_number": PHONE, "number_country_code": "+44",
    "metadata": {"best_time": "morning", "score": 3, "vip": True, "job": {"title": "Käufer"}, "gone": None,
                 "name": "x"},
    "last_call_status": "no-answer", "last_call_at": "2026-05-04T08:15:00Z", "last_call_duration": 0,
    "last_call_feedback": None, "source_name": "CSV Import", "tag_name": "spring", "category_name": "leads",
    "notes": "Prefers mornings", "created_at": "2026-05-01T09:00:00Z", "campaign_id": "k1", "status": "active",
    "workspace_id": "default",
}  # fmt: skip


def contacts(account: VendorAccount | None = None, **facts: Any) -> CallabContacts:
    account = account or VendorAccount("callab", "http://x.invalid", section="lists", facts=facts)
    return CallabContacts(account, Surroundings(patient=False))


async def rows(account: VendorAccount, *wheres: dict[str, Any]) -> list[list[Row]]:
    """What each of these filters finds."""
    source = contacts(account)
    try:
        return [await _rows(source, where) for where in wheres]
    finally:
        await source.aclose()


async def _rows(source: CallabContacts, where: dict[str, Any]) -> list[Row]:
    return [
        row for batch in [batch async for batch in source.read(where)] for row in batch.rows if isinstance(row, Row)
    ]


def once(*people: dict[str, Any]) -> Any:
    """All on the first page, whatever was asked for."""
    return lambda asked: list(people) if asked.query.get("page", "0") == "0" else []


def test_a_contact_becomes_cells_with_its_metadata_beside_them() -> None:
    told = cells(Contact.model_validate(ADA))
    assert told == {
        "id": "p1", "name": "Ada Example", "firstname": "Ada", "lastname": "Example", "phone": PHONE,
        "number_country_code": "+44", "best_time": "morning", "score": "3", "vip": "true",
        "job": '{"title": "Käufer"}', "gone": "", "last_call_status": "no-answer",
        "last_call_at": "2026-05-04T08:15:00+00:00", "last_call_duration": "0", "last_call_feedback": "",
        "source": "CSV Import", "tag": "spring", "category": "leads", "notes": "Prefers mornings",
        "created_at": "2026-05-01T09:00:00+00:00", "campaign_id": "k1", "status": "active",
    }  # fmt: skip
    assert set(CallabContacts.header) <= told.keys()


def test_an_empty_contact_has_every_column_of_the_header() -> None:
    assert cells(Contact()).keys() == set(CallabContacts.header)
    assert set(cells(Contact()).values()) == {""}


async def test_rows_are_numbered_and_carry_the_id(scripted: Any) -> None:
    people = [ADA, ADA | {"id": "p2", "status": "Inactive"}, ADA | {"id": "p3", "phone_number": None}]
    async with scripted(once(*people)) as vendor:
        (found,) = await rows(vendor.account(section="lists"), {})
    assert [(row.line, row.ref, row.cells["phone"]) for row in found] == [(1, "p1", PHONE), (2, "p3", "")]


FILTERS = [
    ({"tags": ["Spring", "hot"]}, True), ({"tags": "hot"}, False), ({"tags": ["spring "]}, True),
    ({"tags": ["sprin"]}, False), ({"categories": ["leads"]}, True), ({"categories": ["customers"]}, False),
    ({"source_names": ["csv import", "Manual"]}, True), ({"source_names": ["Manual"]}, False),
    ({"last_call_statuses": ["no-answer", "busy"]}, True), ({"last_call_statuses": ["busy"]}, False),
    ({"campaign_id": "k1"}, True), ({"campaign_id": "k2"}, False), ({"status": "active"}, True),
    ({"status": "archived"}, False), ({"search": "exam"}, True), ({"search": "ada ex"}, True),
    ({"search": "946012"}, True), ({"search": "bob"}, False), ({"start_date": "2026-05-01"}, True),
    ({"start_date": "2026-05-02"}, False), ({"end_date": "2026-05-01"}, True), ({"end_date": "2026-04-30"}, False),
    ({"workspace": "default"}, True), ({"workspace": "north"}, False),
    ({"tags": ["spring"], "categories": ["x"]}, False),
]  # fmt: skip


@pytest.mark.parametrize("dialect", ["v1", "v0"])
async def test_a_filter_that_the_vendor_overlooks_is_checked_by_us(scripted: Any, dialect: str) -> None:
    async with scripted(once(ADA)) as vendor:
        account = vendor.account(section="lists", facts={"dialect": dialect})
        asked = [(where, fits) for where, fits in FILTERS if dialect == "v1" or "workspace" not in where]
        found = await rows(account, *(where for where, _ in asked))
    assert [(where, len(each) == 1) for (where, _), each in zip(asked, found, strict=True)] == asked


async def test_an_id_of_a_workspace_says_nothing_of_its_slug(scripted: Any) -> None:
    other = ADA | {"workspace_id": "4d2c1b0e-2222-4333-8444-555566667777"}
    async with scripted(once(other)) as vendor:
        (found,) = await rows(vendor.account(section="lists"), {"workspace": "north"})
    assert len(found) == 1


async def test_one_person_found_by_two_sources_is_one_row(scripted: Any) -> None:
    def answer(asked: Any) -> Any:
        return [ADA | {"source_name": asked.query["source_name"]}] if asked.query["page"] == "0" else []

    async with scripted(answer) as vendor:
        (found,) = await rows(vendor.account(section="lists"), {"source_names": ["Manual", "Website"]})
    assert [row.cells["source"] for row in found] == ["Manual"]


async def test_a_word_with_a_comma_is_looked_for_by_us_alone(scripted: Any) -> None:
    people = [ADA | {"id": "p1", "tag_name": "hot, new"}, ADA | {"id": "p2", "tag_name": "hot"}]
    async with scripted(once(*people)) as vendor:
        (found,) = await rows(vendor.account(section="lists"), {"tags": ["hot, new"]})
    assert [row.ref for row in found] == ["p1"]
    assert "tags" not in vendor.heard[0].query


@pytest.mark.parametrize(
    ("where", "keys", "mend"),
    [
        ({"tag": "x"}, ("where", "tag"), "Did you mean `tags`?"),
        ({"Tags": "x"}, ("where", "Tags"), "Did you mean `tags`?"),
        ({"category": "x"}, ("where", "category"), "Did you mean `categories`?"),
        ({"source": "x"}, ("where", "source"), "Did you mean `source_names`?"),
        ({"last_call_status": "x"}, ("where", "last_call_status"), "Did you mean `last_call_statuses`?"),
        ({"colour": "x"}, ("where", "colour"), "Known are: tags, categories"),
        ({"tags": []}, ("where", "tags"), "Write one word"),
        ({"tags": [""]}, ("where", "tags", 0), "Write one word"),
        ({"tags": {"a": 1}}, ("where", "tags", 0), "Write one word"),
        ({"campaign_id": ["a", "b"]}, ("where", "campaign_id"), "Write one word"),
        ({"start_date": "May"}, ("where", "start_date"), "Write 2026-11-23."),
        ({"start_date": "2026-05-02", "end_date": "2026-05-01"}, ("where", "end_date"), "Exchange"),
        ({"status": "inactive"}, ("where", "status"), "Remove the key."),
    ],
)
def test_a_wrong_filter_is_named_with_what_was_meant(where: dict[str, Any], keys: tuple[Any, ...], mend: str) -> None:
    (fault,) = contacts().check(where, Returns())
    assert fault.keys == keys
    assert fault.mend.startswith(mend)


def test_right_filters_have_no_fault() -> None:
    where = {
        "tags": "hot",
        "last_call_statuses": ["no-answer", "busy"],
        "start_date": "2026-05-01",
        "workspace": "north",
    }
    assert contacts().check(where, Returns()) == []
    assert [fault.keys for fault in contacts(dialect="v0").check(where, Returns())] == [("where", "workspace")]


async def test_outcomes_do_not_go_back(scripted: Any) -> None:
    source = contacts()
    assert "no way to write a contact" in source.no_returns
    assert [fault.keys for fault in source.check({}, Returns(tags=TagReturns(add=["done"])))] == [("returns",)]
    now = datetime(2026, 11, 23, tzinfo=UTC)
    note = OutcomeNote("r", "p1", PHONE, "c", Outcome.REACHED, "", 1, "answered", now, now)
    assert await source.write_back(note, Returns(), since=None) == Unwritable(source.no_returns)


async def test_a_wrong_filter_is_not_read_with() -> None:
    account = VendorAccount("callab", "http://127.0.0.1:9/v1", section="lists")
    with pytest.raises(InputError, match=r"\[lists.callab\] where.tag"):
        await rows(account, {"tag": "spring"})


@pytest.mark.parametrize("dialect", ["v1", "v0"])
async def test_the_simulators_active_people_are_read(simulated: Any, dialect: str) -> None:
    async with simulated(people=150) as vendor:
        active = [each for each in vendor.simulator.book.contacts if each["status"] == "active"]
        (found,) = await rows(vendor.account(section="lists", facts={"dialect": dialect}), {})
    assert 0 < len(active) < 150
    assert [row.ref for row in found] == [each["id"] for each in active]
    assert [row.line for row in found] == list(range(1, len(active) + 1))
    assert any(row.cells.get("best_time") for row in found)


async def test_health_says_whether_contacts_can_be_read(simulated: Any) -> None:
    async with simulated(api_key="right") as vendor:
        for key, ok in (("right", True), ("wrong", False)):
            source = contacts(vendor.account(api_key=key))
            assert (await source.health())[0].ok is ok
            await source.aclose()
    source = contacts(VendorAccount("callab", "http://127.0.0.1:9/v1", section="lists"))
    assert [finding.ok for finding in await source.health()] == [None]
    await source.aclose()
