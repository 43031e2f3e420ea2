import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from campaigns.domain.lead import CampaignState
from campaigns.ports.people import OptOuts
from campaigns.reports import render as render_whole
from campaigns.reports.figures import BudgetLine
from campaigns.reports.heat import Heat
from campaigns.reports.law import AppliedRow
from campaigns.reports.story import headline, moment, remarks, span_name, story
from campaigns.reports.tally import Funnel
from campaigns.reports.timeline import SIZES, timeline
from campaigns.testing import instant

VOID = {"meta"}


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


def render(figures):
    """Without the drawings, which take longer than the rest."""
    return render_whole(figures, charts={})


@pytest.fixture(scope="module")
def page(campaign_played):
    return render_whole(campaign_played[0])


def test_the_page_answers_first_what_a_manager_asks(page):
    assert page.index("2 of 6 people reached") < page.index("<svg")
    order = [
        "From the list", "When people", "Outcomes", "Calls", "Cost and budget", "Compliance", "Waits for", "Contacts",
        "Settings",
    ]  # fmt: skip
    places = [page.index(f"<h2>{heading}") for heading in order]
    assert places == sorted(places)


def test_the_page_closes_every_tag(page, figures):
    for text in (page, render_whole(_empty(figures))):
        nesting = _Nesting()
        nesting.feed(text)
        assert nesting.open == []


@pytest.mark.row("X5")
def test_the_page_needs_nothing_from_outside_and_runs_nothing(page):
    assert not re.search(r"<script|<link|<img|<iframe|<object|@import|url\((?!#)|src=|\bon\w+=", page)
    assert not re.search(r"https?://", re.sub(r'<a href="https://[^"]+" rel="noreferrer noopener">[^<]+</a>', "", page))
    assert "default-src 'none'" in page


def test_no_number_and_no_name_is_on_the_page(page):
    assert "Verysecret" not in page
    assert not re.search(r"(\+|00)31\d{6,}|020 ?0000", page)
    assert "+312******04" in page


@pytest.mark.row("X5")
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
    assert "No legal rule is applied (legal_hours off: a test on loopback). This is not legal advice." in page


def test_every_colour_of_a_picture_is_named_in_words(page):
    legends = re.findall(r'<i class="swatch[^>]*></i>([^<]+)</li>', page)
    assert legends
    assert all(re.fullmatch(r"[\w ]+ \([\w ]+\)", legend) for legend in legends)


def test_a_campaign_without_leads_and_calls_has_a_page_too(figures):
    page = render_whole(_empty(figures))
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


def test_nothing_that_was_kept_is_taken_for_granted(figures):
    kept = figures.compliance
    bad = replace(figures, compliance=replace(kept, outside=2, opt_outs=OptOuts(asked=3, listed=4, called_after=1)))
    page = render(bad)
    assert "Calls outside the permitted hours: 2" in page
    assert "Calls to people after they were put on the do-not-call list: 1" in page
    assert page.count("Look at this") == 2
    assert "Not every call can be shown to have begun within the permitted hours" in " ".join(story(bad))
    assert "1 call to people on the do-not-call list began after that" in " ".join(story(bad))


def test_the_story_tells_of_calls_cost_and_what_was_kept(figures):
    asked = replace(figures.compliance, opt_outs=OptOuts(asked=1, listed=1, called_after=0))
    told = " ".join(story(replace(figures, compliance=asked)))
    assert told.startswith("7 calls were made between Mon 23 Nov 2026, 10:00 and")
    assert "They cost 0.75 EUR, or 0.38 EUR for each lead that was reached." in told
    assert "Every call began within the permitted hours." in told
    assert told.endswith("1 person asked not to be called again. They were not called after that.")


def test_a_rule_is_shown_with_its_sources(figures):
    row = AppliedRow("x", "The rule", "Mon-Fri 09-20", "", 3, "Act 1", ("https://law.example/1", "a book"), "high")
    page = render(replace(figures, compliance=replace(figures.compliance, rows=(row, AppliedRow("y", "", "", "", 1)))))
    assert 'href="https://law.example/1"' in page
    assert "a book" in page
    assert "This row is not in the data any more." in page


def test_what_is_no_web_address_is_no_link(figures):
    row = AppliedRow("x", "The rule", "", "", 3, "", ("javascript:alert(1)",), "low")
    page = render(replace(figures, compliance=replace(figures.compliance, rows=(row,))))
    assert 'href="javascript' not in page


def test_the_same_figures_give_the_same_page_and_no_two_elements_one_id(page, figures):
    assert render_whole(figures) == page
    names = re.findall(r'\bid="([^"]+)"', page)
    assert len(names) == len(set(names))


def test_a_budget_is_shown_with_what_is_used(figures):
    page = render(replace(figures, budget=(BudgetLine("attempts", 7, 20), BudgetLine("cost", 0.75, 2.5))))
    assert "7 of 20" in page
    assert "0.75 of 2.5 EUR" in page


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


def _empty(figures):
    nothing = timeline(Counter([]), zone_name="UTC")
    return replace(
        figures, leads=0, people=0, reached_people=0, outcomes=dict.fromkeys(figures.outcomes, 0), details=(),
        dispositions={}, undialled={}, heat=Heat(), funnel=Funnel(0, 0, 0, 0),
        compliance=replace(figures.compliance, held=0, outside=0, without=0),
        calls_over_time=nothing, closed_over_time=nothing, doubts=(), doubts_total=0,
        calls=replace(figures.calls, first=None, last=None, cost=None, outside=None, talk_minutes=0.0),
    )  # fmt: skip
