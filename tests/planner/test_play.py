"""A campaign played ahead: beside the runner itself, call for call, and by its own laws."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.contact import Contact, PhoneNumber
from campaigns.domain.facts import Facts, PastAttempt, PeopleLimits
from campaigns.domain.lead import Lead, LeadState, Outcome, lead_id, spread
from campaigns.domain.outcomes import Verdict, judge
from campaigns.engine.terms import AccountTerms
from campaigns.planner.play import BUSY_LOOK, Answer, Game, Lines, Played, play
from campaigns.planning import lines_of
from campaigns.stores.memory import MemoryStore
from campaigns.testing import NO_LAW, ScriptedProvider, a_campaign, a_contact, a_night, an_account, instant

D = Disposition
START = instant("2026-11-23T07:30Z")
HOURS = "Mo-Fr 09:00-10:00,14:00-15:00"
RETRIES = {
    "max": 3, "per_day": 2, "gap": "30m",
    "retry": {"no_answer": ["1h", "next_day"], "busy": "20m", "voicemail": "next_day"},
}  # fmt: skip
RULES = [
    {"when": "report.analysis.refused == true", "outcome": "refused"},
    {"when": 'report.analysis.later != ""', "callback": "report.analysis.later"},
    {"when": 'report.disposition == "answered" && report.talk_seconds < 25.0', "retry": "90m"},
]


def roll(what: str, phone: str, nth: int) -> float:
    return spread(f"{what}|{phone}|{nth}")


def lasts(phone: str, nth: int) -> timedelta:
    return timedelta(seconds=10 + 110 * roll("lasts", phone, nth))


def report(phone: str, nth: int) -> CallReport:
    """What becomes of the n-th call to a number: known to the script and to the game."""
    share, wish = roll("how", phone, nth), roll("wish", phone, nth)
    words = ((D.ANSWERED, 0.4), (D.NO_ANSWER, 0.65), (D.VOICEMAIL, 0.8), (D.BUSY, 0.92), (D.BAD_NUMBER, 1.0))
    word = next(word for word, limit in words if share < limit)
    says = {"refused": True} if wish < 0.1 else {"later": "3h"} if wish < 0.2 else {"do_not_call": wish < 0.25}
    talks = lasts(phone, nth).total_seconds() if word is D.ANSWERED else 0.0
    return CallReport("", disposition=word, talk_seconds=talks, analysis=says if word is D.ANSWERED else {})


def people(count: int) -> list[Contact]:
    """Ranks, deadlines, second numbers, and two leads of one person now and then."""
    found = []
    for n in range(count):
        changes = {"rank": float(n % 3)}
        if n % 7 == 0:
            changes["call_by"] = START + timedelta(hours=8 + n)
        if n % 5 == 0:
            changes["phones"] = (PhoneNumber(f"+3120{n:07}"), PhoneNumber(f"+3120{900_000 + n:07}"))
        if n % 11 == 10:
            changes |= {"phones": (PhoneNumber(f"+3120{n - 1:07}"),), "person": f"+3120{n - 1:07}"}
        found.append(a_contact(n, **changes))
    return found


def run_by_the_engine(campaign, account: AccountTerms, contacts: list[Contact]):
    clock, store, found = DiscreteClock(START), MemoryStore(), []

    async def main() -> None:
        provider = ScriptedProvider(clock, report, lasts)
        night = a_night(store, clock, campaign=campaign, contacts=contacts, account=account, provider=provider)
        async with night as running:
            await running.run()
            counts = await store.counts(campaign.campaign)
            found.append((clock.now(), [at for at, _ in provider.asked], counts.outcomes))

    run_virtual(clock, main)
    store.close()
    return found[0]


def game_of(campaign, account: AccountTerms, contacts: list[Contact]) -> Game:
    leads = [Facts(Lead(lead_id(campaign.campaign, c.key), campaign.campaign, c, c.person)) for c in contacts]
    lines = lines_of(campaign, account, DiscreteClock(START))
    return Game(list(enumerate(leads)), campaign, NO_LAW, PeopleLimits(), lines, START)


def known_answers(game: Game):
    """The script's own answers, by number and how often that was rung."""
    rung: Counter[str] = Counter()

    def answer(place: int, lead: Lead, past: PastAttempt, at: datetime) -> Answer:
        rung[past.phone] += 1
        told = report(past.phone, rung[past.phone])
        verdict = judge(game.campaign.outcomes, told, ordinal=past.ordinal)
        return Answer(told.disposition, lasts(past.phone, rung[past.phone]).total_seconds(), 0.0, verdict)

    return answer


