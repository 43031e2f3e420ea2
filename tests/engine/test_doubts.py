"""Dials of which nobody knows whether they rang: found, proved absent, or left to a person. Never dialled blindly."""

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from campaigns.domain.call import CallReport, Direction, Disposition, Grade, Unclear
from campaigns.domain.errors import Throttled, VendorError
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome
from campaigns.engine.sweep import fits
from campaigns.ports import CallPage, ProviderFacts
from campaigns.testing import ScriptedProvider, a_campaign, a_contact, a_night, an_account

from .conftest import START, check, play

D, S = Disposition, AttemptState
PHONE = a_contact(0).phones[0].e164
CREATED, NOTHING = Unclear("created, reply lost"), Unclear("HTTP 500")
SECOND = timedelta(seconds=1)


def first(word, then=D.ANSWERED):
    return lambda phone, nth: word if nth == 1 else then


def queueing(clock, queue: timedelta) -> ScriptedProvider:
    """A provider that may hold calls before it dials; the first dial is unclear."""
    return ScriptedProvider(clock, first(NOTHING), facts=ProviderFacts(documented_per_minute=None, queue=queue))


async def only_attempt(night):
    attempts = await night.attempts()
    assert len(attempts) == 1
    return attempts[0]


@pytest.mark.row("N1")
@pytest.mark.parametrize("hidden", [0, 4, 40, 1000])
@pytest.mark.parametrize("echoes", [True, False])
def test_an_unclear_call_that_exists_is_found_and_its_outcome_kept(hidden: int, echoes: bool) -> None:
    async def main(store, clock):
        async with a_night(store, clock, script=first(CREATED)) as night:
            night.provider.lists_after = hidden * SECOND
            night.provider.echoes = echoes
            await night.run()
            await check(night)
            attempt = await only_attempt(night)
            assert (attempt.state, attempt.disposition, attempt.resolved_by) == (S.ENDED, D.ANSWERED, "lookup")
            assert (await night.lead()).outcome is Outcome.REACHED
            assert len(night.provider.asked) == 1

    play(main)


def test_a_call_that_is_still_live_when_it_is_found_is_followed_to_its_end() -> None:
    async def main(store, clock):
        async with a_night(store, clock, script=first(CREATED)) as night:
            night.provider.lasts = timedelta(minutes=10)
            await night.run()
            attempt = await only_attempt(night)
            assert (attempt.state, attempt.disposition) == (S.ENDED, D.ANSWERED)
            assert attempt.ended_at >= START + timedelta(minutes=10)

    play(main)


def test_where_nothing_is_found_by_default_a_person_decides() -> None:
    async def main(store, clock):
        async with a_night(store, clock, script=first(NOTHING)) as night:
            end = await night.run()
            attempt = await only_attempt(night)
            assert (attempt.state, attempt.lookups) == (S.UNCERTAIN, 6)
            lead = await night.lead()
            assert (lead.state, lead.rule) == (LeadState.HELD, "attempts.uncertain")
            assert end.state is CampaignState.FINISHED
            assert clock.now() - START >= timedelta(hours=1)
            assert len(night.provider.asked) == 1

    play(main)


@pytest.mark.parametrize("queue", [0, 20])
def test_as_attempt_counts_it_once_no_call_can_be_open_and_goes_on(queue: int) -> None:
    async def main(store, clock):
        rules = {"uncertain": "as_attempt", "retry": {"unknown": "1m"}, "gap": "0s", "per_day": 9}
        campaign = a_campaign(attempts=rules)
        provider = queueing(clock, timedelta(minutes=queue))
        async with a_night(store, clock, campaign=campaign, provider=provider) as night:
            await night.run()
            one, two = await night.attempts()
            assert (one.state, one.disposition, one.resolved_by) == (S.ENDED, D.UNKNOWN, "policy")
            assert two.created_at - START >= timedelta(minutes=31 + queue)
            assert (await night.lead()).outcome is Outcome.REACHED

    play(main)


def test_as_attempt_holds_a_short_ladder_until_the_longest_call_is_over() -> None:
    async def main(store, clock):
        campaign = a_campaign(attempts={"uncertain": "as_attempt"})
        account = an_account(lookups=(5 * SECOND,))
        provider = queueing(clock, timedelta(minutes=7))
        async with a_night(store, clock, campaign=campaign, provider=provider, account=account) as night:
            await night.run()
            assert clock.now() - START >= timedelta(minutes=37)
            assert (await night.lead()).outcome is Outcome.EXHAUSTED
            assert (await store.counts("test")).dispositions == {"unknown": 1}

    play(main)


