"""Callbell's contacts as the rows of a campaign: who is in it, what of them, and what is refused."""

from typing import Any

import pytest
from callbell_bench import person, read, simulated

from campaigns.domain.campaign import Campaign
from campaigns.domain.contact import Contact
from campaigns.domain.errors import VendorError
from campaigns.domain.mapping import row_mapper
from campaigns.domain.rows import Row
from campaigns.domain.sources import Returns, TagReturns, VendorList
from campaigns.ports.health import Finding
from campaigns.vendors import list_kind
from campaigns.vendors.callbell.contacts import CallbellContacts, row
from campaigns.vendors.callbell.crm import ContactFilters
from campaigns.vendors.callbell.filters import Where, fits
from campaigns.vendors.callbell.models import Contact as Said
from campaigns.vendors.callbell.models import Team
from campaigns.vendors.callbell.simulator import Rule


def names(rows: list[Any]) -> set[str]:
    return {row.cells["name"] for row in rows}


async def test_everybody_but_the_blocked_is_a_row() -> None:
    async with simulated() as bench:
        rows = await read(bench)
        there = {one.uuid for one in bench.simulator.contacts if one.blocked_at is None}
        assert 0 < len(there) < len(bench.simulator.contacts)
        assert sorted(row.ref for row in rows) == sorted(there)
        assert [row.line for row in rows] == list(range(1, len(rows) + 1))
        assert all(set(CallbellContacts.header) <= row.cells.keys() for row in rows)


async def test_a_row_holds_what_callbell_says_and_custom_fields_under_their_labels() -> None:
    one = person(
        1, tags=["vip", "to-call"], fields={"Consent": ["voice", "sms"], "Seats": "4"}, note="short calls",
        assigned_user="mia@company.example", bsuid="GB.1",
    )  # fmt: skip
    async with simulated(contacts=[one]) as bench:
        one.team, one.channel = next(iter(bench.simulator.account.teams)), bench.simulator.account.main_channel
        [found] = await read(bench)
    assert isinstance(found, Row)
    wanted = {
        "phone": "+442079460001", "international": "+442079460001", "name": "Person 1", "id": one.uuid,
        "source": "whatsapp", "tags": "vip, to-call", "assigned_user": "mia@company.example", "team": "Sales",
        "channel": "Our whatsapp", "note": "short calls", "created_at": "2026-01-05T19:00:19+00:00", "bsuid": "GB.1",
        "Consent": "voice, sms", "Seats": "4",
    }  # fmt: skip
    assert found.cells | wanted == found.cells
    assert "Person" not in repr(found)


async def test_whoever_has_no_phone_is_told_as_such_and_not_lost() -> None:
    async with simulated(contacts=[person(1, phone=None), person(2)]) as bench:
        rows = await read(bench)
    told = sorted(str(mapped(one, "GB")) for one in rows)
    assert told == ["+442*******02", "BadRow(line=2, reason='phone: empty')"]


CAMPAIGN = {
    "campaign": "c", "purpose": "research", "calling_hours": "24/7",
    "contacts": [{"file": "x.csv", "columns": {"phone": "p"}}],
}  # fmt: skip


def mapped(one: Any, region: str | None, **columns: str) -> object:
    wish = VendorList.model_validate({"list": "callbell", "region": region, "columns": columns})
    source = wish.as_file(CallbellContacts.columns)
    contact = row_mapper(source, Campaign.model_validate(CAMPAIGN), [*one.cells], file="callbell")(one)
    return contact.phones[0] if isinstance(contact, Contact) else contact


@pytest.mark.parametrize(
    ("text", "region", "column", "e164"),
    [
        ("+44 20 7946 0123", None, "phone", "+442079460123"),
        ("442079460123", "GB", "phone", "+442079460123"),
        ("020 7946 0123", "GB", "phone", "+442079460123"),
        ("442079460123", None, "phone", None),
        ("442079460123", None, "international", "+442079460123"),
        ("442079460123", "US", "international", "+442079460123"),
        ("+1 (212) 555-0123", "GB", "international", "+12125550123"),
        ("020 7946 0123", "GB", "international", "+442079460123"),
        ("02079460123", "GB", "international", "+442079460123"),
        # A national number of the region that would also be some number abroad: the region decides.
        ("2079460123", "GB", "phone", "+442079460123"),
    ],
)
def test_the_region_decides_what_digits_mean_unless_the_campaign_says_international(
    text: str, region: str | None, column: str, e164: str | None
) -> None:
    found = mapped(row(Said(uuid="a", phone_number=text), 1), region, phone=column)
    assert getattr(found, "e164", None) == e164


async def test_a_contact_without_a_uuid_is_a_bad_row() -> None:
    found = row(Said.model_validate({"name": "Ada"}), 7)
    assert str(found) == "BadRow(line=7, reason='Callbell shows it without a uuid')"


def test_a_field_named_as_a_column_hides_nothing() -> None:
    found = row(Said.model_validate({"uuid": "a", "note": "ours", "customFields": {"note": "theirs"}}), 1)
    assert isinstance(found, Row)
    assert (found.cells["note"], found.cells["field note"]) == ("ours", "theirs")


# ── filters ──


PEOPLE = [
    person(1, tags=["to-call"], source="whatsapp", assigned_user="mia@company.example", fields={"Plan": "Gold"}),
    person(2, tags=["to-call-later"], source="whatsapp", fields={"Consent": ["voice", "sms"]}),
    person(3, tags=["VIP", "to-call"], source="instagram", fields={"Plan": "Silver", "Consent": ["email"]}),
    person(4, tags=["vip"], source="telegram"),
]


