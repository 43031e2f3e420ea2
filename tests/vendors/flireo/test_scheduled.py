"""Scheduled calls: what answers prove, the simulator's contract, and both over real HTTP with its faults."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.call import Booked, Booking, BookingState, CallOrder, NotSent, Refused, Unclear
from campaigns.domain.errors import AccountRefused, Throttled, VendorError
from campaigns.serving import bind, serving
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.flireo.calls import CallRecord
from campaigns.vendors.flireo.provider import FlireoProvider
from campaigns.vendors.flireo.scheduled import booked, read_booking
from campaigns.vendors.flireo.simulator import Faults, FlireoSimulator, Options, Rule

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
PHONE = "+442079460001"
AT = START + timedelta(minutes=20)
ORDER = CallOrder("attempt-1", PHONE, "assistant", None, {"name": "X"})
B = BookingState


async def _free() -> None:
    pass


@asynccontextmanager
async def both(
    clock: DiscreteClock, *rules: Rule, ledger: Path | None = None, **options: Any
) -> AsyncIterator[tuple[FlireoProvider, FlireoSimulator, httpx.AsyncClient]]:
    """The provider against the simulator, over real HTTP."""
    simulator = FlireoSimulator(clock=clock, faults=Faults(rules=rules, options=Options(**options)), ledger=ledger)
    async with (
        serving(simulator.app, bind("127.0.0.1", 0)) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=5) as http,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(simulator.run)
        provider = FlireoProvider(VendorAccount("flireo", address, "", "t" * 20), Surroundings(clock, _free))
        yield provider, simulator, http
        await provider.aclose()
        tasks.cancel_scope.cancel()


def play(main: Callable[[DiscreteClock], Any]) -> None:
    clock = DiscreteClock(START)
    run_virtual(clock, lambda: main(clock))


async def book(provider: FlireoProvider, at: datetime = AT) -> Any:
    return await provider.book(provider.encode_booking(ORDER, at), attempt_id=ORDER.attempt_id)


# What a record and an answer say


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("pending", B.WAITING), ("In_Progress", B.FIRING), ("in progress", B.FIRING), ("completed", B.DONE),
        ("failed", B.FAILED), ("cancelled", B.CANCELLED), ("canceled", B.CANCELLED), ("snoozed", B.UNKNOWN),
        (None, B.UNKNOWN), (7, B.UNKNOWN),
    ],
)  # fmt: skip
def test_a_status_that_nobody_knows_proves_nothing(status: object, state: BookingState) -> None:
    found = read_booking({"scheduled_call_id": "s", "status": status})
    assert found is not None
    assert found.state is state


def test_a_record_is_read_member_by_member_in_every_envelope() -> None:
    record = {
        "scheduled_call_id": "s", "phone_number": PHONE, "scheduled_at": "2026-11-23T10:20:00+01:00", "call_id": "c",
        "status": "in-progress", "metadata": {"attempt_id": "a"}, "unknown": 1,
    }  # fmt: skip
    expected = Booking("s", B.FIRING, "a", PHONE, AT, "c")
    for shape in (record, {"data": record}, {"message": "ok", "scheduled_call": record}):
        assert read_booking(shape) == expected
    assert read_booking({"status": "pending"}) is None
    assert read_booking("text") is None


@pytest.mark.parametrize("data", [None, {}, {"status": "pending"}, {"scheduled_call_id": ""}, [], "x"])
def test_accepted_without_an_id_is_a_doubt(data: object) -> None:
    assert isinstance(booked(data), Unclear)


def test_a_call_names_the_scheduled_call_that_it_is() -> None:
    assert CallRecord.model_validate({"call_id": "c", "scheduled_call_id": "s"}).report().booking_id == "s"


# The simulator, by a raw client


def test_a_scheduled_call_is_held_changed_fired_and_then_neither_changed_nor_cancelled(tmp_path: Path) -> None:
    async def main(clock: DiscreteClock) -> None:
        async with both(clock, ledger=tmp_path / "ledger.jsonl") as (_, simulator, http):
            body = {"assistant_id": "a", "phone_number": PHONE, "scheduled_at": AT.isoformat(), "metadata": {"k": 1}}
            with clock.work():
                made = await http.post("/v1/scheduled-calls", json=body)
                assert made.status_code == 201
                one = made.json()
                path = f"/scheduled-calls/{one['scheduled_call_id']}"
                assert (one["status"], one["call_id"], one["metadata"]) == ("pending", None, {"k": 1})
                later = (AT + timedelta(minutes=5)).isoformat()
                moved = (await http.patch(path, json={"scheduled_at": later})).json()
                assert moved["scheduled_at"] == later
            await clock.sleep_until(AT + timedelta(minutes=5) - timedelta(seconds=1))
            assert simulator.calls == []
            await clock.sleep_until(AT + timedelta(minutes=6))
            (call,) = simulator.calls
            assert timedelta() <= call.created_at - AT - timedelta(minutes=5) <= timedelta(seconds=50)
            with clock.work():
                shown = (await http.get(path)).json()
                assert (shown["status"], shown["call_id"]) == ("in-progress", call.call_id)
                for answer in (await http.delete(path), await http.patch(path, json={"phone_number": PHONE})):
                    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_status")
            await clock.sleep_until(call.ended_at)
            with clock.work():
                assert (await http.get(path)).json()["status"] == "completed"
        states = [json.loads(line)["scheduled"]["state"] for line in _scheduled_lines(tmp_path / "ledger.jsonl")]
        assert states == ["pending", "pending", "fired"]

    play(main)


def _scheduled_lines(ledger: Path) -> list[str]:
    return [line for line in ledger.read_text().splitlines() if line.startswith('{"scheduled"')]


@pytest.mark.parametrize(
    "change", [{"scheduled_at": START.isoformat()}, {"scheduled_at": "soon"}, {"phone_number": "020"}]
)
def test_the_past_and_bad_data_are_refused_and_nothing_is_held(change: dict[str, str]) -> None:
    async def main(clock: DiscreteClock) -> None:
        async with both(clock) as (_, simulator, http):
            body = {"assistant_id": "a", "phone_number": PHONE, "scheduled_at": AT.isoformat()} | change
            with clock.work():
                answer = await http.post("/scheduled-calls", json=body)
            assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_parameters")
            assert simulator.scheduled == []

    play(main)


def test_what_is_pending_outlives_the_process(tmp_path: Path) -> None:
    async def main(clock: DiscreteClock) -> None:
        async with both(clock, ledger=tmp_path / "l") as (provider, _, _):
            assert isinstance(await book(provider), Booked)
        async with both(clock, ledger=tmp_path / "l") as (provider, simulator, _):
            await clock.sleep_until(AT + timedelta(minutes=1))
            assert [one.state for one in simulator.scheduled] == ["fired"]
            assert len(simulator.calls) == 1

    play(main)


# Client and simulator


@pytest.mark.parametrize(("envelope", "order"), [("named", "newest"), ("guide", "oldest"), ("named", "shuffled")])
def test_book_list_read_and_cancel_agree(envelope: str, order: str) -> None:
    async def main(clock: DiscreteClock) -> None:
        async with both(clock, envelope=envelope, order=order) as (provider, simulator, _):
            answers = [await book(provider, AT + timedelta(minutes=n)) for n in range(7)]
            names = [answer.booking_id for answer in answers]
            found: dict[str, Booking] = {}
            while True:
                page = await provider.bookings(offset=len(found), limit=3)
                found |= {booking.booking_id: booking for booking in page.bookings}
                if not page.has_more:
                    break
            assert sorted(found) == sorted(names)
            assert found[names[2]] == Booking(names[2], B.WAITING, "attempt-1", PHONE, AT + timedelta(minutes=2), None)
            assert await provider.booking(names[2]) == found[names[2]]
            assert await provider.booking("nobody") is None
            assert await provider.cancel("nobody") is None
            for _ in range(2):  # asking again is as good
                cancelled = await provider.cancel(names[0])
                assert cancelled is not None
                assert cancelled.state is B.CANCELLED
            await clock.sleep_until(AT + timedelta(minutes=2))
            late = await provider.cancel(names[1])
            (call,) = simulator.calls
            assert late is not None
            assert late.call_id == call.call_id
            report = await provider.fetch(call.call_id)
            assert report is not None
            assert (report.booking_id, report.attempt_id) == (names[1], "attempt-1")

    play(main)


@pytest.mark.parametrize(
    ("kind", "more", "kept", "answer"),
    [
        ("drop", {}, 1, Unclear), ("error", {}, 1, Unclear), ("half", {}, 1, Unclear), ("html", {}, 1, Unclear),
        ("no_id", {}, 1, Unclear), ("drop_before", {}, 0, Unclear), ("error_before", {}, 0, Unclear),
        ("redirect", {}, 1, Unclear), ("refuse", {"status": 402}, 0, Refused), ("refuse", {"status": 429}, 0, Refused),
        ("refuse", {}, 0, Refused),
    ],
)  # fmt: skip
def test_whatever_befalls_schedule_this_is_a_doubt_or_a_proof(kind: str, more: Any, kept: int, answer: type) -> None:
    async def main(clock: DiscreteClock) -> None:
        async with both(clock, Rule(at="schedule", kind=kind, **more)) as (provider, simulator, _):
            said = await book(provider)
            assert isinstance(said, answer)
            assert len(simulator.scheduled) == (0 if kind == "redirect" else kept)
            if isinstance(said, Refused):
                wanted = {402: (True, False, False), 429: (False, True, False), None: (False, False, True)}
                assert (said.account, said.throttled, said.bad_data) == wanted[more.get("status")]

    play(main)


async def test_no_connection_is_proof_that_nothing_was_booked() -> None:
    clock = DiscreteClock(START)
    provider = FlireoProvider(VendorAccount("flireo", "http://127.0.0.1:1", "", "t" * 20), Surroundings(clock, _free))
    assert isinstance(await book(provider), NotSent)
    await provider.aclose()


@pytest.mark.parametrize(("kind", "done"), [("drop", True), ("error", True), ("drop_before", False)])
def test_a_lost_answer_to_a_cancellation_raises_and_asking_again_tells(kind: str, done: bool) -> None:
    async def main(clock: DiscreteClock) -> None:
        async with both(clock, Rule(at="cancel", kind=kind, first=1)) as (provider, simulator, _):
            name = (await book(provider)).booking_id
            with pytest.raises(VendorError):
                await provider.cancel(name)
            assert (simulator.scheduled[0].state == "cancelled") is done
            again = await provider.cancel(name)
            assert again is not None
            assert again.state is B.CANCELLED
            assert simulator.scheduled[0].state == "cancelled"

    play(main)


@pytest.mark.parametrize(("status", "error"), [(429, Throttled), (403, AccountRefused), (503, VendorError)])
def test_a_refused_list_is_an_error_not_an_empty_one(status: int, error: type[Exception]) -> None:
    async def main(clock: DiscreteClock) -> None:
        async with both(clock, Rule(at="list", kind="error", status=status, match="scheduled")) as (provider, _, _):
            with pytest.raises(error):
                await provider.bookings(offset=0, limit=10)

    play(main)


def test_a_firing_may_be_late_or_fail() -> None:
    async def main(clock: DiscreteClock) -> None:
        rules = (Rule(at="fire", kind="late", seconds=600, first=1), Rule(at="fire", kind="fail"))
        async with both(clock, *rules, fire_lag=0) as (provider, simulator, _):
            late, failed = [(await book(provider)).booking_id for _ in range(2)]
            await clock.sleep_until(AT + timedelta(seconds=599))
            assert simulator.calls == []
            shown = {name: await provider.booking(name) for name in (late, failed)}
            assert {name: booking and booking.state for name, booking in shown.items()} == {
                late: B.WAITING, failed: B.FAILED,
            }  # fmt: skip
            await clock.sleep_until(AT + timedelta(seconds=601))
            assert len(simulator.calls) == 1

    play(main)