@pytest.mark.parametrize(
    ("at_once", "per_second", "poll", "attempts"),
    [(2, 1.0, 30, RETRIES), (1, 0.2, 5, RETRIES), (9, 3.0, 60, RETRIES | {"per_day": 1, "gap": "2h"})],
)
def test_forecast_and_runner_agree_call_for_call_when_the_answers_are_known(at_once, per_second, poll, attempts):
    pacing = {"at_once": at_once, "per_second": per_second}
    campaign = a_campaign(calling_hours=HOURS, pacing=pacing, attempts=attempts, outcomes=RULES)
    account = an_account(poll_every=timedelta(seconds=poll), per_second=per_second)
    contacts = people(44)
    finish, asked, outcomes = run_by_the_engine(campaign, account, contacts)
    game = game_of(campaign, account, contacts)
    played = play(game, known_answers(game))
    assert len(played.dialled) == len(asked) > 60
    assert Counter(outcome for _, outcome in played.closed) == outcomes
    # Whoever shares a number with somebody on the line is looked at again a minute later: that minute may be another.
    *others, last = sorted(abs(one - two) for one, two in zip(sorted(played.dialled), asked, strict=True))
    assert others[-1] < timedelta(seconds=1)
    assert last <= BUSY_LOOK
    assert abs(played.finish - finish) < timedelta(minutes=1)


def simple(count: int = 30, *, lines: Lines | None = None, leads: list[Facts] | None = None, **campaign) -> Game:
    file = a_campaign(calling_hours=HOURS, attempts=RETRIES, **campaign)
    contacts = [a_contact(n) for n in range(count)]
    facts = leads or [Facts(Lead(lead_id("test", c.key), "test", c, c.person)) for c in contacts]
    return Game(list(enumerate(facts)), file, NO_LAW, PeopleLimits(), lines or Lines(3), START)


def fixed(place: int, lead: Lead, past: PastAttempt, at: datetime) -> Answer:
    """By place and ordinal; no rule has anything to say."""
    told = report(f"{place}", past.ordinal)
    return Answer(told.disposition, lasts(f"{place}", past.ordinal).total_seconds())


def most_at_once(played: Played) -> int:
    moves = sorted([(at, 1) for at in played.dialled] + [(at, -1) for at in played.over])
    busy = most = 0
    for _, step in moves:
        busy += step
        most = max(most, busy)
    return most


def test_there_are_never_more_calls_than_lines_nor_faster_than_the_rate():
    lines = Lines(3, spacing=timedelta(seconds=4))
    played = play(simple(lines=lines), fixed)
    assert most_at_once(played) == 3
    assert min(two - one for one, two in pairwise(sorted(played.dialled))) >= lines.spacing


def test_nobody_is_dialled_outside_the_hours():
    played = play(simple(), fixed)
    assert {(at + timedelta(hours=1)).hour for at in played.dialled} == {9, 14}  # in Amsterdam


def test_every_lead_gets_one_outcome():
    played = play(simple(40), fixed)
    assert len(played.closed) == sum(played.reasons.values()) == 40
    assert played.finish == max(at for at, _ in played.closed)


