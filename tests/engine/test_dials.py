"""What the provider answers to "please call", and what follows: for the lead, the campaign and everybody's pace."""

import itertools
from collections import Counter
from datetime import timedelta
from itertools import count
from typing import Any

import pytest

from campaigns.domain.call import Disposition, NotSent, Refused, Unclear
from campaigns.domain.errors import AccountRefused, StoreUnavailable, VendorError
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome
from campaigns.domain.pacing import FIRST_PAUSE, Breaker
from campaigns.stores.memory import MemoryStore
from campaigns.testing import a_campaign, a_contact, a_night, an_account

from .conftest import START, check, play

D, S = Disposition, AttemptState


def first(*placements):
    """The n-th POST of the night is answered so; later ones are answered calls."""
    left = list(placements)
    return lambda phone, nth: left.pop(0) if left else D.ANSWERED


async def states(night) -> list[S]:
    return [attempt.state for attempt in await night.attempts()]


@pytest.mark.row("N3")
@pytest.mark.parametrize("silence", [timedelta(seconds=30), timedelta(hours=1)])
def test_after_a_429_nobody_is_dialled_before_the_time_it_names(silence: timedelta) -> None:
    async def main(store, clock):
        script = first(D.ANSWERED, Refused("HTTP 429", throttled=True, retry_after=silence))
        async with a_night(store, clock, contacts=50, script=script) as night:
            await night.run()
            await check(night)
            refused_at, next_at = night.provider.asked[1][0], night.provider.asked[2][0]
            assert next_at >= refused_at + silence
            assert len(night.provider.calls) == 50
            leads = {a.lead_id: 0 for a in await night.attempts()}
            for attempt in await night.attempts():
                leads[attempt.lead_id] += attempt.counts
            assert set(leads.values()) == {1}  # no attempt was used up

    play(main)


@pytest.mark.row("N3")
def test_a_429_that_names_no_time_is_followed_by_a_minute_of_silence() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=5, script=first(Refused("HTTP 429", throttled=True))) as night:
            await night.run()
            assert night.provider.asked[1][0] - night.provider.asked[0][0] >= timedelta(minutes=1)

    play(main)


@pytest.mark.row("N3")
def test_a_429_silences_every_campaign_of_the_account() -> None:
    async def main(store, clock):
        script = first(Refused("HTTP 429", throttled=True, retry_after=timedelta(minutes=5)))
        account = an_account(per_second=2)
        async with a_night(store, clock, contacts=5, script=script, account=account) as night:
            other = await night.also(a_campaign(campaign="other"), [a_contact(n) for n in range(5, 10)])
            night.tasks.start_soon(other.run, "other")
            await night.run()
            await night.until(timedelta(minutes=10))
            later = [at for at, _ in night.provider.asked[1:]]
            assert len(later) == 10
            assert min(later) >= night.provider.asked[0][0] + timedelta(minutes=5)

    play(main)


@pytest.mark.row("X6")
@pytest.mark.parametrize("per_second", [1, 100])
def test_a_refused_account_stops_the_campaign_and_costs_nobody_an_attempt(per_second: int) -> None:
    async def main(store, clock):
        account = an_account(per_second=per_second)
        script = lambda phone, nth: Refused("HTTP 401", account=True)  # noqa: E731
        async with a_night(store, clock, contacts=30, script=script, account=account) as night:
            end = await night.run()
            assert (end.state, end.interrupted) == (CampaignState.REFUSED, True)
            assert "HTTP 401" in end.reason
            assert len(night.provider.asked) <= 2  # the first, and at most what was on its way
            assert not any(attempt.counts for attempt in await night.attempts())
            assert (await store.counts("test")).states.keys() <= {"waiting", "ready"}

    play(main)


@pytest.mark.row("X6")
@pytest.mark.parametrize("refusal", ["HTTP 401", "HTTP 403"])
def test_a_key_that_is_withdrawn_in_mid_run_stops_the_campaign_at_once(refusal: str, figure: Any) -> None:
    async def main(store, clock):
        asked = count(1)
        script = lambda phone, nth: (  # noqa: E731
            D.ANSWERED if next(asked) <= 10 else Refused(refusal, account=True)
        )
        async with a_night(store, clock, contacts=60, script=script, account=an_account(per_second=100)) as night:
            assert (await night.run()).state is CampaignState.REFUSED
            after = len(night.provider.asked) - 11
            assert len(night.provider.calls) == 10
            assert after <= 1  # at most what was on its way
            figure("X6", "dials after the first refusal", after, refusal=refusal, people=60)

    play(main)


@pytest.mark.row("X6")
def test_once_the_account_is_mended_the_campaign_goes_on_where_it_was() -> None:
    async def main(store, clock):
        script = first(D.ANSWERED, Refused("HTTP 402", account=True))
        async with a_night(store, clock, contacts=10, script=script, account=an_account(per_second=1)) as night:
            assert (await night.run()).state is CampaignState.REFUSED
            await night.steer(CampaignState.ACTIVE)
            assert (await night.run()).state is CampaignState.FINISHED
            await check(night)
            assert len(night.provider.calls) == 10

    play(main)


