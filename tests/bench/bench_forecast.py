"""How long a forecast of 100,000 contacts takes: at most 20 s, on one core.

    python tests/bench forecast

On a machine that does other things too, the processor's own clock says what the forecast costs. The floor draws as many
random numbers as there are calls, and sorts as many instants.
"""

import random
import time
from datetime import timedelta

from rig import Row, Wish

from campaigns.domain.facts import Facts
from campaigns.domain.lead import Lead, lead_id
from campaigns.domain.pacing import spacing
from campaigns.planner.forecast import forecast
from campaigns.planner.play import Lines
from campaigns.planner.rates import assumed_rates
from campaigns.testing import NO_LAW, a_campaign, a_contact, instant

MOST = 20.0
ZONES = ("Europe/Amsterdam", "Europe/London", "Europe/Warsaw", "Europe/Athens")
CAMPAIGN = a_campaign(
    calling_hours="Mo-Fr 09:00-12:30,13:30-17:30; Sa 10:00-14:00", timezone="contact",
    attempts={
        "max": 3, "per_day": 2,
        "retry": {"no_answer": ["3h", "next_day"], "busy": "20m", "voicemail": "next_day"},
    },
)  # fmt: skip


def measure(wish: Wish) -> list[Row]:
    count = 10_000 if wish.quick else 100_000
    contacts = (a_contact(n, zones=(ZONES[n % len(ZONES)],), rank=float(n % 3)) for n in range(count))
    leads = [Facts(Lead(lead_id("test", c.key), "test", c, c.person)) for c in contacts]
    lines = Lines(60, spacing(10, timedelta(milliseconds=20)), poll_every=timedelta(seconds=5))
    wall, processor = time.perf_counter(), time.process_time()
    played = forecast(leads, CAMPAIGN, NO_LAW, assumed_rates(), lines, now=instant("2026-11-23T07:00Z"))
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    notes = {"calls": played.attempts.p50, "finish": str(played.finish.p50), "wall_s": wall}
    return [
        Row("forecast", f"{count:,} contacts played forward, CPU", processor, "s", floor(int(played.attempts.p50)),
            most=MOST, notes=notes)
    ]  # fmt: skip


def floor(calls: int) -> float:
    begun, draw = time.process_time(), random.Random(7)
    sorted((draw.random(), n) for n in range(calls))
    return time.process_time() - begun
