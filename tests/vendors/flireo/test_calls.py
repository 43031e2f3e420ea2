"""A Flireo call record in whatever shape it comes → our report."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from campaigns.domain.call import CallReport, Direction, Disposition
from campaigns.vendors.flireo.calls import CallRecord, structured
from campaigns.vendors.flireo.facts import PLAIN

D = Disposition
PHONE = "+31200000001"
ENDED = {"call_id": "c", "to_number": PHONE, "status": "ended", "ended_at": "2026-11-23T09:01:00Z"}


def report(**members: Any) -> CallReport:
    return CallRecord.model_validate({"call_id": "c"} | members).report()


def test_a_record_is_read_member_by_member() -> None:
    read = report(
        direction="outbound", from_number="+31200000099", to_number=PHONE, status="ended",
        ended_reason="customer-ended-call", created_at="2026-11-23T09:00:00Z", started_at="2026-11-23T09:00:10Z",
        ended_at="2026-11-23T10:01:00+01:00", duration_seconds=50, summary="S", transcript="T", recording_url="R",
        cost=0.07, analysis={"structuredData": {"confirmed": True}}, metadata={"attempt_id": "a"}, unknown=1,
    )  # fmt: skip
    assert read == CallReport(
        call_id="c", attempt_id="a", direction=Direction.OUTBOUND, phone=PHONE, ended=True, disposition=D.ANSWERED,
        ended_reason="customer-ended-call", talk_seconds=50.0, created_at=datetime(2026, 11, 23, 9, tzinfo=UTC),
        started_at=datetime(2026, 11, 23, 9, 0, 10, tzinfo=UTC), ended_at=datetime(2026, 11, 23, 9, 1, tzinfo=UTC),
        summary="S", transcript="T", recording="R", cost=0.07, analysis={"confirmed": True}, agent_ended=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("members", "call_id"),
    [
        ({"id": "x"}, "x"),
        ({"call_id": 17}, "17"),
        ({"call_id": None, "id": "x"}, "x"),
        ({"call_id": "y", "id": "x"}, "y"),
    ],
)
def test_a_call_id_is_a_text_under_either_name(members: dict[str, Any], call_id: str) -> None:
    assert CallRecord.model_validate(members).report().call_id == call_id


@pytest.mark.parametrize(
    "row", [{}, {"call_id": ""}, {"call_id": None}, {"call_id": True}, {"id": ["x"]}, None, [], "c", 7]
)
def test_without_an_id_it_is_no_call(row: object) -> None:
    with pytest.raises(ValidationError):
        CallRecord.model_validate(row)


@pytest.mark.parametrize("direction", ["inbound", "Inbound", "inboundPhoneCall", "inbound_phone_call"])
def test_of_an_inbound_call_the_human_is_the_caller(direction: str) -> None:
    read = report(direction=direction, from_number=PHONE, to_number="+31200000099")
    assert (read.direction, read.phone) == (Direction.INBOUND, PHONE)


@pytest.mark.parametrize(
    "odd",
    [
        {"created_at": ""}, {"created_at": "soon"}, {"ended_at": {}}, {"duration_seconds": ""},
        {"duration_seconds": "nan"}, {"duration_seconds": -3}, {"duration_seconds": 10**400}, {"duration_seconds": []},
        {"cost": "0,07"}, {"cost": "inf"}, {"summary": {"text": "x"}}, {"summary": ["x"]}, {"from_number": {}},
        {"status": []}, {"analysis": "x"}, {"analysis": []}, {"metadata": "x"}, {"metadata": {"attempt_id": None}},
        {"transcript": 5}, {"direction": None}, {"recording_url": True}, {"ended_reason": {}}, {"created_at": 1e300},
    ],
)  # fmt: skip
def test_one_odd_member_does_not_hide_the_call(odd: dict[str, Any]) -> None:
    read = report(**({"to_number": PHONE, "status": "in-progress"} | odd))
    assert (read.call_id, read.phone, read.ended, read.disposition) == ("c", PHONE, False, None)
    assert read.attempt_id is None


@pytest.mark.parametrize("stamp", ["2026-11-23T09:00:00", "2026-11-23 09:00:00", 1795424400, 1795424400000])
def test_an_instant_without_a_zone_is_utc(stamp: object) -> None:
    assert report(created_at=stamp).created_at == datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    "status",
    [None, "", "queued", "ringing", "in-progress", "In_Progress", "in progress", "IN-PROGRESS", "initiated", "answered",
     "processing", "active", "a word of next year"],
)  # fmt: skip
def test_a_call_that_may_be_going_on_has_not_ended(status: str | None) -> None:
    read = report(status=status, duration_seconds=12)
    assert (read.ended, read.disposition) == (False, None)


def test_a_reason_that_nobody_has_met_ends_no_call_of_a_status_that_nobody_has_met() -> None:
    assert not report(status="wrapping up", ended_reason="a word of next year").ended


@pytest.mark.parametrize(
    "members",
    [{"status": word} for word in ("ended", "Ended", "completed", "failed", "ended-with-error", "ended_with_debugging",
                                   "busy", "no_answer", "cancelled", "insufficient-credits")]
    + [{"ended_at": "2026-11-23T09:00:00Z"}, {"status": "in-progress", "ended_at": "2026-11-23T09:00:00Z"},
       {"ended_reason": "a word of next year"}, {"status": "hung up", "ended_reason": "customer-ended-call"}],
)  # fmt: skip
def test_a_call_that_says_so_has_ended(members: dict[str, Any]) -> None:
    read = report(**members)
    assert read.ended
    assert read.disposition is not None


@pytest.mark.parametrize(
    ("members", "disposition"),
    [
        ({"ended_reason": "customer-ended-call", "duration_seconds": 40}, D.ANSWERED),
        ({"ended_reason": "Customer-Ended-Call", "duration_seconds": 40}, D.ANSWERED),
        ({"ended_reason": "assistant_ended_call", "duration_seconds": 40}, D.ANSWERED),
        ({"ended_reason": "user_hangup", "duration_seconds": 40}, D.ANSWERED),
        ({"ended_reason": "exceeded-max-duration", "duration_seconds": 1800}, D.ANSWERED),
        ({"ended_reason": "customer-did-not-answer"}, D.NO_ANSWER),
        ({"ended_reason": "no_answer"}, D.NO_ANSWER),
        ({"ended_reason": "customer-busy"}, D.BUSY),
        ({"ended_reason": "line busy"}, D.BUSY),
        ({"ended_reason": "call-rejected"}, D.DECLINED),
        ({"ended_reason": "declined"}, D.DECLINED),
        ({"ended_reason": "unallocated_number"}, D.BAD_NUMBER),
        ({"ended_reason": "invalid-destination"}, D.BAD_NUMBER),
        ({"ended_reason": "voicemail", "duration_seconds": 20}, D.VOICEMAIL),
        ({"ended_reason": "machine_detected", "duration_seconds": 20}, D.VOICEMAIL),
        ({"ended_reason": "pipeline-error-tts"}, D.FAILED),
        ({"ended_reason": "something new", "duration_seconds": 12}, D.ANSWERED),
        ({"ended_reason": "something new", "duration_seconds": 0}, D.UNKNOWN),
        ({"ended_reason": "something new"}, D.UNKNOWN),
        ({}, D.UNKNOWN),
        ({"duration_seconds": 12}, D.ANSWERED),
        ({"status": "failed"}, D.FAILED),
        ({"status": "failed", "duration_seconds": 0}, D.FAILED),
        ({"status": "failed", "duration_seconds": 60}, D.ANSWERED),
        ({"status": "ended-with-debugging"}, D.FAILED),
        ({"status": "ended-with-debugging", "duration_seconds": 60}, D.ANSWERED),
        ({"status": "ended-with-error", "ended_reason": "customer-busy"}, D.BUSY),
        ({"status": "no-answer"}, D.NO_ANSWER),
        ({"status": "busy"}, D.BUSY),
        ({"duration_seconds": 12, "summary": "De voicemail is ingesproken."}, D.VOICEMAIL),
        ({"duration_seconds": 12, "summary": "Het ANTWOORDAPPARAAT nam op."}, D.VOICEMAIL),
        ({"duration_seconds": 12, "summary": "Reached an answering machine", "ended_reason": "customer-ended-call"},
         D.VOICEMAIL),
        ({"summary": "Voicemail"}, D.UNKNOWN),
        ({"ended_reason": "customer-busy", "summary": "Voicemail", "duration_seconds": 3}, D.BUSY),
        ({"duration_seconds": 12, "summary": "Korte kennismaking."}, D.ANSWERED),
    ],
)  # fmt: skip
def test_the_end_is_read_from_reason_status_summary_and_duration(members: dict[str, Any], disposition: D) -> None:
    assert report(**(ENDED | members)).disposition is disposition


def test_an_unknown_word_is_nobodys_disposition() -> None:
    assert PLAIN.disposition_of("") is None
    assert PLAIN.disposition_of("customer-went-home") is None


@pytest.mark.parametrize(
    ("analysis", "seen"),
    [
        (None, {}), ({}, {}), ({"structuredData": {"a": 1}, "summary": "x"}, {"a": 1}),
        ({"structured_data": {"a": 1}}, {"a": 1}), ({"a": 1, "summary": "x", "successEvaluation": "true"}, {"a": 1}),
        ({"structuredData": "text", "a": 1}, {"structuredData": "text", "a": 1}),
    ],
)  # fmt: skip
def test_rules_see_the_structured_data(analysis: dict[str, Any] | None, seen: dict[str, Any]) -> None:
    assert structured(analysis) == seen


MEMBERS = ["call_id", "id", "direction", "to_number", "status", "ended_reason", "created_at", "ended_at",
           "duration_seconds", "summary", "analysis", "metadata", "cost"]  # fmt: skip
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["ended", "2026-11-23", PHONE]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(MEMBERS), JSON))
def test_no_record_is_too_odd(row: dict[str, Any]) -> None:
    try:
        read = CallRecord.model_validate(row).report()
    except ValidationError:
        return
    assert read.call_id
    assert (read.disposition is not None) == read.ended
    assert read.talk_seconds is None or 0 <= read.talk_seconds < float("inf")
