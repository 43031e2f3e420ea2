"""Signed reports are settled as they come, without a round; what they cannot settle the rounds come to."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import anyio

from campaigns.domain.call import CallReport, Disposition, Grade
from campaigns.domain.lead import AttemptState, LeadState, Outcome
from campaigns.domain.transitions import ended
from campaigns.engine.inbox import News, to_json
from campaigns.ports.store import Move
from campaigns.testing import Night, a_contact, a_night, an_account

from .conftest import play

D, S = Disposition, AttemptState
SECOND = timedelta(seconds=1)


async def told(night: Night, report: CallReport, *, grade: Grade = Grade.BODY, key: str = "") -> None:
    """A webhook as the receiver hands it on."""
    name = await night.store.receive(
        "scripted",
        dedupe_key=f"{key}{report.call_id}{report!r}",
        grade=grade,
        report=to_json(report),
        now=night.clock.now(),
    )
    if name is not None:
        night.reconciler.heard(News(name, grade, report))


def over(attempt, disposition: D = D.ANSWERED, **changes) -> CallReport:
    return replace(
        CallReport(attempt.call_id or "call-1", attempt.id, ended=True, disposition=disposition, summary="said yes"),
        **changes,
    )


def quiet(night: Night) -> list[str]:
    """From now on no round is run; rings for one are counted."""
    rung: list[str] = []
    night.reconciler.wake.ring = lambda: rung.append("rung")

    async def never() -> None:
        await anyio.sleep_forever()

    night.reconciler.round = never
    return rung


def test_a_signed_end_is_settled_without_a_round() -> None:
    async def main(store, clock):
        account = an_account(reports_come=True, poll_every=timedelta(hours=1))
        async with a_night(store, clock, contacts=20, account=account) as night:
            night.provider.lasts = timedelta(hours=2)
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(2 * SECOND)
            rung = quiet(night)
            for attempt in await night.attempts():
                await told(night, over(attempt))
            await night.until(SECOND)
            assert {attempt.state for attempt in await night.attempts()} == {S.ENDED}
            assert {(await night.lead(n)).outcome for n in range(20)} == {Outcome.REACHED}
            assert (await store.inbox("scripted", limit=99), rung) == ([], [])

    play(main)


def test_a_report_that_overtakes_the_answer_is_settled_when_the_answer_is_written() -> None:
    async def main(store, clock):
        account = an_account(reports_come=True, poll_every=timedelta(hours=1))
        async with a_night(store, clock, account=account) as night:
            place = night.provider.place

            async def slow(body, *, attempt_id):
                placement = await place(body, attempt_id=attempt_id)
                await told(night, CallReport(placement.call_id, attempt_id, ended=True, disposition=D.BUSY))
                await night.until(5 * SECOND)
                assert (await night.attempts())[0].state is S.SENDING
                return placement

            night.provider.place = slow
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(SECOND)
            rung = quiet(night)
            await night.until(6 * SECOND)
            attempt = (await night.attempts())[0]
            assert (attempt.state, attempt.disposition, rung) == (S.ENDED, D.BUSY, [])
            assert (await night.lead()).state in (LeadState.WAITING, LeadState.READY)

    play(main)


def test_what_a_signed_report_cannot_settle_a_round_comes_to() -> None:
    async def main(store, clock):
        async with a_night(store, clock, account=an_account(reports_come=True)) as night:
            night.provider.lasts = timedelta(hours=2)
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(2 * SECOND)
            rung, attempt = quiet(night), (await night.attempts())[0]
            await told(night, over(attempt), grade=Grade.TOKEN)
            await told(night, CallReport("nobody's", ended=True, disposition=D.BUSY))
            await told(night, over(attempt, None))
            await night.until(SECOND)
            assert (len(rung), (await night.attempts())[0].state) == (3, S.PLACED)
            assert len(await store.inbox("scripted", limit=9)) == 3

    play(main)


def test_what_is_told_of_a_call_that_goes_on_is_known_when_it_ends() -> None:
    async def main(store, clock):
        async with a_night(store, clock, account=an_account(reports_come=True)) as night:
            night.provider.lasts = timedelta(hours=2)
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(2 * SECOND)
            quiet(night)
            attempt, began = (await night.attempts())[0], clock.now()
            await told(night, CallReport(attempt.call_id, attempt.id, started_at=began))
            await night.until(SECOND)
            await told(night, over(attempt))
            await night.until(SECOND)
            assert (await night.attempts())[0].report.started_at == began
            assert await store.inbox("scripted", limit=9) == []

    play(main)


async def _moves(night: Night, *dispositions: D) -> Sequence[Move]:
    """Ends of the first attempt, each told as if it were the only one."""
    attempt, now = (await night.attempts())[0], night.clock.now()
    return [Move(attempt, ended(attempt, over(attempt, d), by="report", now=now), d) for d in dispositions]


def test_of_two_moves_of_one_attempt_that_wait_together_the_first_is_written() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=[a_contact(0)]) as night:
            night.provider.lasts = timedelta(hours=2)
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(2 * SECOND)
            moves = await _moves(night, D.BUSY, D.ANSWERED)
            assert await store.record(moves, now=clock.now()) == [True, False]
            assert (await night.attempts())[0].disposition is D.BUSY

    play(main)


def test_a_move_that_is_not_written_leaves_its_neighbours_alone() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=2) as night:
            night.provider.lasts = timedelta(hours=2)
            night.tasks.start_soon(night.runner.run, "test")
            await night.until(2 * SECOND)
            one, other = await night.attempts()
            moves = [
                Move(replace(one, rev=one.rev - 1), ended(one, over(one), by="report", now=clock.now()), "too old"),
                Move(other, ended(other, over(other), by="report", now=clock.now()), "in time"),
            ]
            assert await store.record(moves, now=clock.now()) == [False, True]
            assert [attempt.state for attempt in await night.attempts()] == [S.PLACED, S.ENDED]

    play(main)
