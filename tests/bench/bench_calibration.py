"""Is the forecast's band honest? The runner itself plays a campaign with 100 seeds, and what came is held against it.

    python tests/bench calibration

Every seed's answers are its own; its forecast is learned from what three other seeds went through. Of 100 runs, 70 to
90 must finish within p10 to p90, and reach so many people; the bands must be narrow: in the median at most 15 % of the
campaign's length.
"""

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import get_context
from statistics import median

import structlog
from rig import Row, Wish

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.facts import Facts
from campaigns.domain.lead import Lead, lead_id, spread
from campaigns.planner.forecast import Forecast, forecast
from campaigns.planner.rates import learned_rates
from campaigns.planning import Past, lines_of, past_of
from campaigns.stores.memory import MemoryStore
from campaigns.testing import NO_LAW, ScriptedProvider, a_campaign, a_contact, a_night, an_account, instant

D = Disposition
PEOPLE, TEACHERS = 150, 3
START = instant("2026-11-23T07:30Z")
ACCOUNT = an_account(poll_every=timedelta(seconds=30), per_second=1)
CAMPAIGN = a_campaign(
    calling_hours="Mo-Fr 09:00-12:30,13:30-17:30",
    pacing={"at_once": 1, "per_second": 1},
    attempts={
        "max": 3, "per_day": 2, "gap": "30m",
        "retry": {"no_answer": ["2h", "next_day"], "busy": "40m", "voicemail": "next_day", "failed": "1h"},
    },
    outcomes=[
        {"when": "report.analysis.refused == true", "outcome": "refused"},
        {"when": 'report.analysis.call_back_at != ""', "callback": "report.analysis.call_back_at"},
    ],
)  # fmt: skip
SHARES = ((D.VOICEMAIL, 0.25), (D.NO_ANSWER, 0.80), (D.BUSY, 0.93), (D.FAILED, 0.96), (D.BAD_NUMBER, 1.0))
"""Of calls that nobody answers: each up to its limit."""


@dataclass(frozen=True)
class Went:
    """One run of the runner."""

    finish: datetime
    reached: int
    attempts: int
    past: Past


def went(seed: int) -> Went:
    """The campaign, run to its end by the engine, with this seed's answers."""
    structlog.configure(processors=[_drop])
    clock, store, found = DiscreteClock(START), MemoryStore(), []

    def roll(what: str, phone: str, nth: int) -> float:
        return spread(f"{seed}|{what}|{phone}|{nth}")

    def script(phone: str, nth: int) -> CallReport:
        answered = roll("picks up", phone, nth) < (0.36 if clock.now().hour < 12 else 0.46)  # UTC: 13:00 there
        wish, other = roll("wish", phone, nth), roll("else", phone, nth)
        says = {"refused": True} if wish < 0.08 else {"call_back_at": "3h"} if wish < 0.14 else {}
        word = D.ANSWERED if answered else next(word for word, limit in SHARES if other < limit)
        talks = lasts(phone, nth).total_seconds() - 20 if answered else 0.0
        return CallReport("", disposition=word, talk_seconds=talks, analysis=says if answered else {})

    def lasts(phone: str, nth: int) -> timedelta:
        return timedelta(seconds=20 + 160 * roll("lasts", phone, nth) ** 2)

    async def main() -> None:
        provider = ScriptedProvider(clock, script, lasts)
        night = a_night(store, clock, campaign=CAMPAIGN, contacts=PEOPLE, account=ACCOUNT, provider=provider)
        async with night as running:
            await running.run()
            outcomes = (await store.counts(CAMPAIGN.campaign)).outcomes
            past = await past_of(store, CAMPAIGN, since=START)
            found.append(Went(clock.now(), outcomes["reached"], len(provider.calls), past))

    run_virtual(clock, main)
    store.close()
    return found[0]


def foreseen(pasts: list[Past], seed: int) -> Forecast:
    """The forecast that was possible before the run, knowing these pasts."""
    leads = []
    for number in range(PEOPLE):
        contact = a_contact(number)
        leads.append(Facts(Lead(lead_id(CAMPAIGN.campaign, contact.key), CAMPAIGN.campaign, contact, contact.person)))
    rates = learned_rates(
        [heard for past in pasts for heard in past.history], "other seeds", [v for past in pasts for v in past.verdicts]
    )
    lines = lines_of(CAMPAIGN, ACCOUNT, DiscreteClock(START))
    return forecast(leads, CAMPAIGN, NO_LAW, rates, lines, now=START, seed=seed, what_if=False)


def _drop(_logger, _method, _event):
    raise structlog.DropEvent


def judged(runs: list[Went], forecasts: list[Forecast]) -> list[Row]:
    """How what came lies in the bands that were foreseen, in parts of a hundred."""
    share = 100 / len(runs)
    pairs = list(zip(runs, forecasts, strict=True))
    ends = sum(f.finish.p10 <= run.finish <= f.finish.p90 for run, f in pairs) * share
    many = sum(f.reached.p10 <= run.reached <= f.reached.p90 for run, f in pairs) * share
    width = 100 * median((f.finish.p90 - f.finish.p10) / (f.finish.p50 - START) for f in forecasts)
    notes = {
        "runs": len(runs),
        "later_than_the_middle": sum(run.finish > f.finish.p50 for run, f in pairs) * share,
        "more_than_the_middle": sum(run.reached > f.reached.p50 for run, f in pairs) * share,
        "attempts": median(run.attempts for run in runs),
        "attempts_foreseen": median(f.attempts.p50 for f in forecasts),
    }
    return [
        Row("calibration", "runs that finish within p10 to p90", ends, "%", least=70, most=90, notes=notes),
        Row("calibration", "runs that reach as many as p10 to p90", many, "%", least=70, most=90, notes=notes),
        Row("calibration", "width of the finish's band, of the length", width, "%", most=15, notes=notes),
    ]


def measure(wish: Wish) -> list[Row]:
    count = 10 if wish.quick else 100
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        runs = list(pool.map(went, range(count)))
        pasts = [[runs[(seed + n) % count].past for n in range(1, TEACHERS + 1)] for seed in range(count)]
        return judged(runs, list(pool.map(foreseen, pasts, range(count))))