def test_refused_data_blocks_its_lead_only() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=5, script=first(Refused("HTTP 422 x", bad_data=True))) as night:
            assert (await night.run()).state is CampaignState.FINISHED
            assert (await store.counts("test")).outcomes == {"blocked": 1, "reached": 4}
            lead = await night.lead(0)
            assert (lead.outcome, "HTTP 422 x" in lead.reason) == (Outcome.BLOCKED, True)

    play(main)


@pytest.mark.parametrize(
    ("answers", "paused"),
    [
        ([Refused("HTTP 422 a", bad_data=True)] * 3, True),
        ([Refused(f"HTTP 422 {word}", bad_data=True) for word in "aba"], False),
        ([Refused("HTTP 422 a", bad_data=True)] * 2 + [D.ANSWERED] + [Refused("HTTP 422 a", bad_data=True)] * 2, False),
    ],
)
def test_three_refusals_alike_in_a_row_pause_the_campaign(answers, paused: bool) -> None:
    async def main(store, clock):
        account = an_account(per_second=1)
        async with a_night(store, clock, contacts=10, script=first(*answers), account=account) as night:
            end = await night.run()
            assert (end.state is CampaignState.PAUSED) is paused
            if paused:
                assert "alike" in end.reason
                assert len(night.provider.asked) == 3

    play(main)


def test_after_a_pause_for_refusals_alike_it_takes_three_more_to_pause_again() -> None:
    async def main(store, clock):
        script = first(*[Refused("HTTP 422 a", bad_data=True)] * 4)
        async with a_night(store, clock, contacts=10, script=script, account=an_account(per_second=1)) as night:
            assert (await night.run()).state is CampaignState.PAUSED
            await night.steer(CampaignState.ACTIVE)
            assert (await night.run()).state is CampaignState.FINISHED

    play(main)


@pytest.mark.row("N7")
def test_what_was_not_sent_is_dialled_later_with_back_off_and_once() -> None:
    async def main(store, clock):
        script = first(*[NotSent("connection refused")] * 6)
        async with a_night(store, clock, contacts=1, script=script) as night:
            await night.run()
            await check(night)
            asked = [at for at, _ in night.provider.asked]
            pauses = [round((later - earlier).total_seconds()) for earlier, later in itertools.pairwise(asked)]
            assert pauses == [1, 2, 4, 8, 16, 32]
            assert len(night.provider.calls) == 1
            assert (await states(night)) == [S.NOT_SENT] * 6 + [S.ENDED]

    play(main)


@pytest.mark.row("N7")
def test_a_network_that_is_down_for_hours_stops_nothing_for_good() -> None:
    async def main(store, clock):
        script = lambda phone, nth: NotSent("no route") if nth <= 120 else D.ANSWERED  # noqa: E731
        async with a_night(store, clock, contacts=1, script=script) as night:
            await night.run()
            assert len(night.provider.asked) == 121
            assert timedelta(hours=1) < clock.now() - START < timedelta(hours=3)
            assert (await night.lead()).outcome is Outcome.REACHED

    play(main)


@pytest.mark.row("N4")
@pytest.mark.parametrize("per_second", [1, 100])
def test_the_breaker_opens_at_three_unclear_answers_in_a_row(per_second: int) -> None:
    async def main(store, clock):
        script = first(*[Unclear("HTTP 500")] * 3)
        account = an_account(per_second=per_second)
        async with a_night(store, clock, contacts=20, script=script, account=account) as night:
            await night.run()
            await check(night)
            asked = [at for at, _ in night.provider.asked]
            assert asked[3] - asked[2] >= FIRST_PAUSE
            assert (await store.counts("test")).outcomes == {"reached": 17}
            assert (await store.counts("test")).states["held"] == 3

    play(main)


@pytest.mark.row("N4")
def test_half_open_it_tries_one_dial_at_a_time_and_doubles_its_pause() -> None:
    async def main(store, clock):
        script = first(*[Unclear("HTTP 503")] * 6)
        async with a_night(store, clock, contacts=30, script=script) as night:
            other = await night.also(a_campaign(campaign="other"), [a_contact(n) for n in range(30, 60)])
            night.provider.answers_in = timedelta(milliseconds=4)
            night.tasks.start_soon(other.run, "other")
            await night.run()
            await night.until(timedelta(hours=2))
            asked = [at for at, _ in night.provider.asked]
            pauses = [later - earlier for earlier, later in itertools.pairwise(asked[2:8])]
            for pause, least in zip(pauses, (30, 60, 120, 240), strict=False):
                assert pause >= timedelta(seconds=least)
            assert len(asked) == 60 == len({phone for _, phone in night.provider.asked})

    play(main)


