"""What stands in the way of a campaign, in words that say what mends it."""

from dataclasses import replace
from datetime import timedelta

from campaigns.desk.obstacles import Circumstances, obstacles
from campaigns.domain.lead import CampaignState
from campaigns.domain.pacing import Breaker
from campaigns.ports.store import Account, CampaignRecord
from campaigns.testing import instant

NOW = instant("2026-11-23T09:00Z")
SOON = NOW + timedelta(minutes=2)
RECORD = CampaignRecord("spring", CampaignState.ACTIVE, "", "", "acme", "informational", NOW)


def told(state: CampaignState = CampaignState.ACTIVE, reason: str = "", **changes: object) -> list[str]:
    seen = replace(Circumstances(replace(RECORD, state=state, reason=reason), dialed=True), **changes)
    return list(obstacles(seen, now=NOW))


def one(*args: object, **changes: object) -> str:
    (found,) = told(*args, **changes)  # type: ignore[arg-type]
    return found


def test_a_campaign_with_nothing_in_its_way_is_told_nothing():
    assert told(account=Account()) == []


def test_a_paused_account_goes_on_by_itself_and_says_when():
    found = one(account=Account(paused_until=SOON))
    assert "'acme' is paused until 09:02:00Z" in found
    assert told(account=Account(paused_until=NOW)) == []


def test_an_open_breaker_says_that_nobody_is_dialled_until_then():
    found = one(account=Account(breaker=Breaker(3, "", SOON)))
    assert "unclear answers, so nobody is dialled until 09:02:00Z" in found


def test_a_provider_that_refuses_is_quoted_with_the_command_that_goes_on():
    found = one(CampaignState.REFUSED, "HTTP 402: no credit")
    assert found == (
        "The provider 'acme' refuses the account: HTTP 402: no credit. Mend that, then `campaigns resume spring`."
    )


def test_a_budget_that_is_used_up_names_its_file():
    found = one(CampaignState.PAUSED, used_up="the budget for attempts is used up (5 of 5 attempts)")
    assert found.startswith("The budget for attempts is used up (5 of 5 attempts). Raise it in the file")


def test_lists_that_are_not_read_again_are_told_where_somebody_should_read_them():
    assert "08:59Z and were not" in one(unread_since=NOW - timedelta(seconds=1))
    assert told(unread_since=SOON) == []


def test_without_a_worker_the_command_is_named():
    assert one(dialed=False) == "Nothing dials from this database. Start `campaigns worker`."
    assert one(dialed=False, played=True) == "Nothing dials from this database. Start `campaigns run` its file."
    assert told(dialed=None) == []
    assert told(CampaignState.PAUSED, dialed=False) == []


def test_leads_that_wait_for_a_word_are_counted():
    assert one(held=1).startswith("1 lead waits for a person's word")
    assert one(held=1200).startswith("1,200 leads wait")
