import pytest

from campaigns.domain.budget import Spent
from campaigns.domain.campaign import Budget
from campaigns.domain.errors import InputError
from campaigns.ports.people import OptOuts
from campaigns.reports import gather
from campaigns.reports.discreet import without_numbers
from campaigns.reports.figures import budget_lines
from campaigns.reports.tally import Funnel
from campaigns.stores.memory import MemoryStore
from campaigns.testing import NO_LAW, instant


def test_every_lead_is_counted_under_one_outcome(figures):
    counted = {word: count for word, count in figures.outcomes.items() if count}
    assert counted == {"reached": 2, "exhausted": 1, "bad_number": 1, "held": 1, "blocked": 1}
    assert sum(figures.outcomes.values()) == figures.leads == figures.people == 6


def test_attempts_that_cost_nothing_are_counted_apart(figures):
    counted = {word: count for word, count in figures.dispositions.items() if count}
    assert counted == {"answered": 2, "no_answer": 3, "bad_number": 1, "uncertain": 1}
    assert figures.undialled == {"refused": 1}


def test_the_columns_over_time_hold_every_call_and_every_outcome(figures):
    def total(line):
        return sum(sum(column.values()) for column in line.columns)

    assert total(figures.calls_over_time) == sum(figures.dispositions.values())
    assert total(figures.closed_over_time) == 5


def test_talk_and_cost_are_summed_over_what_was_reported(figures):
    assert figures.calls.talk_minutes == pytest.approx(2.0)
    assert figures.calls.cost == pytest.approx(0.75)


def test_calls_are_checked_against_the_hours_of_the_file(figures):
    assert figures.calls.outside == 0


def test_a_doubt_is_listed_with_its_attempt_and_a_masked_number(figures):
    (doubt,) = figures.doubts
    assert doubt.waits
    assert len(doubt.attempt) == 36
    assert doubt.phone == "+312******04"
    assert doubt.reason == "cut off while … was dialled"


def test_leads_that_ended_alike_are_counted_together(figures):
    details = {(row.outcome, row.why): row.count for row in figures.details}
    assert details["reached", "<b>confirmed</b>"] == 1
    assert details["exhausted", "3 attempts made"] == 1


def test_warnings_of_the_rules_are_told(figures):
    ((text, count),) = figures.warnings
    assert count == 1
    assert text.startswith("outcomes[1].when:")


def test_the_settings_in_force_are_told_and_a_switched_off_law_with_its_reason(figures):
    settings = dict(figures.settings)
    assert settings["Legal rules"] == "switched off: a test on loopback"
    assert settings["Calling hours"] == "24/7"
    assert settings["Tried again"] == "no answer: after 3h; busy: after 20m; failed: after 10m"


async def test_a_campaign_that_is_not_there_is_an_error_that_says_where_to_look():
    store = MemoryStore()
    with pytest.raises(InputError, match="campaigns status"):
        await gather(store, "nothing", now=instant("2026-11-23T09:00Z"), rules=NO_LAW, simulated=True)
    store.close()


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("no route to +31200000012", "no route to …"),
        ("020 00000 12 is unknown", "… is unknown"),
        ("(212) 555-0147", "(…"),
        ("due 2026-11-23 17:00", "due 2026-11-23 17:00"),
        ("HTTP 422 after 30 s", "HTTP 422 after 30 s"),
        ("", ""),
    ],
)
def test_what_may_be_a_phone_number_is_cut_out_of_reasons(text, safe):
    assert without_numbers(text) == safe


def test_the_funnel_counts_leads_each_stage_a_part_of_the_one_before(figures):
    assert figures.funnel == Funnel(leads=6, called=5, answered=2, reached=2)


def test_answers_are_counted_by_the_hour_of_the_week_of_whoever_was_called(figures):
    first = figures.heat.cells[0]
    assert (first.weekday, first.hour) == (0, 10)  # 09:00 UTC in Amsterdam
    ended = {word: count for word, count in figures.dispositions.items() if word not in ("uncertain", "in_progress")}
    assert sum(cell.calls for cell in figures.heat.cells) == sum(ended.values()) == 6
    assert sum(cell.answered for cell in figures.heat.cells) == 2


def test_every_call_is_counted_by_the_permit_that_is_kept_with_it(figures):
    kept = figures.compliance
    assert (kept.held, kept.outside, kept.without) == (7, 0, 0)
    assert kept.opt_outs == OptOuts(asked=0, listed=0, called_after=0)


def test_without_a_budget_no_line_of_it_is_shown_and_the_currency_is_that_of_the_settings(figures):
    assert (figures.budget, figures.currency) == ((), "EUR")


def test_a_budget_is_told_in_the_units_of_the_file():
    lines = budget_lines(Budget(attempts=20, talk_minutes=10, cost=2.5), Spent(7, 90_000, 750_000))
    assert [(line.what, line.used, line.limit) for line in lines] == [
        ("attempts", 7, 20), ("talk minutes", 1.5, 10), ("cost", 0.75, 2.5),
    ]  # fmt: skip
    assert lines[0].share == 35.0
