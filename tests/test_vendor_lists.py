"""`list:` in a campaign file: contacts of a system elsewhere become leads, page by page, and join while it runs."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from campaigns.app import check_runnable
from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.errors import InputError, VendorError
from campaigns.engine.intake import RESUMABLE, Intake, load
from campaigns.files import parse_campaign
from campaigns.loading import open_lists
from campaigns.ports.pages import LeadFilter
from campaigns.running import RunOptions, forget_budgets, run_campaign
from campaigns.sections import ListSettings
from campaigns.settings import Settings
from campaigns.stores.memory import MemoryStore
from campaigns.testing import ScriptedList, a_night, instant

START = instant("2026-11-23T09:00Z")

FILE = """
campaign: test
purpose: informational
provider: scripted
agent: a
contacts: [{list: crm, LINE}]
calling_hours: "24/7"
timezone: Europe/London
legal_hours: {off: "made-up people"}
variables: {first_name: "{{ name }}"}
"""


class OneSystem:
    """Stands where `Systems` would."""

    def __init__(self, crm: ScriptedList) -> None:
        self._crm = crm

    async def open(self, name: str) -> ScriptedList:
        assert name == "crm"
        return self._crm


def people(count: int, **more: str) -> dict[str, dict[str, str]]:
    return {f"c{n}": {"phone": f"020 7946 {n:04}", "name": f"P{n}", **more} for n in range(count)}


def loaded(line: str = "region: GB") -> Any:
    return parse_campaign(FILE.replace("LINE", line), name="test.yaml")


async def read(store: Any, night: Any, crm: ScriptedList, line: str = "region: GB") -> Intake:
    lists = await open_lists(loaded(line), store, OneSystem(crm))  # type: ignore[arg-type]
    terms = replace(await night.book.of("test"), campaign=loaded(line).campaign)
    return await load(terms, lists.sources, lists.excluded, store=store, clock=night.clock)


def play(main: Any) -> Any:
    clock = DiscreteClock(START)

    async def whole() -> Any:
        store = MemoryStore()
        async with a_night(store, clock, contacts=0) as night:
            return await main(store, night)

    return run_virtual(clock, whole)


def test_every_contact_becomes_a_lead_that_remembers_where_it_came_from() -> None:
    async def main(store: Any, night: Any) -> None:
        intake = await read(store, night, ScriptedList(people=people(45)))
        leads = [each.lead.contact for each in await store.leads_after("test", LeadFilter(), after=0, limit=1000)]
        assert (intake.read, intake.new, intake.invalid) == (45, 45, 0)
        assert {contact.origin for contact in leads} == {("crm", f"c{n}") for n in range(45)}
        assert {contact.variables["first_name"] for contact in leads} == {f"P{n}" for n in range(45)}

    play(main)


def test_a_reading_that_breaks_off_goes_on_where_it_was() -> None:
    async def main(store: Any, night: Any) -> None:
        crm = ScriptedList(people=people(100))
        crm.trouble = lambda what: VendorError("crm", "contacts", 500, "broken") if what == "read 60" else None
        with pytest.raises(VendorError):
            await read(store, night, crm)
        crm.trouble = lambda what: None
        intake = await read(store, night, crm)
        assert crm.pages == ["0", "20", "40", "60", "80"]
        assert (intake.read, intake.new, intake.duplicate) == (40, 40, 0)
        assert len(await store.leads_after("test", LeadFilter(), after=0, limit=1000)) == 100
        await read(store, night, crm)
        assert crm.pages[5:] == ["0", "20", "40", "60", "80"]

    play(main)


@pytest.mark.parametrize("change", ["another wish", "long ago"])
def test_a_mark_of_another_wish_or_of_long_ago_is_forgotten(change: str) -> None:
    async def main(store: Any, night: Any) -> None:
        crm = ScriptedList(people=people(50, name="Ann"))
        crm.trouble = lambda what: VendorError("crm", "contacts", 500, "broken") if what == "read 20" else None
        with pytest.raises(VendorError):
            await read(store, night, crm)
        crm.trouble = lambda what: None
        if change == "long ago":
            await night.clock.sleep_until(START + RESUMABLE * 2)
        await read(store, night, crm, "region: GB" + (", where: {name: Ann}" if change == "another wish" else ""))
        assert crm.pages == ["0", "0", "20", "40"]

    play(main)


def test_a_reading_that_saw_the_end_alone_stops_nobody_for_missing() -> None:
    async def main(store: Any, night: Any) -> None:
        line, crm = "region: GB, removed: stop", ScriptedList(people=people(60))
        await read(store, night, crm, line)
        crm.trouble = lambda what: VendorError("crm", "contacts", 500, "broken") if what == "read 20" else None
        with pytest.raises(VendorError):
            await read(store, night, crm, line)
        crm.trouble = lambda what: None
        assert (await read(store, night, crm, line)).removed == 0
        del crm.people["c7"]
        assert (await read(store, night, crm, line)).removed == 1

    play(main)


def test_a_number_without_plus_needs_the_region_of_its_list() -> None:
    async def main(store: Any, night: Any) -> None:
        crm = ScriptedList(people={"a": {"phone": "020 7946 0001", "name": "A"}, "b": {"phone": "", "name": "B"}})
        intake = await read(store, night, crm, "where: {}")
        assert (intake.invalid, intake.new) == (2, 0)
        assert [reason for _, _, reason in intake.bad_rows][1] == "phone: empty (contact b)"
        assert (await read(store, night, crm)).new == 1

    play(main)


def test_columns_of_the_campaign_stand_before_those_of_the_system() -> None:
    async def main(store: Any, night: Any) -> None:
        crm = ScriptedList(people={"a": {"phone": "", "Mobile": "020 7946 0001", "name": "A", "Zone": "Asia/Tokyo"}})
        line = "region: GB, columns: {phone: [phone, Mobile], timezone: Zone, key: name}"
        await read(store, night, crm, line)
        (only,) = await store.leads_after("test", LeadFilter(), after=0, limit=1000)
        lead = only.lead
        assert (lead.contact.key, lead.contact.zones, lead.contact.person) == ("A", ("Asia/Tokyo",), "a")

    play(main)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("where: {colour: red}", "test.yaml:6: contacts[0].where.colour: is no filter here."),
        ("returns: {tags: {add: [called]}}", "test.yaml:6: contacts[0].returns: Nothing goes back without write_back."),
    ],
)
async def test_what_the_system_cannot_do_is_an_error_of_the_file(line: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        await open_lists(loaded(line), None, OneSystem(ScriptedList()))  # type: ignore[arg-type]
    assert str(caught.value).startswith(told)


async def test_a_system_that_takes_nothing_back_is_said_so_before_anybody_is_called() -> None:
    text = parse_campaign(FILE.replace("LINE", "region: GB") + "write_back: true\n", name="test.yaml")
    with pytest.raises(InputError, match=r"crm: its API cannot write contacts\. Remove write_back"):
        await open_lists(text, None, OneSystem(ScriptedList(no_returns="its API cannot write contacts.")))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("provider", "crm", "line", "told"),
    [
        ({"base_url": "https://api.example/v1"}, {"base_url": "simulator"}, "", "cannot be called by a real provider"),
        ({"base_url": "simulator"}, {"base_url": "https://crm.example"}, "write_back: true\n", "Made-up outcomes"),
        ({"base_url": "simulator"}, None, "", "Add a section [lists.crm]"),
    ],
    ids=["real calls, made-up people", "made-up calls, real system", "no such list"],
)
def test_what_is_made_up_and_what_is_real_never_meet(
    provider: Any, crm: Any, line: str, told: str, tmp_path: Path
) -> None:
    lists = {} if crm is None else {"crm": {"kind": "flireo", "api_key": "k", **crm}}
    settings = Settings.model_validate(
        {"providers": {"scripted": {"kind": "flireo", "api_key": "k", **provider}}, "lists": lists}
    )
    with pytest.raises(InputError) as caught:
        check_runnable(parse_campaign(FILE.replace("LINE", "region: GB") + line, name="test.yaml"), settings)
    assert told in str(caught.value)


def test_calls_in_another_time_than_the_real_one_tell_no_real_system_of_their_outcomes(tmp_path: Path) -> None:
    path = tmp_path / "test.yaml"
    path.write_text(FILE.replace("LINE", "region: GB") + "write_back: true\n")
    settings = Settings.model_validate(
        {
            "providers": {"scripted": {"kind": "flireo", "base_url": "http://127.0.0.1:9/v1"}},
            "lists": {"crm": {"kind": "flireo", "api_key": "k", "base_url": "https://crm.example"}},
        }
    )
    with pytest.raises(InputError, match="Made-up outcomes"):
        run_campaign(path, RunOptions(settings=settings, speed=10))


@pytest.mark.parametrize(("key", "account"), [("k", "scripted"), ("other", "list:crm")])
async def test_a_played_run_waits_for_no_request_of_an_earlier_one(key: str, account: str) -> None:
    settings = Settings.model_validate(
        {
            "providers": {"scripted": {"kind": "flireo", "api_key": "k"}},
            "lists": {"crm": {"kind": "flireo", "api_key": key}},
        }
    )
    store, minute = MemoryStore(), timedelta(minutes=1)
    for _ in range(9):
        await store.request_slot(account, minute, now=START)
    await forget_budgets(SimpleNamespace(store=store, settings=settings), loaded())  # type: ignore[arg-type]
    assert await store.request_slot(account, minute, now=START) == START


def test_a_system_on_this_machine_is_loopback() -> None:
    assert ListSettings(kind="crm", base_url="simulator").is_loopback()
    assert not ListSettings(kind="crm").is_loopback()
