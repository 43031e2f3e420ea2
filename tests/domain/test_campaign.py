"""The campaign's own rules: what its author may write."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from campaigns.domain.call import Disposition
from campaigns.domain.campaign import RETRIED, AgentByLanguage, Campaign, Retry, UncertainPolicy
from campaigns.domain.sources import CampaignList, ColumnMoment, FileList, VendorList

FILE = {"file": "a.csv", "columns": {"phone": "Mobile"}}


def campaign(**changes: Any) -> Campaign:
    least = {"campaign": "a", "purpose": "research", "contacts": [FILE], "calling_hours": "24/7"}
    return Campaign.model_validate({**least, **changes})


def contact_list(**changes: Any) -> FileList:
    source = campaign(contacts=[{**FILE, **changes}]).contacts[0]
    assert isinstance(source, FileList)
    return source


def refusal(**changes: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        campaign(**changes)
    return "\n".join(f"{error['loc']} {error['msg']}" for error in caught.value.errors())


def test_the_defaults_are_those_of_the_contract() -> None:
    plain = campaign()
    assert (plain.provider, plain.voice, plain.dialing, plain.priority) == ("simulator", "ai", "direct", 3)
    assert (plain.pacing.at_once, plain.pacing.per_second, plain.pacing.ramp_up) == (5, 1.0, None)
    assert (plain.attempts.max, plain.attempts.per_day, plain.attempts.gap) == (3, 1, timedelta(hours=2))
    assert plain.attempts.retry.no_answer == [timedelta(hours=3)]
    assert plain.attempts.retry.busy == [timedelta(minutes=20)]
    assert plain.attempts.retry.failed == [timedelta(minutes=10)]
    assert plain.attempts.uncertain is UncertainPolicy.HOLD
    assert (plain.zone, plain.legal_hours.off, plain.write_back) == (None, None, False)


def test_every_disposition_that_is_retried_has_its_delay() -> None:
    assert set(Retry.model_fields) == set(RETRIED) < set(Disposition)


def test_a_column_of_numbers_stands_alone_or_in_a_list() -> None:
    assert [part.column for part in contact_list(columns={"phone": "A"}).columns.phone] == ["A"]
    both = contact_list(columns={"phone": ["A", {"column": "B", "kind": "work"}]}).columns.phone
    assert [(part.column, part.kind) for part in both] == [("A", ""), ("B", "work")]


@pytest.mark.parametrize(
    ("text", "column", "offset"),
    [
        ("Appointment", "Appointment", timedelta()),
        ("Appointment - 3d", "Appointment", timedelta(days=-3)),
        ("Appointment + 4h", "Appointment", timedelta(hours=4)),
        ("Date of visit -1h30m", "Date of visit", timedelta(minutes=-90)),
        ("Start - end", "Start - end", timedelta()),
        ("A - B - 2 h", "A - B", timedelta(hours=-2)),
    ],
)
def test_a_moment_is_a_column_moved_by_a_duration(text: str, column: str, offset: timedelta) -> None:
    assert contact_list(call_from=text).call_from == ColumnMoment(column=column, offset=offset)


@pytest.mark.parametrize("text", ["Appointment - 3", "Appointment - 3x", " ", ["a"]])
def test_a_moment_with_half_a_duration_is_refused(text: object) -> None:
    assert "Write a" in refusal(contacts=[{**FILE, "call_by": text}])


def test_a_source_is_a_file_a_vendors_list_or_an_earlier_campaign() -> None:
    kinds = [FILE, {"list": "crm", "where": {"tags": ["x"]}}, {"campaign": "b", "where": {"outcome": "exhausted"}}]
    loaded = campaign(contacts=kinds)
    assert [type(source) for source in loaded.contacts] == [FileList, VendorList, CampaignList]
    assert campaign(contacts=list(loaded.contacts)) == loaded


@pytest.mark.parametrize(("written", "kept"), [("tab", "\t"), ("\\t", "\t"), (";", ";")])
def test_a_delimiter_is_one_character_or_its_name(written: str, kept: str) -> None:
    assert contact_list(delimiter=written).delimiter == kept
    excluded = campaign(exclude=[{"file": "b.csv", "columns": {"id": "I"}, "delimiter": written}])
    assert excluded.exclude[0].delimiter == kept


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("delimiter", ";;", "one character"), ("delimiter", '"', "one character"), ("region", "UK", "Did you mean GB"),
        ("region", "nl", "Did you mean NL"), ("region", "Holland", "two capitals"), ("encoding", "utf-9", "utf-8"),
        ("encoding", "base64", "utf-8"), ("refresh", "0s", "too often"), ("file", "  ", "blank"),
        ("sheet", "", "blank"), ("removed", "drop", "keep"),
    ],
)  # fmt: skip
def test_a_list_that_could_not_be_read_is_refused(key: str, value: str, message: str) -> None:
    assert message in refusal(contacts=[{**FILE, key: value}])


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("campaign", "A b", "small letters"), ("campaign", "a\n", "small letters"), ("campaign", "-a", "small letters"),
        ("timezone", "Amsterdam", "Did you mean Europe/Amsterdam"), ("timezone", "../etc", "IANA"),
        ("legal_hours", "off", 'off: "reason"'), ("legal_hours", {"off": "true"}, "no reason"),
        ("legal_hours", {"off": " x "}, "no reason"), ("write_back", "yes", "neither true nor false"),
        ("write_back", [], "neither true nor false"), ("starts", "0001-01-01", "not in our time"),
        ("starts", "20261123", "Write 2026-11-23"), ("starts", "2026-W47-1", "Write 2026-11-23"),
        ("starts", "2026-02-30", "Write 2026-11-23"), ("ends", "2026-01-01T10:00Z", "has an offset"),
        ("ends", "2026-01-01 10:00+01:00", "has an offset"), ("calling_hours", " ", "blank"),
        ("calling_hours", "soon", "calling_hours"), ("pacing", {"per_second": "nan"}, "per_second"),
        ("pacing", {"at_once": "0"}, "greater"), ("budget", {"cost": "inf"}, "finite"),
        ("attempts", {"retry": {"busy": "soon"}}, "or next_day"), ("attempts", {"retry": {"busy": []}}, "at least 1"),
        ("attempts", {"retry": {"answered": "1h"}}, "not permitted"), ("attempts", {"max": "101"}, "less than"),
        ("agent", {"by": "language"}, "names no agent"), ("agent", {"by": "language", "dutch": "x"}, "not a language"),
        ("agent", {"by": "mood", "nl": "x"}, "language"), ("agent", {"by": "language", "nl": ["x"]}, "string"),
        ("exclude", [{"file": "a", "columns": {}}], "at least one of phone, id, key"),
        ("outcomes", [{"when": "true", "outcome": "reached", "retry": "1h"}], "exactly one"),
        ("outcomes", [{"when": "true"}], "exactly one"), ("outcomes", [{"when": "1 +", "retry": "1h"}], "CEL"),
        ("purpose", "emergency", "legal_hours: {off"), ("provider", "acme", "`agent` is missing"),
        ("colour", "red", "not permitted"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(key: str, value: object, message: str) -> None:
    assert message in refusal(**{key: value})


def test_a_date_is_its_first_moment_in_local_time() -> None:
    loaded = campaign(starts="2026-11-23", ends="2026-12-18T17:00")
    assert (loaded.starts, loaded.ends) == (datetime(2026, 11, 23), datetime(2026, 12, 18, 17))  # noqa: DTZ001


def test_a_campaign_ends_after_it_starts() -> None:
    assert "ends before it starts" in refusal(starts="2026-11-23", ends="2026-11-23")


def test_rules_between_keys_are_told_together_with_all_others() -> None:
    text = refusal(provider="acme", starts="2026-02-01", ends="2026-01-01", priority="9", purpose="emergency")
    assert all(word in text for word in ("agent", "ends before", "priority", "emergency"))


def test_an_emergency_with_a_reason_and_a_vendor_with_an_agent_are_fine() -> None:
    loaded = campaign(purpose="emergency", legal_hours={"off": "flood warning"}, provider="acme", agent="007")
    assert (loaded.legal_hours.off, loaded.agent) == ("flood warning", "007")


@pytest.mark.parametrize(
    ("language", "agent"),
    [("nl", "dutch"), ("NL", "dutch"), ("nl-BE", "dutch"), ("en_gb", "british"), ("en-US", "rest"), ("", "rest")],
)
def test_an_agent_is_found_by_language(language: str, agent: str) -> None:
    speakers = {"by": "language", "NL": "dutch", "en-GB": "british", "other": "rest"}
    found = campaign(agent=speakers).agent
    assert isinstance(found, AgentByLanguage)
    assert found.of(language) == agent


def test_a_language_that_nobody_speaks_has_no_agent() -> None:
    found = campaign(agent={"by": "language", "nl": "dutch"}).agent
    assert isinstance(found, AgentByLanguage)
    assert found.of("fr") is None


def test_delays_stand_alone_or_in_a_list() -> None:
    retry = campaign(attempts={"retry": {"busy": "20m", "no_answer": ["3h", "next_day"]}}).attempts.retry
    assert (retry.busy, retry.no_answer, retry.failed) == (
        [timedelta(minutes=20)],
        [timedelta(hours=3), "next_day"],
        None,
    )


@pytest.mark.parametrize(("text", "value"), [("true", True), ("True", True), ("false", False), (True, True)])
def test_true_and_false_are_words(text: object, value: bool) -> None:
    assert campaign(write_back=text).write_back is value


def test_a_zone_for_everybody_is_the_campaigns_own() -> None:
    assert campaign(timezone="Europe/Amsterdam").zone == "Europe/Amsterdam"
