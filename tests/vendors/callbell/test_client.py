"""Every documented endpoint of Callbell once, against the simulator; and what it says, in all its shapes."""

from datetime import UTC, datetime, timedelta

import pytest
from callbell_bench import Bench, simulated

from campaigns.domain.errors import AccountRefused, InputError, Throttled, VendorError
from campaigns.vendors.account import Surroundings
from campaigns.vendors.callbell import Callbell
from campaigns.vendors.callbell.facts import ROUTES
from campaigns.vendors.callbell.models import Contact, Funnel, Message, Meta
from campaigns.vendors.callbell.simulator import Rule
from campaigns.vendors.callbell.speaking import Ends, Listed


def client(bench: Bench, *, patient: bool = True, **more: object) -> Callbell:
    return Callbell(account=bench.account(**more), around=Surroundings(clock=bench.clock, patient=patient))


@pytest.mark.parametrize("envelope", ["object", "array"])
async def test_contacts_are_made_found_changed_and_deleted(envelope: str) -> None:
    async with simulated(envelope=envelope) as bench, client(bench) as callbell:
        made = await callbell.create_contact(
            "+44 20 7946 0999", "whatsapp", "Zoe Sample", tags=["vip"], custom_fields={"Consent": ["voice"]}, note="new"
        )
        assert (made.name, made.tags, made.note, made.created_at) == ("Zoe Sample", ["vip"], "new", bench.clock.now())
        assert made.fields == {"Consent": ["voice"]}
        assert made.custom_fields == {"Consent": '["voice"]'}
        again = await callbell.create_contact("442079460999", "whatsapp", "Zoe")
        assert (again.uuid, again.tags) == (made.uuid, ["vip"])
        assert (await callbell.find_contact_by_phone("44-20-7946-0999")).uuid == made.uuid
        changed = await callbell.update_contact(
            made.uuid, tags=["called"], custom_fields={"Seats": "4"}, assigned_user="mia@company.example"
        )
        assert (changed.tags, changed.assigned_user) == (["called"], "mia@company.example")
        typed = await callbell.get_contact(made.uuid, include_field_types=True)
        assert {label: field.type for label, field in typed.custom_fields_metadata.items()} == {
            "Consent": "checkbox", "Seats": "number",
        }  # fmt: skip
        assert typed.custom_fields_metadata["Consent"].options == ["voice", "sms", "email"]
        assert (await callbell.update_contact(made.uuid, unassign_user=True, tags=[])).assigned_user is None
        await callbell.delete_contact(made.uuid)
        with pytest.raises(VendorError, match=r"callbell: get_contact: HTTP 404: not found\. Check the id"):
            await callbell.get_contact(made.uuid)


async def test_a_conversation_is_noted_closed_opened_moved_and_given_to_the_bot() -> None:
    async with simulated() as bench, client(bench) as callbell:
        uuid = bench.simulator.contacts[0].uuid
        await callbell.add_note(uuid, "@Mia please look")
        messages = [message async for message in callbell.contact_messages(uuid)]
        assert (messages[0].text, messages[0].status) == ("@Mia please look", "note")
        assert (await callbell.close_conversation(uuid)).closed_at == bench.clock.now()
        assert (await callbell.list_contact_messages(uuid)).items[0].uuid is None
        assert (await callbell.open_conversation(uuid)).closed_at is None
        funnels = await callbell.list_funnels()
        assert funnels[1].created_at is not None
        assert (await callbell.move_conversation(uuid, funnels[1].uuid or "")).funnel_id == funnels[1].uuid
        assert (await callbell.steer_bot(uuid, "bot_start")).status == "started"
        assert (await callbell.get_bot(uuid)).latest_bot_version is True


async def test_whoever_hides_their_number_is_found_by_bsuid() -> None:
    async with simulated() as bench, client(bench) as callbell:
        hidden = next(one for one in bench.simulator.contacts if one.bsuid)
        assert (await callbell.find_contact_by_bsuid(str(hidden.bsuid))).uuid == hidden.uuid


async def test_the_office_is_listed_and_changed() -> None:
    async with simulated() as bench, client(bench) as callbell:
        assert (await callbell.get_me()).status == "ok"
        channels = [channel async for channel in callbell.channels()]
        assert [channel.type for channel in channels] == ["whatsapp", "facebook", "instagram", "telegram"]
        assert len((await callbell.list_channels(kind="whatsapp", active=True)).items) == 1
        assert (await callbell.get_channel(channels[0].uuid or "")).main is True
        assert (await callbell.update_channel(channels[0].uuid or "", "Front door")).title == "Front door"
        sales = (await callbell.list_teams())[0]
        assert (await callbell.get_team(sales.uuid or "")).members == 2
        assert (await callbell.update_team(sales.uuid or "", "Selling")).name == "Selling"
        members = [member async for member in callbell.team_members(sales.uuid or "")]
        assert [member.name for member in members] == ["Mia Muster", "Noor Muster"]
        assert not (await callbell.list_team_members(sales.uuid or "", status="away")).items
        plan = await callbell.get_plan()
        assert (plan.plan, plan.active_users, len(plan.teams)) == ("business_plus", 3, 2)
        [template] = [template async for template in callbell.templates()]
        assert (await callbell.get_template(template.uuid or "")).status == "approved"
        assert (await callbell.update_template(template.uuid or "", title="later")).title == "later"


