"""Flireo's contacts as a list: everybody once while pages shift, filters checked again, outcomes go back."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from campaigns.clock import DiscreteClock, SystemClock, run_virtual
from campaigns.domain.errors import AccountRefused, VendorError
from campaigns.domain.lead import Outcome
from campaigns.domain.rows import Row
from campaigns.domain.sources import Returns, TagReturns
from campaigns.ports.lists import Fault, Landed, OutcomeNote, Unwritable
from campaigns.serving import bind, serving
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.flireo.contacts import FlireoContacts
from campaigns.vendors.flireo.simulator import Faults, FlireoSimulator, Options, Rule, simulate

START = datetime(2026, 11, 23, 9, tzinfo=UTC)
PHONE = "+442079460001"
ANNA = {"contact_id": "anna", "phone_number": PHONE, "full_name": "Anna Appel", "email": "anna@example.org",
        "address": "Street 1", "last_interaction_at": None, "last_interaction_summary": "Older words",
        "last_modified": "2026-01-05T08:00:00Z", "logs": {"bron": "import", "vip": True}}  # fmt: skip
CALLED = datetime(2026, 11, 23, 10, 0, 5, 123456, tzinfo=UTC)
NOTE = OutcomeNote(
    reference="r1", contact="anna", phone=PHONE, campaign="recall", outcome=Outcome.REACHED, label="confirmed",
    attempts=2, disposition="answered", called_at=CALLED, closed_at=CALLED, summary="Comes on Monday.",
)  # fmt: skip
ENTRY = {"reference": "r1", "outcome": "reached", "label": "confirmed", "attempts": 2, "disposition": "answered",
         "at": "2026-11-23T10:00:05.123Z"}  # fmt: skip
Main = Callable[[FlireoContacts, FlireoSimulator], Any]


def play(main: Main, *rules: Rule, facts: dict[str, Any] | None = None, patient: bool = True, **options: Any) -> None:
    clock = DiscreteClock(START)
    options = {"contacts": (ANNA,)} | options
    simulator = FlireoSimulator(clock=clock, faults=Faults(rules=rules, options=Options(**options)))

    async def whole() -> None:
        async with serving(simulator.app, bind("127.0.0.1", 0)) as address:
            account = VendorAccount("crm", address, "key", facts=facts or {}, section="lists")
            contacts = FlireoContacts(account, Surroundings(clock, patient=patient))
            await main(contacts, simulator)
            await contacts.aclose()

    run_virtual(clock, whole)


async def rows_of(contacts: FlireoContacts, **where: Any) -> list[Row]:
    found = [row async for batch in contacts.read(where) for row in batch.rows]
    assert all(isinstance(row, Row) for row in found)
    return [row for row in found if isinstance(row, Row)]


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("envelope", ["named", "guide"])
def test_a_contact_is_a_row_with_its_logs_as_columns(envelope: str) -> None:
    async def main(contacts: FlireoContacts, _: FlireoSimulator) -> None:
        (row,) = await rows_of(contacts)
        assert (row.line, row.ref) == (1, "anna")
        assert row.cells == {
            "phone": PHONE, "name": "Anna Appel", "email": "anna@example.org", "address": "Street 1", "id": "anna",
            "last_interaction_at": "", "last_interaction_summary": "Older words",
            "last_modified": "2026-01-05T08:00:00+00:00", "logs.bron": "import", "logs.vip": "true",
        }  # fmt: skip
        assert set(contacts.header) <= row.cells.keys()

    play(main, envelope=envelope)


def test_the_built_in_simulator_has_contacts_to_read() -> None:
    clock = DiscreteClock(START)
    assert len(simulate(clock).contacts) == 40
    assert simulate(clock).contacts == simulate(clock).contacts != simulate(clock, seed=2).contacts


@pytest.mark.parametrize(
    ("where", "names"),
    [
        ({}, {"Anna Appel", "Bram Berg", "Carla Berg"}),
        ({"full_name": "berg"}, {"Bram Berg", "Carla Berg"}),
        ({"full_name": ["berg", "appel"]}, {"Anna Appel", "Bram Berg", "Carla Berg"}),
        ({"full_name": ["berg", "Bram"]}, {"Bram Berg", "Carla Berg"}),
        ({"full_name": "berg", "email": ["carla", "anna"]}, {"Carla Berg"}),
        ({"phone_number": ["+442079460001", "+442079460003"]}, {"Anna Appel", "Carla Berg"}),
        ({"phone_number": "+44207946000"}, set()),
        ({"org_id": "another"}, set()),
    ],
)
def test_filters_mean_any_of_their_values_and_all_of_each_other(where: dict[str, Any], names: set[str]) -> None:
    some = tuple(
        ANNA | {"contact_id": name, "full_name": name, "email": f"{name.split()[0].lower()}@example.org",
                "phone_number": f"+44207946000{number}"}
        for number, name in enumerate(["Anna Appel", "Bram Berg", "Carla Berg"], 1)
    )  # fmt: skip

    async def main(contacts: FlireoContacts, _: FlireoSimulator) -> None:
        rows = await rows_of(contacts, **where)
        assert {row.cells["name"] for row in rows} == names
        assert len(rows) == len(names)
        assert [row.line for row in rows] == list(range(1, len(rows) + 1))

    play(main, contacts=some)


@asynccontextmanager
async def scripted(answer: Callable[[Request], Response], **account: Any) -> AsyncIterator[FlireoContacts]:
    async def serve(request: Request) -> Response:
        return answer(request)

    app = Starlette(routes=[Route("/{path:path}", serve, methods=["GET", "PATCH", "PUT", "POST"])])
    async with serving(app, bind("127.0.0.1", 0)) as address:
        contacts = FlireoContacts(VendorAccount("crm", address, "k", **account), Surroundings(SystemClock()))
        yield contacts
        await contacts.aclose()


def person(number: int) -> dict[str, Any]:
    return {"contact_id": f"c{number}", "phone_number": f"+442079460{number:03}", "full_name": f"P{number}"}


async def test_filters_are_checked_again_where_the_server_ignores_them() -> None:
    everybody = [person(number) for number in range(5)]
    page = {"contacts": everybody, "pagination": {"total": 5, "has_more": False}}
    async with scripted(lambda _: JSONResponse(page)) as contacts:
        assert [row.ref for row in await rows_of(contacts, full_name="p3")] == ["c3"]
        assert [row.ref for row in await rows_of(contacts, phone_number="+44 20 7946 0002")] == ["c2"]
        assert await rows_of(contacts, email="nobody@example.org") == []


@pytest.mark.parametrize("new", [1, 3, 10])
async def test_a_list_whose_pages_shift_yields_everybody_once(new: int) -> None:
    """Somebody is added at the front between two pages, so that rows move back; then the whole list turns around."""
    everybody = [person(number) for number in range(95)]
    asked: list[str] = []

    def answer(request: Request) -> Response:
        limit, offset = int(request.query_params["limit"]), int(request.query_params["offset"])
        asked.append(str(offset))
        page = everybody[offset : offset + limit]
        body = {"data": page, "meta": {"total": len(everybody), "limit": limit, "offset": offset}}
        if len(asked) <= 4:
            everybody[:0] = [person(100 + 10 * len(asked) + one) for one in range(new)]
        if len(asked) == 6:
            everybody.reverse()
        return JSONResponse(body)

    async with scripted(answer, facts={"page": 20}) as contacts:
        refs = [row.ref for row in await rows_of(contacts)]
    assert len(refs) == len(set(refs))
    assert set(refs) == {each["contact_id"] for each in everybody}


async def test_a_server_that_gives_shorter_pages_than_asked_for_loses_nobody() -> None:
    everybody = [person(number) for number in range(30)]

    def answer(request: Request) -> Response:
        offset = int(request.query_params["offset"])
        more = offset + 10 < len(everybody)
        page = {"contacts": everybody[offset : offset + 10], "pagination": {"total": 30, "has_more": more}}
        return JSONResponse(page)

    async with scripted(answer) as contacts:
        assert len(await rows_of(contacts)) == 30


async def test_contacts_without_a_number_or_with_odd_members_are_rows_too() -> None:
    odd = [
        {"id": 7, "logs": "text", "last_modified": "soon", "full_name": None},
        {"contact_id": "x", "logs": {"a": None}},
    ]
    async with scripted(lambda _: JSONResponse({"contacts": odd})) as contacts:
        first, second = await rows_of(contacts)
    assert (first.ref, first.cells["phone"], first.cells["last_modified"]) == ("7", "", "")
    assert second.cells["logs.a"] == ""


@pytest.mark.parametrize(
    ("where", "fault"),
    [
        ({"name": "x"}, Fault(("where", "name"), "is no filter of Flireo's contacts.", "Did you mean full_name?")),
        ({"phone": "x"}, Fault(("where", "phone"), "is no filter of Flireo's contacts.", "Did you mean phone_number?")),
        ({"e_mail": "x"}, Fault(("where", "e_mail"), "is no filter of Flireo's contacts.", "Did you mean email?")),
        ({"email": {}}, Fault(("where", "email", 0), "is neither a text nor a list of texts.",
                              "Write a word, or several in [ ].")),
        ({"email": []}, Fault(("where", "email"), "is neither a text nor a list of texts.",
                              "Write a word, or several in [ ].")),
    ],
)  # fmt: skip
def test_a_wrong_filter_is_told_with_the_nearest_right_one(where: dict[str, Any], fault: Fault) -> None:
    contacts = FlireoContacts(VendorAccount("crm", "http://127.0.0.1:1"), Surroundings(SystemClock()))
    assert contacts.check(where, Returns()) == [fault]


def test_what_cannot_go_back_is_told_beforehand() -> None:
    contacts = FlireoContacts(VendorAccount("crm", "http://127.0.0.1:1"), Surroundings(SystemClock()))
    returns = Returns(tags=TagReturns(add=["called"]), fields={"full_name": "label", "logs.last": "date"})
    keys = [fault.keys for fault in contacts.check({}, returns)]
    assert keys == [("returns", "tags", "add"), ("returns", "fields", "full_name")]


# --- outcomes ---------------------------------------------------------------------------------------------------------


def the_one(simulator: FlireoSimulator) -> dict[str, Any]:
    (one,) = simulator.contacts
    return one


def test_an_outcome_stands_beside_everything_that_was_there() -> None:
    async def main(contacts: FlireoContacts, simulator: FlireoSimulator) -> None:
        returns = Returns(fields={"logs.last_call": "date", "logs.result": "label"})
        assert await contacts.write_back(NOTE, returns, since=None) == Landed()
        one = the_one(simulator)
        assert {name: one[name] for name in ("contact_id", "phone_number", "full_name", "email", "address")} == {
            name: ANNA[name] for name in ("contact_id", "phone_number", "full_name", "email", "address")
        }
        assert one["last_interaction_at"] == "2026-11-23T10:00:05.123Z"
        assert one["last_interaction_summary"] == "Comes on Monday."
        assert one["logs"] == {
            "bron": "import", "vip": True, "campaigns:recall": ENTRY, "last_call": "2026-11-23", "result": "confirmed",
        }  # fmt: skip

    play(main)


def test_the_same_outcome_again_sends_nothing() -> None:
    async def main(contacts: FlireoContacts, simulator: FlireoSimulator) -> None:
        await contacts.write_back(NOTE, Returns(), since=None)
        written = the_one(simulator)
        await contacts._clock.sleep_until(START + timedelta(hours=3))
        assert await contacts.write_back(NOTE, Returns(), since=START) == Landed()
        assert the_one(simulator) == written, "last_modified has not moved"

    play(main)


def test_a_later_interaction_of_somebody_else_stays() -> None:
    later = {"last_interaction_at": "2026-11-24T08:00:00Z", "last_interaction_summary": "Called in herself."}

    async def main(contacts: FlireoContacts, simulator: FlireoSimulator) -> None:
        assert await contacts.write_back(NOTE, Returns(), since=None) == Landed()
        one = the_one(simulator)
        assert {name: one[name] for name in later} == later
        assert one["logs"]["campaigns:recall"] == ENTRY

    play(main, contacts=(ANNA | later,))


def test_who_was_never_dialled_keeps_their_last_interaction() -> None:
    async def main(contacts: FlireoContacts, simulator: FlireoSimulator) -> None:
        note = replace(NOTE, called_at=None, outcome=Outcome.EXPIRED, label="", disposition="", attempts=0)
        assert await contacts.write_back(note, Returns(), since=None) == Landed()
        one = the_one(simulator)
        assert (one["last_interaction_at"], one["last_interaction_summary"]) == (None, "Older words")
        assert one["logs"]["campaigns:recall"]["outcome"] == "expired"

    play(main)


def test_a_call_without_a_summary_is_told_in_a_sentence() -> None:
    async def main(contacts: FlireoContacts, simulator: FlireoSimulator) -> None:
        await contacts.write_back(replace(NOTE, summary=""), Returns(), since=None)
        assert the_one(simulator)["last_interaction_summary"] == "recall: reached (confirmed), attempts: 2"

    play(main)


def test_campaigns_do_not_overwrite_each_other_even_at_once() -> None:
    async def main(contacts: FlireoContacts, simulator: FlireoSimulator) -> None:
        async with anyio.create_task_group() as tasks:
            for number in range(5):
                note = replace(NOTE, campaign=f"wave-{number}", reference=f"r{number}")
                tasks.start_soon(lambda note=note: contacts.write_back(note, Returns(), since=None))
        logs = the_one(simulator)["logs"]
        assert {f"campaigns:wave-{number}" for number in range(5)} <= logs.keys()
        assert logs["bron"] == "import"

    play(main)


def test_an_opt_out_is_marked_once_and_its_first_word_stays() -> None:
    async def main(contacts: FlireoContacts, simulator: FlireoSimulator) -> None:
        note = replace(NOTE, outcome=Outcome.DO_NOT_CALL)
        await contacts.write_back(note, Returns(), since=None)
        mark = {"at": "2026-11-23T10:00:05.123Z", "campaign": "recall", "reference": "r1"}
        assert the_one(simulator)["logs"]["do_not_call"] == mark
        await contacts.write_back(replace(note, campaign="other", reference="r2"), Returns(), since=None)
        assert the_one(simulator)["logs"]["do_not_call"] == mark

    play(main)


@pytest.mark.parametrize("seed", range(4))
def test_a_fifth_of_all_answers_failing_changes_nothing_in_the_end(seed: int) -> None:
    """Each outcome is asked for until it lands, as the engine does; nobody is patient below."""
    kinds = [("write", "error"), ("write", "drop"), ("write", "error_before"), ("get", "error"), ("get", "drop")]
    rules = [Rule(at=at, kind=kind, share=0.2) for at, kind in kinds]  # type: ignore[arg-type]
    some = tuple(ANNA | {"contact_id": f"c{seed}{n}", "phone_number": f"+442079460{n:03}"} for n in range(20))

    async def main(contacts: FlireoContacts, simulator: FlireoSimulator) -> None:
        failed = 0
        for one in some:
            note = replace(NOTE, contact=one["contact_id"])
            for _ in range(60):
                try:
                    assert await contacts.write_back(note, Returns(), since=START) == Landed()
                    break
                except VendorError:
                    failed += 1
            else:
                pytest.fail("it never landed")
        assert failed > 5
        for before, after in zip(some, simulator.contacts, strict=True):
            assert after["logs"] == before["logs"] | {"campaigns:recall": ENTRY}
            assert after | {"logs": 0, "last_modified": 0, "last_interaction_at": 0, "last_interaction_summary": 0} == (
                before | {"logs": 0, "last_modified": 0, "last_interaction_at": 0, "last_interaction_summary": 0}
            )

    play(main, *rules, contacts=some, patient=False)


def test_who_is_gone_or_refused_can_never_be_written() -> None:
    async def main(contacts: FlireoContacts, _: FlireoSimulator) -> None:
        gone = await contacts.write_back(replace(NOTE, contact="nobody"), Returns(), since=None)
        assert gone == Unwritable("the contact is not there any more")
        nameless = await contacts.write_back(replace(NOTE, contact=""), Returns(), since=None)
        assert nameless == Unwritable("the contact came without an id")
        refused = await contacts.write_back(NOTE, Returns(), since=None)
        assert refused == Unwritable("refused: HTTP 400 invalid_parameters")

    play(main, Rule(at="write", kind="refuse"))


def test_where_logs_cannot_be_written_the_rest_is_and_it_is_told() -> None:
    async def main(contacts: FlireoContacts, simulator: FlireoSimulator) -> None:
        for _ in range(2):
            landed = await contacts.write_back(NOTE, Returns(), since=None)
            assert isinstance(landed, Landed)
            assert "cannot be written" in landed.warning
            one = the_one(simulator)
            assert (one["last_interaction_summary"], one["logs"]) == ("Comes on Monday.", ANNA["logs"])
        note = replace(NOTE, called_at=None)
        assert isinstance(await contacts.write_back(note, Returns(), since=None), Unwritable)

    play(main, logs_writable=False)


def test_where_patch_does_not_exist_nothing_is_put_and_the_settings_are_named() -> None:
    async def main(contacts: FlireoContacts, simulator: FlireoSimulator) -> None:
        with pytest.raises(VendorError, match="update_contact") as caught:
            await contacts.write_back(NOTE, Returns(), since=None)
        assert caught.value.status == 405
        assert PHONE not in str(caught.value)
        assert the_one(simulator) == ANNA

    play(main, contacts_patchable=False)


async def test_a_patch_that_is_not_found_is_the_route_where_the_contact_is_still_there() -> None:
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(request.method)
        return JSONResponse(ANNA) if request.method == "GET" else JSONResponse({"error": "Not Found"}, 404)

    async with scripted(answer) as contacts:
        with pytest.raises(VendorError, match="routes"):
            await contacts.write_back(NOTE, Returns(), since=None)
    assert asked == ["GET", "PATCH", "GET"]


async def test_logs_that_are_no_object_stay_and_it_is_told() -> None:
    sent: list[Any] = []

    async def serve(request: Request) -> Response:
        if request.method == "PATCH":
            sent.append(await request.json())
        return JSONResponse(ANNA | {"logs": "somebody's text"})

    async with serving(
        Starlette(routes=[Route("/{p:path}", serve, methods=["GET", "PATCH"])]), bind("127.0.0.1", 0)
    ) as at:
        contacts = FlireoContacts(VendorAccount("crm", at, "k"), Surroundings(SystemClock()))
        landed = await contacts.write_back(NOTE, Returns(), since=None)
        await contacts.aclose()
    assert isinstance(landed, Landed)
    assert "logs" in landed.warning
    (body,) = sent
    assert body.keys() == {"last_interaction_at", "last_interaction_summary"}


async def test_an_account_that_forgets_logs_is_told_of() -> None:
    async with scripted(lambda _: JSONResponse(ANNA)) as contacts:
        landed = await contacts.write_back(NOTE, Returns(), since=None)
    assert isinstance(landed, Landed)
    assert "cannot be written" in landed.warning


@pytest.mark.parametrize(("status", "ok"), [(401, False), (403, False), (500, None)])
async def test_health_tells_a_refused_key_from_a_doubt(status: int, ok: bool | None) -> None:
    async with scripted(lambda _: JSONResponse({"error": "no"}, status)) as contacts:
        contacts._client.rest._tries = 1
        (finding,) = await contacts.health()
    assert (finding.subject, finding.ok) == ("key", ok)


async def test_health_says_how_many_can_be_read() -> None:
    page = {"contacts": [ANNA], "pagination": {"total": 812, "has_more": True}}
    async with scripted(lambda _: JSONResponse(page)) as contacts:
        (finding,) = await contacts.health()
    assert finding.ok
    assert "812" in finding.says


async def test_a_refused_account_stops_the_reading() -> None:
    async with scripted(lambda _: JSONResponse({"error": "no"}, 401)) as contacts:
        with pytest.raises(AccountRefused, match="crm: list_contacts: HTTP 401"):
            await rows_of(contacts)
