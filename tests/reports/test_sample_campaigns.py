"""The samples that a new user runs first: they load, their lists map, and nobody real is in them."""

import re
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from campaigns.domain.mapping import exclude_mapper, row_mapper
from campaigns.domain.rows import BadRow, Row
from campaigns.files import load_campaign
from campaigns.lists import open_list

SAMPLES = Path(__file__).parents[2] / "sample_campaigns"
NAMES = ("dentist-reminders", "us-lead-follow-up", "town-survey")
UNISSUED = {
    "dentist-reminders": r"\+312000000\d\d",
    "us-lead-follow-up": r"\+1\d{3}55501\d\d",
    "town-survey": r"\+442079460\d{3}",
}


def _loaded(name):
    return load_campaign(SAMPLES / name / "campaign.yaml")


def _mapped(loaded):
    """Every row of the sample's lists as a contact or a bad row."""
    found = []
    for source in loaded.campaign.contacts:
        rows = open_list(loaded.folder / source.file)
        read = row_mapper(source, loaded.campaign, rows.header(), file=source.file)
        found += [read(row) if isinstance(row, Row) else row for row in rows.rows()]
    return found


def test_these_are_all_the_samples_without_settings_of_their_own():
    plain = [path.parent for path in SAMPLES.glob("*/campaign.yaml") if not (path.parent / "campaigns.toml").exists()]
    assert sorted(path.name for path in plain) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_is_called_like_its_folder_and_asks_for_the_simulator(name):
    loaded = _loaded(name)
    assert loaded.campaign.campaign == name
    assert loaded.campaign.provider == "simulator"


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_runs_in_two_weeks_that_do_not_depend_on_the_year_of_today(name):
    campaign = _loaded(name).campaign
    assert campaign.ends - campaign.starts <= timedelta(days=14)


@pytest.mark.parametrize(
    ("name", "rows", "bad", "twice"),
    [("dentist-reminders", 60, 2, 2), ("us-lead-follow-up", 54, 1, 1), ("town-survey", 81, 1, 1)],
)
def test_a_sample_has_a_few_bad_rows_and_duplicates_to_show(name, rows, bad, twice):
    mapped = _mapped(_loaded(name))
    keys = Counter(contact.key for contact in mapped if not isinstance(contact, BadRow))
    assert len(mapped) == rows
    assert sum(isinstance(row, BadRow) for row in mapped) == bad
    assert keys.total() - len(keys) == twice


@pytest.mark.parametrize("name", NAMES)
def test_every_number_of_a_sample_belongs_to_nobody_and_has_a_zone(name):
    for contact in _mapped(_loaded(name)):
        if not isinstance(contact, BadRow):
            assert contact.zones
            assert all(re.fullmatch(UNISSUED[name], phone.e164) for phone in contact.phones)


def test_no_two_patients_of_the_dentist_share_a_number():
    first = {c.key: c for c in _mapped(_loaded("dentist-reminders")) if not isinstance(c, BadRow)}
    numbers = [phone.e164 for contact in first.values() for phone in contact.phones]
    assert len(numbers) == len(set(numbers))
    assert any(len(contact.phones) == 2 for contact in first.values())


def test_the_leads_live_in_every_zone_of_the_united_states_and_some_took_their_number_along():
    contacts = [c for c in _mapped(_loaded("us-lead-follow-up")) if not isinstance(c, BadRow)]
    zones = {zone for contact in contacts for zone in contact.zones}
    assert zones >= {
        "America/New_York", "America/Chicago", "America/Denver", "America/Phoenix", "America/Los_Angeles",
        "America/Anchorage", "Pacific/Honolulu",
    }  # fmt: skip
    assert any({"America/Los_Angeles", "America/New_York"} & {*c.zones} and len(c.zones) > 1 for c in contacts)


def test_every_resident_has_an_agent_and_the_excluded_ones_are_residents():
    loaded = _loaded("town-survey")
    residents = {c.person: c for c in _mapped(loaded) if not isinstance(c, BadRow)}
    assert {loaded.campaign.agent.of(c.language) for c in residents.values()} == {
        "alderwick-survey-english", "alderwick-survey-dutch", "alderwick-survey-polish",
    }  # fmt: skip
    (exclude,) = loaded.campaign.exclude
    rows = open_list(loaded.folder / exclude.file)
    read = exclude_mapper(exclude, rows.header(), file=exclude.file)
    left_out = {value for row in rows.rows() for kind, value in read(row) if kind == "id"}
    assert len(left_out) == 6
    assert left_out <= residents.keys()
