"""What is told of calls: late, twice, in any order, by anybody, or never. One outcome in the end."""

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise, permutations

import pytest

from campaigns.domain.call import CallReport, Direction, Disposition, Grade, NotSent, Unclear
from campaigns.domain.errors import VendorError
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome
from campaigns.engine.recorder import with_hints
from campaigns.ports import CallPage
from campaigns.testing import a_campaign, a_contact, a_night, an_account

from .conftest import START, check, play

D, S = Disposition, AttemptState
PHONE = a_contact(0).phones[0].e164
REFUSES = [{"when": "report.analysis.refused == true", "outcome": "refused", "label": "no"}]
CALLBACK = [{"when": 'report.analysis.back != ""', "callback": "report.analysis.back"}]
TELLS = an_account(reports_come=True)

# Five pieces of news about one call: three webhooks and two looks at the provider's list.
LIVE = CallReport("call-1", phone=PHONE, created_at=START)
ENDED = replace(LIVE, ended=True, disposition=D.ANSWERED, ended_at=START + timedelta(seconds=60), talk_seconds=57.0)
TOLD = replace(ENDED, analysis={"refused": True}, summary="did not want it", talk_seconds=57.4)
PIECES = (("hint", LIVE), ("hint", ENDED), ("hint", TOLD), ("list", LIVE), ("list", ENDED))


def final_state(order, grade: Grade, apart: timedelta, rules=REFUSES) -> tuple[object, ...]:
    async def main(store, clock):
        async with a_night(store, clock, campaign=a_campaign(outcomes=rules), account=TELLS) as night:
            shown: list[CallReport] = []

            night.provider._seen = lambda call: (
                shown[-1] if shown else CallReport(call.call_id, phone=PHONE, created_at=START)
            )
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(timedelta(seconds=30))
            for n, (kind, report) in enumerate(order):
                if kind == "hint":
                    await night.hint(report, grade=grade, name=str(n))
                else:
                    shown.append(report)
                await night.until(apart)
            if shown[-1] is LIVE:
                shown.append(ENDED)  # in the end the list knows
            await night.until(timedelta(hours=2))
            attempt, lead = (await night.attempts())[0], await night.lead()
            report, left = attempt.report, await store.inbox("scripted", limit=9)
            return (
                attempt.state, attempt.disposition, lead.state, lead.outcome, lead.label, lead.callbacks,
                lead.callback_at, report.analysis, report.summary, report.ended, report.talk_seconds, left,
            )  # fmt: skip

    return play(main)


@pytest.mark.long
@pytest.mark.row("W2")
@pytest.mark.parametrize("grade", [Grade.TOKEN, Grade.BODY])
def test_five_pieces_of_news_end_the_same_in_all_120_orders(grade: Grade) -> None:
    finals = {repr(final_state(order, grade, timedelta(seconds=7))) for order in permutations(PIECES)}
    assert len(finals) == 1
    assert "Outcome.REFUSED" in finals.pop()


@pytest.mark.row("W2")
@pytest.mark.parametrize(
    "apart", [timedelta(), timedelta(milliseconds=300), timedelta(seconds=40), timedelta(minutes=5)]
)
def test_neither_do_the_pauses_between_them_matter(apart: timedelta) -> None:
    orders = list(permutations(PIECES))[::9]
    finals = {repr(final_state(order, Grade.TOKEN, apart)) for order in orders}
    assert len(finals) == 1


def test_a_callback_is_promised_once_in_every_order() -> None:
    told = replace(TOLD, analysis={"back": "2027-01-04T09:00Z"})
    pieces = (("hint", ENDED), ("hint", told), ("list", LIVE), ("list", ENDED))
    finals = {repr(final_state(order, Grade.TOKEN, timedelta(seconds=7), CALLBACK)) for order in permutations(pieces)}
    assert len(finals) == 1
    assert "LeadState.WAITING" in finals.pop()


@pytest.mark.row("W1")
def test_the_same_news_a_hundred_times_changes_one_row_once() -> None:
    async def main(store, clock):
        async with a_night(store, clock, account=TELLS) as night:
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(timedelta(seconds=70))
            for n in range(100):
                await night.hint(TOLD, name=str(n))
            await night.until(timedelta(minutes=1))
            rev = (await night.attempts())[0].rev
            for n in range(100, 200):
                await night.hint(TOLD, name=str(n))
            await night.until(timedelta(minutes=1))
            assert (await night.attempts())[0].rev == rev
            assert await store.inbox("scripted", limit=999) == []

    play(main)


