"""A person erased at their request: here, at the provider, for good; and told what is out of reach."""

from dataclasses import replace
from datetime import timedelta

import pytest

from campaigns.domain.call import CallReport, Disposition, Grade, Unclear
from campaigns.domain.contact import ERASED
from campaigns.domain.errors import Forbidden, InputError, VendorError
from campaigns.domain.lead import Outcome, lead_id
from campaigns.engine.inbox import to_json
from campaigns.testing import a_campaign

from .conftest import ADMIN, OPERATOR, a_desk

PHONE = "+31200000000"
DOCUMENT = """\
campaign: test
purpose: informational
contacts: [{file: list.csv, columns: {phone: Phone}}, {file: gone.csv, columns: {phone: Phone}}]
calling_hours: "24/7"
"""
K0 = lead_id("test", "k0")


def words_of(store):
    """Every value of every table."""
    raw = store._memory._raw
    tables = [row["name"] for row in raw.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    return "\n".join(str(value) for table in tables for row in raw.execute(f"SELECT * FROM {table}") for value in row)


def told_late(attempt, **more):
    return CallReport(
        attempt.call_id, attempt.id, phone=PHONE, ended=True, disposition=Disposition.ANSWERED, talk_seconds=99.0,
        transcript="I am Zelda", summary="Zelda spoke", recording="https://x.invalid/zelda", **more,
    )  # fmt: skip


async def tell(one, report, nth=0, grade=Grade.BODY):
    """A proved webhook, and time to take it in."""
    news = to_json(report)
    await one.store.receive(one.account.name, dedupe_key=f"news {nth}", grade=grade, report=news, now=one.clock.now())
    one.reconciler.wake.ring()
    await one.until(timedelta(minutes=1))


def test_a_report_that_comes_after_the_erasure_brings_nothing_back(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, one):
            await one.run()
            (attempt,) = await one.attempts()
            done = await desk.acts.erase(PHONE, by=ADMIN)
            assert (done.people, done.leads, done.attempts) == (1, 1, 1)
            for nth, grade in enumerate((Grade.BODY, Grade.TOKEN, Grade.BODY)):
                report = told_late(attempt, analysis={"name": "Zelda", "happy": True, "nth": nth})
                await tell(one, report, nth, grade)
            (after,) = await one.attempts()
            assert (after.phone, after.call_id) == ("", attempt.call_id)
            assert (after.report.phone, after.report.transcript, after.report.analysis) == (None, "", {"happy": True})
            kept = words_of(store)
            assert "Zelda" not in kept
            assert PHONE not in kept
            assert (await one.lead()).outcome is Outcome.REACHED

    play(night)


def test_the_same_news_told_ever_again_of_an_erased_call_is_written_once(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, one):
            await one.run()
            (attempt,) = await one.attempts()
            await desk.acts.erase(PHONE, by=ADMIN)
            revs = []
            for nth in range(3):
                await tell(one, told_late(attempt), nth)
                revs.append((await one.attempts())[0].rev)
            assert revs[1:] == revs[:1] * 2

    play(night)


def test_a_late_no_counts_and_a_late_promise_does_not(play):
    async def night(store, clock):
        campaign = a_campaign(outcomes=[{"when": "report.analysis.again == true", "callback": "'2h'"}])
        async with a_desk(store, clock, campaign=campaign) as (desk, one):
            await one.run()
            (attempt,) = await one.attempts()
            await desk.acts.erase(PHONE, by=ADMIN)
            await tell(one, told_late(attempt, analysis={"again": True}))
            assert (await one.lead()).outcome is Outcome.REACHED
            await tell(one, told_late(attempt, analysis={"opt_out": True}), 1)
            assert (await one.lead()).outcome is Outcome.DO_NOT_CALL
            assert PHONE not in words_of(store)

    play(night)


def test_whoever_waits_is_closed_and_stays_so(play):
    async def night(store, clock):
        async with a_desk(store, clock, contacts=2) as (desk, one):
            done = await desk.acts.erase(PHONE, by=ADMIN)
            assert (done.leads, done.attempts, done.vendors) == (1, 0, ())
            await one.run()
            assert [attempt.phone for attempt in await one.attempts()] == ["+31200000001"]
            lead = await one.lead()
            assert (lead.outcome, lead.contact.name, lead.contact.key) == (Outcome.DO_NOT_CALL, ERASED, ERASED)
            with pytest.raises(InputError, match="was erased"):
                await desk.acts.call_back(K0, clock.now() + timedelta(days=1), by=OPERATOR)

    play(night)


def test_while_a_call_is_under_way_they_are_barred_and_the_rest_waits(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, one):
            one.tasks.start_soon(one.run)
            await one.until(timedelta(seconds=3))
            (attempt,) = await one.attempts()
            assert attempt.open
            with pytest.raises(InputError, match=r"not settled yet.*Erase them again"):
                await desk.acts.erase(PHONE, by=ADMIN)
            assert len(await store.suppressions()) == 1
            assert (await one.lead()).contact.number == PHONE
            await one.until(timedelta(hours=1))
            assert (await desk.acts.erase(PHONE, by=ADMIN)).attempts == 1
            assert PHONE not in words_of(store)

    play(night)


def test_a_doubt_that_holds_no_line_any_more_is_dropped(play):
    async def night(store, clock):
        script = lambda _phone, _nth: Unclear("cut off")  # noqa: E731
        async with a_desk(store, clock, script=script) as (desk, one):
            await one.run()
            await one.until(timedelta(hours=3))
            assert (await store.uncertain())[0].open is False
            assert (await desk.acts.erase(PHONE, by=ADMIN)).attempts == 1
            assert await store.uncertain() == []
            assert PHONE not in words_of(store)

    play(night)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (True, "scripted has erased its record of the call (1 call)"),
        (False, "scripted offers no erasure of its record: ask its support in writing (1 call)"),
        (VendorError("scripted", "erase", 500, "broken"), "scripted could not erase its record"),
    ],
)
def test_the_providers_answer_is_told_and_kept(play, answer, words):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, one):
            await one.run()
            asked = []

            async def erase(call_id):
                asked.append(call_id)
                if isinstance(answer, Exception):
                    raise answer
                return answer

            one.provider.erase = erase
            (attempt,) = await one.attempts()
            done = await desk.acts.erase(PHONE, by=ADMIN)
            assert asked == [attempt.call_id]
            assert done.vendors[0].startswith(words)
            assert words.partition(" (")[0] in words_of(store)
            await desk.acts.erase(PHONE, by=ADMIN)
            assert asked == [attempt.call_id] * 2, "whoever asks again has the provider asked again"

    play(night)


def test_only_an_admin_erases_and_a_wrong_number_erases_nobody(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            with pytest.raises(Forbidden):
                await desk.acts.erase(PHONE, by=OPERATOR)
            with pytest.raises(InputError, match="country code"):
                await desk.acts.erase("020 7946 0001", by=ADMIN)
            assert await store.suppressions() == []
            done = await desk.acts.erase("+442079460001", by=ADMIN)
            assert (done.people, done.erased[0]) == (0, "nobody with this number is in the database")
            assert len(await store.suppressions()) == 1

    play(night)


def test_lists_that_still_name_them_are_named(play, tmp_path):
    (tmp_path / "list.csv").write_text("Phone\n")
    (tmp_path / "list.outcomes.csv").write_text("Phone\n")

    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            record = await store.campaign("test")
            await store.put_campaign(replace(record, document=DOCUMENT, folder=str(tmp_path)), now=clock.now())
            done = await desk.acts.erase(PHONE, by=ADMIN)
            files = [str(tmp_path / name) for name in ("list.csv", "list.outcomes.csv")]
            assert [line.partition(":")[0] for line in done.left[:-1]] == files
            assert "backups" in done.left[-1]

    play(night)
