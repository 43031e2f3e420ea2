"""Live progress of a run: on a terminal a display that renews itself, elsewhere a plain line now and then."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from rich.live import Live
from rich.table import Table

from campaigns.clock import real_now, real_sleep
from campaigns.domain.campaign import Campaign
from campaigns.domain.hours import CallingWindow
from campaigns.domain.lead import LeadState
from campaigns.domain.zones import zone
from campaigns.editing import in_words
from campaigns.files import parse_campaign
from campaigns.planner.lawful import window_of
from campaigns.ports.pages import LeadFilter
from campaigns.ports.queries import Counts
from campaigns.running import Progress

from .context import counted, err, local, many

EVERY, PLAIN_EVERY = 0.25, 5.0
_LULL = timedelta(minutes=15)
"""Longer without a new call, and the time does not count into the rates: nobody could be called."""


async def watch(progress: Progress) -> None:
    """Show until cancelled."""
    if progress.handed_over:
        err.print("Another process dials from this database; this one hands over to it and watches.")
    if progress.edit is not None:
        for title, line in in_words(progress.edit):
            err.print(f"{title}  {line}", markup=False)
    if not err.is_terminal:
        await _plain(progress)
        return
    with Live(console=err, auto_refresh=False, transient=True, vertical_overflow="crop") as live:
        hours, rate = None, _Rate()
        while True:
            begun = real_now()
            counts = await progress.session.store.counts(progress.name)
            hours = hours or await _hours_of(progress)
            live.update(_display(progress, counts, rate, hours), refresh=True)
            await real_sleep(_pause(EVERY, begun))


async def _plain(progress: Progress) -> None:
    pause = PLAIN_EVERY
    while True:
        await real_sleep(pause)
        begun = real_now()
        counts = await progress.session.store.counts(progress.name)
        err.print(f"{progress.session.clock.now():%Y-%m-%d %H:%M:%S}Z  {_line(counts)}", markup=False)
        pause = _pause(PLAIN_EVERY, begun)


def _pause(least: float, begun: datetime) -> float:
    """A million leads take a while to count: nine tenths of the time are left to the calls."""
    return max(least, 9 * (real_now() - begun).total_seconds())


def _line(counts: Counts) -> str:
    closed, total = counts.states.get("closed", 0), sum(counts.states.values())
    outcomes = counted(counts.outcomes) or "no outcome yet"
    return f"{closed:,} of {total:,} settled; {many(_open(counts), 'call')} open; {outcomes}"


def _open(counts: Counts) -> int:
    return sum(counts.attempts.get(state, 0) for state in ("intent", "sending", "placed", "unclear"))


@dataclass(frozen=True, slots=True)
class _Hours:
    """The campaign's hours where its first callable lead is: good enough for an estimate."""

    campaign: Campaign
    window: CallingWindow
    zone: ZoneInfo

    def after(self, now: datetime, work: timedelta) -> datetime | None:
        """When so much open time is over; None: not within the days that can be looked ahead."""
        at: datetime | None = now
        while work > timedelta() and (at := self.window.next_open(at or now)) is not None:
            closes = self.window.closes_at(at, limit=at + work)
            work, at = work - (closes - at), closes
        return at


async def _hours_of(progress: Progress) -> _Hours | None:
    """None: no lead is loaded yet, or nobody can be called."""
    store, name = progress.session.store, progress.name
    record, leads = await store.campaign(name), await store.leads_after(name, LeadFilter(), after=0, limit=20)
    if record is None:
        return None
    campaign = parse_campaign(record.document, name=name).campaign
    for contact in [listed.lead.contact for listed in leads]:
        with suppress(ValueError):
            window = window_of(contact, campaign, progress.session.law)
            return _Hours(campaign, window, zone(contact.zones[0] if contact.zones else "UTC"))
    return None


@dataclass
class _Rate:
    """How fast it goes while people can be called at all, in the campaign's own time."""

    busy: timedelta = timedelta()
    _seen: tuple[datetime, int, int] | None = None
    _first: tuple[int, int] = field(default=(0, 0))

    def look(self, now: datetime, attempts: int, closed: int) -> None:
        """Note where things stand."""
        if self._seen is None:
            self._first = attempts, closed
        elif attempts > self._seen[1] or closed > self._seen[2]:
            self.busy += min(now - self._seen[0], _LULL)
        elif now - self._seen[0] < timedelta(seconds=1):
            return
        self._seen = now, attempts, closed

    def a_minute(self, attempts: int) -> float | None:
        """Calls a minute; None: too early to say."""
        return (attempts - self._first[0]) / (self.busy / timedelta(minutes=1)) if self.busy else None

    def for_rest(self, closed: int, left: int) -> timedelta | None:
        """Open time that the rest will take; None: too early to say."""
        done = closed - self._first[1]
        return self.busy / done * left if done >= 3 and self.busy else None


def _display(progress: Progress, counts: Counts, rate: _Rate, hours: _Hours | None) -> Table:
    now, zone_ = progress.session.clock.now(), hours.zone if hours else zone("UTC")
    closed, total = counts.states.get("closed", 0), sum(counts.states.values())
    attempts = sum(counts.attempts.values())
    rate.look(now, attempts, closed)
    speed = rate.a_minute(attempts)
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis")
    kind = "virtual time" if progress.session.simulated else "time"
    table.add_row("[bold]" + progress.name, f"{kind} {local(now, zone_)} {zone_.key}")
    table.add_row("settled", f"{_bar(closed, total)} {closed:,} of {total:,}")
    table.add_row("leads", ", ".join(f"{counts.states.get(state, 0):,} {state}" for state in LeadState))
    table.add_row("calls", f"{_open(counts)} open" + (f", {speed:.1f} begun a minute" if speed else ""))
    table.add_row("outcomes", counted(counts.outcomes) or "none yet")
    table.add_row("next opening", _opening(counts, now, zone_))
    table.add_row("estimated end", _estimate(counts, rate, hours, now))
    for reason, _, count, _ in [reason for reason in counts.reasons if reason[0]][:3]:
        table.add_row("waiting", f"{count:,}: {reason}".replace("_", " "))
    return table


def _opening(counts: Counts, now: datetime, zone_: ZoneInfo) -> str:
    due = min((reason[3] for reason in counts.reasons if reason[3] and reason[3] > now), default=None)
    return f"{local(due, zone_)}" if due else "nobody waits for one"


def _estimate(counts: Counts, rate: _Rate, hours: _Hours | None, now: datetime) -> str:
    """At the present pace, within the calling hours; never before what is planned, never after `ends`."""
    closed, total = counts.states.get("closed", 0), sum(counts.states.values())
    left = total - closed - counts.states.get("held", 0)
    work = rate.for_rest(closed, left)
    end = hours.after(now, work) if hours and work is not None and left else None
    if hours is None or end is None:
        return "soon" if total and not left else "too early to say"
    end = max([end, *(reason[3] for reason in counts.reasons if reason[3])])
    last = hours.campaign.ends
    if last is not None:
        end = min(end, last.replace(tzinfo=hours.zone))
    return f"about {local(end, hours.zone)[:-3]}h"


def _bar(done: int, total: int, width: int = 30) -> str:
    filled = width * done // total if total else 0
    return "[green]" + "━" * filled + "[/][dim]" + "─" * (width - filled) + "[/]"
