"""What a running process measures, for Prometheus: named by its conventions, without a word about any person."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import anyio
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import Request
from starlette.responses import Response

from campaigns.desk.desk import Desk
from campaigns.desk.views import CampaignView
from campaigns.domain.call import Disposition
from campaigns.domain.errors import StoreError
from campaigns.domain.lead import Attempt
from campaigns.ports import Clock
from campaigns.ports.gauges import Gauges
from campaigns.ports.outbox import OutboxState
from campaigns.web.knocks import Knocked, Knocks

_LATE = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_TOOK = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_REFUSED = Response("A token that may read is needed: Authorization: Bearer …\n", 401, {"WWW-Authenticate": "Bearer"})
_AWAY = Response("The database cannot be read.\n", 503, {"Retry-After": "5"})


class Metrics:
    """Implements `ports.meters.Meters`; counts since this process began, gauges as the database stands."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        count, spread, level = self._count, self._spread, self._level
        self._late = spread("dial_latency_seconds", "From a dial's slot to its POST.", _LATE, "provider")
        self._took = spread(
            "provider_answer_seconds", "From a dial's POST to the provider's answer.", _TOOK, "provider", "answer"
        )
        self._ended = count("calls_ended", "Attempts whose end was written.", "provider", "disposition")
        self._unmapped = count("unmapped_reasons", "Ends whose reason nobody understands.", "provider")
        self._webhooks = count("webhooks", "Webhooks that came, and what became of them.", "provider", "result")
        self._swept_at: dict[str, datetime] = {}
        self._sweep = level("sweep_age_seconds", "Since the provider answered all that was asked.", "provider")
        self._attempts = level("attempts_unsettled", "Attempts that are not settled.", "provider", "state")
        self._open = level("open_calls", "Calls that are open now.", "campaign")
        self._lines = level("open_calls_limit", "Calls that may be open at once.", "campaign")
        self._inbox = level("inbox_age_seconds", "How long the oldest webhook waits to be applied.", "provider")
        self._inbox_size = level("inbox_webhooks", "Webhooks that wait to be applied.", "provider")
        self._lag = level("window_lag_seconds", "How long the lead that waits longest might be called.", "campaign")
        self._leads = level("leads", "Leads by state.", "campaign", "state")
        self._outcomes = level("leads_closed", "Closed leads by outcome.", "campaign", "outcome")
        self._budget = level("budget_used_ratio", "Used and held part of a budget, 1 is all.", "campaign", "budget")
        self._outbox = level("outbox_webhooks", "Outgoing webhooks that wait, or were given up.", "state")
        self._outbox_age = level("outbox_age_seconds", "How old the oldest event is that waits to be told.")
        self.tasks = level("tasks", "Tasks that are alive in this process.")

    def _count(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(f"campaigns_{name}", told, labels, registry=self.registry)

    def _spread(self, name: str, told: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(f"campaigns_{name}", told, labels, buckets=buckets, registry=self.registry)

    def _level(self, name: str, told: str, *labels: str) -> Gauge:
        return Gauge(f"campaigns_{name}", told, labels, registry=self.registry)

    # ── as things happen

    def asked(self, provider: str, late: timedelta) -> None:
        self._late.labels(provider).observe(max(late.total_seconds(), 0.0))

    def answered(self, provider: str, answer: str, took: timedelta) -> None:
        self._took.labels(provider, answer.lower()).observe(took.total_seconds())

    def ended(self, attempt: Attempt) -> None:
        self._ended.labels(attempt.provider, str(attempt.disposition or "unknown")).inc()
        said = attempt.report.ended_reason if attempt.report else ""
        if said and attempt.disposition is Disposition.UNKNOWN:
            self._unmapped.labels(attempt.provider).inc()

    def webhook(self, provider: str, became: str) -> None:
        self._webhooks.labels(provider, became).inc()

    def swept(self, provider: str) -> None:
        self._swept_at[provider] = self._clock.now()

    # ── when somebody asks

    def exposition(self, gauges: Gauges, outbox: OutboxState, campaigns: Iterable[CampaignView]) -> bytes:
        """Everything in Prometheus' text format."""
        now = self._clock.now()
        self._read_database(gauges, now)
        for provider, at in self._swept_at.items():
            self._sweep.labels(provider).set((now - at).total_seconds())
        self._outbox.labels("waiting").set(outbox.waiting)
        self._outbox.labels("given_up").set(outbox.given_up)
        self._outbox_age.set((now - outbox.oldest_at).total_seconds() if outbox.oldest_at else 0)
        for gauge in (self._open, self._lines, self._leads, self._outcomes, self._budget):
            gauge.clear()
        for view in campaigns:
            self._read_campaign(view)
        return generate_latest(self.registry)

    def _read_database(self, gauges: Gauges, now: datetime) -> None:
        for gauge in (self._attempts, self._inbox, self._inbox_size, self._lag):
            gauge.clear()
        for (provider, state), count in gauges.attempts.items():
            self._attempts.labels(provider, str(state)).set(count)
        for provider, (count, oldest) in gauges.inbox.items():
            self._inbox.labels(provider).set((now - oldest).total_seconds())
            self._inbox_size.labels(provider).set(count)
        for campaign, since in gauges.due_since.items():
            self._lag.labels(campaign).set((now - since).total_seconds())

    def _read_campaign(self, view: CampaignView) -> None:
        self._open.labels(view.name).set(view.open_calls)
        self._lines.labels(view.name).set(view.at_once)
        for state, count in view.states.items():
            self._leads.labels(view.name, str(state)).set(count)
        for outcome, count in view.outcomes.items():
            self._outcomes.labels(view.name, str(outcome)).set(count)
        for line in view.budget:
            self._budget.labels(view.name, line.what).set((line.used + line.held) / line.limit if line.limit else 1.0)


async def answer(request: Request, metrics: Metrics, desk: Desk, knocks: Knocks) -> Response:
    """`GET /metrics`, for whoever has a token that may read."""
    kind, _, secret = request.headers.get("authorization", "").partition(" ")
    session = desk.session
    try:
        if kind.lower() != "bearer" or not await knocks.admit(request.scope, secret.strip(), desk.acts.operator):
            return _REFUSED
        gauges = await session.store.gauges(now=session.clock.now())
        outbox = await session.store.outbox_state()
        metrics.tasks.set(len(anyio.get_running_tasks()))
        text = metrics.exposition(gauges, outbox, await desk.board.campaigns())
    except Knocked as too_often:
        return Response("Too many wrong tokens.\n", 429, {"Retry-After": str(too_often.wait)})
    except StoreError:
        return _AWAY
    return Response(text, media_type=CONTENT_TYPE_LATEST)