@pytest.mark.row("W1")
def test_the_same_webhook_is_kept_once() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=0) as night:
            for _ in range(3):
                await night.hint(ENDED)
            assert len(await store.inbox("scripted", limit=9)) == 1

    play(main)


# What a webhook may say


def test_a_webhook_that_only_its_address_proves_fills_but_does_not_decide() -> None:
    hint = replace(TOLD, disposition=D.VOICEMAIL, cost=99.0, ended_reason="x", started_at=START)
    whole = with_hints(ENDED, [hint])
    assert (whole.analysis, whole.summary, whole.proof) == (TOLD.analysis, TOLD.summary, "token")
    assert (whole.disposition, whole.cost, whole.ended_reason, whole.started_at) == (D.ANSWERED, None, "", None)


@pytest.mark.parametrize("changes", [{"phone": "+31200000099"}, {"talk_seconds": 900.0}])
def test_of_a_webhook_that_does_not_agree_only_an_opt_out_is_taken(changes) -> None:
    assert with_hints(ENDED, [replace(TOLD, **changes)]) == ENDED
    out = with_hints(ENDED, [replace(TOLD, analysis={"opt_out": "yes", "x": 1}, **changes)])
    assert (out.analysis, out.summary) == ({"opt_out": True}, "")


def test_a_forged_end_of_a_live_call_ends_nothing() -> None:
    async def main(store, clock):
        async with a_night(store, clock, account=TELLS) as night:
            night.provider.lasts = timedelta(minutes=10)
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(timedelta(seconds=30))
            await night.hint(TOLD)
            await night.until(timedelta(minutes=5))
            assert (await night.attempts())[0].state is S.PLACED

    play(main)


def test_a_signed_end_is_believed_at_once() -> None:
    async def main(store, clock):
        async with a_night(store, clock, account=TELLS) as night:
            night.provider.lasts = timedelta(minutes=20)
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(timedelta(seconds=30))
            await night.hint(TOLD, grade=Grade.BODY)
            await night.until(timedelta(seconds=1))
            assert (await night.lead()).outcome is Outcome.REACHED

    play(main)


@pytest.mark.parametrize("first", ["placed", "unclear"])
def test_a_signed_end_that_does_not_say_how_leaves_that_to_the_call_itself(first: str) -> None:
    async def main(store, clock):
        placement = D.ANSWERED if first == "placed" else Unclear("created, reply lost")
        async with a_night(store, clock, script=lambda _phone, _nth: placement) as night:
            night.provider.lists_after = timedelta(minutes=2)
            known, night.provider.fetch = night.provider.fetch, nobody
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(timedelta(seconds=61))
            own = (await night.attempts())[0].id
            over = CallReport("call-1", own, phone=PHONE, ended=True)
            await night.hint(over, grade=Grade.BODY)
            await night.until(timedelta(seconds=30))
            assert (await night.attempts())[0].state is S.PLACED
            night.provider.fetch = known
            await night.until(timedelta(minutes=3))
            assert ((await night.attempts())[0].disposition, await store.inbox("scripted", limit=9)) == (D.ANSWERED, [])
            assert (await night.lead()).outcome is Outcome.REACHED

    play(main)


async def nobody(_call_id: str) -> None:
    """Not shown yet."""


@pytest.mark.parametrize("when", ["live", "over"])
@pytest.mark.parametrize("analysis", [{"refused": True}, {"opt_out": True}])
def test_an_address_that_is_good_for_one_attempt_tells_nothing_of_another(when: str, analysis) -> None:
    async def main(store, clock):
        async with a_night(store, clock, campaign=a_campaign(outcomes=REFUSES), contacts=2) as night:
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(timedelta(seconds=30 if when == "live" else 90))
            one, other = await night.attempts()
            lie = CallReport(one.call_id, other.id, ended=True, analysis=analysis)
            await night.hint(lie)
            await night.until(timedelta(minutes=3))
            assert [lead.outcome for lead in (await night.lead(0), await night.lead(1))] == [Outcome.REACHED] * 2
            assert await store.inbox("scripted", limit=9) == []

    play(main)


