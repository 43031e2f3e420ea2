"""What the law leaves of a list, counted before anybody is called."""

from datetime import date

import pytest

from campaigns.domain.contact import Basis, Consent
from campaigns.domain.legal import Law
from campaigns.engine.intake import Source
from campaigns.engine.preparing import told
from campaigns.outlook import Outlook, watched
from campaigns.ports import BadRow
from campaigns.rules import load_rules
from campaigns.testing import a_campaign, a_contact, instant

LAW = Law(load_rules())
MONDAY = instant("2026-11-23T12:00Z")
NEW_YORK, HAWAII = "America/New_York", "Pacific/Honolulu"


def outlook(*contacts, **campaign):
    keys = {"timezone": "contact", "legal_hours": "auto", "calling_hours": "Mo-Fr 09:00-21:00"} | campaign
    found = Outlook(a_campaign(**keys), LAW, MONDAY)
    for contact in contacts:
        found.note(contact)
    return found


def dutch(number=0, **changes):
    return a_contact(number, **({"jurisdictions": ("NL",)} | changes))


def american(number=0, **changes):
    plain = {"zones": (NEW_YORK,), "country": "US", "jurisdictions": ("US-NY",)}
    return a_contact(number, **(plain | changes))


def test_contacts_are_counted_by_place_row_and_duty() -> None:
    found = outlook(dutch(), dutch(1), american(jurisdictions=("US-NY", "NL")))
    assert found.places == {"NL": 3, "US-NY": 1}
    assert found.rows["eu-ai-disclosure"] == found.rows["nl-telemarketing"] == 3
    assert found.rows["us-ai-voice-exempt"] == 1
    assert found.duties["disclose_ai"] == 3


def test_who_is_blocked_is_told_with_the_row_and_the_mend() -> None:
    agreed = american(consents=(Consent(Basis.PRIOR, "form"),))
    found = outlook(american(), american(1), agreed, dutch())
    assert found.blocked == {("prior consent is needed", "us-ai-voice-exempt"): 2}
    (line,) = found.blocked_lines()
    assert line.startswith("2 of 4 will not be called: prior consent is needed (us-ai-voice-exempt)")
    assert line.endswith("as who is blocked stays so: consent: {basis: prior, proof: …}")
    assert "blocked   2 of 4 contacts will not be called" in found.brief()[1]


def test_a_ban_has_no_mend() -> None:
    wyoming = american(jurisdictions=("US-WY",))
    (line,) = outlook(wyoming, purpose="telemarketing").blocked_lines()
    assert "banned" in line
    assert "state it" not in line


@pytest.mark.parametrize(
    ("zones", "kind"),
    [
        ((NEW_YORK,), "one"),
        ((NEW_YORK, "America/Chicago"), "several"),
        ((), "none"),
        ((NEW_YORK, "Asia/Tokyo"), "empty"),
    ],
)
def test_contacts_have_one_zone_several_none_or_no_hour_in_common(zones, kind) -> None:
    found = outlook(american(zones=zones), calling_hours="Mo-Fr 09:00-12:00")
    assert found.zones == {kind: 1}
    assert found.zones_line().startswith("1 have" if kind != "several" else "1 may be in several")


def test_hours_of_the_law_alone_can_leave_nobody_an_hour() -> None:
    night = {"calling_hours": "Mo-Fr 21:00-24:00"}
    assert outlook(dutch(), **night).zones == {"one": 1}
    assert outlook(dutch(), **(night | {"calling_hours": "Mo-Fr 22:00-24:00"})).zones == {"empty": 1}


def test_the_week_is_what_campaign_and_law_leave_together_where_most_contacts_are() -> None:
    name, days = outlook(dutch(), dutch(1), american()).week(date(2026, 11, 23))
    assert name == "Europe/Amsterdam"
    assert days[0] == [("09:00", "21:00")]
    assert days[5] == days[6] == []
    british = dutch(zones=("Europe/London",), country="GB", jurisdictions=("GB",))
    _, narrower = outlook(british).week(date(2026, 11, 23))
    assert narrower[0] == [("09:00", "20:00")]
    assert outlook(american(zones=())).week(date(2026, 11, 23)) is None


def test_a_person_with_hours_of_their_own_does_not_stand_for_the_others() -> None:
    own = [dutch(n, hours="Mo 10:00-11:00") for n in range(3)]
    _, days = outlook(*own, dutch(9)).week(date(2026, 11, 23))
    assert days[1] == [("09:00", "21:00")]


def test_with_the_law_off_only_zones_are_told() -> None:
    found = outlook(dutch(), american(), legal_hours={"off": "made-up people"})
    assert [title for title, _ in found.lines()] == ["zones"]
    assert found.rows == {}


def test_a_person_who_talks_has_no_duty_of_an_artificial_voice() -> None:
    assert "duty" in {title for title, _ in outlook(dutch()).lines()}
    assert "duty" not in {title for title, _ in outlook(dutch(), voice="human").lines()}


async def test_who_reads_a_watched_list_reads_the_same_rows() -> None:
    rows = [dutch(), BadRow(3, "empty"), dutch(1)]
    found = outlook()
    (source,) = watched([Source("people.csv", 0, told(lambda: rows), stop_removed=True)], found)
    assert [row async for row in source.contacts("")] == rows
    assert (source.name, source.stop_removed, found.contacts) == ("people.csv", True, 2)