def test_a_call_that_is_open_already_holds_its_line_until_it_is_over():
    contact = a_contact(1)
    past = PastAttempt(1, True, None, contact.phones[0].e164, START - timedelta(seconds=5), START)
    lead = Lead("open", "test", contact, contact.person, state=LeadState.CALLING)
    second = Facts(Lead("other", "test", a_contact(2), "other"))
    hours = {"calling_hours": "24/7"}
    game = replace(simple(lines=Lines(1), leads=[Facts(lead, (past,)), second]), campaign=a_campaign(**hours))
    played = play(game, lambda *_: Answer(D.ANSWERED, 10, 50))
    assert played.reached == 2
    assert min(played.over) == past.at + timedelta(seconds=60)
    assert sorted(played.dialled)[1] >= past.at + timedelta(seconds=60)


def test_who_is_closed_or_held_is_counted_and_left_alone():
    done = Lead("a", "test", a_contact(1), "a", state=LeadState.CLOSED, outcome=Outcome.REFUSED, reason="no")
    held = Lead("b", "test", a_contact(2), "b", state=LeadState.HELD, reason="uncertain: cut off")
    played = play(simple(leads=[Facts(done), Facts(held)]), fixed)
    assert played.dialled == []
    assert played.reasons == {(Outcome.REFUSED, "no", ""): 1}
    assert played.waiting == {("uncertain: cut off", ""): 1}


def test_two_leads_of_one_number_are_never_called_at_once():
    one = a_contact(1)
    leads = [Facts(Lead(name, "test", replace(one, key=name), "same")) for name in ("a", "b")]
    played = play(simple(lines=Lines(5), leads=leads), fixed)
    assert most_at_once(played) == 1


def test_nobody_speaks_their_language():
    agent = {"by": "language", "nl": "one"}
    leads = [Facts(Lead("a", "test", a_contact(1, language="fr"), "a"))]
    played = play(simple(leads=leads, agent=agent), fixed)
    assert played.reasons == {(Outcome.BLOCKED, "no agent speaks fr", "agent"): 1}


def test_who_calls_us_is_settled_by_the_rules_and_is_not_called_again() -> None:
    said = Verdict(Outcome.REACHED, label="called us")
    answers = {1: Answer(D.NO_ANSWER, 30, rings_back=(1200.0, said)), 2: Answer(D.ANSWERED, 10, 50)}
    campaign = a_campaign(attempts={"max": 3, "per_day": 9, "gap": "1h", "retry": {"no_answer": "1h"}})
    leads = [(n, Facts(Lead(f"l{n}", "test", a_contact(n), f"p{n}"))) for n in range(2)]
    game = Game(leads, campaign, NO_LAW, PeopleLimits(), Lines(), START)
    played = play(game, lambda place, lead, past, at: answers[1] if not place and past.ordinal == 1 else answers[2])
    assert len(played.dialled) == 2
    assert played.reached == 2
    assert played.finish == played.over[0] + timedelta(seconds=1200)


def test_who_calls_us_while_we_call_them_changes_nothing() -> None:
    said = Verdict(Outcome.REFUSED)
    first, second = Answer(D.BUSY, 30, rings_back=(620.0, said)), Answer(D.ANSWERED, 10, 3000)
    campaign = a_campaign(attempts={"max": 3, "per_day": 9, "gap": "0s", "retry": {"busy": "10m"}})
    game = Game(
        [(0, Facts(Lead("l", "test", a_contact(0), "p")))], campaign, NO_LAW, PeopleLimits(), Lines(), START
    )  # fmt: skip
    played = play(game, lambda place, lead, past, at: first if past.ordinal == 1 else second)
    assert (len(played.dialled), played.reached) == (2, 1)


def test_who_calls_us_after_their_lead_was_closed_is_not_counted_again() -> None:
    last = Answer(D.NO_ANSWER, 30, rings_back=(1200.0, Verdict(Outcome.REACHED)))
    campaign = a_campaign(attempts={"max": 1})
    game = Game(
        [(0, Facts(Lead("l", "test", a_contact(0), "p")))], campaign, NO_LAW, PeopleLimits(), Lines(), START
    )  # fmt: skip
    played = play(game, lambda place, lead, past, at: last)
    assert [outcome for _, outcome in played.closed] == [Outcome.EXHAUSTED]
