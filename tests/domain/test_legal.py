"""The law, case by case: a table that was checked by hand against the rules' text, and laws that hold for everybody."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from campaigns.domain.call import Disposition
from campaigns.domain.campaign import Ground, Purpose, ground_of
from campaigns.domain.caps import Called, first_limit, limits_of
from campaigns.domain.contact import Basis, Consent
from campaigns.domain.facts import PastAttempt
from campaigns.domain.hours import CallingWindow
from campaigns.domain.legal import LegalCase, legal_clocks, lineage_of
from campaigns.domain.rules import DAYS
from campaigns.domain.screening import MET_BY, Lacking, demands_in, is_met, lacking
from campaigns.domain.zones import zone
from campaigns.rules import load_rules

BOOK = load_rules()
CASES = YAML(typ="safe").load((Path(__file__).parent / "legal_cases.yaml").read_text(encoding="utf-8"))
SECOND = timedelta(seconds=1)


def named(cases: list[dict]) -> list:
    return [pytest.param(case, id=case["id"]) for case in cases]


def ground(case: dict) -> Ground:
    return ground_of(
        Purpose(case["purpose"]), case["voice"] == "ai", case.get("fallback", False), tuple(case.get("also", ()))
    )


def codes(case: dict) -> tuple[str, ...]:
    area = case.get("area")
    return tuple(f"{code}/{area}" if area and "-" in code else code for code in case["jurisdictions"])


def moment(case: dict, text: str) -> datetime:
    """Wall time in the first zone, or with an offset of its own."""
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=zone(case["zones"][0]), fold=case.get("fold", 0))).astimezone(UTC)


def days(case: dict, at: datetime) -> set[date]:
    return {at.astimezone(zone(name)).date() for name in case["zones"]}


def window(case: dict) -> CallingWindow:
    return CallingWindow(legal_clocks(LegalCase(BOOK, ground(case), codes(case), tuple(case["zones"]))))


@pytest.mark.parametrize("case", named(CASES["windows"]))
def test_hours_are_as_the_text_says(case: dict) -> None:
    at, asked = moment(case, case["at"]), ground(case)
    rows = [BOOK.hour_rows(code, asked, day) for code in codes(case) for day in days(case, at)]
    if case.get("refused"):
        assert any(not found for found, _ in rows)
        assert not window(case).is_open(at)
        return
    assert asked.purpose is Purpose.EMERGENCY or all(found for found, _ in rows)
    suspended = {code for one in codes(case) for code in lineage_of(one) & set(case.get("suspended", ()))}
    if suspended and asked.purpose is not Purpose.EMERGENCY:
        assert not case["open"]
        return
    assert window(case).is_open(at) is case["open"]
    closed = {clock.name for clock in window(case).closed_by(at)}
    assert set(case["by"]) == ({rule.id for found, _ in rows for rule in found} if case["open"] else closed)
    if case.get("caution"):
        assert any(borrowed for _, borrowed in rows)


@pytest.mark.parametrize("case", named(CASES["consents"]))
def test_consents_are_as_the_text_says(case: dict) -> None:
    day, asked = date.fromisoformat(case["day"]), ground(case)
    given = set() if case["basis"] == "none" else {Basis(case["basis"])}
    found = lacking(BOOK, codes(case), asked, given, day=day)
    assert (found is None) is case["allowed"]
    demands = {demand for code in codes(case) for demand in demands_in(BOOK, code, asked, day=day)}
    unmet = {demand.rule for demand in demands if not MET_BY[demand.need] & given}
    assert set(case["by"]) == ({demand.rule for demand in demands} if case["allowed"] else unmet)
    assert found is None or found.rule in case["by"]


def span(text: str) -> timedelta:
    units = {"d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
    return timedelta(**{units[unit]: int(number) for number, unit in re.findall(r"(\d+)([dhms])", text)})


def past(case: dict, entry: dict, at: datetime) -> PastAttempt:
    dialled = moment(case, entry["at"]) if "at" in entry else at - span(entry["ago"])
    same = entry.get("same", ["person", "number", "subject", "debt"])
    word = entry["disposition"]
    message = entry.get("message_left")
    return PastAttempt(
        ordinal=1,
        counts=True,
        disposition=None if word == "uncertain" else Disposition(word),
        phone="mine" if "number" in same else "another",
        at=dialled,
        ended_by=dialled + span(entry.get("lasted", "0s")),
        subject="mine" if "subject" in same else "another",
        debt="mine" if "debt" in same else "another",
        message_left=word == "voicemail" if message is None else message,
        refused=entry.get("outcome") == "refused",
        agent_ended=entry.get("ended_by") == "agent",
        same_person="person" in same,
    )


@pytest.mark.parametrize("case", named(CASES["caps"]))
def test_caps_and_cooldowns_are_as_the_text_says(case: dict) -> None:
    now, asked, unknown = moment(case, case["at"]), ground(case), case.get("unknown", [])
    consents = (Consent(Basis(case["consent"])),) if "consent" in case else ()
    history = [past(case, entry, now) for entry in case["history"]]
    called = Called(
        history,
        "mine",
        "" if "subject" in unknown else "mine",
        "" if "debt" in unknown else "mine",
        tuple(case["zones"]),
        consents,
    )

    def limit(at: datetime):
        rules = {
            rule.id: rule for code in codes(case) for day in days(case, at) for rule in BOOK.binding(code, asked, day)
        }
        return first_limit(rules.values(), called, at=at), {
            rule.id for rule in rules.values() if list(limits_of(rule, called, at=at))
        }

    found, by = limit(now)
    assert (found is None) is case["allowed"]
    assert by == set(case["by"])
    if found is None:
        return
    if case["next"] is None:
        assert found.until is None
        return
    then, at = moment(case, case["next"]), now
    while (found := limit(at)[0]) is not None and found.until is not None:
        assert found.until > at
        at = found.until
    assert then <= at <= then + SECOND


PLACES = [
    (("US-FL",), ("America/New_York", "America/Chicago")),
    (("US-TX", "US-OH"), ("America/Chicago", "America/Denver", "America/New_York")),
    (("US-MS",), ("America/Chicago",)),
    (("US-CA", "US-RI"), ("America/Los_Angeles", "America/New_York")),
    (("CA-BC",), ("America/Vancouver", "America/Edmonton")),
    (("FR",), ("Europe/Paris",)),
    (("DE", "IT"), ("Europe/Berlin",)),
    (("AU-QLD",), ("Australia/Brisbane", "Australia/Sydney")),
    (("NE",), ("Africa/Niamey",)),
]
moments = st.integers(0, 3 * 366 * 24 * 4).map(lambda n: datetime(2025, 12, 1, tzinfo=UTC) + timedelta(minutes=15 * n))
grounds = st.builds(ground_of, st.sampled_from(list(Purpose)), st.booleans(), st.booleans())


@settings(max_examples=400)
@given(st.sampled_from(PLACES), grounds, moments)
def test_nothing_is_open_that_a_binding_row_closes_in_any_zone(place: tuple, asked: Ground, at: datetime) -> None:
    where, zones = place
    calling = CallingWindow(legal_clocks(LegalCase(BOOK, asked, where, zones)))
    if not calling.is_open(at) or asked.purpose is Purpose.EMERGENCY:
        return
    for name in zones:
        for code in where:
            local = at.astimezone(zone(name))
            rows, _ = BOOK.hour_rows(code, asked, local.date())
            assert rows
            for rule in rows:
                there = local if rule.clock == "called_party" else at.astimezone(zone(rule.clock))
                since = there.replace(tzinfo=None) - datetime.combine(there.date(), datetime.min.time())
                assert any(opens <= since < closes for opens, closes in rule.spans_on(there.date()))


@settings(max_examples=300)
@given(st.sampled_from(PLACES), grounds, moments)
def test_the_next_opening_is_never_in_the_past_and_always_open(place: tuple, asked: Ground, at: datetime) -> None:
    where, zones = place
    calling = CallingWindow(legal_clocks(LegalCase(BOOK, asked, where, zones)))
    opening = calling.next_open(at, before=at + timedelta(days=30))
    if opening is None:
        assert not calling.is_open(at)
        return
    assert opening >= at
    assert calling.is_open(opening)
    assert opening == at or not calling.is_open(opening - timedelta(microseconds=1))


def test_a_row_that_only_lends_its_hours_lends_no_cap_and_no_consent_duty() -> None:
    asked = ground_of(Purpose.RESEARCH, artificial=False)
    rows, borrowed = BOOK.hour_rows("US-FL", asked, date(2026, 11, 24))
    assert borrowed
    assert {rule.id for rule in rows} == {"us-telemarketing", "us-fl-telemarketing"}
    assert BOOK.binding("US-FL", asked, date(2026, 11, 24)) == ()


def test_a_member_state_without_a_row_has_the_duties_of_the_union() -> None:
    asked = ground_of(Purpose.TELEMARKETING, artificial=True, fallback=True)
    binding = {rule.id for rule in BOOK.binding("GR", asked, date(2026, 11, 24))}
    assert binding == {"eu-ai-disclosure", "zz-fallback"}
    found = lacking(BOOK, ["GR"], asked, [Basis.CUSTOMER], day=date(2026, 11, 24))
    assert found is not None
    assert (found.rule, found.need) == ("eu-ai-disclosure", "prior")


def test_where_holidays_are_not_known_nobody_is_called() -> None:
    asked = ground_of(Purpose.TELEMARKETING, artificial=False, fallback=True)
    calling = CallingWindow(legal_clocks(LegalCase(BOOK, asked, ("?",), ("UTC",))))
    assert calling.next_open(datetime(2026, 11, 23, tzinfo=UTC), before=datetime(2026, 12, 23, tzinfo=UTC)) is None


def test_a_consent_to_an_hour_says_nothing_about_the_call_itself() -> None:
    asked = ground_of(Purpose.TELEMARKETING, artificial=True)
    for basis, enough in ((Basis.NIGHT, False), (Basis.APPOINTMENT, False), (Basis.CUSTOMER, True)):
        found = lacking(BOOK, ["US-TX"], asked, [basis, Basis.PRIOR_WRITTEN], day=date(2026, 11, 24))
        assert found is None
        alone = lacking(BOOK, ["BR"], asked, [basis], day=date(2026, 11, 24))
        assert (alone is None) is enough


ASKED, AGREED = {Basis.REQUESTED}, {Basis.PRIOR, Basis.PRIOR_WRITTEN}


@pytest.mark.parametrize(
    ("need", "enough"),
    [
        ("unclear", {*ASKED, *AGREED, Basis.CUSTOMER}),
        ("prior", ASKED | AGREED),
        ("prior_written", {Basis.PRIOR_WRITTEN}),
        ("banned", set()),
        ("opt_in", ASKED | AGREED),
        ("opt_in_or_customer", {*ASKED, *AGREED, Basis.CUSTOMER}),
        ("request_only", ASKED),
    ],
)
def test_each_demand_is_met_by_these_words_alone(need: str, enough: set[Basis]) -> None:
    assert need in MET_BY
    assert {basis for basis in Basis if is_met(Lacking("a row", need), [basis])} == enough


def test_every_demand_is_in_that_table() -> None:
    assert len(MET_BY) == 7


def test_a_refusal_by_another_person_of_the_number_closes_nobody_else() -> None:
    dialled = datetime(2026, 11, 1, 12, tzinfo=UTC)
    other = PastAttempt(1, True, Disposition.ANSWERED, "mine", dialled, dialled, refused=True, same_person=False)
    called = Called([other], "mine", "mine", "", ("Europe/Paris",), ())
    rules = BOOK.binding("FR", ground_of(Purpose.TELEMARKETING, artificial=False), date(2026, 11, 24))
    assert first_limit(rules, called, at=datetime(2026, 11, 24, 12, tzinfo=UTC)) is None


def test_a_call_made_elsewhere_counts_for_every_number_and_as_a_conversation() -> None:
    dialled = datetime(2026, 11, 24, 10, tzinfo=UTC)
    called = Called([PastAttempt(0, True, None, "", dialled, dialled)], "mine", "mine", "", ("America/New_York",), ())
    rules = BOOK.binding("US-ME", ground_of(Purpose.TELEMARKETING, artificial=True), date(2026, 11, 24))
    found = first_limit(rules, called, at=dialled + timedelta(hours=2))
    assert found is not None
    assert found.rule == "us-me-ai"


def on_weekdays(hours: dict[str, list[str]]) -> dict[int, list[str]]:
    """`{mon-fri: [...]}` → weekday → spans."""
    found: dict[int, list[str]] = {}
    names = list(DAYS)
    for key, spans in hours.items():
        first, _, last = key.partition("-")
        for number in range(names.index(first), names.index(last or first) + 1):
            found[number] = spans
    return found


@pytest.mark.parametrize("case", named(CASES["weeks"]))
def test_an_ordinary_week_is_as_the_text_says(case: dict) -> None:
    calling = window({**case, "zones": [case["zone"]]})
    monday = datetime.fromisoformat(case["monday"]).replace(tzinfo=zone(case["zone"]))
    wanted = on_weekdays(case["open"])
    for weekday in range(7):
        day = monday + timedelta(days=weekday)
        spans = calling.spans(day.astimezone(UTC), (day + timedelta(days=1)).astimezone(UTC))
        there = [f"{a.astimezone(day.tzinfo):%H:%M}-{b.astimezone(day.tzinfo):%H:%M}" for a, b in spans]
        assert there == wanted.get(weekday, []), DAYS[weekday]
