"""Which calling hours are accepted, and when they are open: tables worked by hand, and properties over zones."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.domain.hours import CallingWindow, calling_window, week
from campaigns.domain.hours_text import names_public_holidays, parse_hours, surprises
from campaigns.domain.zones import Place
from campaigns.domain.zones import zone as zone_info

OFFICE = "Mo-Fr 09:00-17:00"
MINUTE = timedelta(minutes=1)


def window(text: str, zone: str, country: str | None = None, state: str | None = None) -> CallingWindow:
    return calling_window((text,), (Place(zone, country, state),))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# --- what is accepted ---


@pytest.mark.parametrize(
    "text",
    [
        "Mo-Fr 09:00-12:30,13:30-17:30; PH off", "Mo-Fr 09:00-12:30, 13:30-17:30",
        "Mo-Fr 09:00-17:00, Sa 10:00-12:00; PH off", "Mo-Fr  09:00 - 17:00 ;\n PH off", "Mo,We,Fr 9:00-17:00",
        "Nov-Feb Mo-Fr 09:00-17:00", "week 40 Mo-Fr 09:00-17:00", "week 01-26/2 10:00-12:00",
        "week 53 Mo 10:00-11:00", "Mo[1] 10:00-12:00", "Mo off; Mo[1] 10:00-12:00",
        "2026 Nov 23-2026 Dec 18 10:00-12:00", "easter 10:00-12:00",
        "Mo-Fr 09:00-17:00; easter -2 days-easter +1 day off", "Mo-Fr 09:00-17:00; PH -1 day off",
        "Mo-Fr 09:00-17:00; PH +1 day 10:00-12:00", "Mo-Fr 09:00-17:00; Dec 25 -1 day off",
        "Mo-Fr 09:00-17:00; PH 10:00-12:00,13:00-14:00", "PH 10:00-14:00", "24/7", "24/7; PH off",
        "Mo-Sa 22:00-02:00", "09:00-26:30", "00:00-24:00", "Mo-Fr 09:00-12:00; Mo 10:00-11:00",
        "Su off; Mo-Fr 09:00-17:00", "PH off; 2027 Jan 5 10:00-11:00; Mo[1] 09:00-10:00",
        "10:00-18:00; Jul-Aug 10:00-22:00; Su off", "Mo-Fr 09:00-17:00; Feb 29 off", "2028 Feb 29 10:00-11:00",
        "Mo-Fr 09:00-17:00; Dec 25-Jan 2 off",
    ],
)  # fmt: skip
def test_hours_that_mean_what_they_say_are_accepted(text: str) -> None:
    parse_hours(text)


@pytest.mark.parametrize(
    ("text", "part", "mend"),
    [
        ("", "blank", "Mo-Fr 09:00"),
        (" \n ", "blank", "Mo-Fr 09:00"),
        ("x" * 1001, "1,000 characters", "Mo-Fr 09:00"),
        ("Mo-Fr 09:00-17:00; SH off", "'SH off'", "2026 Oct 17-25 off"),
        ("sunrise-sunset", "'sunrise-sunset'", "times of the clock"),
        ("Mo-Fr (sunset-01:00)-20:00", "sunset", "times of the clock"),
        ("Mo-Fr 09:00-17:00 unknown", "'unknown'", "Leave it out"),
        ('Mo-Fr 09:00-17:00 "by appointment"', "by appointment", "Leave it out"),
        ("Mo-Fr 09:00+", "'09:00+'", "Write the end"),
        ("Mo-Fr 09:00-17:00+", "'09:00-17:00+'", "Write the end"),
        ("Jan 1+ 10:00-11:00", "'1+'", "Write the end"),
        ("Mo 10:00-16:00/01:30", "/01:30", "plain times"),
        ("Mo-Fr 09:00-17:00 || Sa 10:00-11:00", "'|| Sa", "separated by ';'"),
        ("09:00-09:00", "'09:00-09:00'", "00:00-24:00"),
        ("Mo 09:00-33:00", "'09:00-33:00'", "00:00-24:00"),
        ("00:00-48:00", "'00:00-48:00'", "00:00-24:00"),
        ("Feb 30 10:00-11:00", "'Feb 30'", "Feb 28"),
        ("Mo-Fr 09:00-17:00; Apr 31 off", "'Apr 31'", "Feb 28"),
        ("Apr 29-31 10:00-11:00", "'Apr 29-31'", "Feb 28"),
        ("Mar 30-Apr 31 10:00-11:00", "Apr 31'", "Feb 28"),
        ("Mo-Fr 09:00-17:00; 2027 Feb 29 off", "'2027 Feb 29'", "2028 Feb 29"),
        ("Dec 5-3 10:00-11:00", "'Dec 5-3'", "earlier date first"),
        ("Mo[2-1] 10:00-11:00", "[2-1]", "Mo[1-2]"),
        ("Mo, We 10:00-11:00", "'Mo, We 10:00-11:00'", "Write Mo,We 10:00-11:00"),
        ("Jan 1, Feb 3 10:00-11:00", "open all day", "no blank"),
        ("Mo-Fr 09:00-12:00 , 13:00-17:00", "every day", "Leave out that blank"),
        ("PH,Su off", "'PH,Su off'", "Su off; PH off"),
        ("Mo-Sa,PH 10:00-11:00", "'Mo-Sa,PH", "Mo-Sa 10:00-11:00; PH 10:00-11:00"),
        ("Mo-Fr 10:00-11:00, PH off", "mixes PH", "Mo-Fr 10:00-11:00; PH off"),
        ("Mo-Fr 10:00-11:00; PH Mo-Fr off", "'PH Mo-Fr off'", "PH off"),
        ("off", "never open", "Mo-Fr 09:00"),
        ("25:00-26:00", "'25:00-26:00'", "Mo-Fr 09:00"),
        ("Jan 32 off", "'32 off'", "Mo-Fr 09:00"),
        ("week 40-10 Mo 10:00-11:00", "week 40-10", "Mo-Fr 09:00"),
        ("whenever they like", "'whenever they like'", "Mo-Fr 09:00"),
    ],
)
def test_hours_that_would_open_too_much_are_refused_with_the_part_and_the_mend(text: str, part: str, mend: str) -> None:
    with pytest.raises(ValueError, match="Calling hours: ") as refusal:
        parse_hours(text)
    what, _, how = str(refusal.value).partition(". ")
    assert part in what
    assert mend in how


@pytest.mark.parametrize(
    "text",
    [
        "Mo-Fr 9-17", "Mo-Fr 9-5", "Mo-Fr 9.00-17.00", "Mo-Fr 0900-1700", "Mo-Fr: 09:00-17:00", "mo-fr 09:00-17:00",
        "Mo - Fr 09:00 - 17:00", "Monday-Friday 09:00-17:00", "Mon to Fri 9am to 5pm", "Mo-Fr 09:00-17:00;",
        "Mo\u2013Fr 09:00\u201317:00",
    ],
)  # fmt: skip
def test_wrong_syntax_is_answered_with_the_right_form(text: str) -> None:
    with pytest.raises(ValueError, match=r"Write Mo-Fr 09:00-17:00\.$"):
        parse_hours(text)


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("9-17", "09:00-17:00"),
        ("mo-fr 9-12:30,13:30-17; ph OFF", "Mo-Fr 09:00-12:30,13:30-17:00; PH off"),
        ("December 24 9-12", "Dec 24 09:00-12:00"),
    ],
)
def test_the_right_form_keeps_what_was_written(text: str, better: str) -> None:
    with pytest.raises(ValueError, match="Calling hours: ") as refusal:
        parse_hours(text)
    assert str(refusal.value).endswith(f"Write {better}.")
    parse_hours(better)


@pytest.mark.parametrize(
    ("text", "better"),
    [
        ("Mo-Fr 09:00-12:30; 13:30-17:30", "write a comma: Mo-Fr 09:00-12:30,13:30-17:30"),
        ("Mo-Fr 09:00-12:30; Mo-Fr 13:30-17:30", "write a comma: Mo-Fr 09:00-12:30,13:30-17:30"),
        ("Mo-Fr 09:00-12:30; Sa 10:00-11:00; Mo-Fr 13:30-17:30", "write a comma: Mo-Fr 09:00-12:30,13:30-17:30"),
        ("Mo-Fr 09:00-12:30; Mo-Fr 13:30-17:30; PH off", "write a comma: Mo-Fr 09:00-12:30,13:30-17:30"),
        ("Mo 09:00-10:00; Mo-Fr 13:00-17:00", "write a comma: Mo 09:00-10:00, Mo-Fr 13:00-17:00"),
        ("2031 Mo 09:00-10:00; 2031 Mo 11:00-12:00", "write a comma: 2031 Mo 09:00-10:00,11:00-12:00"),
        ("PH off; Mo-Fr 09:00-17:00", "Write it last: Mo-Fr 09:00-17:00; PH off"),
        ("24/7; PH off; Mo-Fr 09:00-17:00", "Write it last: 24/7; Mo-Fr 09:00-17:00; PH off"),
        ("Dec 25 off; Mo-Fr 09:00-17:00", "Write it last: Mo-Fr 09:00-17:00; Dec 25 off"),
        ("PH 10:00-11:00; 09:00-17:00", "Write it last: 09:00-17:00; PH 10:00-11:00"),
        ("PH off; PH 10:00-11:00; Mo 10:00-11:00", "Write it last"),
    ],
)
def test_a_rule_that_a_later_one_replaces_unnoticed_is_refused(text: str, better: str) -> None:
    with pytest.raises(ValueError, match=r"what stands after .* Write|replaces what stands before") as refusal:
        parse_hours(text)
    assert better in str(refusal.value)


@settings(deadline=None, max_examples=300)
@given(st.text(st.sampled_from("MoFrSuPHJanweek0123459:-,;[]+/ \"'offunkow\u2013"), max_size=30))
def test_any_text_is_accepted_or_refused_and_nothing_else_happens(text: str) -> None:
    with suppress(ValueError):
        parse_hours(text)
        assert isinstance(surprises(text), list)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (OFFICE, []),
        ("Mo-Fr 09:00-12:30,13:30-17:30; PH off", []),
        ("24/7", ["'24/7' is open day and night."]),
        ("Mo-Fr", ["'Mo-Fr' names no times: it is open from 00:00 to 24:00."]),
        ("Mo-Fr 09:00-17:00, Sa", ["'Sa' names no times: it is open from 00:00 to 24:00."]),
        ("Mo 22:00-02:00", ["'22:00-02:00' runs over midnight, into the next day."]),
        ("week 40 10:00-11:00", ["'week 40 10:00-11:00' holds in these calendar weeks only."]),
        (
            "09:00-12:00; Mo 10:00-11:00",
            ["'Mo 10:00-11:00' replaces what stands before it, on the days that it names."],
        ),
        ("Mo-Fr 09:00-12:00; Sa 10:00-11:00", []),
    ],
)
def test_lawful_but_surprising_hours_are_told(text: str, sentences: list[str]) -> None:
    assert surprises(text) == sentences


# --- when it is open ---


def test_ph_without_a_country_is_refused_and_hours_without_ph_need_none() -> None:
    with pytest.raises(ValueError, match=r"no country is known. Give the contact a country"):
        window("Mo-Fr 09:00-17:00; PH off", "Europe/Amsterdam")
    assert names_public_holidays("Mo-Fr 09:00-17:00; PH off")
    assert not names_public_holidays(OFFICE)
    assert window(OFFICE, "Europe/Amsterdam").is_open(utc("2026-12-25T10:00"))


@pytest.mark.parametrize(
    ("text", "zone", "after", "opens"),
    [
        (OFFICE, "Europe/Amsterdam", "2026-03-27T16:00", "2026-03-30T07:00"),  # summer time began in between
        (OFFICE, "Europe/Amsterdam", "2026-07-01T07:00", "2026-07-01T07:00"),
        (OFFICE, "Europe/Amsterdam", "2026-07-01T15:00", "2026-07-02T07:00"),
        ("Mo-Su 02:30-03:30", "Europe/Amsterdam", "2026-03-29T00:00", "2026-03-29T01:00"),  # 02:30 does not exist
        ("Mo-Su 02:10-02:50", "Europe/Amsterdam", "2026-03-29T00:00", "2026-03-30T00:10"),  # all of it in the gap
        ("Mo-Su 02:30-03:30", "Europe/Amsterdam", "2026-10-25T00:45", "2026-10-25T00:45"),
        ("Mo-Su 02:10-02:30", "Europe/Amsterdam", "2026-10-25T00:30", "2026-10-25T01:10"),  # it happens twice
        ("Mo-Su 00:00-00:30", "America/Santiago", "2026-09-05T12:00", "2026-09-07T03:00"),  # 00:00 to 01:00 is left out
        (
            "Mo-Su 01:45-02:15",
            "Australia/Lord_Howe",
            "2026-10-03T15:30",
            "2026-10-04T14:45",
        ),
        (OFFICE, "Asia/Kathmandu", "2026-07-01T00:00", "2026-07-01T03:15"),
        (OFFICE, "Pacific/Chatham", "2026-07-01T12:00", "2026-07-01T20:15"),
        ("24/7", "Europe/Amsterdam", "2026-03-29T01:00", "2026-03-29T01:00"),
    ],
)
def test_the_next_opening_is_the_wall_clock_of_the_place(text: str, zone: str, after: str, opens: str) -> None:
    assert window(text, zone).next_open(utc(after)) == utc(opens)


@pytest.mark.parametrize(
    ("text", "zone", "at", "closes"),
    [
        (OFFICE, "Europe/Amsterdam", "2026-07-01T08:30", "2026-07-01T15:00"),
        ("Mo-Su 09:00-02:30", "Europe/Amsterdam", "2026-10-24T20:00", "2026-10-25T00:30"),  # 02:30 comes twice
        ("Mo-Su 09:00-02:30", "Europe/Amsterdam", "2026-03-28T20:00", "2026-03-29T01:00"),  # and not at all
        ("Mo-Su 09:00-24:00", "America/Havana", "2026-10-31T20:00", "2026-11-01T04:00"),
        ("24/7", "Europe/Amsterdam", "2026-03-29T00:00", "2026-12-01T00:00"),
    ],
)
def test_it_closes_at_the_first_instant_that_is_closed(text: str, zone: str, at: str, closes: str) -> None:
    assert window(text, zone).closes_at(utc(at), limit=utc("2026-12-01T00:00")) == utc(closes)


def test_a_limit_ends_an_open_span() -> None:
    at, far = utc("2026-07-01T08:00"), datetime.max.replace(tzinfo=UTC)
    assert window(OFFICE, "Europe/Amsterdam").closes_at(at, limit=at + MINUTE) == at + MINUTE
    assert window("24/7", "UTC").closes_at(at, limit=far) == at + timedelta(days=400)


def test_several_texts_and_places_are_open_only_together() -> None:
    both = calling_window(
        (OFFICE, "Mo-Fr 10:00-20:00"), (Place("America/New_York", "US", None), Place("America/Los_Angeles", "US", None))
    )
    assert both.spans(utc("2026-07-01T00:00"), utc("2026-07-03T00:00")) == [
        (utc("2026-07-01T17:00"), utc("2026-07-01T21:00")),
        (utc("2026-07-02T17:00"), utc("2026-07-02T21:00")),
    ]


def test_windows_that_never_meet_have_no_opening() -> None:
    never = calling_window(("Mo 09:00-10:00", "Tu 09:00-10:00"), (Place("Europe/Amsterdam", None, None),))
    assert never.next_open(utc("2026-07-01T00:00")) is None
    assert window("2019 Mo 09:00-10:00", "UTC").next_open(utc("2026-07-01T00:00")) is None


def test_an_opening_lies_before_the_given_end() -> None:
    hours = window(OFFICE, "Europe/Amsterdam")
    after = utc("2026-07-01T00:00")
    assert hours.next_open(after, before=utc("2026-07-01T07:00")) is None
    assert hours.next_open(after, before=datetime.max.replace(tzinfo=UTC)) == utc("2026-07-01T07:00")
    assert hours.next_open(after, before=utc("2026-07-01T07:01")) == utc("2026-07-01T07:00")
    assert hours.next_open(utc("2026-07-01T08:00"), before=utc("2026-07-01T08:00")) is None


def test_a_margin_asks_for_an_opening_that_is_still_open_later() -> None:
    hours = window("Mo-Fr 09:00-12:00,13:00-17:00", "UTC")
    ten = timedelta(minutes=10)
    soon = utc("2026-07-01T11:49")
    assert hours.next_open(soon, margin=ten, before=soon + MINUTE) == soon
    assert hours.next_open(utc("2026-07-01T11:50"), margin=ten) == utc("2026-07-01T13:00")
    assert hours.next_open(utc("2026-07-01T11:50"), margin=ten, before=utc("2026-07-01T13:00")) is None
    assert hours.next_open(utc("2026-07-01T11:55"), margin=timedelta(minutes=65)) == utc("2026-07-01T11:55")
    assert window("Mo 09:00-09:05", "UTC").next_open(utc("2026-07-01T00:00"), margin=ten) is None


def test_unsafe_texts_and_unknown_zones_or_none_at_all_make_no_window() -> None:
    with pytest.raises(ValueError, match="Give a time zone"):
        calling_window((OFFICE,), ())
    with pytest.raises(ValueError, match="Give a time zone"):
        calling_window((), (Place("UTC", None, None),))
    with pytest.raises(ValueError, match="open end"):
        window("Mo-Fr 09:00+", "UTC")
    with pytest.raises(ValueError, match="not a time zone"):
        window(OFFICE, "Europe/Atlantis")


def test_the_week_is_told_as_understood_with_holidays_where_the_hours_name_them() -> None:
    rows = week("Mo-Fr 09:00-12:00,22:00-02:00; PH off", Place("America/New_York", "US", None), date(2026, 7, 1))
    night = [("00:00", "02:00"), ("09:00", "12:00"), ("22:00", "24:00")]
    assert rows == [
        (date(2026, 7, 1), night, ""),
        (date(2026, 7, 2), night, ""),
        (date(2026, 7, 3), [], "Independence Day (observed)"),
        (date(2026, 7, 4), [], "Independence Day"),
        (date(2026, 7, 5), [], ""),
        (date(2026, 7, 6), [("09:00", "12:00"), ("22:00", "24:00")], ""),
        (date(2026, 7, 7), night, ""),
    ]
    unnamed = week("Mo-Su 00:00-24:00", Place("America/New_York", "US", None), date(2026, 7, 4))
    assert unnamed[0] == (date(2026, 7, 4), [("00:00", "24:00")], "")


# --- against a wall clock that is read minute by minute ---

ZONES = (
    "Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Chatham",
    "America/St_Johns", "Africa/Casablanca", "America/Santiago", "Asia/Beirut", "Africa/Cairo", "America/Havana",
)  # fmt: skip
DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
FIRST = utc("2026-01-01T00:00")


def transitions(zone: str) -> list[datetime]:
    """When the clocks of a zone change, always on a half hour of UTC."""
    steps = [FIRST + timedelta(minutes=30) * n for n in range(48 * 730)]
    offsets = [step.astimezone(zone_info(zone)).utcoffset() for step in steps]
    return [step for step, old, new in zip(steps[1:], offsets, offsets[1:], strict=False) if old != new] or [FIRST]


AROUND = settings(deadline=None, max_examples=120, suppress_health_check=[HealthCheck.too_slow])
CHANGES = {zone: transitions(zone) for zone in ZONES}


@st.composite
def weekly(draw: st.DrawFn) -> tuple[str, frozenset[int], int, int]:
    """Hours on some weekdays, around the times at which clocks change: text, weekdays, start and end in minutes."""
    days = draw(st.frozensets(st.integers(0, 6), min_size=1))
    start = draw(st.integers(0, 240) | st.integers(0, 1439))
    end = start + draw(st.sampled_from([1, 10, 30, 45, 90, 240, 480, 1000, 1439]))
    times = f"{start // 60:02}:{start % 60:02}-{end // 60:02}:{end % 60:02}"
    return f"{','.join(DAYS[day] for day in sorted(days))} {times}", days, start, end


def wall_clock_is_open(at: datetime, zone: str, days: frozenset[int], start: int, end: int) -> bool:
    """The reference: what a clock on the wall says, today's window or the rest of yesterday's."""
    local = at.astimezone(zone_info(zone))
    minute = local.hour * 60 + local.minute
    today = local.weekday() in days and start <= minute < end
    return today or ((local.weekday() - 1) % 7 in days and start <= minute + 1440 < end)


def minutes_from(start: datetime, count: int) -> Iterator[datetime]:
    return (start + MINUTE * n for n in range(count))


@AROUND
@given(st.sampled_from(ZONES), weekly(), st.data())
@pytest.mark.row("T2")
def test_every_minute_around_a_change_of_clocks_agrees(zone: str, hours: tuple, data: st.DataObject) -> None:
    text, days, start, end = hours
    change = data.draw(st.sampled_from(CHANGES[zone]))
    calling = window(text, zone)
    for at in minutes_from(change - timedelta(hours=3), 360):
        assert calling.is_open(at) == wall_clock_is_open(at, zone, days, start, end), at


@AROUND
@given(st.sampled_from(ZONES), weekly(), st.integers(-2880, 2880), st.data())
@pytest.mark.row("T2")
def test_an_opening_is_open_and_nothing_before_it_is(zone: str, hours: tuple, shift: int, data: st.DataObject) -> None:
    text, days, start, end = hours
    after = data.draw(st.sampled_from(CHANGES[zone])) + MINUTE * shift
    opens = window(text, zone).next_open(after)
    assert opens
    assert wall_clock_is_open(opens, zone, days, start, end)
    step = max(1, int((opens - after) / MINUTE) // 300)
    for at in minutes_from(after, int((opens - after) / MINUTE)):
        if (at - after) // MINUTE % step == 0 or opens - at < timedelta(hours=2):
            assert not wall_clock_is_open(at, zone, days, start, end), at


@AROUND
@given(st.sampled_from(ZONES), weekly(), st.integers(-1440, 1440), st.data())
@pytest.mark.row("T2")
def test_a_window_is_open_until_it_closes(zone: str, hours: tuple, shift: int, data: st.DataObject) -> None:
    text, days, start, end = hours
    calling = window(text, zone)
    opens = calling.next_open(data.draw(st.sampled_from(CHANGES[zone])) + MINUTE * shift)
    assert opens is not None
    closes = calling.closes_at(opens, limit=opens + timedelta(days=9))
    assert opens < closes
    assert not calling.is_open(closes) or closes == opens + timedelta(days=9)
    for at in (opens, opens + (closes - opens) / 2, *minutes_from(closes - timedelta(hours=2), 120)):
        if opens <= at < closes:
            assert wall_clock_is_open(at, zone, days, start, end), at


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(ZONES), weekly()), min_size=1, max_size=3), st.integers(0, 500_000))
def test_spans_are_ordered_apart_and_open_in_every_place(parts: list, shift: int) -> None:
    places = tuple(Place(zone, None, None) for zone, _ in parts)
    calling = calling_window(tuple(hours[0] for _, hours in parts), places)
    start = FIRST + MINUTE * shift
    spans = calling.spans(start, start + timedelta(days=8))
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(set(edges))
    for opens, closes in spans:
        for at in (opens, opens + (closes - opens) / 2, closes - MINUTE):
            for place in places:
                for _, (_, *rule) in parts:
                    assert wall_clock_is_open(at, place.zone, *rule)