def test_drop_never_calls_again_but_keeps_what_is_found_later() -> None:
    async def main(store, clock):
        campaign = a_campaign(attempts={"uncertain": "drop"})
        account = an_account(lookups=(5 * SECOND, 15 * SECOND))
        async with a_night(store, clock, campaign=campaign, script=first(CREATED), account=account) as night:
            night.provider.lists_after = timedelta(minutes=2)
            await night.run()
            assert (await night.lead()).outcome is Outcome.STOPPED
            await night.until(timedelta(minutes=5))
            call = night.provider.calls[0]
            await night.hint(replace(call.report, attempt_id=call.attempt_id))
            await night.until(timedelta(minutes=1))
            await check(night)
            assert (await night.lead()).outcome is Outcome.REACHED

    play(main)


def test_a_held_doubt_frees_its_line_but_not_its_lead() -> None:
    async def main(store, clock):
        account = an_account(at_once=1, lookups=(5 * SECOND,))
        async with a_night(store, clock, contacts=2, script=first(D.ANSWERED), account=account) as night:
            night.provider.script = lambda phone, nth: NOTHING if phone == PHONE else D.ANSWERED
            await night.run()
            one, two = night.provider.asked
            assert two[0] - one[0] >= account.longest_call
            assert (await night.lead(0)).state is LeadState.HELD
            assert not (await night.attempts())[0].open

    play(main)


# Absence


@pytest.mark.row("N2")
def test_by_default_an_empty_list_proves_nothing_however_often() -> None:
    async def main(store, clock):
        async with a_night(store, clock, script=first(NOTHING)) as night:
            await night.run()
            await night.until(timedelta(days=3))
            assert (await only_attempt(night)).state is S.UNCERTAIN

    play(main)


@pytest.mark.row("N2")
@pytest.mark.parametrize(
    ("after", "proved_at"),
    # Look-ups come 5 s, 15 s, 60 s, 5 min, … after the doubt; the last moment for sending is 30 s after the slot.
    [(5, 300), (20, 300), (100, 900), (600, 3600), (4000, None)],
)
def test_absence_is_proved_by_the_second_late_empty_look_up_and_then_dialled_again(after, proved_at) -> None:
    async def main(store, clock):
        account = an_account(absence_after=after * SECOND)
        async with a_night(store, clock, script=first(NOTHING), account=account) as night:
            await night.run()
            attempts = await night.attempts()
            if proved_at is None:
                assert [attempt.state for attempt in attempts] == [S.UNCERTAIN]
                return
            assert [attempt.state for attempt in attempts] == [S.NOT_CREATED, S.ENDED]
            assert attempts[0].ended_at - START == pytest.approx(proved_at * SECOND, abs=2 * SECOND)
            assert (await night.lead()).outcome is Outcome.REACHED
            assert sum(attempt.counts for attempt in attempts) == 1

    play(main)


@pytest.mark.row("N2")
@pytest.mark.parametrize("hidden", [3, 9, 29, 59, 250])
def test_a_call_that_is_listed_before_the_second_late_look_up_is_never_dialled_again(hidden: int) -> None:
    async def main(store, clock):
        account = an_account(absence_after=5 * SECOND)
        async with a_night(store, clock, script=first(CREATED), account=account) as night:
            night.provider.lists_after = hidden * SECOND
            await night.run()
            await check(night)
            assert len(night.provider.asked) == 1

    play(main)


@pytest.mark.row("N2")
def test_a_look_up_that_could_not_read_every_page_proves_nothing() -> None:
    async def main(store, clock):
        account = an_account(absence_after=SECOND)
        async with a_night(store, clock, script=first(NOTHING), account=account) as night:
            page = night.provider.page

            async def cut(*, since, offset, limit):
                whole = await page(since=since, offset=offset, limit=limit)
                return CallPage(whole.reports, None, has_more=True)

            night.provider.page = cut
            await night.run()
            attempt = await only_attempt(night)
            assert (attempt.state, attempt.lookups, attempt.empty_lookup_at) == (S.UNCERTAIN, 6, None)
            assert night.provider.pages < 20

    play(main)


