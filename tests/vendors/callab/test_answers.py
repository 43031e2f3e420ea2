"""What an answer to Callab's make-call proves, and how its one envelope is read."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaigns.domain.call import Placed, Placement, Refused, Unclear
from campaigns.domain.errors import InputError
from campaigns.vendors.account import VendorAccount
from campaigns.vendors.callab.answers import Envelope, opened, placement
from campaigns.vendors.callab.facts import Facts
from campaigns.vendors.dial import Answer

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
FACTS = Facts()


def judged(status: int, body: object, facts: Facts = FACTS, **headers: str) -> Placement:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {name.lower().replace("_", "-"): value for name, value in headers.items()}
    return placement(Answer(status, headers, content), facts, now=NOW)


def ok(data: object, word: str = "ok") -> dict[str, Any]:
    return {"status": word, "message": word, "data": data}


def error(message: object, word: str = "error") -> dict[str, Any]:
    return {"status": word, "message": message, "data": ""}


@pytest.mark.parametrize("body", [ok({"id": "c1"}), ok({"id": "c1", "call_status": "failed"}, "success"),
                                  ok({"id": "c1"}, " OK "), ok({"id": "c1", "new": [1]})])  # fmt: skip
def test_an_ok_with_an_id_is_placed(body: object) -> None:
    assert judged(200, body) == Placed("c1")


def test_a_number_as_an_id_is_an_id() -> None:
    assert judged(201, ok({"id": 7})) == Placed("7")


@pytest.mark.parametrize(
    "body",
    [ok(None), ok(""), ok([]), ok({}), ok({"id": ""}), ok({"id": "  "}), ok({"id": None}), ok({"id": True}),
     ok({"id": ["c"]}), ok("c1"), {"id": "c1"}, {"data": {"id": "c1"}}, {"status": 200, "data": {"id": "c1"}}, [],
     "ok", None, b"", b"<html>", b'{"status": "ok", "data": {"id": "c'],
)  # fmt: skip
def test_without_an_id_in_an_ok_envelope_nothing_is_proved(body: object) -> None:
    assert isinstance(judged(200, body), Unclear)


@pytest.mark.parametrize(
    ("message", "account"),
    [
        ("Unauthorized", True), ("forbidden", True), ("insufficient credits", True), ("Insufficient balance.", True),
        ("AI agent not found", True), ("phone number not found", True), ("agent is inactive", True),
        ("workspace does not exist", True), ("ai_agent_id is required", True), ("call_from is required", True),
        ("invalid call_from", True), ("Invalid API key", True), ("invalid ai_agent_id", True),
        ("invalid phone number", False), ("call_to is required", False), ("invalid call_to", False),
        ("destination not found", False), ("INVALID", False),
    ],
)  # fmt: skip
def test_words_that_prove_a_refusal_say_whose_it_is(message: str, account: bool) -> None:
    told = judged(200, error(message))
    assert told == Refused(f"HTTP 200 {message}", account=account, bad_data=not account)


@pytest.mark.parametrize(
    "message",
    ["error", "", None, "something went wrong", "invalid response from carrier", "timed out", "timeout, not found",
     "internal: record not found", "call already in progress, invalid", "invalidated", "the required provider failed",
     {"text": "x"}, "could not save the call", "contact not found", "record does not exist",
     "invalid input syntax for uuid", "call created, invalid contact",
     "the call was placed, but the campaign is required",
     "webhook url is required"],
)  # fmt: skip
def test_all_other_errors_leave_a_doubt(message: object) -> None:
    assert isinstance(judged(200, error(message)), Unclear)


@pytest.mark.parametrize("data", [{"id": "c1"}, {"id": 7}, {"call": {"id": "c1"}}, {"call_sid": "s"}, {"call_id": "c"}])
@pytest.mark.parametrize("status", [200, 400, 402, 404, 422])
def test_an_error_that_names_a_call_leaves_a_doubt_whatever_its_words(status: int, data: object) -> None:
    assert isinstance(judged(status, error("invalid call_to") | {"data": data}), Unclear)
    assert isinstance(judged(status, error("unauthorized") | {"call": {"id": "c1"}}), Unclear)


@pytest.mark.parametrize("status", [400, 404, 422])
@pytest.mark.parametrize("message", ["twilio timeout", "call already in progress", "no response from the carrier"])
def test_a_refusal_by_http_whose_words_are_in_doubt_is_a_doubt(status: int, message: str) -> None:
    assert isinstance(judged(status, error(message)), Unclear)


@pytest.mark.parametrize("status", [200, 401, 402, 403])
def test_a_refused_account_may_be_told_whom_to_ask(status: int) -> None:
    told = judged(status, error("insufficient credits, please contact our sales"))
    assert isinstance(told, Refused)
    assert told.account


@pytest.mark.parametrize("word", ["failed", "pending", "", "queued", "ERROR"])
def test_whatever_is_neither_ok_nor_success_is_an_error(word: str) -> None:
    assert isinstance(judged(200, error("", word) | {"data": {"id": "c1"}}), Unclear)
    assert isinstance(judged(200, error("unauthorized", word)), Refused)


@pytest.mark.parametrize("status", [401, 402, 403, 404, 405])
def test_the_account_is_refused_by_http_as_well(status: int) -> None:
    for body in (error("unauthorized"), b"", {"error": "x"}):
        told = judged(status, body)
        assert isinstance(told, Refused)
        assert (told.account, told.bad_data, told.throttled) == (True, False, False)


@pytest.mark.parametrize(
    ("message", "account"), [("invalid call_to", False), ("", False), ("missing field ai_agent_id", True)]
)
@pytest.mark.parametrize("status", [400, 422])
def test_a_body_that_is_refused_by_http_is_about_the_lead_unless_it_names_the_account(
    status: int, message: str, account: bool
) -> None:
    told = judged(status, error(message))
    assert isinstance(told, Refused)
    assert (told.account, told.bad_data) == (account, not account)


def test_too_fast_is_throttled_for_as_long_as_is_said() -> None:
    told = judged(429, error("slow down"), retry_after="7")
    assert told == Refused("HTTP 429 slow down", throttled=True, retry_after=timedelta(seconds=7))
    unsaid = judged(429, b"")
    assert isinstance(unsaid, Refused)
    assert unsaid.retry_after == timedelta(seconds=30)


@pytest.mark.parametrize("status", [301, 302, 307, 408, 409, 423, 500, 502, 503, 504, 521])
def test_every_other_status_leaves_a_doubt_whatever_it_says(status: int) -> None:
    for body in (ok({"id": "c1"}), error("unauthorized"), error("invalid call_to"), b""):
        assert isinstance(judged(status, body), Unclear)


def test_a_number_in_a_message_is_not_repeated() -> None:
    told = judged(200, error("invalid call_to +442079460123"))
    assert isinstance(told, Refused)
    assert "2079460123" not in told.reason


def test_the_settings_add_words_to_the_tables() -> None:
    account = VendorAccount(
        "callab", "http://x.invalid", facts={"refusals": {"gesperrt": "account"}, "statuses": {"gone": "failed"}}
    )
    facts = Facts.corrected(account)
    assert isinstance(judged(200, error("Konto gesperrt"), facts), Refused)
    assert isinstance(judged(200, error("insufficient"), facts), Refused)
    assert facts.statuses["gone"] == "failed"
    assert facts.statuses["busy"] == "busy"


@pytest.mark.parametrize(
    "facts", [{"dialekt": "v1"}, {"dialect": "v2"}, {"per_page": 0}, {"statuses": {"gone": "dead"}}]
)
def test_a_wrong_correction_is_named(facts: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"\[providers.callab\] facts." + next(iter(facts))):
        Facts.corrected(VendorAccount("callab", "http://x.invalid", facts=facts))


@pytest.mark.parametrize("said", [None, [], "ok", {}, {"data": []}, {"status": None}, {"status": 1}])
def test_what_has_no_status_is_no_envelope(said: object) -> None:
    assert opened(said) is None


def test_an_error_has_an_empty_text_for_data() -> None:
    assert opened(error("error")) == Envelope(ok=False, message="error", data="")
