"""A campaign's past: added up page by page, followed while somebody looks, and never wrong about the whole."""

from collections import Counter
from datetime import timedelta

from campaigns.desk.past import MOST, Past, funnel, history_of
from campaigns.domain.call import Disposition
from campaigns.ports.board import Called, Closed, PastPage
from campaigns.testing import a_campaign, a_contact, instant

from .conftest import START
from .test_board import board_over

HOUR = timedelta(hours=1)


def called(**changes):
    plain = {
        "zone": "Europe/Amsterdam", "began": START, "ended": START, "disposition": "answered", "attempts": 1,
        "first": 1, "first_answered": 1,
    }  # fmt: skip
    return Called(**plain | changes)


def added(*pages):
    past = Past()
    for page in pages:
        past.add(page, zone_name="UTC")
    return past


def test_calls_are_counted_on_the_clock_of_whoever_was_called():
    asia = called(zone="Asia/Kathmandu", began=instant("2026-11-22T18:15Z"))  # midnight there, Monday
    past = added(PastPage(called=(called(), asia, called(zone=""))))
    assert past.heat == {(0, 10): 1, (0, 0): 1, (0, 9): 1}


def test_pages_add_up_to_the_same_in_any_cut():
    calls = [called(ended=START + n * HOUR, disposition="busy" if n % 2 else "answered") for n in range(10)]
    closed = [Closed(START + n * HOUR, "reached", n + 1) for n in range(10)]
    whole = added(PastPage(tuple(closed), tuple(calls)))
    halves = added(PastPage(tuple(closed[:5]), tuple(calls[:5]))).plus(
        added(PastPage(tuple(closed[5:]), tuple(calls[5:])))
    )  # fmt: skip
    told = {"zone_name": "UTC", "complete": True}
    assert history_of(whole, **told) == history_of(halves, **told)


def test_a_long_past_is_told_in_hours_and_loses_nothing():
    step = timedelta(minutes=5)
    past = added(PastPage(closed=tuple(Closed(START + n * step, "reached", 1) for n in range(MOST + 1000))))
    assert past.grain == HOUR
    assert len(past.closed) <= MOST / 4
    history = history_of(past, zone_name="UTC", complete=True)
    assert sum(bucket.counts["reached"] for bucket in history.outcomes if bucket.counts) == MOST + 1000


def test_the_columns_of_days_begin_at_midnight_of_the_campaigns_zone():
    closed = tuple(Closed(START + timedelta(days=n), "reached", 1) for n in range(100))
    history = history_of(added(PastPage(closed)), zone_name="Europe/Amsterdam", complete=True)
    assert history.grain_minutes == 24 * 60
    assert history.outcomes[0].at == instant("2026-11-22T23:00Z")


def test_of_the_funnel_each_is_a_part_of_the_one_before():
    past = added(PastPage(called=(called(), called(first=0, first_answered=0))))
    assert funnel(past, leads=9, reached=1) == (("leads", 9), ("called", 1), ("answered", 1), ("reached", 1))
    assert funnel(past, leads=9, reached=3) == (("leads", 9), ("called", 3), ("answered", 3), ("reached", 3))


# ── followed ──


def answers(phone, nth):
    """Everybody at the second call; person 1 at the first."""
    return Disposition.ANSWERED if nth == 2 or phone.endswith("1") else Disposition.NO_ANSWER


CAMPAIGN = a_campaign(attempts={"max": 2, "per_day": 2, "gap": "1h", "retry": {"no_answer": "3h"}})


def total(buckets):
    found = Counter()
    for bucket in buckets:
        found.update(bucket.counts)
    return found


def test_whoever_asks_once_is_told_all_of_it(play):
    async def night(store, clock):
        async with board_over(store, clock, campaign=CAMPAIGN, contacts=4, script=answers) as (board, one):
            await one.run()
            return await board.history("test")

    history = play(night)
    assert history.complete
    assert history.funnel == (("leads", 4), ("called", 4), ("answered", 4), ("reached", 4))
    assert total(history.calls) == {"no_answer": 3, "answered": 4}
    assert total(history.outcomes) == {"reached": 4}
    cells = {(cell.weekday, cell.hour): (cell.calls, cell.answered) for cell in history.heat}
    assert cells == {(0, 10): (4, 1), (0, 13): (3, 3)}


def test_it_is_followed_while_the_campaign_runs(play):
    async def night(store, clock):
        night = board_over(store, clock, runs=True, campaign=CAMPAIGN, contacts=4, script=answers)
        async with night as (board, one):
            one.tasks.start_soon(one.run)
            told = []
            for _ in range(8):
                await board.history("test")
                await one.until(timedelta(minutes=30))
                await board.history("test")
                await one.until(timedelta(seconds=10))
                told.append(await board.history("test"))
            return told

    told = play(night)
    assert total(told[0].calls) == {"no_answer": 3, "answered": 1}
    assert total(told[-1].calls) == {"no_answer": 3, "answered": 4}
    assert total(told[-1].outcomes) == {"reached": 4}
    assert all(history.complete for history in told[1:])


def test_what_was_corrected_later_is_where_it_belongs_after_half_an_hour(play):
    async def night(store, clock):
        night = board_over(store, clock, runs=True, contacts=1, script=lambda *_: Disposition.BUSY, campaign=CAMPAIGN)
        async with night as (board, one):
            await one.run()
            await one.until(HOUR)
            await board.history("test")
            await one.until(timedelta(seconds=10))
            before = total((await board.history("test")).calls)
            store._memory._raw.execute("UPDATE attempt SET disposition = 'answered'")
            await one.until(HOUR)
            await board.history("test")
            await one.until(timedelta(seconds=10))
            return before, total((await board.history("test")).calls)

    before, after = play(night)
    assert before == {"busy": 1}
    assert after == {"answered": 1}


def test_a_long_past_is_read_a_little_at_a_time_and_says_so(play):
    class Slow:
        """Pages of two attempts, a second each."""

        def __init__(self, store, clock):
            self._store, self._clock, self.pages = store, clock, []

        def __getattr__(self, name):
            return getattr(self._store, name)

        async def past_called(self, name, **which):
            self.pages.append(self._clock.now())
            await self._clock.sleep_until(self._clock.now() + timedelta(seconds=1))
            return await self._store.past_called(name, **which | {"limit": 2})

    async def night(store, clock):
        slow = Slow(store, clock)
        contacts = [a_contact(n) for n in range(20)]
        campaign = a_campaign(pacing={"at_once": 5, "per_second": 1})
        script = lambda *_: Disposition.ANSWERED  # noqa: E731
        async with board_over(slow, clock, runs=True, campaign=campaign, contacts=contacts, script=script) as (
            board,
            one,
        ):
            await one.run()
            await one.until(HOUR)
            begun = clock.now()
            with clock.work():
                first = await board.history("test")
            while not (await board.history("test")).complete:
                await one.until(timedelta(seconds=1))
            return first, await board.history("test"), slow.pages, clock.now() - begun

    first, last, pages, span = play(night)
    assert not first.complete
    assert total(last.calls) == {"answered": 20}
    assert len(pages) >= 10
    assert span >= len(pages) * timedelta(seconds=9)
