"""A Callab call in whatever shape it comes → our report."""

from datetime import UTC, datetime
from typing import Any

import pytest

from campaigns.domain.call import CallReport, Direction, Disposition
from campaigns.vendors.callab.calls import report
from campaigns.vendors.callab.facts import Facts
from campaigns.vendors.callab.models import Call

D = Disposition
PHONE, CALLER = "+442079460123", "+442079460999"
ENDED = {"id": "c", "call_to": PHONE, "ended_at": "2026-11-23T09:01:00Z"}


def read(**members: Any) -> CallReport:
    found = report(Call.model_validate({"id": "c"} | members), Facts())
    assert found is not None
    return found


def test_a_call_is_read_member_by_member() -> None:
    told = read(
        call_sid="CA1", call_from=CALLER, call_to=PHONE, call_duration=42, call_status="completed",
        call_direction="outbound", cost="0.07", disconnect_reason="agent_hangup", created_at="2026-11-23T09:00:00Z",
        started_at="2026-11-23T09:00:10", ended_at="2026-11-23T10:00:52+01:00", call_feedback="S", transcript="T",
        record_url="R", agent_post_call_outcomes={"appointment": "yes"}, retry_at=None, unknown={"x": 1},
    )  # fmt: skip
    assert told == CallReport(
        call_id="c", phone=PHONE, ended=True, disposition=D.ANSWERED, ended_reason="agent_hangup", talk_seconds=42.0,
        created_at=datetime(2026, 11, 23, 9, tzinfo=UTC), started_at=datetime(2026, 11, 23, 9, 0, 10, tzinfo=UTC),
        ended_at=datetime(2026, 11, 23, 9, 0, 52, tzinfo=UTC), summary="S", transcript="T", recording="R", cost=0.07,
        analysis={"appointment": "yes"}, agent_ended=True,
    )  # fmt: skip


@pytest.mark.parametrize("call_id", [None, "", [], {}])
def test_without_an_id_it_is_nobodys_call(call_id: object) -> None:
    assert report(Call.model_validate({"id": call_id, "call_to": PHONE}), Facts()) is None


@pytest.mark.parametrize("direction", ["inbound", "Inbound", "INBOUND_CALL"])
def test_of_an_inbound_call_the_human_is_the_caller(direction: str) -> None:
    told = read(call_direction=direction, call_from=PHONE, call_to=CALLER)
    assert (told.direction, told.phone) == (Direction.INBOUND, PHONE)


@pytest.mark.parametrize("word", ["completed", "no-answer", "No_Answer", "busy", "unreachable", "failed", "canceled"])
def test_a_word_of_an_end_ends_the_call_without_a_time(word: str) -> None:
    told = read(call_status=word)
    assert told.ended
    assert told.disposition is not None


@pytest.mark.parametrize(
    "word",
    [
        None,
        "",
        "in-progress",
        "In Progress",
        "queued",
        "ringing",
        "answered",
        "picked-up",
        "transferring",
        "völlig neu",
    ],
)
def test_a_call_that_may_be_going_on_has_not_ended(word: str | None) -> None:
    told = read(call_status=word, call_duration=12)
    assert (told.ended, told.disposition) == (False, None)


@pytest.mark.parametrize("word", ["in-progress", "transferring", ""])
def test_a_reason_alone_ends_no_call_whose_status_is_live_or_unknown(word: str) -> None:
    assert not read(call_status=word, disconnect_reason="none").ended


@pytest.mark.parametrize("word", ["answered", "picked-up"])
def test_who_picked_up_has_ended_with_a_reason_or_a_time(word: str) -> None:
    assert read(call_status=word, disconnect_reason="user_hangup").disposition is D.ANSWERED
    assert read(call_status=word, ended_at="2026-11-23T09:01:00Z").disposition is D.ANSWERED


@pytest.mark.parametrize(
    ("members", "disposition"),
    [
        ({"call_status": "completed", "call_duration": 40}, D.ANSWERED),
        ({"call_status": "Picked Up"}, D.ANSWERED),
        ({"call_status": "no_answer"}, D.NO_ANSWER),
        ({"call_status": "busy"}, D.BUSY),
        ({"call_status": "unreachable"}, D.FAILED),
        ({"call_status": "failed"}, D.FAILED),
        ({"call_status": "failed", "call_duration": 30}, D.ANSWERED),
        ({"call_status": "failed", "disconnect_reason": "invalid_number"}, D.BAD_NUMBER),
        ({"call_status": "busy", "disconnect_reason": "call_declined"}, D.DECLINED),
        ({"call_status": "completed", "disconnect_reason": "offer_declined", "call_duration": 30}, D.ANSWERED),
        ({"call_status": "completed", "disconnect_reason": "voicemail_reached", "call_duration": 20}, D.VOICEMAIL),
        ({"call_status": "completed", "disconnect_reason": "machine detected"}, D.VOICEMAIL),
        ({"call_status": "in-progress"}, D.UNKNOWN),
        ({"call_status": "a word of next year", "call_duration": 30}, D.UNKNOWN),
        ({}, D.UNKNOWN),
    ],
)  # fmt: skip
def test_the_end_is_read_from_status_and_reason(members: dict[str, Any], disposition: D) -> None:
    assert read(**(ENDED | members)).disposition is disposition


@pytest.mark.parametrize(
    "odd",
    [{"call_duration": "long"}, {"call_duration": -1}, {"cost": "0,07"}, {"created_at": "soon"}, {"ended_at": {}},
     {"agent_post_call_outcomes": "x"}, {"agent_post_call_outcomes": [1]}, {"transcript": ["x"]}, {"call_status": []},
     {"disconnect_reason": {}}, {"metadata": "x"}, {"call_direction": 5}],
)  # fmt: skip
def test_one_odd_member_does_not_hide_the_call(odd: dict[str, Any]) -> None:
    told = read(**({"call_to": PHONE, "call_status": "in-progress"} | odd))
    assert (told.call_id, told.phone, told.ended) == ("c", PHONE, False)


def test_the_settings_teach_a_new_word() -> None:
    facts = Facts(statuses={"machine-answered": "voicemail"}, over=frozenset({"machine-answered"}))
    told = report(Call(id="c", call_status="machine_answered"), facts)
    assert told is not None
    assert told.disposition is D.VOICEMAIL