async def test_presence_is_set_whole_and_answered_in_snake_case() -> None:
    async with simulated() as bench, client(bench) as callbell:
        made = await callbell.create_custom_status("Away", "🌴")
        assert made.created_at == bench.clock.now()
        changed = await callbell.replace_custom_status(made.id or "", name="Back soon", emoji="🌴")
        assert (changed.name, changed.emoji) == ("Back soon", "🌴")
        assert (await callbell.get_custom_status(made.id or "")).name == "Back soon"
        assert len(await callbell.list_custom_statuses()) == 2
        user = next(iter(bench.simulator.account.users))
        shown = await callbell.set_user_status(user, available=False, custom_status_uuid=made.id or "")
        assert (shown.available, shown.last_updated_at) == (False, bench.clock.now())
        await callbell.clear_user_status(user)
        await callbell.delete_custom_status(made.id or "")
        assert len(await callbell.list_custom_statuses()) == 1


async def test_messages_are_sent_followed_and_hidden() -> None:
    async with simulated(wallet=False) as bench, client(bench) as callbell:
        contact = next(one for one in bench.simulator.contacts if one.source == "whatsapp" and one.phone)
        to, content = str(contact.phone), {"text": "See you"}
        with pytest.raises(VendorError, match="HTTP 422: content: must be a template"):
            await callbell.send_message("whatsapp", "text", content, to=to)
        with pytest.raises(AccountRefused, match="no credit") as refused:
            await callbell.send_message("whatsapp", "text", content, to=to, template_uuid="t", optin_contact=True)
        assert (refused.value.status, refused.value.code) == (402, "whatsapp_wallet_depleted_credit")
        bench.simulator.account.say(contact, "Hello", "received", now=bench.clock.now())
        sent = await callbell.send_message("whatsapp", "text", content, to=to, metadata={"lead": "1"})
        assert sent.status == "enqueued"
        bench.clock.forward(seconds=5)
        assert (await callbell.get_message_status(sent.uuid or "")).status == "delivered"
        await callbell.delete_message(sent.uuid or "")
        assert "See you" not in [message.text for message in contact.messages]


async def test_the_one_webhook_is_overwritten_and_removed() -> None:
    async with simulated() as bench, client(bench) as callbell:
        first = await callbell.subscribe("https://first.example/hook", ["contact_created"])
        assert (first.url, first.enabled, first.subscriptions) == (
            "https://first.example/hook",
            True,
            ["contact_created"],
        )
        await callbell.subscribe("https://second.example/hook", ["contact_updated"])
        assert bench.simulator.teller.url == "https://second.example/hook"
        await callbell.update_contact(bench.simulator.contacts[0].uuid, name="Other Name")
        events = [event async for event in callbell.webhook_events(status="failed", subscriptions=["contact_updated"])]
        assert [(event.event, event.success) for event in events] == [("contact_updated", False)]
        assert not (await callbell.list_webhook_events(status="success", items=5)).items
        await callbell.unsubscribe()
        assert bench.simulator.teller.url is None


def test_every_route_has_a_method_of_its_name() -> None:
    assert [name for name in ROUTES if not callable(getattr(Callbell, name, None))] == []
    assert "OVERWRITES" in str(Callbell.subscribe.__doc__)


# ── errors ──


async def test_both_shapes_of_errors_say_what_to_do() -> None:
    async with simulated(api_key="right.key") as bench:
        async with client(bench) as callbell:
            with pytest.raises(AccountRefused, match=r"callbell: get_me: HTTP 401 not authorized\. Check api_key"):
                await callbell.get_me()
        bench.simulator.door.options = bench.simulator.options.model_copy(update={"api_key": None})
        async with client(bench) as callbell:
            with pytest.raises(VendorError, match=r"HTTP 422: name: must be present and not empty") as wrong:
                await callbell.create_contact("442079460998", "whatsapp", "")
            assert wrong.value.status == 422


@pytest.mark.parametrize("retry_after", [None, "7"])
async def test_whoever_asks_too_fast_waits_as_long_as_is_said(retry_after: str | None) -> None:
    async with simulated(per_second=1, retry_after=retry_after) as bench:
        async with client(bench) as callbell:
            await callbell.get_me()
            started = bench.clock.now()
            await callbell.get_me()
            assert bench.clock.now() - started == timedelta(seconds=float(retry_after or 1))
        bench.clock.forward(seconds=1)
        async with client(bench, patient=False) as callbell:
            await callbell.get_me()
            with pytest.raises(Throttled) as throttled:
                await callbell.add_note(bench.simulator.contacts[0].uuid, "twice?")
            assert throttled.value.retry_after == timedelta(seconds=float(retry_after or 1))