def test_an_answered_call_waits_a_little_for_its_analysis_where_reports_come() -> None:
    async def main(store, clock):
        async with a_night(store, clock, campaign=a_campaign(outcomes=REFUSES), account=TELLS) as night:
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(timedelta(seconds=68))
            assert (await night.attempts())[0].state is S.PLACED
            await night.hint(replace(TOLD, talk_seconds=60.0))
            await night.until(timedelta(seconds=1))
            assert (await night.lead()).outcome is Outcome.REFUSED

    play(main)


@pytest.mark.row("W3")
def test_an_analysis_that_comes_days_later_still_changes_the_outcome() -> None:
    async def main(store, clock):
        async with a_night(store, clock, campaign=a_campaign(outcomes=REFUSES), account=TELLS) as night:
            await night.run()
            assert (await night.lead()).outcome is Outcome.REACHED
            await night.until(timedelta(days=3))
            await night.hint(replace(TOLD, talk_seconds=60.0))
            await night.until(timedelta(minutes=1))
            lead = await night.lead()
            assert (lead.outcome, lead.label) == (Outcome.REFUSED, "no")

    play(main)


def test_an_opt_out_in_an_older_call_holds_whatever_came_after() -> None:
    rules = {"retry": {"voicemail": "5m"}, "gap": "0s", "per_day": 9}

    async def main(store, clock):
        script = lambda phone, nth: D.VOICEMAIL if nth == 1 else D.ANSWERED  # noqa: E731
        async with a_night(store, clock, campaign=a_campaign(attempts=rules), script=script, account=TELLS) as night:
            await night.run()
            assert (await night.lead()).outcome is Outcome.REACHED
            await night.hint(replace(ENDED, analysis={"opt_out": True}, talk_seconds=None))
            await night.until(timedelta(minutes=1))
            assert (await night.lead()).outcome is Outcome.DO_NOT_CALL
            assert len(await store.suppressions()) == 1

    play(main)


def test_an_opt_out_of_an_older_call_while_a_newer_is_open_survives_its_end() -> None:
    rules = {"retry": {"voicemail": "5m"}, "gap": "0s", "per_day": 9}

    async def main(store, clock):
        script = lambda phone, nth: D.VOICEMAIL if nth == 1 else D.ANSWERED  # noqa: E731
        async with a_night(store, clock, campaign=a_campaign(attempts=rules), script=script, account=TELLS) as night:
            night.tasks.start_soon(night.runner.run, "test")
            while len(night.provider.calls) < 2:
                await night.until(timedelta(seconds=5))
            await night.hint(replace(ENDED, analysis={"opt_out": True}, talk_seconds=None))
            await night.until(timedelta(minutes=5))
            await check(night)
            assert (await night.lead()).outcome is Outcome.DO_NOT_CALL
            assert len(await night.attempts()) == 2

    play(main)


# Silence


@pytest.mark.row("W4")
def test_a_silent_call_that_is_not_live_ends_as_unknown_and_frees_its_line() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=2, account=an_account(at_once=1)) as night:
            lost = night.provider.calls

            async def forgets(*, since, offset, limit):
                reports = [night.provider._seen(call) for call in lost[1:]]
                return CallPage(tuple(reports), len(reports), has_more=False)

            async def knows_not(call_id):
                return None

            night.provider.page, night.provider.fetch = forgets, knows_not
            await night.run()
            one, two = await night.attempts()
            assert (one.disposition, two.disposition) == (D.UNKNOWN, D.ANSWERED)
            assert two.created_at - one.created_at >= timedelta(minutes=30)

    play(main)


def test_a_call_that_is_live_at_the_provider_is_not_silent() -> None:
    async def main(store, clock):
        async with a_night(store, clock) as night:
            night.provider.lasts = timedelta(minutes=45)
            await night.run()
            assert (await night.attempts())[0].disposition is D.ANSWERED

    play(main)


def test_a_call_that_never_ends_at_the_provider_is_given_up_at_twice_the_longest() -> None:
    async def main(store, clock):
        async with a_night(store, clock) as night:
            night.provider.lasts = timedelta(days=9)
            await night.run()
            assert (await night.attempts())[0].disposition is D.UNKNOWN
            assert timedelta(minutes=60) <= clock.now() - START < timedelta(minutes=61)

    play(main)


def test_while_the_provider_cannot_be_asked_a_call_is_not_called_silent() -> None:
    async def main(store, clock):
        async with a_night(store, clock) as night:
            night.provider.trouble = VendorError("v", "list", 500, "x")
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(timedelta(minutes=40))
            assert (await night.attempts())[0].state is S.PLACED
            night.provider.trouble = None
            await night.until(timedelta(minutes=1))
            assert (await night.lead()).outcome is Outcome.REACHED

    play(main)


