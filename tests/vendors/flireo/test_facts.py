"""What is ASSUMED of Flireo, corrected in the settings without code."""

import json
from typing import Any

import pytest

from campaigns.clock import SystemClock
from campaigns.domain.call import Booked, BookingState, CallOrder, Disposition, Refused, Webhook
from campaigns.domain.errors import InputError
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.dial import Answer
from campaigns.vendors.flireo.calls import CallRecord
from campaigns.vendors.flireo.dialing import classify
from campaigns.vendors.flireo.facts import PLAIN, ROUTES, Facts
from campaigns.vendors.flireo.provider import FlireoProvider
from campaigns.vendors.flireo.scheduled import booked, read_booking

D = Disposition
TOKEN = "t0ken-" + "x" * 26
NOW = SystemClock().now()


def corrected(**facts: Any) -> Facts:
    return Facts.corrected(VendorAccount("flireo", "http://127.0.0.1", facts=facts))


def provider(**facts: Any) -> FlireoProvider:
    account = VendorAccount("flireo", "http://127.0.0.1", "key", TOKEN, facts=facts)
    return FlireoProvider(account, Surroundings(SystemClock()))


def ended(facts: Facts, **members: Any) -> Disposition | None:
    return CallRecord.model_validate({"call_id": "c"} | members).report(facts).disposition


def test_a_table_in_the_settings_adds_to_the_one_here() -> None:
    facts = corrected(ended_reasons={"Hung_Up": "answered", "customer-busy": "no_answer"})
    assert ended(facts, ended_reason="hung up") is D.ANSWERED
    assert ended(facts, ended_reason="customer-busy") is D.NO_ANSWER
    assert ended(facts, ended_reason="voicemail") is D.VOICEMAIL
    assert ended(PLAIN, ended_reason="hung up") is D.UNKNOWN


def test_a_hint_of_the_settings_is_looked_at_first() -> None:
    facts = corrected(reason_hints={"no-answer-machine": "no_answer"})
    assert ended(facts, ended_reason="no-answer-machine-gone") is D.NO_ANSWER
    assert ended(PLAIN, ended_reason="no-answer-machine-gone") is D.VOICEMAIL


def test_a_status_can_be_made_one_of_a_call_that_is_over_or_goes_on() -> None:
    facts = corrected(call_statuses={"Wrapped_Up": "over", "failed": "live"})
    over = CallRecord(call_id="c", status="wrapped up")
    assert (over.report(facts).ended, over.report().ended) == (True, False)
    retried = CallRecord(call_id="c", status="failed", ended_reason="busy")
    assert (retried.report(facts).ended, retried.report().ended) == (False, True)
    event = {"eventType": "status-update", "callSession": "c", "status": "wrapped_up"}
    hook = Webhook(TOKEN, {}, json.dumps(event).encode())
    for one, is_over in ((provider(call_statuses={"wrapped-up": "over"}), True), (provider(), False)):
        report = one.read(hook, now=NOW).report
        assert report is not None
        assert report.ended is is_over


def test_who_hung_up_voicemail_words_and_booking_states_can_be_corrected() -> None:
    facts = corrected(
        ended_by_us={"robot-left": True}, voicemail_words=["mailbox"], booking_states={"snoozed": "waiting"}
    )
    assert CallRecord(call_id="c", ended_reason="robot left").report(facts).agent_ended is True
    talk = {"ended_reason": "customer-ended-call", "duration_seconds": 9, "summary": "A mailbox spoke."}
    assert (ended(facts, **talk), ended(PLAIN, **talk)) == (D.VOICEMAIL, D.ANSWERED)
    booking = read_booking({"scheduled_call_id": "s", "status": "Snoozed"}, facts)
    assert booking is not None
    assert booking.state is BookingState.WAITING


def test_what_a_status_or_a_code_proves_can_be_corrected() -> None:
    facts = corrected(account_codes=["no_line"], bad_data_statuses=[400, 409], not_processed=420)
    for status, code, account, bad in ((400, "no_line", True, False), (409, "twice", False, True)):
        answer = classify(Answer(status, {}, json.dumps({"error": code}).encode()), now=NOW, facts=facts)
        assert isinstance(answer, Refused)
        assert (answer.account, answer.bad_data) == (account, bad)
    slow = classify(Answer(420, {}, b""), now=NOW, facts=facts)
    assert isinstance(slow, Refused)
    assert slow.throttled


def test_members_under_other_names_are_read_and_sent() -> None:
    names = {"state": "status", "why": "ended_reason", "uuid": "call_id", "plan_id": "scheduled_call_id"}
    facts = corrected(receives=names)
    row = facts.received({"uuid": "c", "state": "ended", "why": "customer-busy"})
    assert CallRecord.model_validate(row).report().disposition is D.BUSY
    assert booked({"data": {"plan_id": "s"}}, facts) == Booked("s")
    order = CallOrder("a1", "+442079460001", "agent", None, {})
    body = json.loads(provider(sends={"assistant_id": "agentId", "phone_number": "to"}).encode(order))
    assert (body["agentId"], body["to"]) == ("agent", "+442079460001")
    assert "assistant_id" not in body
    event = {"kind": "end-of-call-report", "callId": "c", "fromCaller": "+442079460001"}
    hook = Webhook(TOKEN, {}, json.dumps(event).encode())
    report = provider(receives={"kind": "eventType"}).read(hook, now=NOW).report
    assert report is not None
    assert report.ended


def test_the_header_of_the_key_can_be_corrected() -> None:
    assert provider(auth="X-Api-Key: {key}")._client.rest.headers["X-Api-Key"] == "key"
    assert "Authorization" not in provider(auth="X-Api-Key: {key}")._client.rest.headers


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"ended_reason": {}}, r"\[providers.flireo\] facts.ended_reason"),
        ({"ended_reasons": {"x": "picked_up"}}, "facts.ended_reasons.x"),
        ({"ended_reasons": "x"}, "facts.ended_reasons"),
        ({"call_statuses": {"x": "done"}}, "facts.call_statuses.x"),
        ({"page": "many"}, "facts.page"),
    ],
)
def test_a_wrong_correction_is_named(facts: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        corrected(**facts)


def test_every_endpoint_of_the_reference_is_in_the_table_and_legacy_ones_are_marked() -> None:
    assert len(ROUTES) == 49
    assert {name for name, route in ROUTES.items() if route.legacy} == {
        "get_user_legacy",
        "list_available_numbers_legacy",
    }
    assert not [name for name, route in ROUTES.items() if route.repeatable and route.method not in ("PATCH", "POST")]
    asks_twice = {name for name, route in ROUTES.items() if route.repeatable and route.method == "POST"}
    assert asks_twice == {"query_knowledgebase"}
