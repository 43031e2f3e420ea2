"""Live progress of a run: on a terminal a display that renews itself, elsewhere a plain line now and then."""

from datetime import datetime, timedelta

from rich.live import Live
from rich.table import Table

from campaigns.clock import real_sleep
from campaigns.domain.lead import LeadState
from campaigns.ports.store import Counts
from campaigns.running import Progress

from .context import err, shown

EVERY, PLAIN_EVERY = 0.25, 5.0


async def watch(progress: Progress) -> None:
    """Show until cancelled."""
    if progress.handed_over:
        err.print("Another process dials from this database; this one hands over to it and watches.")
    if not err.is_terminal:
        await _plain(progress)
        return
    with Live(console=err, auto_refresh=False, transient=True) as live:
        rate = _Rate()
        while True:
            counts = await progress.session.store.counts(progress.name)
            live.update(_display(progress, counts, rate), refresh=True)
            await real_sleep(EVERY)


async def _plain(progress: Progress) -> None:
    while True:
        await real_sleep(PLAIN_EVERY)
        counts = await progress.session.store.counts(progress.name)
        err.print(f"{shown(progress.session.clock.now())} {_line(counts)}", markup=False)


def _line(counts: Counts) -> str:
    closed, total = counts.states.get("closed", 0), sum(counts.states.values())
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in counts.outcomes.items())
    return f"{closed} of {total} settled; {_open(counts)} calls open; {outcomes or 'no outcome yet'}"


def _open(counts: Counts) -> int:
    return sum(counts.attempts.get(state, 0) for state in ("intent", "sending", "placed", "unclear"))


class _Rate:
    """Calls per minute of the campaign's own time, and when it may be done."""

    def __init__(self) -> None:
        self._began: tuple[datetime, int, int] | None = None

    def look(self, now: datetime, attempts: int, closed: int) -> tuple[float, float]:
        """(calls a minute, leads settled a minute) since the display began."""
        if self._began is None:
            self._began = (now, attempts, closed)
        start, attempts_then, closed_then = self._began
        minutes = max((now - start) / timedelta(minutes=1), 1e-9)
        return (attempts - attempts_then) / minutes, (closed - closed_then) / minutes


def _display(progress: Progress, counts: Counts, rate: _Rate) -> Table:
    now = progress.session.clock.now()
    total, closed = sum(counts.states.values()), counts.states.get("closed", 0)
    calls, settled = rate.look(now, sum(counts.attempts.values()), closed)
    table = Table.grid(padding=(0, 2))
    table.add_row("[bold]" + progress.name, f"{'virtual time' if progress.session.simulated else 'time'} {shown(now)}")
    table.add_row("leads", ", ".join(f"{counts.states.get(s, 0):,} {s}" for s in LeadState))
    table.add_row("settled", f"{_bar(closed, total)} {closed:,} of {total:,}")
    table.add_row("calls", f"{_open(counts)} open, {calls:.1f} a minute")
    table.add_row("outcomes", ", ".join(f"{n:,} {outcome}" for outcome, n in counts.outcomes.items()) or "none yet")
    opening = min((reason[3] for reason in counts.reasons if reason[3] and reason[3] > now), default=None)
    if opening:
        table.add_row("next due", shown(opening))
    if settled > 0 and closed < total:
        table.add_row("estimated end", shown(now + timedelta(minutes=(total - closed) / settled)))
    for reason, _, count, _ in counts.reasons[:3]:
        if reason:
            table.add_row("waiting", f"{count:,}: {reason}")
    return table


def _bar(done: int, total: int, width: int = 30) -> str:
    filled = width * done // total if total else 0
    return "[green]" + "━" * filled + "[/][dim]" + "━" * (width - filled) + "[/]"