@pytest.mark.row("K7", "K12")
@pytest.mark.parametrize("hindrance", ["the provider does not answer yet", "another process is asking"])
def test_what_nobody_asked_for_all_night_is_asked_for_before_it_is_called_silent(hindrance: str) -> None:
    async def main(store, clock):
        async with a_night(store, clock, owner="killed") as first:
            first.tasks.start_soon(first.runner.run, "test")
            await first.until(timedelta(seconds=2))
            provider = first.provider
        await clock.sleep_until(clock.now() + timedelta(hours=9))
        if hindrance == "another process is asking":
            until = clock.now() + timedelta(seconds=30)
            await store.take_round("scripted", until=until, mine=None, urgent=True, now=clock.now())
        else:
            provider.trouble = VendorError("v", "list", 503, "x")
        async with a_night(store, clock, owner="next", provider=provider) as second:
            second.tasks.start_soon(second.runner.run, "test")
            await second.until(timedelta(minutes=5))
            provider.trouble = None
            await second.until(timedelta(minutes=1))
            assert [a.disposition for a in await second.attempts()] == [D.ANSWERED]

    play(main)


def test_late_news_betters_a_call_that_was_given_up_as_unknown() -> None:
    for grade in (Grade.BODY, Grade.TOKEN):

        async def main(store, clock, grade=grade):
            async with a_night(store, clock, account=replace(TELLS, poll_every=timedelta(minutes=1))) as night:
                night.provider.trouble = VendorError("v", "list", 500, "x")
                await night.run()
                assert (await night.attempts())[0].disposition is D.UNKNOWN
                night.provider.trouble = None
                await night.hint(replace(TOLD, talk_seconds=60.0), grade=grade)
                await night.until(timedelta(minutes=2))
                assert (await night.attempts())[0].disposition is D.ANSWERED
                assert (await night.lead()).outcome is Outcome.REACHED

        play(main)


def test_many_open_calls_cost_few_list_requests() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=100) as night:
            await night.run()
            assert night.provider.pages <= 2 * (clock.now() - START) / timedelta(seconds=5)

    play(main)


def test_rounds_in_which_nothing_changed_wake_nobody() -> None:
    async def main(store, clock):
        async with a_night(store, clock) as night:
            night.provider.lasts = timedelta(minutes=20)
            rings = []
            ring = night.dialer.wake.ring
            night.dialer.wake.ring = lambda: (rings.append(clock.now()), ring())
            await night.run()
            assert night.provider.pages > 100
            assert len(rings) <= 4

    play(main)


def test_webhooks_that_nobody_can_place_are_kept_for_a_day_and_asked_for_ever_less_often() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=0) as night:
            asked = []

            async def fetch(call_id):
                asked.append(clock.now())

            night.provider.fetch = fetch
            await night.hint(replace(ENDED, call_id="foreign"))
            await night.until(timedelta(hours=23))
            assert len(await store.inbox("scripted", limit=9)) == 1
            assert 5 <= len(asked) <= 40
            pauses = [later - earlier for earlier, later in pairwise(asked)]
            assert pauses[1] < pauses[3] < pauses[5]
            await night.until(timedelta(hours=26))
            assert await store.inbox("scripted", limit=9) == []

    play(main)


def test_a_thousand_foreign_webhooks_do_not_hide_our_own() -> None:
    async def main(store, clock):
        account = an_account(reports_come=True, poll_every=timedelta(seconds=20))
        async with a_night(store, clock, campaign=a_campaign(outcomes=REFUSES), account=account) as night:
            for n in range(1_010):
                await night.hint(replace(ENDED, call_id=f"foreign-{n}"), name=str(n))
            await night.until(timedelta(minutes=1))
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(timedelta(seconds=61))
            await night.hint(replace(TOLD, talk_seconds=60.0))
            await night.until(timedelta(minutes=2))
            assert (await night.lead()).outcome is Outcome.REFUSED

    play(main)


