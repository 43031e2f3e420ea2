"""What Callab sends: a hint about a call, under whatever name the user gave it."""

import json
from typing import Any

import pytest

from campaigns.domain.call import Grade, Notice, Webhook
from campaigns.domain.errors import ProofError
from campaigns.vendors.callab.facts import Facts
from campaigns.vendors.callab.webhooks import read

TOKEN = "t0ken-" + "x" * 26
EVENT = {
    "event": "call.ended",
    "data": {"id": "c1", "campaign_id": None, "contact_id": None, "call_to": "+442079460123",
             "call_status": "completed", "call_duration": 42, "disconnect_reason": "agent_hangup",
             "analysis_sentiment": "positive", "agent_post_call_outcomes": {"appointment": "yes"},
             "started_at": "2026-11-23T09:00:10Z", "ended_at": "2026-11-23T09:00:52Z", "retry_at": None},
}  # fmt: skip


def told(body: object, token: str = TOKEN) -> Notice:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read(Webhook(token, {}, raw), tokens=(TOKEN,), facts=Facts())


def test_the_event_of_an_end_is_a_hint_about_its_call() -> None:
    notice = told(EVENT)
    assert notice.grade is Grade.TOKEN
    assert notice.question is None
    report = notice.report
    assert report is not None
    assert (report.call_id, report.phone, report.talk_seconds, report.ended) == ("c1", "+442079460123", 42.0, True)
    assert report.analysis == {"appointment": "yes"}


@pytest.mark.parametrize(
    "body",
    [{"id": "c1"}, {"call_id": "c1", "id": "event-9"}, {"callId": "c1"}, {"data": {"id": "c1"}}, {"call": {"id": "c1"}},
     {"data": {"call_id": "c1", "id": "x"}}, {"call": {"id": "c1"}, "id": "x"}, {"data": "text", "id": "c1"},
     {"event": "outcomes extracted", "data": {"id": "c1"}}, {"event": 7, "call_id": "c1"},
     {"event": "agent.task.completed", "data": {"id": "task", "call_id": "c1"}},
     {"call_id": "c1", "call_duration": "forty", "transcript": ["x"]}],
)  # fmt: skip
def test_a_flat_body_names_its_call_under_a_usual_name(body: object) -> None:
    report = told(body).report
    assert report is not None
    assert report.call_id == "c1"


@pytest.mark.parametrize(
    "body",
    [{"result": "yes"}, {"id": ""}, {"id": None}, {"id": 7}, {"id": ["c1"]}, {"data": []}, {"data": {"id": {}}},
     {"event": "campaign.ended", "data": {"id": "k1"}}, {"event": "contact.created", "id": "p1"},
     {"event": "agent.task.completed", "data": {"id": "task"}}],
)  # fmt: skip
def test_what_names_no_call_is_proved_but_reports_nothing(body: object) -> None:
    assert told(body).report is None


def test_the_same_news_has_the_same_key_and_other_news_another() -> None:
    assert told(EVENT).dedupe_key == told(EVENT).dedupe_key != told({"id": "c1"}).dedupe_key


@pytest.mark.parametrize("token", ["", "x", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "\ud800" * 32])
def test_a_wrong_address_is_refused(token: str) -> None:
    with pytest.raises(ProofError) as caught:
        told(EVENT, token)
    assert TOKEN not in str(caught.value)


def test_a_secret_that_could_be_guessed_admits_nobody() -> None:
    with pytest.raises(ProofError):
        read(Webhook("short", {}, b"{}"), tokens=("short",), facts=Facts())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"id=c1",
        b"[]",
        b'"c1"',
        b"null",
        b'{"id":"a","id":"b"}',
        b'{"id":"c","x":NaN}',
        b"{}",
        b"[" * 100_000,
        b"\xff{}",
    ],
)
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(ProofError):
        told(body)


def test_values_of_any_kind_do_no_harm() -> None:
    odd: list[Any] = [None, True, 1, 1.5, "", "x", [], [1], {}, {"id": "x"}]
    for name in ("data", "call", "event", "id", "call_id", "call_status", "agent_post_call_outcomes"):
        for value in odd:
            assert told({**EVENT, name: value}).grade is Grade.TOKEN