@pytest.mark.parametrize("trouble", [VendorError("v", "list", 500, "x"), Throttled("v", "list", timedelta(minutes=1))])
def test_while_the_provider_cannot_be_asked_a_doubt_stays_a_doubt(trouble: Exception) -> None:
    async def main(store, clock):
        account = an_account(absence_after=SECOND)
        async with a_night(store, clock, script=first(CREATED), account=account) as night:
            night.provider.trouble = trouble
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(timedelta(minutes=20))
            assert (await only_attempt(night)).state is S.UNCLEAR
            night.provider.trouble = None
            await night.until(timedelta(minutes=20))
            await check(night)
            assert (await night.lead()).outcome is Outcome.REACHED
            assert len(night.provider.asked) == 1

    play(main)


def test_a_long_list_is_read_to_its_end_before_absence_is_believed() -> None:
    async def main(store, clock):
        account = an_account(absence_after=SECOND)
        async with a_night(store, clock, script=first(CREATED), account=account) as night:
            others = [
                CallReport(f"other-{n}", phone="+31200000099", ended=True, disposition=D.BUSY, created_at=START)
                for n in range(250)
            ]
            page = night.provider.page

            async def long(*, since, offset, limit):
                own = (await page(since=since, offset=0, limit=100)).reports
                reports = [*others, *own]
                more = offset + limit < len(reports)
                return CallPage(tuple(reports[offset : offset + limit]), len(reports), more)

            night.provider.page = long
            await night.run()
            await check(night)
            assert len(night.provider.asked) == 1

    play(main)


@pytest.mark.parametrize(
    ("changes", "proved"),
    [
        ({"phone": None}, False),
        ({"phone": "020 000 0000"}, False),
        ({"created_at": START - timedelta(minutes=20)}, False),
        ({"created_at": None, "phone": None}, False),
        ({"phone": "+31200000050"}, True),
        ({"direction": Direction.INBOUND}, True),
        ({"attempt_id": "another", "phone": None}, True),
        ({"created_at": START - timedelta(hours=5)}, True),
    ],
)
def test_a_listed_call_of_nobody_that_may_be_ours_forbids_the_proof_that_ours_does_not_exist(changes, proved) -> None:
    """The vendor forgot its number, spells it otherwise, or has a clock that is far behind."""

    async def main(store, clock):
        account = an_account(absence_after=SECOND)
        async with a_night(store, clock, script=first(NOTHING), account=account) as night:
            page, call = night.provider.page, shown(**({"created_at": START - timedelta(minutes=20)} | changes))

            async def with_foreign(*, since, offset, limit):
                whole = await page(since=since, offset=offset, limit=limit)
                seen = [call] if call.created_at is None or call.created_at >= since else []
                return replace(whole, reports=(*whole.reports, *seen))

            night.provider.page = with_foreign
            await night.run()
            assert [attempt.state for attempt in await night.attempts()] == (
                [S.NOT_CREATED, S.ENDED] if proved else [S.UNCERTAIN]
            )

    play(main)


# Which call is whose


def shown(**changes) -> CallReport:
    plain = CallReport("foreign", phone=PHONE, ended=True, disposition=D.ANSWERED, created_at=START + 2 * SECOND)
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("report", "facts", "found"),
    [
        (shown(), {}, True),
        (shown(phone="+31200000050"), {}, False),
        (shown(attempt_id="another"), {}, False),
        (shown(direction=Direction.INBOUND), {}, False),
        (shown(created_at=START - timedelta(minutes=3)), {}, False),
        (shown(created_at=START - timedelta(minutes=1)), {}, True),
        (shown(created_at=START + timedelta(minutes=31)), {}, False),
        (shown(created_at=None, started_at=START + SECOND), {}, True),
        (shown(created_at=None), {}, True),
        (shown(), {"lookup_by_own_id": True}, False),
    ],
)
def test_a_call_is_taken_for_ours_by_our_id_or_by_number_and_time(report, facts, found: bool) -> None:
    async def main(store, clock):
        known = ProviderFacts(documented_per_minute=None, **facts)
        async with a_night(store, clock, provider=ScriptedProvider(clock, first(NOTHING), facts=known)) as night:
            page = night.provider.page

            async def with_foreign(*, since, offset, limit):
                whole = await page(since=since, offset=offset, limit=limit)
                return replace(whole, reports=(*whole.reports, report))

            night.provider.page = with_foreign
            await night.run()
            assert ((await only_attempt(night)).call_id == "foreign") is found

    play(main)


