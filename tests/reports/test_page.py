import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from campaigns.domain.lead import CampaignState
from campaigns.reports import render, write_report
from campaigns.reports.page import headline, moment, remarks, span_name
from campaigns.reports.timeline import SIZES, timeline
from campaigns.testing import instant

VOID = {"meta", "line", "rect", "br"}


class _Nesting(HTMLParser):
    """Raises where a tag is closed that is not open, and remembers what was not closed."""

    def __init__(self):
        super().__init__()
        self.open = []

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if tag not in VOID:
            assert self.open.pop() == tag


@pytest.fixture
def page(figures):
    return render(figures)


def test_the_page_answers_first_what_a_manager_asks(page):
    assert page.index("2 of 6 people reached") < page.index("<svg")
    order = ["<h2>Outcomes", "<h2>Calls over time", "<h2>Attempts", "<h2>Waits for", "<h2>Contacts", "<h2>What was in"]
    places = [page.index(heading) for heading in order]
    assert places == sorted(places)


def test_the_page_closes_every_tag(page, figures):
    for text in (page, render(_empty(figures))):
        nesting = _Nesting()
        nesting.feed(text)
        assert nesting.open == []


def test_the_page_needs_nothing_from_outside_and_runs_nothing(page):
    assert not re.search(r"https?://|<script|<link|<img|<iframe|@import|url\(|\bon\w+=", page)
    assert "default-src 'none'" in page


def test_no_number_and_no_name_is_on_the_page(page):
    assert "Verysecret" not in page
    assert not re.search(r"(\+|00)31\d{6,}|020 ?0000", page)
    assert "+312******04" in page


def test_text_from_files_and_providers_cannot_become_markup(page):
    assert "<b>confirmed</b>" not in page
    assert "&lt;b&gt;confirmed&lt;/b&gt;" in page


def test_the_exact_command_for_a_doubt_is_given(page, figures):
    assert f"campaigns resolve {figures.doubts[0].attempt} --called" in page
    for word in ("--called", "--not-called", "--drop"):
        assert f"campaigns resolve ATTEMPT {word}" in page


def test_bad_rows_are_listed_with_their_line_and_counted_whole(page):
    assert "list.csv" in page
    assert "The first 1 of 2." in page


def test_the_law_is_stated_and_that_this_is_no_advice(page):
    assert "No rules were checked. This is not legal advice." in page


def test_every_colour_of_a_picture_is_named_in_words(page):
    legends = re.findall(r'<i class="swatch[^>]*></i>([^<]+)</li>', page)
    assert legends
    assert all(re.fullmatch(r"[\w ]+ \([\w ]+\)", legend) for legend in legends)


def test_a_campaign_without_leads_and_calls_has_a_page_too(figures):
    page = render(_empty(figures))
    assert "Nobody to call" in page
    assert "No call was made." in page
    assert "<svg" not in page


def test_a_file_of_another_version_leaves_out_its_settings(figures):
    assert "cannot be read" in render(replace(figures, settings=()))


def test_calls_outside_the_hours_are_not_kept_quiet(figures):
    page = render(replace(figures, calls=replace(figures.calls, outside=3)))
    assert "3 of the calls began outside the calling hours" in page


@pytest.mark.parametrize("state", list(CampaignState))
def test_every_state_of_a_campaign_has_a_word(figures, state):
    assert render(replace(figures, record=replace(figures.record, state=state)))


def test_leads_and_people_are_told_apart_where_somebody_has_two_leads(figures):
    several = replace(figures, people=5, reached_people=1)
    assert headline(several) == "2 of 6 leads reached"
    assert "1 of 5 people were reached" in remarks(several)[0]


def test_what_is_not_finished_is_said(figures):
    said = remarks(replace(figures, outcomes={**figures.outcomes, "open": 1}))
    assert said == ["1 is not finished.", "1 waits until a person has decided: see below."]


def test_moments_are_on_the_clock_of_the_report():
    assert moment(instant("2026-11-23T08:02Z"), "Asia/Kathmandu") == "Mon 23 Nov 2026, 13:47"
    assert moment(None, "UTC") == "\N{EN DASH}"


def test_spans_are_named_in_words():
    names = [span_name(size) for size in SIZES]
    assert names[0] == "5 minutes"
    assert {"1 hour", "12 hours", "1 day", "7 days"} < set(names)


def test_a_report_replaces_the_one_before_and_leaves_nothing_else(tmp_path):
    path = tmp_path / "report.html"
    write_report(path, "old")
    write_report(path, "né")
    assert path.read_bytes() == "né".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_that_cannot_be_written_leaves_the_one_before(tmp_path):
    path = tmp_path / "report.html"
    write_report(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_report(path, "new \ud800")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def _empty(figures):
    nothing = timeline(Counter([]), zone_name="UTC")
    return replace(
        figures, leads=0, people=0, reached_people=0, outcomes=dict.fromkeys(figures.outcomes, 0), details=(),
        dispositions={}, undialled={}, calls_over_time=nothing, closed_over_time=nothing, doubts=(), doubts_total=0,
        calls=replace(figures.calls, first=None, last=None, cost=None, outside=None, talk_minutes=0.0),
    )  # fmt: skip
