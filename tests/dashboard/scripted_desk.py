"""A desk of made-up campaigns, and the server that tests look at: `python scripted_desk.py` prints its address."""

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import anyio
from scripted_people import ScriptedDeeds, ScriptedPeople, health

from campaigns.clock import real_now, run_real
from campaigns.dashboard.door import Door
from campaigns.dashboard.house import House
from campaigns.desk.access import Operator, Role, demand
from campaigns.desk.effects import TO, Standing, Verb, effect_of
from campaigns.desk.views import (
    AttemptView,
    Bucket,
    BudgetLine,
    CampaignView,
    Health,
    HeatCell,
    History,
    Waiting,
)
from campaigns.domain.call import Disposition
from campaigns.domain.errors import InputError, Unknown
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome
from campaigns.faces import opened
from campaigns.serving import bind, serving
from campaigns.web.knocks import Knocks

PORT = int(sys.argv[1]) if len(sys.argv) > 1 else 0
LONG = "winter-survey-of-the-northern-provinces-2026"
NOW = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
PICTURE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 110 70"><rect width="110" height="70" fill="#fff"/></svg>'
)


def a_view(name: str, state: CampaignState, leads: int, **values: Any) -> CampaignView:
    """A campaign that is about half done."""
    outcomes = {Outcome.REACHED: leads * 4 // 10, Outcome.EXHAUSTED: leads // 10, Outcome.REFUSED: leads // 25}
    outcomes |= {Outcome.DO_NOT_CALL: leads // 100, Outcome.BAD_NUMBER: leads // 60, Outcome.BLOCKED: leads // 200}
    closed = sum(outcomes.values())
    states = {LeadState.CLOSED: closed, LeadState.CALLING: 18, LeadState.HELD: 2, LeadState.READY: 40}
    states[LeadState.WAITING] = leads - sum(states.values())
    half = states[LeadState.WAITING] // 2
    waiting = (
        Waiting(half, "outside the calling hours", "calling.hours", NOW + timedelta(hours=18)),
        Waiting(half // 2, "no answer: next try after 4 h", "retry.no_answer", NOW + timedelta(minutes=7)),
        Waiting(211, "gb-telemarketing: not before 09:00 in any zone they may be in", "gb-telemarketing", None),
    )
    view = CampaignView(
        name=name,
        state=state,
        reason="",
        provider="flireo",
        purpose="service",
        simulated=False,
        leads=leads,
        states=states,
        outcomes=outcomes,
        dispositions={Disposition.ANSWERED: closed},
        attempts={AttemptState.ENDED: closed * 2},
        open_calls=18,
        at_once=20,
        calls_a_minute=42.4,
        waiting=waiting,
        next_at=NOW + timedelta(minutes=7),
        finish_at=NOW + timedelta(days=2, hours=3),
        budget=(BudgetLine("cost", 412.5, 12.3, 1000.0, "EUR"),),
        warnings=0,
        errors=(),
        created_at=NOW - timedelta(days=3),
        started_at=NOW - timedelta(days=2),
        finished_at=None,
        as_of=NOW,
    )
    return replace(view, **values)


class ScriptedBoard:
    """Everything is known; every look moves the first campaign on by a call."""

    def __init__(self) -> None:
        refused = "The provider refuses the account (402): add credit, then resume."
        idle: dict[str, Any] = {"open_calls": 0, "calls_a_minute": 0.0, "next_at": None, "finish_at": None}
        states = CampaignState
        made = (
            a_view("dentist-reminders", states.ACTIVE, 12_480),
            a_view(LONG, states.PAUSED, 1_000_000, **idle, reason="paused by ann", budget=(), warnings=3),
            a_view("debt-letters", states.REFUSED, 950, **idle, errors=(refused,)),
            a_view("summer-offers", states.FINISHED, 4_000, **idle, waiting=(), finished_at=NOW - timedelta(days=40)),
        )
        self.views = {one.name: one for one in made}
        self.in_doubt = [_attempt(number, AttemptState.UNCERTAIN) for number in range(3)]

    async def run(self) -> None:
        """Move on for as long as anybody looks."""
        while True:
            await anyio.sleep(0.4)
            one = self.views["dentist-reminders"]
            if one.state is CampaignState.ACTIVE:
                outcomes = one.outcomes | {Outcome.REACHED: one.outcomes[Outcome.REACHED] + 1}
                states = one.states | {
                    LeadState.CLOSED: one.states[LeadState.CLOSED] + 1,
                    LeadState.WAITING: one.states[LeadState.WAITING] - 1,
                }
                self.views[one.name] = replace(
                    one, outcomes=outcomes, states=states, as_of=one.as_of + timedelta(seconds=1)
                )

    async def campaigns(self) -> tuple[CampaignView, ...]:
        return tuple(self.views.values())

    async def campaign(self, name: str) -> CampaignView:
        if name not in self.views:
            raise Unknown(f"There is no campaign '{name}': campaigns.db has {', '.join(self.views)}.")
        return self.views[name]

    async def history(self, name: str) -> History:
        """Two days of calls."""
        view = await self.campaign(name)
        outcomes = tuple(
            Bucket(
                NOW - timedelta(hours=48 - hour), {"reached": 20 + hour % 7, "exhausted": hour % 5, "refused": hour % 3}
            )
            for hour in range(48)
            if 8 <= hour % 24 < 20
        )
        heat = tuple(
            HeatCell(day, hour, 40 + 7 * day, 8 + (hour * 3 + day * 5) % 23)
            for day in range(5)
            for hour in range(9, 20)
        )
        reached = view.outcomes.get(Outcome.REACHED, 0)
        funnel = (
            ("leads", view.leads),
            ("called", view.leads * 7 // 10),
            ("answered", reached + 300),
            ("reached", reached),
        )
        return History(funnel, 60, outcomes, outcomes, heat, complete=name != "debt-letters")

    async def live(self, name: str, *, by: Operator) -> tuple[AttemptView, ...]:
        view = await self.campaign(name)
        return tuple(_attempt(10 + number, AttemptState.PLACED) for number in range(min(view.open_calls, 200)))

    async def doubts(self, name: str | None = None, *, by: Operator) -> tuple[AttemptView, ...]:
        return tuple(self.in_doubt) if name in (None, "dentist-reminders") else ()

    async def health(self) -> Health:
        return await health()

    async def forecast_picture(self, name: str) -> bytes | None:
        await anyio.sleep(0.6)
        return PICTURE


class ScriptedActs(ScriptedDeeds):
    """Steers what the board shows."""

    def __init__(self, board: ScriptedBoard, people: ScriptedPeople) -> None:
        super().__init__(people)
        self._board = board

    async def effect(self, verb: Verb, name: str) -> Any:
        view = await self._board.campaign(name)
        return effect_of(verb, Standing(name, view.state, dict(view.states), view.open_calls, dialling=False))

    async def steer(self, verb: Verb, name: str, *, by: Operator) -> CampaignState:
        demand(by, Role.OPERATE, f"{verb} a campaign")
        view = await self._board.campaign(name)
        reason = "" if TO[verb] is CampaignState.ACTIVE else f"{TO[verb]} by {by.name}"
        self._board.views[name] = replace(view, state=TO[verb], reason=reason)
        return TO[verb]

    async def resolve(self, attempt: str, word: Any, disposition: Any = Disposition.UNKNOWN, *, by: Operator) -> str:
        demand(by, Role.OPERATE, "resolve an attempt")
        if not any(one.attempt == attempt for one in self._board.in_doubt):
            raise InputError("It was resolved already.")
        self._board.in_doubt = [one for one in self._board.in_doubt if one.attempt != attempt]
        return attempt


def _attempt(number: int, state: AttemptState) -> AttemptView:
    at = NOW - timedelta(minutes=number)
    return AttemptView(
        attempt=f"0b5c1f{number:02}-0000-5000-8000-000000000000",
        lead=f"1ead{number:04}-0000-5000-8000-000000000000",
        campaign="dentist-reminders",
        ordinal=1 + number % 3,
        phone=f"+44 20 7946 0{number:03}",
        provider="flireo",
        call_id=f"call-{number}",
        state=state,
        disposition=None,
        intent_at=at,
        placed_at=at,
        ended_at=None,
        talk_seconds=None,
        cost=None,
        summary="",
        transcript="",
        analysis={},
        recording="",
        reason="the answer to the dial never came, and the provider's list does not show it",
        moves=(),
        **_more(),
    )


def _more() -> dict[str, Any]:
    """Fields that a later version of the view has."""
    return {name: "" for name in AttemptView.__dataclass_fields__ if name in ("key", "person")}


def a_desk() -> Any:
    """The whole of it."""
    board, people = ScriptedBoard(), ScriptedPeople()
    return SimpleNamespace(board=board, acts=ScriptedActs(board, people), people=people, run=board.run)


async def main() -> None:
    desk = a_desk()
    door = Door(desk.acts, b"k" * 32, real_now)
    house = House(desk, door, "campaigns.db", simulated=True, knocks=Knocks(real_now))
    async with opened(house) as app, serving(app, bind("127.0.0.1", PORT), sockets=True) as address:
        sys.stdout.write(f"{address}\n{address}{door.link()}\n")
        sys.stdout.flush()
        await anyio.sleep_forever()


if __name__ == "__main__":
    run_real(main)
