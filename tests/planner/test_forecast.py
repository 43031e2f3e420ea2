"""The forecast: what the rates say, the same every time, and what would be different if."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from campaigns.domain.call import Disposition
from campaigns.domain.facts import Facts, PastAttempt
from campaigns.domain.lead import Lead, LeadState, Outcome
from campaigns.domain.outcomes import Verdict
from campaigns.planner.forecast import Forecast, forecast
from campaigns.planner.play import Lines
from campaigns.planner.rates import Draws, Heard, Rates, assumed_rates, learned_rates, slot_of
from campaigns.planner.what_if import an_hour_longer
from campaigns.planner.worlds import scaled
from campaigns.testing import NO_LAW, a_campaign, a_contact, instant

D = Disposition
START = instant("2026-11-23T07:30Z")
CAMPAIGN = a_campaign(
    calling_hours="Mo-Fr 09:00-12:00", attempts={"max": 2, "retry": {"no_answer": "next_day", "voicemail": "next_day"}}
)


def people(count: int) -> list[Facts]:
    return [Facts(Lead(f"lead {n}", "test", a_contact(n), f"person {n}")) for n in range(count)]


def history(calls: int, answered: float = 0.4, slot: int = 9, ordinal: int = 1, talk: float = 60) -> list[Heard]:
    yes = round(calls * answered)
    return [
        Heard(D.ANSWERED, ordinal, slot, yes, 10.0 * yes, 100.0 * yes, talk * yes, talk * talk * yes),
        Heard(D.NO_ANSWER, ordinal, slot, calls - yes, 30.0 * (calls - yes), 900.0 * (calls - yes)),
    ]


def foreseen(count: int = 40, rates: Rates | None = None, at_once: int = 3, **changes) -> Forecast:
    wanted = {"what_if": False, "now": START, **changes}
    campaign = wanted.pop("campaign", CAMPAIGN)
    leads = wanted.pop("leads", None) or people(count)
    lines = Lines(at_once, poll_every=timedelta(seconds=5))
    return forecast(leads, campaign, NO_LAW, rates or learned_rates(history(2_000), ""), lines, **wanted)


def test_the_same_arguments_give_the_same_forecast_and_another_seed_another():
    assert foreseen() == foreseen()
    assert foreseen() != foreseen(seed=2)


def test_what_is_certain_is_foreseen_exactly():
    sure = learned_rates(history(1_000_000, answered=1.0), "")
    played = foreseen(10, sure, at_once=1)
    assert (played.reached.p10, played.reached.p90) == (10, 10)
    assert played.first_call == instant("2026-11-23T08:00Z")
    assert played.talk_minutes.p50 == pytest.approx(10, rel=0.01)
    # Ten calls of 70 s one after the other, each noticed with the next question, at most 5 s later.
    begun = instant("2026-11-23T08:00Z")
    assert begun + timedelta(seconds=700) <= played.finish.p50 <= begun + timedelta(seconds=760)
    assert [(hour, round(count, 6)) for hour, count in played.calls] == [(begun, 10)]


def test_every_lead_has_an_ending():
    played = foreseen(40)
    assert sum(why.leads for why in played.why) == pytest.approx(40)
    assert played.total(Outcome.REACHED) == pytest.approx(sum(played.outcomes[-1][1][Outcome.REACHED] for _ in "x"))


def test_a_fair_sample_is_foreseen_as_all_whom_it_stands_for():
    whole = foreseen(400, at_once=4, campaign=a_campaign(calling_hours="24/7", attempts={"max": 1}))
    sample = foreseen(
        leads=people(400)[::4],
        at_once=4,
        stands_for=4.0,
        campaign=a_campaign(calling_hours="24/7", attempts={"max": 1}),
    )
    assert (sample.leads, sample.open) == (400, 400)
    assert sample.reached.p50 == pytest.approx(whole.reached.p50, rel=0.1)
    assert (sample.finish.p50 - START) / (whole.finish.p50 - START) == pytest.approx(1, abs=0.1)


def test_leads_of_which_only_the_outcome_is_known_are_counted_with_it():
    played = foreseen(10, closed={Outcome.REACHED: 5, Outcome.BLOCKED: 2})
    assert (played.leads, played.open) == (17, 10)
    assert played.reached.p10 >= 5
    assert played.total(Outcome.BLOCKED) == 2


def test_who_is_closed_already_stays_as_they_are():
    done = Facts(
        Lead("a", "test", a_contact(99), "a", state=LeadState.CLOSED, outcome=Outcome.REACHED, reason="answered")
    )
    played = foreseen(leads=[done])
    assert (played.finish, played.first_call, played.open, played.reached.p50) == (None, None, 0, 1)


def test_a_lead_goes_on_from_its_own_history():
    tired = [
        replace(facts, attempts=(PastAttempt(1, True, D.NO_ANSWER, facts.lead.contact.phones[0].e164, START, START),))
        for facts in people(20)
    ]
    assert foreseen(leads=tired).attempts.p90 <= 20 < foreseen(20).attempts.p50


@pytest.mark.long
def test_few_calls_of_history_make_a_wide_band():
    def width(calls: int) -> float:
        reached = foreseen(300, learned_rates(history(calls), "")).reached
        return reached.p90 - reached.p10

    assert width(30) > 1.5 * width(3_000)


@pytest.mark.long
def test_more_lines_never_finish_later_and_the_price_is_paid():
    slow, fast = foreseen(120, at_once=1), foreseen(120, at_once=4, price_per_minute=0.5)
    assert fast.finish.p50 <= slow.finish.p50
    assert slow.cost is None
    assert fast.cost.p50 == pytest.approx(fast.talk_minutes.p50 / 2)


@pytest.mark.long
def test_a_sample_of_many_tells_the_same_as_all_of_them():
    campaign = a_campaign(calling_hours="Mo-Fr 09:00-17:00", attempts={"max": 1})
    whole, sampled = foreseen(900, at_once=2, campaign=campaign), foreseen(2_700, at_once=6, campaign=campaign)
    assert sampled.reached.p50 == pytest.approx(3 * whole.reached.p50, rel=0.08)
    lasts, expected = sampled.finish.p50 - sampled.first_call, whole.finish.p50 - whole.first_call
    assert lasts / expected == pytest.approx(1, rel=0.08)


def test_what_would_be_if_is_told_with_the_same_people():
    played = foreseen(150, at_once=2, what_if=True)
    by_change = {other.change: other for other in played.what_if}
    assert set(by_change) == {
        "one line fewer", "one line more", "twice the lines", "an hour longer each day", "one attempt more",
    }  # fmt: skip
    assert by_change["one attempt more"].reached > played.total(Outcome.REACHED) + 5
    assert by_change["one line fewer"].finish >= by_change["twice the lines"].finish
    assert 1 <= played.lines_enough <= played.at_once


@pytest.mark.parametrize(
    ("hours", "longer"),
    [
        ("Mo-Fr 09:00-12:30,13:30-17:30; PH off", "Mo-Fr 09:00-12:30,13:30-18:30; PH off"),
        ("Mo-Th 17:00-20:30; Sa 10:00-13:00", "Mo-Th 17:00-21:30; Sa 10:00-14:00"),
        ("Mo 20:00-23:30", "Mo 20:00-24:00"),
        ("Mo 20:00-24:00", None),
        ("24/7", None),
        ("Mo-Su 22:00-02:00", None),
    ],
)
def test_an_hour_longer_is_added_to_the_end_of_each_day(hours, longer):
    assert an_hour_longer(hours) == longer


def shares(rates: Rates, *, slot: int, ordinal: int = 1, replica: int | None = None) -> float:
    """How many of a thousand calls at that hour are answered."""
    draws = Draws(rates, CAMPAIGN, leads=1_000, seed=1, replica=replica)
    at = instant("2026-11-23T00:00Z") + timedelta(hours=slot - 1)  # Amsterdam is an hour ahead
    contact = a_contact()
    past = PastAttempt(ordinal, True, None, "", at, at)
    lead = Lead("x", "test", contact, "x")
    return float(np.mean([draws(n, lead, past, at).disposition is D.ANSWERED for n in range(1_000)]))


def test_hours_that_differ_are_told_apart_and_those_that_differ_by_luck_are_not():
    clear = learned_rates([*history(1_000, 0.2, slot=9), *history(1_000, 0.6, slot=18)], "")
    assert shares(clear, slot=9) == pytest.approx(0.2, abs=0.04)
    assert shares(clear, slot=18) == pytest.approx(0.6, abs=0.05)
    lucky = learned_rates([*history(20, 0.35, slot=9), *history(20, 0.45, slot=18)], "")
    assert shares(lucky, slot=9) == pytest.approx(shares(lucky, slot=18), abs=0.03)


def test_later_attempts_have_rates_of_their_own():
    rates = learned_rates([*history(2_000, 0.5, ordinal=1), *history(2_000, 0.2, ordinal=2)], "")
    assert shares(rates, slot=9, ordinal=1) > shares(rates, slot=9, ordinal=2) + 0.2


def test_a_draw_depends_on_the_lead_and_the_ordinal_alone():
    draws = [Draws(assumed_rates(), CAMPAIGN, leads=5, seed=3, replica=1) for _ in range(2)]
    lead, past = people(1)[0].lead, PastAttempt(2, True, None, "", START, START)
    draws[1](1, lead, replace(past, ordinal=1), START)
    assert draws[0](4, lead, past, START) == draws[1](4, lead, past, START)


def test_what_people_say_is_drawn_from_what_was_said():
    rates = learned_rates(history(1_000, 1.0), "", [Verdict(Outcome.REFUSED)] * 30 + [Verdict()] * 70)
    played = foreseen(200, rates)
    assert played.total(Outcome.REFUSED) == pytest.approx(60, abs=15)
    assert played.total(Outcome.REACHED) == pytest.approx(140, abs=15)


def test_the_week_has_48_slots_of_a_persons_own_clock():
    assert slot_of(instant("2026-11-23T09:30Z")) == 9
    assert slot_of(instant("2026-11-22T23:00Z")) == 47


def test_an_empty_history_is_refused():
    with pytest.raises(ValueError, match="no calls"):
        learned_rates([], "")


@pytest.mark.parametrize(("at_once", "weight"), [(6, 3.0), (1, 3.0), (10, 4.0)])
def test_a_sample_gets_its_share_of_lines_and_rate(at_once, weight):
    lines = scaled(Lines(at_once), weight, assumed_rates())
    # Lines over how long each is held: a third of the leads, a third of the capacity.
    assert lines.at_once / lines.stretch == pytest.approx(at_once / weight)
    assert lines.spacing == Lines().spacing * weight