@pytest.mark.row("N4")
def test_a_sick_provider_cannot_turn_a_whole_list_uncertain() -> None:
    async def main(store, clock):
        script = lambda phone, nth: Unclear("HTTP 500")  # noqa: E731
        async with a_night(store, clock, contacts=60, script=script) as night:
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(timedelta(minutes=5))
            assert len(night.provider.asked) <= 7  # three, and a trial after 30, 60, 120 s

    play(main)


def test_a_provider_that_cannot_be_prepared_refuses_the_account_or_is_asked_again() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=2) as night:
            troubles: list[Exception] = [VendorError("v", "numbers", 500, "x"), VendorError("v", "numbers", None, "y")]

            async def prepare(caller_ids: list[str]) -> None:
                if troubles:
                    raise troubles.pop(0)

            night.provider.prepare = prepare
            assert (await night.run()).state is CampaignState.FINISHED
            assert night.provider.asked[0][0] - START >= timedelta(seconds=60)
        async with a_night(store, clock, campaign=a_campaign(campaign="b"), contacts=2) as night:
            troubles.append(AccountRefused("HTTP 403"))
            night.provider.prepare = prepare
            assert (await night.run()).state is CampaignState.REFUSED
            assert night.provider.asked == []

    play(main)


def test_a_lead_whose_language_nobody_speaks_is_blocked() -> None:
    async def main(store, clock):
        campaign = a_campaign(agent={"by": "language", "nl": "agent-1"})
        contacts = [a_contact(0, language="nl-BE"), a_contact(1, language="fr")]
        async with a_night(store, clock, campaign=campaign, contacts=contacts) as night:
            await night.run()
            assert (await night.lead(0)).outcome is Outcome.REACHED
            blocked = await night.lead(1)
            assert (blocked.outcome, blocked.rule) == (Outcome.BLOCKED, "agent")
            assert "fr" in blocked.reason

    play(main)


def test_a_closed_lead_says_by_which_rule() -> None:
    async def main(store, clock):
        script = lambda phone, nth: D.VOICEMAIL  # noqa: E731
        async with a_night(store, clock, contacts=1, script=script) as night:
            await night.run()
            lead = await night.lead()
            assert (lead.state, lead.outcome, lead.rule) == (LeadState.CLOSED, Outcome.EXHAUSTED, "attempts.retry")

    play(main)


def test_while_one_dial_tries_the_provider_out_a_second_one_is_not_sent() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=5) as night:
            night.provider.answers_in = timedelta(seconds=2)
            night.dialer._breaker = Breaker(open_until=START - timedelta(seconds=1))
            await store.put_breaker("scripted", night.dialer._breaker)
            night.runner._room = lambda look, limit: 5  # two runners that looked at the same moment
            await night.run()
            first_at = night.provider.asked[0][0]
            assert [at for at, _ in night.provider.asked if at < first_at + timedelta(seconds=2)] == [first_at]
            await check(night)

    play(main)


def test_a_half_open_breaker_writes_down_one_dial_and_not_many() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=9, script=first(*[Unclear("HTTP 500")] * 4)) as night:
            night.provider.answers_in = timedelta(milliseconds=4)
            await night.run()
            opened = night.provider.asked[2][0]
            written = [attempt for attempt in await night.attempts() if attempt.created_at > opened]
            assert all(attempt.state is not S.NOT_SENT for attempt in written)

    play(main)


def test_while_the_provider_is_left_alone_nothing_is_written_down_in_vain() -> None:
    """Answers of dials that were on their way when the breaker opened must not have dials written and dropped."""

    async def main(store, clock):
        script = first(*[Unclear("HTTP 500")] * 3)
        async with a_night(store, clock, contacts=60, script=script) as night:
            night.provider.answers_in = timedelta(milliseconds=200)
            await night.run()
            await check(night)
            states = (await store.counts("test")).attempts
            assert states.get("not_sent", 0) <= 40
            assert len(night.provider.asked) == 60

    play(main)


class LosesCommits(MemoryStore):
    """A database whose answer to some permits is lost: they were given, and nobody is told."""

    lost = 0

    async def fence(self, attempt, *, now):
        permitted = await super().fence(attempt, now=now)
        self.lost += 1
        if self.lost in (2, 4):
            raise StoreUnavailable("The database was lost at a commit: it may hold what was written, or not.")
        return permitted


def test_a_permit_of_which_nobody_was_told_was_not_used_and_is_no_doubt() -> None:
    async def main(_store, clock):
        store = LosesCommits()
        async with a_night(store, clock, contacts=6) as night:
            assert (await night.run()).state == "finished"
            assert Counter(await states(night)) == {S.ENDED: 6, S.NOT_SENT: 2}
            assert len(night.provider.calls) == 6
            assert {(await night.lead(n)).outcome for n in range(6)} == {Outcome.REACHED}
            assert not night.dialer.unsent
        store.close()

    play(main)