@pytest.mark.row("O3")
def test_of_two_calls_that_fit_by_number_neither_is_taken_and_it_is_an_incident() -> None:
    async def main(store, clock):
        async with a_night(store, clock, script=first(NOTHING)) as night:
            page = night.provider.page

            async def two(*, since, offset, limit):
                whole = await page(since=since, offset=offset, limit=limit)
                return replace(whole, reports=(*whole.reports, shown(), shown(call_id="second")))

            night.provider.page = two
            await night.run()
            assert (await only_attempt(night)).state is S.UNCERTAIN

    with capture_logs() as lines:
        play(main)
    assert "several_calls_fit_an_unclear_attempt" in {line["event"] for line in lines}


@pytest.mark.row("O3")
def test_of_two_calls_with_our_own_id_the_first_is_ours_and_it_is_an_incident() -> None:
    async def main(store, clock):
        async with a_night(store, clock, script=first(CREATED)) as night:
            night.provider.echoes = True
            page = night.provider.page

            async def two(*, since, offset, limit):
                whole = await page(since=since, offset=offset, limit=limit)
                again = [replace(r, call_id="again", created_at=r.created_at + SECOND) for r in whole.reports]
                return replace(whole, reports=(*again, *whole.reports))

            night.provider.page = two
            await night.run()
            assert (await only_attempt(night)).call_id == "call-1"

    with capture_logs() as lines:
        play(main)
    assert "several_calls_fit_an_unclear_attempt" in {line["event"] for line in lines}


def test_a_doubt_of_yesterday_does_not_take_todays_call_to_the_same_number() -> None:
    async def main(store, clock):
        account = an_account(lookups=(5 * SECOND,))
        async with a_night(store, clock, script=first(NOTHING), account=account) as night:
            night.provider.answers_in = 8 * SECOND  # long enough for a round while the call is listed and not ours yet
            await night.run()
            other = await night.also(a_campaign(campaign="other"), [a_contact(0)])
            await night.until(timedelta(hours=1))
            await other.run("other")
            assert (await only_attempt(night)).state is S.UNCERTAIN
            new = (await store.attempts("other"))[-1]
            assert (new.state, new.call_id) == (S.ENDED, "call-1")

    play(main)


# Evidence by webhook


@pytest.mark.parametrize("grade", [Grade.BODY, Grade.TOKEN])
def test_a_webhook_with_our_id_is_evidence_also_for_what_is_uncertain(grade: Grade) -> None:
    async def main(store, clock):
        async with a_night(store, clock, script=first(CREATED)) as night:
            night.provider.lists_after = timedelta(days=9)
            await night.run()
            assert (await night.lead()).state is LeadState.HELD
            call = night.provider.calls[0]
            await night.hint(replace(call.report, attempt_id=call.attempt_id), grade=grade)
            await night.until(timedelta(minutes=1))
            await check(night)
            attempt = await only_attempt(night)
            assert (attempt.state, attempt.call_id, attempt.disposition) == (S.ENDED, "call-1", D.ANSWERED)
            assert (await night.lead()).outcome is Outcome.REACHED

    play(main)


def test_late_evidence_wins_over_a_doubt_that_was_counted_as_an_attempt() -> None:
    async def main(store, clock):
        campaign = a_campaign(attempts={"uncertain": "as_attempt"})
        async with a_night(store, clock, campaign=campaign, script=first(CREATED)) as night:
            night.provider.lists_after = timedelta(days=9)
            await night.run()
            assert (await night.lead()).outcome is Outcome.EXHAUSTED
            call = night.provider.calls[0]
            await night.hint(replace(call.report, attempt_id=call.attempt_id))
            await night.until(timedelta(minutes=1))
            assert (await only_attempt(night)).disposition is D.ANSWERED
            assert (await night.lead()).outcome is Outcome.REACHED

    play(main)


def test_a_call_without_a_time_is_taken_only_while_nobody_else_can_have_rung_that_number() -> None:
    async def main(store, clock):
        async with a_night(store, clock, script=first(NOTHING)) as night:
            await night.run()
            doubt = await only_attempt(night)
            told = {"longest_call": timedelta(minutes=30), "by_id_only": False}
            assert not doubt.open
            assert not fits(doubt, shown(created_at=None), **told)
            assert fits(replace(doubt, open=True), shown(created_at=None), **told)

    play(main)