@pytest.mark.parametrize("kind", ["error", "drop", "half"])
async def test_what_appends_is_never_repeated_by_itself(kind: str) -> None:
    async with simulated(Rule(at="create", kind=kind, first=1)) as bench, client(bench) as callbell:
        contact = bench.simulator.contacts[0]
        with pytest.raises(VendorError):
            await callbell.add_note(contact.uuid, "once")
        assert contact.notes == ["once"]


async def test_reading_is_repeated() -> None:
    async with simulated(Rule(at="get", kind="drop", first=2)) as bench, client(bench) as callbell:
        assert (await callbell.get_contact(bench.simulator.contacts[0].uuid)).name


async def test_an_answer_that_is_no_contact_is_an_error() -> None:
    async with simulated(Rule(at="create", kind="no_id")) as bench, client(bench) as callbell:
        with pytest.raises(VendorError, match="the answer has no contact"):
            await callbell.update_contact(bench.simulator.contacts[0].uuid, name="x")


def test_a_wrong_correction_names_itself() -> None:
    with pytest.raises(InputError, match=r"\[lists\.callbell\] facts\.custom_fields"):
        Callbell(account=Bench(None, None, "http://x").account(facts={"custom_fields": "both"}))  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"\[lists\.callbell\] routes\.list_contact"):
        Callbell(account=Bench(None, None, "http://x").account(routes={"list_contact": "/c"}))  # type: ignore[arg-type]


# ── shapes ──


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-05-04T08:15:00Z", datetime(2026, 5, 4, 8, 15, tzinfo=UTC)),
        ("2026-05-04T08:15:00.250+02:00", datetime(2026, 5, 4, 6, 15, 0, 250_000, tzinfo=UTC)),
        ("2026-01-05 20:00:19 +0100", datetime(2026, 1, 5, 19, 0, 19, tzinfo=UTC)),
        ("yesterday", None), (None, None), ("", None),
    ],
)  # fmt: skip
def test_three_shapes_of_dates_are_read(text: str | None, at: datetime | None) -> None:
    assert Funnel.model_validate({"createdAt": text}).created_at == at


def test_a_contact_is_read_whatever_is_absent_odd_or_new() -> None:
    contact = Contact.model_validate(
        {
            "uuid": "a", "phoneNumber": None, "tags": None, "team": {}, "channel": None, "newKey": 1,
            "customFields": {"Plan": "Gold", "Consent": '["voice","sms"]', "Seats": 4, "Gone": None, "Odd": "[x"},
            "assignedUser": "", "createdAt": "soon",
        }
    )  # fmt: skip
    assert contact.fields == {"Plan": "Gold", "Consent": ["voice", "sms"], "Seats": "4", "Odd": "[x"}
    assert (contact.tags, contact.team.uuid, contact.created_at, contact.blocked) == ([], None, None, False)
    assert contact.model_extra == {"newKey": 1}
    assert Contact.model_validate({"uuid": "a", "customFields": []}).fields == {}
    assert Contact.model_validate({"uuid": "a", "tags": "to-call"}).tags == ["to-call"]


def test_a_text_that_looks_like_a_checkbox_stays_a_text_where_its_type_is_known() -> None:
    typed = {"Remark": {"value": '["x"]', "type": "text"}}
    contact = Contact.model_validate({"uuid": "a", "customFields": {"Remark": '["x"]'}, "customFieldsMetadata": typed})
    assert contact.fields == {"Remark": '["x"]'}


@pytest.mark.parametrize("mark", ["2026-05-04T08:15:00Z", "some day", True, 1])
def test_whoever_may_be_blocked_is(mark: object) -> None:
    assert Contact.model_validate({"uuid": "a", "blockedAt": mark}).blocked
    assert not Contact.model_validate({"uuid": "a", "blockedAt": None}).blocked


@pytest.mark.parametrize("more", [{}, {"page": "odd"}])
def test_a_list_that_names_a_next_page_has_cursors_though_there_is_none(more: dict[str, object]) -> None:
    assert Meta.model_validate({"next": None, **more}).has_cursor
    assert not Meta.model_validate(more).has_cursor


def test_nothing_personal_shows_in_a_repr() -> None:
    contact = Contact.model_validate(
        {"uuid": "a", "name": "Ada", "phoneNumber": "+442079460000", "customFields": {"Mobile": "+442079460001"}}
    )
    message = Message.model_validate({"text": "I am Ada", "from": "+442079460000"})
    assert not [word for word in ("Ada", "20794") if word in repr(contact) + repr(message)]


def test_a_list_ends_where_meta_says_or_the_pages_show_it() -> None:
    def listed(*uuids: str, pages: int | None = None) -> Listed[Contact]:
        return Listed([Contact(uuid=uuid) for uuid in uuids], Meta(pages=pages))

    said = Ends()
    assert [said.here(n, listed("a", pages=2)) for n in (1, 2)] == [False, True]
    shorter = Ends()
    assert [shorter.here(n, listed(*page)) for n, page in ((1, "ab"), (2, "cd"), (3, "e"))] == [False, False, True]
    for second in ((), ("a",)):  # empty, and a list that knows no pages
        ends = Ends()
        assert [ends.here(1, listed("a")), ends.here(2, listed(*second))] == [False, True]
