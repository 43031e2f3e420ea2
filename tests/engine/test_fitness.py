"""What a campaign needs at its worst, and what is made of what its provider finds."""

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from campaigns.domain.budget import MICROS, MINUTE_MS, Purse, Spent
from campaigns.domain.call import Disposition
from campaigns.domain.errors import AccountRefused, VendorError
from campaigns.domain.lead import CampaignState
from campaigns.engine import fitness as fit
from campaigns.engine.fitness import Fitness, Wanted, fitness, needs_of
from campaigns.engine.terms import limits_of
from campaigns.ports.health import Finding, Needs
from campaigns.testing import Night, a_campaign, a_night, an_account

from .conftest import play

HALF_HOUR = 30 * MINUTE_MS
BY_LANGUAGE = {"by": "language", "nl": "anna", "en": "ben", "other": "cleo"}


def terms(purse: Purse | None = None, **keys: Any) -> Any:
    """Terms of a campaign, as far as needs ask for them."""
    campaign = a_campaign(**keys)
    limits = limits_of(campaign, an_account(), timedelta())
    return SimpleNamespace(campaign=campaign, limits=replace(limits, purse=purse or limits.purse))


@pytest.mark.parametrize(
    ("purse", "wanted", "left", "spent", "calls", "minutes"),
    [
        (Purse(longest_ms=HALF_HOUR), Wanted(), 10, Spent(), 10, 300),
        (Purse(longest_ms=HALF_HOUR), Wanted(), 0, Spent(), 0, 0),
        (Purse(longest_ms=HALF_HOUR), Wanted(limit=2), 10, Spent(), 6, 180),
        (Purse(longest_ms=HALF_HOUR), Wanted(limit=9), 10, Spent(), 10, 300),
        (Purse(attempts=7, longest_ms=HALF_HOUR), Wanted(), 10, Spent(4), 3, 90),
        (Purse(attempts=7, longest_ms=HALF_HOUR), Wanted(), 10, Spent(9), 0, 0),
        (Purse(talk_ms=100 * MINUTE_MS, longest_ms=HALF_HOUR), Wanted(), 10, Spent(1, 40 * MINUTE_MS), 10, 60),
        (Purse(talk_ms=100 * MINUTE_MS, longest_ms=HALF_HOUR), Wanted(), 1, Spent(), 1, 30),
        (Purse(talk_ms=100, longest_ms=HALF_HOUR), Wanted(), 1, Spent(1, 500), 1, 0),
        (
            Purse(cost_micros=10 * MICROS, price_micros=MICROS // 10, longest_ms=HALF_HOUR),
            Wanted(), 10, Spent(1, 0, 4 * MICROS), 10, 60,
        ),
    ],
)  # fmt: skip
def test_the_worst_case_is_what_is_left_within_the_budget(purse, wanted, left, spent, calls, minutes) -> None:
    found = needs_of(terms(purse), wanted, left=left, spent=spent)
    assert (found.calls, found.talk_minutes) == (calls, minutes)


def test_every_agent_and_number_is_needed_but_the_simulator_plays_any_agent_and_has_no_ids() -> None:
    own = terms(agent=BY_LANGUAGE, caller_ids=["+442079460001", {"number": "id-2", "per_day": "3"}])
    found = needs_of(own, Wanted(reports_come=True), left=1, spent=Spent())
    assert found.agents == {"anna", "ben", "cleo"}
    assert found.caller_ids == ("+442079460001", "id-2")
    assert found.reports_come
    simulated = needs_of(own, Wanted(simulated=True), left=1, spent=Spent())
    assert (simulated.agents, simulated.caller_ids, simulated.calls) == (frozenset(), ("+442079460001",), 1)
    assert needs_of(terms(agent="ann"), Wanted(), left=1, spent=Spent()).agents == {"ann"}
    assert needs_of(terms(), Wanted(), left=1, spent=Spent()).agents == frozenset()


@pytest.mark.parametrize(
    ("findings", "state", "reason", "notes"),
    [
        ([], "active", "", []),
        ([Finding("key", True, "accepted")], "active", "", []),
        ([Finding("clock", None, "40 s ahead", "Set it.")], "active", "", ["clock: 40 s ahead. Set it."]),
        ([Finding("agent", False, "unknown", "Write another.")], "paused", "agent: unknown. Write another.", []),
        ([Finding("key", False, "refused.")], "refused", "key: refused.", []),
        (
            [Finding("agent", False, "unknown"), Finding("credits", False, "none left"), Finding("key", None, "slow")],
            "refused", "agent: unknown. credits: none left.", ["key: slow."],
        ),
    ],
)  # fmt: skip
def test_a_fault_keeps_a_campaign_from_starting_and_a_doubt_is_a_note(findings, state, reason, notes) -> None:
    found = Fitness(tuple(findings))
    assert (found.state, found.reason, found.notes) == (state, reason, notes)


def asked(prepare: Any = lambda night: None, **how: Any) -> tuple[Fitness, Night]:
    """The fitness of a night with three people, of whom one was reached."""

    async def main(store: Any, clock: Any) -> tuple[Fitness, Night]:
        script = lambda phone, _: Disposition.ANSWERED if phone.endswith("1") else Disposition.BUSY  # noqa: E731
        campaign = a_campaign(attempts={"max": "3"})
        async with a_night(store, clock, campaign=campaign, contacts=3, script=script) as night:
            if how.pop("begun", True):
                night.tasks.start_soon(night.run)
                await night.until(timedelta(minutes=5))
                await night.steer(CampaignState.PAUSED)
            prepare(night)
            own = night.book.current(await store.campaign("test"))
            return await fitness(store, night.provider, own, Wanted(**how)), night

    return play(main)


def test_calls_left_are_those_of_leads_without_an_outcome() -> None:
    _, night = asked(begun=False)
    assert night.provider.needs[0].calls == 9
    _, night = asked()
    (wanted,) = night.provider.needs
    assert wanted.calls == 4
    assert wanted.talk_minutes == 120


def test_findings_are_passed_on_as_they_are() -> None:
    findings = [Finding("agent", False, "unknown")]
    found, _ = asked(lambda night: night.provider.findings.extend(findings))
    assert found.findings == tuple(findings)


def test_a_campaign_that_has_nobody_left_asks_nothing() -> None:
    async def main(store: Any, clock: Any) -> None:
        async with a_night(store, clock, contacts=1) as night:
            await night.run()
            night.provider.findings.append(Finding("key", False, "refused"))
            own = night.book.current(await store.campaign("test"))
            assert await fitness(store, night.provider, own, Wanted()) == Fitness()
            assert night.provider.needs == []

    play(main)


@pytest.mark.parametrize(
    ("raised", "state", "subject"),
    [(VendorError("v", "calls", 503, "down"), "active", "provider"), (AccountRefused("v: 401"), "refused", "key")],
)
def test_a_vendor_that_is_down_is_a_doubt_and_one_that_refuses_is_not(raised, state, subject) -> None:
    async def broken(_: Needs) -> list[Finding]:
        raise raised

    found, _ = asked(lambda night: setattr(night.provider, "health", broken))
    assert (found.state, found.findings[0].subject) == (state, subject)


def test_a_vendor_that_does_not_say_how_it_is_is_a_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fit, "ANSWERS_WITHIN", timedelta(milliseconds=50))

    async def silent(_: Needs) -> list[Finding]:
        await anyio.sleep_forever()
        raise AssertionError

    found, _ = asked(lambda night: setattr(night.provider, "health", silent))
    assert (found.state, [finding.ok for finding in found.findings]) == (CampaignState.ACTIVE, [None])
