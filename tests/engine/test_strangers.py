"""A provider that rings twice for one request, or tells of two ends: seen whenever it is asked, kept, and listed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from campaigns.domain.call import CallReport, Direction, Disposition, Grade, Refused, Unclear
from campaigns.domain.incidents import incidents
from campaigns.domain.lead import AttemptState, LeadState, Outcome
from campaigns.testing import Dialled, ScriptedProvider, a_campaign, a_contact, a_night

from .conftest import START, play

D, S = Disposition, AttemptState
SECOND = timedelta(seconds=1)
UNASKED = "incident: attempt 1: the provider made a call to this number that nobody asked for"
PHONE = a_contact(0).phones[0].e164


class Doubling(ScriptedProvider):
    """Makes two calls of some requests."""

    twice: Callable[[str], bool] = staticmethod(lambda _phone: True)
    apart = SECOND

    def _create(self, phone: str, attempt: str, word: Any, at: Any = None) -> Dialled:
        one = super()._create(phone, attempt, word, at)
        if self.twice(phone):
            super()._create(phone, attempt, word, (at or self.clock.now()) + self.apart)
        return one

    @property
    def doubled(self) -> set[str]:
        """The attempts for which two calls were made: the truth."""
        names = [call.attempt_id for call in self.calls]
        return {name for name in names if names.count(name) > 1}


ANSWERS = {"placed": D.ANSWERED, "not answered": D.NO_ANSWER, "unclear": Unclear("created, then silence")}


@pytest.mark.row("O3")
def test_every_second_call_of_one_request_is_seen_and_no_other(figure: Any, long: bool) -> None:
    seen = doubled = nights = 0
    for (word, echoes), apart in product(product(ANSWERS.values(), (True, False)), (0, 1, 3, 10, 40) if long else (3,)):

        async def main(store, clock, word=word, echoes=echoes, apart=apart):
            provider = Doubling(clock, lambda phone, nth: word if nth == 1 else D.ANSWERED, echoes=echoes)
            provider.twice, provider.apart = (lambda phone: int(phone[-1]) % 2 == 0), apart * SECOND
            rules = {"retry": {"no_answer": "5m"}, "gap": "0s", "per_day": 9}
            async with a_night(
                store, clock, contacts=4, campaign=a_campaign(attempts=rules), provider=provider
            ) as night:
                await night.run()
                attempts = await night.attempts()
                told = {attempt.id for attempt in attempts if incidents(attempt)}
                warned = {n for n in range(4) if "incident: " in (await night.lead(n)).warning}
                assert warned == {0, 2}
                assert (await store.counts("test")).warnings == 2
                return provider.doubled, told

        truth, told = play(main)
        assert told == truth
        seen, doubled, nights = seen + len(told), doubled + len(truth), nights + 1
    figure("O3", "second calls of one request that were listed", seen, made=doubled, nights=nights)


def test_a_second_call_changes_nothing_of_the_first_one_and_stays_listed_through_later_attempts() -> None:
    async def main(store, clock):
        provider = Doubling(clock, lambda phone, nth: D.NO_ANSWER if nth == 1 else D.ANSWERED)
        provider.twice = lambda phone: len(provider.calls) == 1
        rules = {"retry": {"no_answer": "5m"}, "gap": "0s", "per_day": 9}
        async with a_night(store, clock, campaign=a_campaign(attempts=rules), provider=provider) as night:
            await night.run()
            one, two = await night.attempts()
            assert (one.call_id, one.report.others, one.disposition) == ("call-1", ("call-2",), D.NO_ANSWER)
            assert (two.call_id, two.report.others, two.disposition) == ("call-3", (), D.ANSWERED)
            assert ((await night.lead()).outcome, (await night.lead()).warning) == (Outcome.REACHED, UNASKED)

    play(main)


@pytest.mark.row("O3")
@pytest.mark.parametrize("grade", Grade)
@pytest.mark.parametrize("named", [True, False])
def test_whoever_says_stop_in_a_call_that_nobody_asked_for_is_not_called_again(grade: Grade, named: bool) -> None:
    async def main(store, clock):
        provider = Doubling(clock)
        async with a_night(store, clock, provider=provider) as night:
            await night.run()
            attempt = (await night.attempts())[0]
            said = replace(provider.calls[1].report, attempt_id=attempt.id if named else None)
            await night.hint(replace(said, analysis={"opt_out": True}), grade=grade)
            await night.until(timedelta(minutes=1))
            lead = await night.lead()
            assert (lead.outcome, lead.warning) == (Outcome.DO_NOT_CALL, UNASKED)
            assert len(await store.suppressions()) == 1
            assert await store.inbox("scripted", limit=9) == []

    play(main)


@pytest.mark.parametrize(
    ("changes", "seen"),
    [
        ({}, True),
        ({"phone": "+31200000050"}, False),
        ({"phone": None}, False),
        ({"direction": Direction.INBOUND}, False),
        ({"attempt_id": "another", "phone": PHONE}, False),
        ({"created_at": START - timedelta(minutes=5)}, False),
        ({"created_at": START + timedelta(hours=1)}, False),
    ],
)
def test_only_a_call_to_somebody_of_ours_at_that_time_is_one_too_many(changes: dict[str, Any], seen: bool) -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=2) as night:
            plain = CallReport("x", phone=PHONE, ended=True, disposition=D.ANSWERED, created_at=START + 2 * SECOND)
            page = night.provider.page

            async def with_stranger(*, since, offset, limit):
                whole = await page(since=since, offset=offset, limit=limit)
                return replace(whole, reports=(*whole.reports, replace(plain, **changes)))

            night.provider.page = with_stranger
            await night.run()
            assert [bool((await night.lead(n)).warning) for n in range(2)] == [seen, False]

    play(main)


def test_a_call_that_was_refused_and_rang_all_the_same_is_listed_and_its_lead_goes_on() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=2) as night:
            provider = night.provider
            provider.script = lambda phone, nth: (
                Refused("429", throttled=True, retry_after=20 * SECOND) if (phone, nth) == (PHONE, 1) else D.ANSWERED
            )
            rang = CallReport("x", phone=PHONE, ended=True, disposition=D.ANSWERED, created_at=START + SECOND)
            page = provider.page

            async def with_rang(*, since, offset, limit):
                whole = await page(since=since, offset=offset, limit=limit)
                return replace(whole, reports=(*whole.reports, rang))

            provider.page = with_rang
            await night.run()
            lead = await night.lead()
            assert (lead.outcome, lead.state) == (Outcome.REACHED, LeadState.CLOSED)
            assert "nobody asked for" in lead.warning

    play(main)


@pytest.mark.row("O3")
def test_two_ends_of_one_call_are_both_listed_in_every_order(figure: Any) -> None:
    pairs = [(one, two) for one, two in product(D, D) if one is not two and D.UNKNOWN not in (one, two)]

    async def main(store, clock):
        async with a_night(store, clock, contacts=len(pairs)) as night:
            night.provider.lasts = timedelta(minutes=3)
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(timedelta(seconds=30))
            attempts = await night.attempts()
            for attempt, pair in zip(attempts, pairs, strict=True):
                for n, end in enumerate(pair):
                    told = CallReport(attempt.call_id, phone=attempt.phone, ended=True, disposition=end)
                    await night.hint(told, grade=Grade.BODY, name=str(n))
                    await night.until(SECOND)
            return [(a.report.ends, (await store.lead(a.lead_id))[0].warning) for a in await night.attempts()]

    found = play(main)
    assert [set(ends) for ends, _ in found] == [set(pair) for pair in pairs]
    assert all(warning.startswith("incident: attempt 1: the provider told of different ends: ") for _, warning in found)
    figure("O3", "calls with two ends that were listed", len(found), told=len(pairs))