@pytest.mark.parametrize(
    ("where", "who"),
    [
        ({}, {1, 2, 3, 4}),
        ({"tags": "to-call"}, {1, 3}),
        ({"tags": ["TO-CALL"]}, {1, 3}),
        ({"tags": ["to-call", "vip"]}, {1, 3, 4}),
        ({"tags": ["to"]}, set()),
        ({"source": "WhatsApp"}, {1, 2}),
        ({"source": ["instagram", "telegram"], "tags": ["vip"]}, {3, 4}),
        ({"assigned_user": "Mia@company.example"}, {1}),
        ({"fields": {"plan": ["gold", "silver"]}}, {1, 3}),
        ({"fields": {"Consent": "voice"}}, {2}),
        ({"fields": {"Plan": "Silver", "Consent": "email"}}, {3}),
        ({"tags": ["newsletter"]}, set()),
    ],
)
@pytest.mark.parametrize("several_tags", ["or", "and"])
@pytest.mark.parametrize("facts", [{"tags": "brackets"}, {"tags": "comma"}])
async def test_filters_mean_any_of_their_values_exactly(
    where: dict[str, Any], who: set[int], several_tags: str, facts: dict[str, str]
) -> None:
    async with simulated(contacts=PEOPLE, several_tags=several_tags) as bench:
        found = [row.cells["name"] for row in await read(bench, where, facts=facts)]
    assert sorted(found) == sorted(f"Person {n}" for n in who)


@pytest.mark.parametrize("shown", [True, False])
async def test_a_team_is_found_by_uuid_and_by_name_also_where_contacts_do_not_show_it(shown: bool) -> None:
    people = [person(n) for n in range(4)]
    async with simulated(contacts=people, teams_shown=shown) as bench:
        sales, support = bench.simulator.account.teams
        people[0].team, people[1].team, people[2].team = sales, support, sales
        assert names(await read(bench, {"team": "sales"})) == {"Person 0", "Person 2"}
        assert names(await read(bench, {"team": [support]})) == {"Person 1"}
        assert names(await read(bench, {"team": ["Sales", support]})) == {"Person 0", "Person 1", "Person 2"}
        with pytest.raises(VendorError, match=r"the account has no team Slaes\. Correct `where\.team`"):
            await read(bench, {"team": "Slaes"})


def test_a_server_that_finds_too_many_teams_is_not_believed() -> None:
    wish, asked = Where(team=["a" * 32]), ContactFilters(team_uuid="a" * 32)
    shown = [Said(uuid="1", team=Team(uuid=uuid)) for uuid in ("A" * 32, "b" * 32, None)]
    assert [fits(one, wish, asked) for one in shown] == [True, False, True]


@pytest.mark.parametrize(
    ("where", "keys", "mend"),
    [
        ({"fields": ["Best time"]}, ("where", "fields"), "Write `key: value` lines below it."),
        ({"tag": ["x"]}, ("where", "tag"), "Did you mean `tags`?"),
        ({"sourse": "x"}, ("where", "sourse"), "Did you mean `source`?"),
        ({"zzz": "x"}, ("where", "zzz"), "Known here: tags, source, team, assigned_user, fields."),
        ({"tags": []}, ("where", "tags"), "Write one, or several of which any may fit."),
        ({"tags": {"a": 1}}, ("where", "tags"), "Write one, or several of which any may fit."),
        ({"fields": {"Plan": [None]}}, ("where", "fields", "Plan"), "Write one, or several of which any may fit."),
    ],
)
def test_a_wrong_filter_is_told_with_its_key_and_the_mend(where: Any, keys: tuple[str, ...], mend: str) -> None:
    [fault] = CallbellContacts.check(CallbellContacts.__new__(CallbellContacts), where, Returns())
    assert (fault.keys, fault.mend) == (keys, mend)


def test_a_tag_with_unknown_braces_is_told() -> None:
    returns = Returns(tags=TagReturns(add=["called-{outcome}", "x-{result}"], remove=["{campaign}"]))
    [fault] = CallbellContacts.check(CallbellContacts.__new__(CallbellContacts), {}, returns)
    assert fault.keys == ("returns", "tags", "add", 1)


# ── health and the registry ──


async def test_health_tells_of_key_cursors_and_clock() -> None:
    async with simulated(api_key="key.part") as bench:
        listed = bench.contacts()
        found = {finding.subject: finding.ok for finding in await listed.health()}
        await listed.aclose()
        assert found == {"key": True}
    async with simulated(api_key="other", meta="pages") as bench:
        listed = bench.contacts()
        [finding] = await listed.health()
        assert (finding.subject, finding.ok) == ("key", False)
        bench.simulator.door.options = bench.simulator.options.model_copy(update={"api_key": None})
        assert Finding("contacts", None, "", "") != (found := (await listed.health())[1])
        assert (found.subject, found.ok, found.mend) == ("contacts", None, "Narrow `where` by tags, source or team.")
        await listed.aclose()
    async with simulated(Rule(at="get", kind="drop")) as bench:
        listed = bench.contacts()
        assert [(finding.subject, finding.ok) for finding in await listed.health()] == [("key", None)]
        await listed.aclose()


def test_the_registry_knows_the_list() -> None:
    assert list_kind("callbell") is CallbellContacts
    assert CallbellContacts.BASE_URL == "https://api.callbell.eu/v1"
