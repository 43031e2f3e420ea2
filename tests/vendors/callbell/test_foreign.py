"""Our client against a Callbell that others wrote from the same notes; both our sides against its OpenAPI document."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from callbell_bench import NOW, StandingClock, note
from foreign.callbell import Callbell as Foreign
from foreign.callbell import Rules
from foreign.standin import Habits
from foreign.wire import serving
from openapi.contract import Contract, Ledger, drive, overheard

from campaigns.domain.errors import VendorError
from campaigns.domain.rows import Row
from campaigns.domain.sources import Returns, TagReturns
from campaigns.ports.lists import Landed, Unwritable
from campaigns.serving import bind
from campaigns.serving import serving as our_serving
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.callbell import Callbell
from campaigns.vendors.callbell.contacts import CallbellContacts
from campaigns.vendors.callbell.facts import ROUTES
from campaigns.vendors.callbell.simulator import CallbellSimulator, Faults, Options

DOCUMENT = Contract.load("callbell")
ODD = {"odd": 0.5, "other": 0.5, "strings": 0.3}
FIELDS = {"Outcome": ("dropdown", ("reached", "exhausted")), "Called": ("date", ()), "Tries": ("number", ())}
RETURNS = Returns(
    tags=TagReturns(add=["called"], remove=["to-call"]),
    fields={"Outcome": "outcome", "Called": "date", "Tries": "attempts"},
)


def account(count: int, habits: Habits, rules: Rules | None = None) -> Foreign:
    vendor = Foreign(habits, rules or Rules())
    for n in range(count):
        vendor.add(f"Person {n}", f"+4420794600{n % 100:02}", ("to-call", "vip")[: 1 + n % 2])
    return vendor


def contacts(url: str, **more: Any) -> CallbellContacts:
    account = VendorAccount("callbell", f"{url}/v1", "foreign-key", section="lists", **more)
    return CallbellContacts(account, Surroundings(clock=StandingClock(NOW)))


@pytest.mark.parametrize("era", ["2023", "2026-07", "2026-08"])
@pytest.mark.parametrize("count", [0, 20, 70])
async def test_everybody_is_read_once_in_every_era_while_pages_shift(era: str, count: int) -> None:
    habits = Habits(seed=3, **ODD, cut_before=0.05, cut_after=0.05, fail_before=0.05, throttle=0.05)
    vendor = account(count, habits, Rules(era=era, loose_tags=True, empty_last_page=True))
    vendor.before = lambda request: vendor.stir(0.02)
    ledger = Ledger(DOCUMENT, "/v1")
    with serving(vendor, (ledger.hear,)) as url:
        listed = contacts(url)
        rows = [row async for batch in listed.read({"tags": ["to-call"]}) for row in batch.rows]
        await listed.aclose()
    assert sorted(row.ref for row in rows if isinstance(row, Row)) == sorted(vendor.contacts)
    assert ledger.requests == []


async def test_cursors_that_die_skip_and_double_nobody() -> None:
    vendor = account(70, Habits(seed=5, **ODD), Rules(cursor_dies=5))
    vendor.before = lambda request: vendor.stir(0.05)
    with serving(vendor) as url:
        listed = contacts(url)
        for _ in range(3):
            assert len([row async for batch in listed.read({}) for row in batch.rows]) == 70
        vendor.rules = Rules(cursor_dies=1)
        with pytest.raises(VendorError, match="the cursor expires before the list is read"):
            [batch async for batch in listed.read({})]
        await listed.aclose()


@pytest.mark.parametrize("merges", [True, False])
async def test_while_one_answer_in_five_fails_every_outcome_lands_once(merges: bool) -> None:
    faulty = {"cut_before": 0.05, "cut_after": 0.05, "fail_before": 0.05, "fail_after": 0.05}
    vendor = account(40, Habits(seed=2, **ODD, **faulty), Rules(fields=FIELDS, merges_fields=merges))
    for contact in vendor.contacts.values():
        contact.fields["Remark"] = "precious"
    facts = {"custom_fields": "merge" if merges else "replace"}
    vendor.rules = Rules(fields=FIELDS | {"Remark": ("text", ())}, merges_fields=merges)
    ledger = Ledger(DOCUMENT, "/v1")
    with serving(vendor, (ledger.hear,)) as url:
        listed = contacts(url, facts=facts)
        for number, key in enumerate(vendor.contacts):
            since = None
            for _ in range(60):
                told = note(contact=key, reference=f"ref{number}")
                try:
                    assert await listed.write_back(told, RETURNS, since=since) == Landed()
                    break
                except VendorError:
                    since = datetime.now(UTC)
        await listed.aclose()
    assert len(vendor.notes) == len({text for _, text in vendor.notes}) == 40
    assert {tag for _, tag in vendor.lost_tags} == {"to-call"}
    wanted = {"Outcome": "reached", "Called": "2026-11-23", "Tries": "2", "Remark": "precious"}
    assert all(contact.fields == wanted for contact in vendor.contacts.values())
    assert ledger.requests == []


async def test_whoever_is_gone_is_unwritable_and_what_is_unknown_is_a_warning() -> None:
    vendor = account(1, Habits(), Rules(fields=FIELDS, tags=frozenset({"to-call", "vip"})))
    (key,) = vendor.contacts
    with serving(vendor) as url:
        listed = contacts(url)
        found = await listed.write_back(note(contact=key), RETURNS, since=None)
        assert isinstance(found, Landed)
        assert "took no tags called" in found.warning
        assert isinstance(await listed.write_back(note(contact="gone"), RETURNS, since=None), Unwritable)
        await listed.aclose()
    assert vendor.contacts[key].tags == []


# ── the document ──


def test_our_operations_are_called_as_those_of_the_document() -> None:
    assert set(ROUTES) == set(DOCUMENT.operations)
    ours = {name: (route.method, route.path.count("{")) for name, route in ROUTES.items()}
    assert ours == {name: (one.method, one.path.count("{")) for name, one in DOCUMENT.operations.items()}


@pytest.mark.parametrize(
    "options", [{}, {"envelope": "array", "meta": "none"}, {"meta": "pages", "teams_shown": False}]
)
async def test_the_simulator_answers_every_operation_as_the_document_says(options: dict[str, Any]) -> None:
    clock = StandingClock(NOW)
    simulator = CallbellSimulator(clock=clock, faults=Faults(options=Options(**options)))
    office = simulator.account
    has = {
        "channel": office.channels, "team": office.teams, "template": office.templates, "user": office.users,
        "status": office.statuses,
    }  # fmt: skip
    known = {
        "bsuid": next(str(one.bsuid) for one in simulator.contacts if one.bsuid),
        **{f"{name}_uuid": next(iter(things)) for name, things in has.items()},
        "funnel_id": next(iter(simulator.account.funnels)),
        "custom_status_uuid": next(iter(office.statuses)),
        "number": next(str(one.phone) for one in simulator.contacts if one.phone and one.source == "whatsapp"),
    }
    known["to"] = known["number"]
    for one in simulator.contacts:  # so that a free message may be sent to anybody
        simulator.account.say(one, "Hello", "received", now=NOW)
    async with (
        our_serving(simulator.app, bind("127.0.0.1", 0)) as base,
        httpx.AsyncClient(base_url=f"{base}/v1/", trust_env=False) as http,
    ):
        heard = await drive(DOCUMENT, http, known)
    assert [(one.operation, one.complaints) for one in heard if one.complaints] == []
    # The document's example of a change to a template is empty, of which nobody knows what it does.
    assert {one.operation: one.status for one in heard if one.status >= 400} == {"update_template": 422}


async def test_our_client_asks_as_the_document_says_and_is_answered_so() -> None:
    simulator, ledger = CallbellSimulator(clock=StandingClock(NOW)), Ledger(DOCUMENT, "/v1")
    app: Any = overheard(simulator.app, ledger)
    async with our_serving(app, bind("127.0.0.1", 0)) as base:
        listed = contacts(base)
        rows = [row async for batch in listed.read({"tags": ["to-call"], "team": "Sales"}) for row in batch.rows]
        wish = Returns(tags=RETURNS.tags, fields={"Last call outcome": "outcome", "Last call at": "date"})
        for since in (None, NOW):
            assert await listed.write_back(note(contact=rows[0].ref), wish, since=since) == Landed()  # type: ignore[union-attr]
        await listed.health()
        await listed.aclose()
        async with Callbell("key", base_url=f"{base}/v1") as callbell:
            uuid, channel = simulator.contacts[0].uuid, next(iter(simulator.account.channels))
            await callbell.create_contact("442079460999", "whatsapp", "Zoe", tags=["vip"], channel_uuid=channel)
            await callbell.close_conversation(uuid)
            await callbell.steer_bot(uuid, "bot_end")
            await callbell.update_channel(channel, "Front")
            await callbell.list_webhook_events(status="failed", items=5, subscriptions=["contact_created"])
            await callbell.set_user_status(next(iter(simulator.account.users)), available=True)
            await callbell.create_custom_status("Lunch", "🍙")
    assert ledger.requests == []
    assert ledger.answers == []
