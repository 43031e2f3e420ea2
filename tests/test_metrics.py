"""What Prometheus is told: names by its conventions, figures from what happened, and nothing about anybody."""

import re
from dataclasses import replace
from datetime import timedelta
from importlib.resources import files

import pytest
from prometheus_client.parser import text_string_to_metric_families
from ruamel.yaml import YAML
from starlette.requests import Request

from campaigns.clock import DiscreteClock, real_now, run_virtual
from campaigns.desk.access import Operator, Role
from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.errors import StoreUnavailable
from campaigns.metrics import Metrics, answer
from campaigns.ports.gauges import Gauges
from campaigns.ports.outbox import OutboxState
from campaigns.stores.memory import MemoryStore
from campaigns.testing import a_night, instant
from campaigns.web.knocks import Knocks

START = instant("2026-11-23T10:00Z")


def samples(text: bytes) -> dict[str, float]:
    """`name{label=value,…}` → value."""
    return {
        f"{sample.name}{{{','.join(f'{key}={value}' for key, value in sorted(sample.labels.items()))}}}": sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_a_night_is_measured() -> None:
    clock, store = DiscreteClock(START), MemoryStore()
    metrics = Metrics(clock)

    async def night() -> bytes:
        async with a_night(store, clock, contacts=3, meters=metrics) as one:
            await one.run()
            await one.until(timedelta(minutes=1))
            return metrics.exposition(await store.gauges(now=clock.now()), await store.outbox_state(), [])

    found = samples(run_virtual(clock, night))
    store.close()
    assert found["campaigns_dial_latency_seconds_count{provider=scripted}"] == 3
    assert found["campaigns_dial_latency_seconds_sum{provider=scripted}"] < 0.1
    assert found["campaigns_provider_answer_seconds_count{answer=placed,provider=scripted}"] == 3
    assert found["campaigns_calls_ended_total{disposition=answered,provider=scripted}"] == 3
    assert found["campaigns_sweep_age_seconds{provider=scripted}"] <= 65
    assert not [name for name in found if "+31" in name]


def test_a_reason_that_nobody_understands_is_counted() -> None:
    clock, store = DiscreteClock(START), MemoryStore()
    metrics = Metrics(clock)

    async def night() -> None:
        async with a_night(store, clock, contacts=1) as one:
            await one.run()
        (attempt,) = await store.attempts("test")
        for disposition, reason in ((Disposition.UNKNOWN, "flux"), (Disposition.UNKNOWN, ""), (Disposition.BUSY, "b")):
            report = CallReport("c", disposition=disposition, ended=True, ended_reason=reason)
            metrics.ended(replace(attempt, disposition=disposition, report=report))

    run_virtual(clock, night)
    store.close()
    found = samples(metrics.exposition(Gauges(), OutboxState(2, START - timedelta(minutes=5), 1), []))
    assert found["campaigns_unmapped_reasons_total{provider=scripted}"] == 1
    assert found["campaigns_outbox_age_seconds{}"] >= 300
    assert found["campaigns_outbox_webhooks{state=given_up}"] == 1


def test_every_alert_asks_for_a_metric_that_is_there_and_says_what_to_do() -> None:
    metrics = Metrics(DiscreteClock(START))
    known = {metric.name for metric in metrics.registry.collect()}
    rules = YAML(typ="safe").load((files("campaigns.data") / "deploy" / "alerts.yaml").read_text("utf-8"))
    alerts = [rule for group in rules["groups"] for rule in group["rules"]]
    assert len(alerts) >= 10
    for alert in alerts:
        asked = {
            re.sub(r"_(total|bucket|count|sum)$", "", name) for name in re.findall(r"campaigns_\w+", alert["expr"])
        }
        assert asked <= known, alert["alert"]
        assert alert["annotations"]["mend"]
        assert alert["annotations"]["summary"]


def test_every_metric_is_named_with_its_unit_and_told() -> None:
    for metric in Metrics(DiscreteClock(START)).registry.collect():
        assert re.fullmatch(r"(campaigns|process)_[a-z_]+", metric.name)
        assert metric.documentation
        if metric.type == "histogram" or "age" in metric.name or "lag" in metric.name:
            assert metric.name.endswith("_seconds")


class Acts:
    async def operator(self, secret: str) -> Operator | None:
        return Operator("prometheus", Role.READ) if secret == "right" else None


class DeskOf:
    """As much of a desk as a scrape asks."""

    def __init__(self, store: MemoryStore, clock: DiscreteClock) -> None:
        self.acts, self.board, self.session = Acts(), self, self
        self.store, self.clock = store, clock

    async def campaigns(self):
        return ()


@pytest.mark.parametrize(
    ("header", "status"),
    [("Bearer right", 200), ("bearer right", 200), ("Bearer wrong", 401), ("Basic right", 401), ("", 401)],
)
async def test_only_a_token_that_may_read_is_answered(header, status) -> None:
    clock, store = DiscreteClock(START), MemoryStore()
    headers = [(b"authorization", header.encode())] if header else []
    request = Request({"type": "http", "method": "GET", "path": "/metrics", "headers": headers})
    response = await answer(request, Metrics(clock), DeskOf(store, clock), Knocks(real_now))
    assert response.status_code == status
    assert (b"campaigns_outbox_age_seconds" in response.body) == (status == 200)
    store.close()


async def test_a_database_that_is_away_is_said_so() -> None:
    class Away(MemoryStore):
        async def gauges(self, *, now):
            raise StoreUnavailable("away")

    clock, store = DiscreteClock(START), Away()
    request = Request({"type": "http", "method": "GET", "path": "/", "headers": [(b"authorization", b"Bearer right")]})
    assert (await answer(request, Metrics(clock), DeskOf(store, clock), Knocks(real_now))).status_code == 503
    store.close()