@pytest.mark.parametrize("text", ["\ud800", "\x00", "é" * 10])
def test_an_odd_word_of_the_vendor_stops_no_night(text: str) -> None:
    async def main(store, clock):
        report = CallReport(
            "", disposition=D.ANSWERED, ended=True, summary=text, ended_reason=text, analysis={"x": text}
        )
        async with a_night(store, clock, script=lambda phone, nth: report) as night:
            await night.run()
            assert (await night.lead()).outcome is Outcome.REACHED

    play(main)


# People who call us


def inbound(**changes) -> CallReport:
    plain = CallReport(
        "in-1", direction=Direction.INBOUND, phone=PHONE, ended=True, disposition=D.ANSWERED, ended_at=START
    )
    return replace(plain, **changes)


def test_who_called_us_waits_the_gap_and_is_then_called() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=2) as night:
            night.provider.inbound.append(inbound())
            await night.hint(inbound())
            await night.until(timedelta(seconds=1))
            await night.run()
            at = {call.phone: call.at for call in night.provider.calls}
            assert at[PHONE] >= START + timedelta(hours=2)
            assert at[a_contact(1).phones[0].e164] < START + timedelta(minutes=1)

    play(main)


def test_who_called_us_may_be_settled_by_the_files_rules() -> None:
    async def main(store, clock):
        async with a_night(store, clock, campaign=a_campaign(outcomes=REFUSES)) as night:
            night.provider.inbound.append(inbound(analysis={"refused": True}))
            await night.hint(inbound())
            await night.until(timedelta(seconds=1))
            await night.run()
            lead = await night.lead()
            assert (lead.outcome, lead.reason) == (Outcome.REFUSED, "called us")
            assert night.provider.calls == []

    play(main)


def test_an_analysis_of_their_call_that_comes_later_counts_too() -> None:
    async def main(store, clock):
        async with a_night(store, clock, account=TELLS) as night:
            night.provider.inbound.append(inbound())
            await night.hint(inbound())
            await night.until(timedelta(minutes=1))
            assert (await night.lead()).state is LeadState.WAITING
            await night.hint(inbound(analysis={"opt_out": True}))
            await night.until(timedelta(minutes=1))
            await night.run()
            assert (await night.lead()).outcome is Outcome.DO_NOT_CALL
            assert night.provider.calls == []

    play(main)


@pytest.mark.parametrize("moment", [timedelta(seconds=20), timedelta(minutes=3)])
def test_an_opt_out_by_calling_us_holds_also_during_and_after_our_own_call(moment: timedelta) -> None:
    async def main(store, clock):
        async with a_night(store, clock, script=lambda phone, nth: D.NO_ANSWER) as night:
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(moment)
            night.provider.inbound.append(inbound(analysis={"opt_out": "yes"}))
            await night.hint(inbound())
            await night.until(timedelta(days=2))
            assert len(night.provider.calls) == 1
            assert (await night.lead()).outcome is Outcome.DO_NOT_CALL
            other = await night.also(a_campaign(campaign="other"), 1)
            await other.run("other")
            assert len(night.provider.calls) == 1

    play(main)


def test_an_inbound_call_that_is_listed_in_every_round_counts_once() -> None:
    async def main(store, clock):
        async with a_night(store, clock, campaign=a_campaign(outcomes=CALLBACK), contacts=2) as night:
            night.provider.inbound.append(inbound(analysis={"back": "10m"}))
            await night.hint(inbound())
            await night.until(timedelta(seconds=1))
            await night.run()
            lead = await night.lead()
            assert (lead.callbacks, lead.outcome) == (1, Outcome.REACHED)
            assert [call.phone for call in night.provider.calls].count(PHONE) == 1

    play(main)


def test_late_news_of_a_call_decides_also_after_a_dial_that_never_was() -> None:
    rules = {"retry": {"voicemail": "5m"}, "gap": "0s", "per_day": 9, "max": 9}

    async def main(store, clock):
        script = lambda phone, nth: D.VOICEMAIL if nth == 1 else NotSent("down")  # noqa: E731
        campaign = a_campaign(attempts=rules, outcomes=REFUSES)
        async with a_night(store, clock, campaign=campaign, script=script, account=TELLS) as night:
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(timedelta(minutes=10))
            assert S.NOT_SENT in {attempt.state for attempt in await night.attempts()}
            await night.steer(CampaignState.PAUSED)
            await night.until(timedelta(minutes=2))
            await night.hint(replace(TOLD, talk_seconds=None))
            await night.until(timedelta(minutes=1))
            assert (await night.lead()).outcome is Outcome.REFUSED

    play(main)
