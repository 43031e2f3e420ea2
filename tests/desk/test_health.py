"""How this process and its database are, in lines that say what to do."""

from dataclasses import replace
from datetime import timedelta

from campaigns.desk.health import Seen, health_of
from campaigns.domain.lead import AttemptState, CampaignState
from campaigns.domain.pacing import Breaker
from campaigns.ports.gauges import Gauges
from campaigns.ports.health import Finding
from campaigns.ports.store import Account, CampaignRecord
from campaigns.testing import instant

NOW = instant("2026-11-23T09:00Z")
LONG_AGO = NOW - timedelta(minutes=5)
ACTIVE = CampaignRecord("spring", CampaignState.ACTIVE, "", "", "acme", "informational", NOW)
WELL = Seen([Finding("", True, "campaigns.db: WAL")], Gauges(), {}, {"acme": Account()}, [ACTIVE], True, False, True)


def lines(**changes):
    return {line.name: (line.ok, line.detail) for line in health_of(replace(WELL, **changes), now=NOW).lines}


def test_where_all_is_well_no_line_is_wrong():
    found = lines()
    assert set(found) == {"database", "calls", "workers"}
    assert all(ok for ok, _ in found.values())


def test_an_active_campaign_without_a_worker_is_wrong_and_an_idle_database_is_not():
    assert lines(dialed=False)["workers"] == (
        False, "nothing dials from this database, where 1 of the campaigns should. Start `campaigns worker`."
    )  # fmt: skip
    assert lines(dialed=False, campaigns=[])["workers"][0] is None
    assert lines(dialed=None)["workers"][0] is None


def test_reports_that_wait_long_are_wrong_and_their_age_is_a_figure():
    gauges = Gauges(inbox={"acme": (3, LONG_AGO)})
    assert lines(gauges=gauges)["inbox acme"] == (False, "3 reports wait to be taken in, the oldest for 5 min")
    figures = health_of(replace(WELL, gauges=gauges), now=NOW).figures
    assert (figures["inbox"], figures["inbox_age_seconds"]) == (3, 300)


def test_calls_that_nobody_asks_about_are_wrong_while_there_are_any():
    placed = Gauges(attempts={("acme", AttemptState.PLACED): 2})
    assert lines(gauges=placed, asked_until={"acme": LONG_AGO})["sweep acme"][0] is False
    assert lines(gauges=placed, asked_until={"acme": NOW})["sweep acme"][0] is True
    assert "sweep acme" not in lines(asked_until={"acme": LONG_AGO})


def test_a_sick_provider_and_doubts_are_told():
    soon = NOW + timedelta(minutes=1)
    assert lines(accounts={"acme": Account(breaker=Breaker(3, "", soon))})["account acme"][0] is False
    assert lines(accounts={"acme": Account(paused_until=soon)})["account acme"][0] is None
    doubts = Gauges(attempts={("acme", AttemptState.UNCERTAIN): 2})
    assert lines(gauges=doubts)["doubts"][1].startswith("2 attempts")
