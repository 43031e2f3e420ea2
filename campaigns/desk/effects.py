"""What a button would do, in plain words, before it is pressed. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import assert_never

from campaigns.domain.lead import CampaignState, LeadState

from .views import Effect

S = CampaignState


class Verb(StrEnum):
    """What a person tells a campaign."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"


TO = {Verb.START: S.ACTIVE, Verb.PAUSE: S.PAUSED, Verb.RESUME: S.ACTIVE, Verb.STOP: S.STOPPED}
"""The state that each leads to."""
FROM = {
    Verb.START: (S.PAUSED, S.REFUSED, S.FINISHED, S.STOPPED),
    Verb.PAUSE: (S.ACTIVE,),
    Verb.RESUME: (S.PAUSED, S.REFUSED),
    Verb.STOP: (S.ACTIVE, S.PAUSED, S.REFUSED),
}
"""The states that each is possible in."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a campaign stands, as far as steering it depends on it."""

    name: str
    state: CampaignState
    leads: dict[str, int]
    """By state."""
    open_calls: int
    dialling: bool | None
    """Whether a process dials from the database; None: that cannot be known."""


def effect_of(verb: Verb, found: Standing) -> Effect:
    """What telling the campaign `verb` would do, or why it cannot be done."""
    title = f"{str(verb).capitalize()} {found.name}"
    if found.state not in FROM[verb]:
        return Effect(allowed=False, title=title, lines=(refusal(verb, found.name, found.state),))
    return Effect(allowed=True, title=title, lines=tuple(_lines(verb, found)))


def refusal(verb: Verb, name: str, state: CampaignState) -> str:
    """Why a campaign cannot be told that in the state it is in."""
    if state is TO[verb]:
        return f"'{name}' is {state} already."
    mend = " Start it instead." if verb is Verb.RESUME else ""
    return f"'{name}' is {state}, so it cannot become {TO[verb]}.{mend}"


def _lines(verb: Verb, found: Standing) -> Iterator[str]:
    match verb:
        case Verb.START | Verb.RESUME:
            yield from _begins(found)
        case Verb.PAUSE:
            yield "No more calls begin."
            yield _open(found, "settled as they end")
            yield f"{_people(_waiting(found))} until you resume; deadlines run on meanwhile."
        case Verb.STOP:
            yield f"{_people(_waiting(found), 'is', 'are')} closed as stopped and not called by this campaign."
            yield _open(found, "settled as they end, and nobody is called again")
            yield "What is only booked at the provider is cancelled."
        case _:
            assert_never(verb)
    if held := found.leads.get(LeadState.HELD, 0):
        yield f"{held:,} {'waits' if held == 1 else 'wait'} for your word on a call in doubt."


def _begins(found: Standing) -> Iterator[str]:
    waiting = _waiting(found)
    if not waiting:
        yield "Nobody waits to be called: it will be finished at once. Reopen leads, or load a list."
    else:
        yield f"{_people(waiting)} to be called, as calling hours, the law and the pacing allow."
    match found.dialling:
        case True:
            yield "A worker is running and takes it up within a second."
        case False:
            yield "No worker is running, so nobody is called until `campaigns worker` runs."
        case None:
            yield "A running worker takes it up within a second."


def _open(found: Standing, what: str) -> str:
    count = found.open_calls
    if not count:
        return "No call is open."
    return f"{count:,} {'call is' if count == 1 else 'calls are'} open and will be {what}."


def _waiting(found: Standing) -> int:
    return found.leads.get(LeadState.WAITING, 0) + found.leads.get(LeadState.READY, 0)


def _people(count: int, one: str = "waits", several: str = "wait") -> str:
    return f"{count:,} lead {one}" if count == 1 else f"{count:,} leads {several}"


def promise_in_words(state: CampaignState, next_at: datetime, *, now: datetime) -> tuple[str, ...]:
    """What becomes of a promised call: when it may be made, and who has to do what for that."""
    when = "at once" if next_at <= now else f"from {next_at.astimezone(UTC):%a %d %b %Y %H:%M}Z on"
    lines = [f"They are called {when}, as calling hours and the law allow."]
    if state is not S.ACTIVE:
        lines.append(f"The campaign is {state}: nobody is called until it goes on.")
    return tuple(lines)
