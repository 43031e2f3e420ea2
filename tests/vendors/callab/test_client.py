"""Callab's client: both dialects, errors that arrive as HTTP 200, pages that shift, and every endpoint once."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import pytest
from starlette.responses import JSONResponse, PlainTextResponse

from campaigns.domain.call import NotSent, Placed
from campaigns.domain.errors import AccountRefused, Throttled, VendorError
from campaigns.vendors.callab import Callab, CampaignDraft, CampaignRecord, RecordedCall, Where
from campaigns.vendors.callab.facts import ROUTES

PHONE, CALLER = "+442079460123", "+31200000001"
DRAFT = CampaignDraft(name="May", ai_agent_id="a", days_of_week=[1, 2], time_zone="Europe/Rome")
RECORD = CampaignRecord(name="May", status="paused", contacts_list_tags=[["spring"]])
RECORDED = RecordedCall(campaign_id="k", ai_agent_id="a", call_sid="CA1", call_from=CALLER, call_to=PHONE)


async def everything(walk: Any) -> list[Any]:
    return [item async for item in walk]


Use = Callable[[Callab], Awaitable[Any]]

USES: dict[str, Use] = {
    "query_contacts": lambda c: everything(c.contacts()),
    "get_contact": lambda c: c.get_contact("p"),
    "create_campaign": lambda c: c.create_campaign(DRAFT),
    "get_campaign": lambda c: c.get_campaign("k"),
    "list_campaigns": lambda c: c.campaigns(),
    "record_call": lambda c: c.record_call(RECORDED),
    "get_call": lambda c: c.get_call("c"),
    "query_calls": lambda c: everything(c.calls()),
    "list_agents": lambda c: c.agents(),
    "get_agent": lambda c: c.get_agent("a"),
    "list_flows": lambda c: c.webhooks(),
    "list_users": lambda c: everything(c.users()),
    "create_workspace": lambda c: c.create_workspace("North"),
    "list_campaigns_v0": lambda c: c.company_campaigns(3),
    "update_campaign": lambda c: c.update_campaign("k", RECORD),
    "list_phone_numbers": lambda c: c.phone_numbers(),
}
USES_V0: dict[str, Use] = {
    "query_contacts_v0": lambda c: everything(c.contacts(Where(tags=["x"]))),
    "list_contacts": lambda c: everything(c.contacts()),
    "list_flows_v0": lambda c: c.webhooks(),
}
ALL = [(name, use, {}) for name, use in USES.items()] + [
    (name, use, {"dialect": "v0"}) for name, use in USES_V0.items()
]


async def refused(vendor: Any, kind: type[Exception]) -> list[tuple[str, Any, Any]]:
    """Of every endpoint: its operation, what was raised, and what the server heard."""
    found = []
    async with vendor.callab() as new, vendor.callab(facts={"dialect": "v0"}) as old:
        for operation, use, facts in ALL:
            with pytest.raises(kind) as caught:
                await use(old if facts else new)
            found.append((operation, caught.value, vendor.heard[-1]))
    return found


def test_every_route_but_the_dial_is_tried_below() -> None:
    assert {name for name, _, _ in ALL} | {"make_call"} == ROUTES.keys()


def error(message: str) -> JSONResponse:
    return JSONResponse({"status": "error", "message": message, "data": ""})


# --- errors -----------------------------------------------------------------------------------------------------------


async def test_an_error_with_http_200_is_an_error_of_every_endpoint(scripted: Any) -> None:
    async with scripted(lambda _asked: error("broken for +442079460123")) as vendor:
        for operation, said, _ in await refused(vendor, VendorError):
            assert (said.vendor, said.operation, said.status, said.code) == ("callab", operation, 200, "error")
            mend = "Correct what was sent, or try again later."
            assert str(said) == f"callab: {operation}: HTTP 200: broken for (number). {mend}"


async def test_an_error_about_the_account_says_so_at_every_endpoint(scripted: Any) -> None:
    async with scripted(lambda _asked: error("Unauthorized")) as vendor:
        for operation, said, _ in await refused(vendor, AccountRefused):
            assert str(said).startswith(f"callab: {operation}: Unauthorized. Check api_key")


async def test_each_endpoint_has_its_method_path_and_key(scripted: Any) -> None:
    async with scripted(lambda _asked: error("x")) as vendor:
        for operation, _, asked in await refused(vendor, VendorError):
            route = ROUTES[operation]
            path = route.path.replace("{workspace}", "default").partition("{")[0]
            assert asked.method == route.method
            assert asked.path.startswith(("" if route.legacy else "/v1") + path)
            assert asked.headers["authorization"] == "Bearer key"


@pytest.mark.parametrize(
    "said", [JSONResponse({"data": []}), JSONResponse([]), JSONResponse({"status": 200}), JSONResponse({})]
)
async def test_an_answer_without_a_status_is_none(scripted: Any, said: Any) -> None:
    async with scripted(lambda _asked: said) as vendor, vendor.callab() as callab:
        with pytest.raises(VendorError, match="no status"):
            await callab.agents()


@pytest.mark.parametrize("word", ["success", "OK"])
async def test_ok_and_success_are_both_well(scripted: Any, word: str) -> None:
    answer = {"status": word, "message": word, "data": {"id": "w", "workspace_slug": "north"}}
    async with scripted(lambda _asked: JSONResponse(answer)) as vendor, vendor.callab() as callab:
        assert (await callab.create_workspace("North")).workspace_slug == "north"


@pytest.mark.parametrize("data", ["", {"id": "x"}, 7])
async def test_a_list_that_is_none_is_an_error_and_null_is_empty(scripted: Any, data: object) -> None:
    async with scripted(lambda _asked: data) as vendor, vendor.callab() as callab:
        with pytest.raises(VendorError, match="not a list"):
            await callab.agents()
    async with scripted(lambda _asked: None) as vendor, vendor.callab() as callab:
        assert await callab.agents() == []


@pytest.mark.parametrize("message", ["error", "", "Call not found", "no such call", "it does not exist"])
async def test_what_does_not_exist_is_told_from_other_errors(scripted: Any, message: str) -> None:
    async with scripted(lambda _asked: error(message)) as vendor, vendor.callab() as callab:
        with pytest.raises(VendorError) as caught:
            await callab.get_call("c")
    assert caught.value.code == "not_found"


async def test_http_errors_are_errors_too(scripted: Any) -> None:
    said = JSONResponse({"status": "error", "message": "down", "data": ""}, 500)
    async with scripted(lambda _asked: said) as vendor, vendor.callab() as callab:
        with pytest.raises(VendorError, match="callab: list_agents: HTTP 500: down"):
            await callab.agents()
    async with (
        scripted(lambda _asked: PlainTextResponse("", 429, {"retry-after": "9"})) as vendor,
        vendor.callab() as callab,
    ):
        with pytest.raises(Throttled) as caught:
            await callab.agents()
    assert caught.value.retry_after.total_seconds() == 9


# --- dialects ---------------------------------------------------------------------------------------------------------


async def test_v1_asks_by_query_one_source_at_a_time(scripted: Any) -> None:
    where = Where(tags=["hot", "new"], source_names=["Manual", "Website"], last_call_statuses=["busy"],
                  start_date=date(2026, 5, 1), workspace="north")  # fmt: skip
    async with scripted(lambda _asked: []) as vendor, vendor.callab() as callab:
        assert await everything(callab.contacts(where)) == []
    assert [asked.query["source_name"] for asked in vendor.heard] == ["Manual", "Website"]
    assert vendor.heard[0].query == {
        "tags": "hot,new", "source_name": "Manual", "last_call_statuses": "busy", "start_date": "2026-05-01",
        "workspace": "north", "page": "0", "per_page": "100", "sort_column": "created_at", "order": "asc",
    }  # fmt: skip


async def test_v0_asks_by_a_body_of_lists(scripted: Any) -> None:
    where = Where(tags=["hot", "new"], source_names=["Manual", "Website"], status="active")
    rows = [
        {"id": str(n), "tag_name": "hot", "source_name": "Manual", "status": s} for n, s in enumerate(("active", "x"))
    ]
    async with scripted(lambda _asked: rows) as vendor, vendor.callab(facts={"dialect": "v0"}) as callab:
        assert [contact.id for contact in await everything(callab.contacts(where))] == ["0"]
        assert len(await everything(callab.contacts())) == 2
    first, second = vendor.heard
    assert (first.method, first.path, first.query) == ("POST", "/contact/query", {})
    assert first.body == {"tags": ["hot", "new"], "source_names": ["Manual", "Website"]}
    assert (second.method, second.path) == ("GET", "/contact")


async def test_routes_and_places_can_be_corrected(scripted: Any) -> None:
    routes = {"query_contacts_v0": "GET /compaign/contacts", "list_agents": "/agents"}
    facts = {"dialect": "v0", "workspace": "north"}
    async with scripted(lambda _asked: []) as vendor:
        facts["v0_base"] = f"{vendor.url}/old"
        async with vendor.callab(facts=facts, routes=routes) as callab:
            await everything(callab.contacts(Where(tags=["x"])))
            await callab.agents()
    assert [(asked.method, asked.path) for asked in vendor.heard] == [
        ("GET", "/old/compaign/contacts"),
        ("GET", "/v1/agents"),
    ]
    assert vendor.heard[1].query == {"workspace": "north"}


async def test_filters_of_calls_are_three_arrays_side_by_side(scripted: Any) -> None:
    async with scripted(lambda _asked: []) as vendor, vendor.callab() as callab:
        columns = {
            "filter_columns": ["call_to", "notes"],
            "filter_values": [PHONE, "x"],
            "filter_operator": ["equals", "contains"],
        }
        await callab.call_page(2, size=7, status="comp", **columns)
    assert vendor.heard[0].pairs == [
        ("workspace", "default"), ("status", "comp"), ("filter_columns[]", "call_to"), ("filter_columns[]", "notes"),
        ("filter_values[]", PHONE), ("filter_values[]", "x"), ("filter_operator[]", "equals"),
        ("filter_operator[]", "contains"), ("page", "2"), ("per_page", "7"),
    ]  # fmt: skip


async def test_a_dial_has_its_variables_as_pairs_and_is_sent_once(scripted: Any) -> None:
    async with scripted(lambda _asked: {"id": "c1"}) as vendor, vendor.callab(patient=True) as callab:
        placed = await callab.make_call("a", call_from=CALLER, call_to=PHONE, variables={"first_name": "Zoë"})
    assert placed == Placed("c1")
    assert vendor.heard[0].body == {
        "ai_agent_id": "a", "call_from": CALLER, "call_to": PHONE, "workspace": "default",
        "dynamic_variables": [{"name": "first_name", "value": "Zoë"}],
    }  # fmt: skip
    assert (vendor.heard[0].path, vendor.heard[0].headers["authorization"]) == ("/v1/calls/make-call", "Bearer key")
    async with scripted(lambda _asked: PlainTextResponse("", 503)) as vendor, vendor.callab(patient=True) as callab:
        await callab.make_call("a", call_from=CALLER, call_to=PHONE)
    assert len(vendor.heard) == 1


async def test_a_dial_without_a_server_was_not_sent() -> None:
    async with Callab("key", base_url="http://127.0.0.1:9/v1") as callab:
        assert isinstance(await callab.make_call("a", call_from=CALLER, call_to=PHONE), NotSent)


# --- pages ------------------------------------------------------------------------------------------------------------


def paged(rows: list[dict[str, Any]], most: int = 100) -> Callable[[Any], Any]:
    """A list of which every page is cut from what is there at that moment, and never longer than `most`."""

    def answer(asked: Any) -> Any:
        size = min(int(asked.query["per_page"]), most)
        first = int(asked.query["page"]) * size
        return rows[first : first + size]

    return answer


async def ids_of(vendor: Any, **settings: Any) -> list[str]:
    async with vendor.callab(**settings) as callab:
        return [contact.id for contact in await everything(callab.contacts())]


@pytest.mark.parametrize(
    ("count", "most"), [(0, 100), (1, 100), (100, 100), (101, 100), (250, 100), (95, 10), (40, 20)]
)
async def test_everybody_is_read_once_whatever_size_the_vendor_makes_a_page(
    scripted: Any, count: int, most: int
) -> None:
    rows = [{"id": str(number)} for number in range(count)]
    async with scripted(paged(rows, most)) as vendor:
        assert await ids_of(vendor) == [str(number) for number in range(count)]


async def test_what_fits_on_one_page_is_asked_for_twice_at_most(scripted: Any) -> None:
    async with scripted(paged([{"id": "1"}])) as vendor:
        assert await ids_of(vendor) == ["1"]
    assert [asked.query["page"] for asked in vendor.heard] == ["0", "1"]


async def test_a_page_that_shifts_yields_nobody_twice_and_misses_nobody(scripted: Any) -> None:
    rows = [{"id": str(number)} for number in range(10)]

    def answer(asked: Any) -> Any:
        page = paged(rows)(asked)
        if len(vendor.heard) == 2:
            rows.insert(0, {"id": "new"})  # everybody moves back
        if len(vendor.heard) == 4:
            del rows[1]  # and forward, so that one slips past
        return page

    async with scripted(answer) as vendor:
        found = await ids_of(vendor, facts={"per_page": 3})
    assert len(found) == len(set(found))
    assert set(found) == {"new", *(str(number) for number in range(10))}


async def test_a_list_that_grows_between_two_walks_is_read_to_its_end(scripted: Any) -> None:
    rows = [{"id": str(number)} for number in range(5)]

    def answer(asked: Any) -> Any:
        page = paged(rows)(asked)
        if len(vendor.heard) == 3:
            rows.extend({"id": str(number)} for number in range(5, 12))
        return page

    async with scripted(answer) as vendor:
        assert set(await ids_of(vendor, facts={"per_page": 4})) == {str(number) for number in range(12)}


async def test_who_has_no_id_is_known_by_everything_else(scripted: Any) -> None:
    rows = [{"phone_number": PHONE, "firstname": name} for name in ("Ada", "Ben", "Ada")]
    async with scripted(lambda asked: rows if asked.query["page"] == "0" else []) as vendor, vendor.callab() as callab:
        assert [contact.firstname for contact in await everything(callab.contacts())] == ["Ada", "Ben"]


async def test_pages_of_users_may_be_called_otherwise(scripted: Any) -> None:
    async with scripted(lambda _asked: []) as vendor, vendor.callab(facts={"users_pages": ["n", "items"]}) as callab:
        assert await everything(callab.users()) == []
    assert vendor.heard[0].query == {"n": "0", "items": "100"}


# --- every endpoint once, against the simulator -----------------------------------------------------------------------


async def test_contacts_of_the_simulator_are_the_same_in_both_dialects(simulated: Any) -> None:
    async with simulated(people=45, most_per_page=20) as vendor:
        async with vendor.callab() as callab:
            contacts = await everything(callab.contacts())
            assert [each.id for each in contacts] == [each["id"] for each in vendor.simulator.book.contacts]
            assert await callab.get_contact(contacts[3].id) == contacts[3]
            hot = await everything(callab.contacts(Where(tags=["hot", "cold"], source_names=["Manual", "Website"])))
        async with vendor.callab(facts={"dialect": "v0"}) as callab:
            assert [each.id for each in await everything(callab.contacts())] == [each.id for each in contacts]
            same = await everything(callab.contacts(Where(tags=["hot", "cold"], source_names=["Manual", "Website"])))
    assert {each.id for each in hot} == {each.id for each in same}
    assert {each.tag_name for each in hot} == {"hot", "cold"}
    assert {each.source_name for each in hot} == {"Manual", "Website"}


@pytest.mark.parametrize("shown", [True, False])
async def test_campaigns_of_the_simulator_with_and_without_ids(simulated: Any, shown: bool) -> None:
    async with simulated(campaign_ids=shown) as vendor, vendor.callab() as callab:
        key = await callab.create_campaign(DRAFT)
        mine = await callab.get_campaign(key)
        assert (mine.name, mine.status, mine.id) == ("May", "active", key if shown else None)
        assert await callab.campaigns() == [mine]
        await callab.update_campaign(key, RECORD)
        assert (await callab.get_campaign(key)).status == "paused"
        assert [each.status for each in await callab.company_campaigns(1)] == ["paused"]
        with pytest.raises(VendorError, match="campaign not found"):
            await callab.get_campaign("other")
        with pytest.raises(VendorError, match="workspace not found"):
            await callab.campaigns("other")


async def test_calls_of_the_simulator(simulated: Any) -> None:
    async with simulated() as vendor, vendor.callab() as callab:
        placed = await callab.make_call("a", call_from=CALLER, call_to=PHONE, variables={"first_name": "Ada"})
        assert isinstance(placed, Placed)
        call = await callab.get_call(placed.call_id)
        assert (call.call_status, call.call_to, call.agent_dynamic_variables) == (
            "in-progress",
            PHONE,
            {"first_name": "Ada"},
        )
        recorded = await callab.record_call(RECORDED)
        assert recorded.call_sid == "CA1"
        assert {each.id for each in await everything(callab.calls())} == {call.id, recorded.id}
        filters = {"filter_columns": ["call_sid"], "filter_values": ["CA1"], "filter_operator": ["equals"]}
        assert [each.id for each in await everything(callab.calls(**filters))] == [recorded.id]


async def test_the_rest_of_the_simulator(simulated: Any) -> None:
    async with simulated(assistants={"a"}) as vendor, vendor.callab() as callab:
        vendor.simulator.webhook = "http://127.0.0.1:9/hook"
        assert [agent.id for agent in await callab.agents()] == ["a"]
        assert (await callab.get_agent("a")).status == "active"
        assert [each.phone_number for each in await callab.phone_numbers()] == [CALLER]
        flows = await callab.webhooks()
        assert [(flow.flow_direction, flow.retry_delay_unit) for flow in flows] == [("outbound", "seconds")]
        assert len(await everything(callab.users())) == 3
        assert (await callab.create_workspace("North Sea")).workspace_slug == "north-sea"
        with pytest.raises(VendorError, match="already exists"):
            await callab.create_workspace("North Sea")
        async with vendor.callab(facts={"dialect": "v0"}) as old:
            assert [flow.flow_direction for flow in await old.webhooks()] == ["OUTBOUND"]
