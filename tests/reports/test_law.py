"""Which rows the report names: those of the permits, with the words of today."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from campaigns.domain.lead import Attempt, AttemptState
from campaigns.planner.lawful import Permit
from campaigns.reports.law import Permits
from campaigns.rules import load_rules
from campaigns.testing import instant

BOOK = load_rules()
NOW = instant("2026-11-23T12:00Z")
CALL = Attempt(
    id="a", lead_id="l", campaign="c", person_key="p", phone="", phone_key="k", ordinal=1, provider="x",
    state=AttemptState.ENDED, open=False, body=b"", callback=False, created_at=NOW, send_at=NOW,
    dial_before=NOW + timedelta(seconds=30), lease_owner="w",
)  # fmt: skip


def counted(*permits: str, called: datetime = NOW, **changes: Any) -> Permits:
    found = Permits()
    for permit in permits:
        found.add(replace(CALL, permit=permit, first_sent_at=called, **changes))
    return found


def permit(*rules: str, data: str = "2026-11-20.a", off: str = "") -> str:
    return Permit(rules, data, ("Europe/Berlin",), NOW, off).as_json()


def test_rows_are_counted_by_calls_and_told_in_words() -> None:
    both = permit("eu-ai-disclosure", "de-telemarketing")
    found = counted(both, both, permit("us-debt", data="2026-12-01.b"))
    assert [(row.id, row.calls) for row in found.applied(BOOK)] == [
        ("eu-ai-disclosure", 2), ("de-telemarketing", 2), ("us-debt", 1),
    ]  # fmt: skip
    (debt,) = [row for row in found.applied(BOOK) if row.id == "us-debt"]
    assert debt.hours == "Mon-Sun 08-21"
    assert debt.limits == "7 attempts/7 d per debt; after conversation: 7 d"
    assert set(found.data) == {"2026-11-20.a", "2026-12-01.b"}
    assert found.duties(BOOK) == ("say at the start, in the language of the call, that it is an AI",)


def test_calls_without_a_row_and_rows_that_are_gone_are_no_fault() -> None:
    found = counted("", "{}", permit(off="our own staff"), permit("gone-row"))
    assert [(row.id, row.name, row.calls) for row in found.applied(BOOK)] == [("gone-row", "", 1)]
    assert json.loads(permit("x"))["rules"] == ["x"]
    assert found.duties(BOOK) == ()


def test_a_row_is_told_with_its_text_its_sources_and_how_sure_its_writers_are() -> None:
    (row,) = counted(permit("nl-telemarketing")).applied(BOOK)
    assert row.sources == BOOK.rule("nl-telemarketing").source
    assert (row.instrument, row.confidence) == ("Code Telemarketing (CTM) art. 9; Telecommunicatiewet 11.7", "high")


@pytest.mark.parametrize(("late", "held"), [(-2, 0), (0, 1), (30, 1), (31, 0)])
def test_a_call_is_within_hours_only_while_its_permit_holds(late: int, held: int) -> None:
    found = counted(permit("us-debt"), called=NOW + timedelta(seconds=late))
    assert (found.held, found.outside, found.without) == (held, 1 - held, 0)


def test_a_booked_call_rings_at_its_time_however_early_it_was_asked_for() -> None:
    booked = {"called": NOW - timedelta(hours=2), "fires_at": NOW}
    assert counted(permit("us-debt"), **booked).held == 1
    assert counted(permit("us-debt"), **{**booked, "fires_at": NOW - timedelta(minutes=1)}).outside == 1


def test_a_call_with_which_no_permit_is_kept_is_said_to_have_none() -> None:
    assert counted("", "{}", permit("us-debt"), permit(off="our own staff")).without == 2
