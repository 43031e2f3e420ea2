"""A dial over a network that breaks in every way, at every place, in both directions: what we say is what is true."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio
import pytest
from foreign.callab import AGENT, Callab
from foreign.hmsovereign import ASSISTANT_ID, NUMBER, NUMBER_ID, HmsSovereign
from foreign.wire import serving
from foreign_flireo import Options, Server, handler
from proxy import EVERY, Fault, Kind, Place, Proxy, Way
from rig import PHONES

from campaigns.clock import SystemClock
from campaigns.domain.call import CallOrder, NotSent, Placed, Unclear
from campaigns.vendors import provider_kind
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.dial import Answer, Deadlines, post_once

QUICK = Deadlines(connect=1, write=0.5, read=0.5, total=1)
SHORT, LATE = 0.1, 0.9
"""Seconds of delays within the deadline for reading, and beyond it."""
FAULTS = tuple(
    replace(fault, seconds=seconds)
    for fault in EVERY
    for seconds in ((SHORT, LATE) if fault.kind is Kind.DELAY else (0.0,))
)


def makes_the_call(fault: Fault) -> bool:
    """Whether the whole request comes to the provider, be it late."""
    return fault.way is Way.DOWN or fault.place is Place.ALL or fault.kind is Kind.DELAY


def answers(fault: Fault, deadline: float = QUICK.read) -> bool:
    """Whether the whole answer comes to us in time."""
    if fault.kind is Kind.DELAY:
        return fault.seconds < deadline or (fault.way is Way.DOWN and fault.place is Place.ALL)
    return fault.way is Way.DOWN and fault.place is Place.ALL


@asynccontextmanager
async def standing(kind: str, tmp_path: Path) -> AsyncIterator[tuple[int, list[Any]]]:
    """The port of a vendor that shares no line with us, and the calls that it has made."""
    if kind == "flireo":
        server = Server(Options(ledger=str(tmp_path / "ledger.jsonl")))
        listening = await asyncio.start_server(handler(server), "127.0.0.1", 0, backlog=512)
        async with listening:
            yield listening.sockets[0].getsockname()[1], server.calls
        server._ledger.close()
    else:
        vendor = HmsSovereign() if kind == "hmsovereign" else Callab()
        with serving(vendor) as url:
            yield int(url.rpartition(":")[2]), vendor.calls


@asynccontextmanager
async def broken(port: int, faults: Sequence[Fault]) -> AsyncIterator[tuple[int, Proxy]]:
    """The port of a proxy that breaks the exchange for the n-th number by the n-th fault."""
    fates = dict(zip((phone.encode() for phone in PHONES), faults, strict=False))
    proxy = Proxy(port, lambda request: next(fault for phone, fault in fates.items() if phone in request))
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, backlog=512)
    async with listening:
        yield listening.sockets[0].getsockname()[1], proxy
        await proxy.aclose()


async def made(calls: list[Any], faults: Sequence[Fault]) -> Counter[str]:
    """How often each number rang, once all has come that is still on its way."""
    with anyio.move_on_after(5):
        while len(calls) < sum(map(makes_the_call, faults)):
            await asyncio.sleep(0.02)
    return Counter(call.to if hasattr(call, "to") else call.phone for call in calls)


@pytest.mark.row("N1", "N7")
async def test_whatever_breaks_and_wherever_a_dial_is_answered_or_unclear_and_never_called_not_sent(
    tmp_path: Path, figure: Any
) -> None:
    async def dial(port: int, phone: str) -> Answer | NotSent | Unclear:
        body = json.dumps({"assistant_id": "agent-1", "phone_number": phone}).encode()
        head = {"Authorization": "Bearer foreign-key", "Content-Type": "application/json"}
        return await post_once(f"http://127.0.0.1:{port}/calls/direct", headers=head, body=body, deadlines=QUICK)

    phones = PHONES[: len(FAULTS)]
    async with standing("flireo", tmp_path) as (behind, calls), broken(behind, FAULTS) as (port, proxy):
        with anyio.fail_after(10):
            told = await asyncio.gather(*(dial(port, phone) for phone in phones))
        rang = await made(calls, FAULTS)
    wrong = [
        f"{fault}: {answer}, and {rang[phone]} calls"
        for phone, fault, answer in zip(phones, FAULTS, told, strict=True)
        if rang[phone] != makes_the_call(fault) or isinstance(answer, Answer) != answers(fault)
    ]
    assert wrong == []
    assert not [answer for answer in told if isinstance(answer, NotSent)]
    assert len(proxy.met) == len(FAULTS), "each was sent once"
    doubts = [phone for phone, answer in zip(phones, told, strict=True) if isinstance(answer, Unclear)]
    figure("N1", "dials told wrongly over every direction, fault and place", len(wrong), faults=len(FAULTS))
    figure("N1", "unclear dials whose call existed", sum(rang[phone] for phone in doubts), unclear=len(doubts))


VENDORS = {
    "flireo": ("", "agent-1", None),
    "hmsovereign": ("/api/v1", ASSISTANT_ID, NUMBER_ID),
    "callab": ("/v1", AGENT, NUMBER),
}
SWIFT = tuple(fault for fault in FAULTS if fault.kind is not Kind.BLACKHOLE and fault.seconds <= SHORT)
"""Without those that take as long as a vendor may be silent: 30 s."""


@pytest.mark.row("N1", "N7")
@pytest.mark.parametrize("kind", VENDORS)
async def test_every_vendor_says_the_same_of_a_broken_dial(kind: str, tmp_path: Path, figure: Any) -> None:
    prefix, agent, caller = VENDORS[kind]
    async with standing(kind, tmp_path) as (behind, calls), broken(behind, SWIFT) as (port, proxy):
        account = VendorAccount("acme", f"http://127.0.0.1:{port}{prefix}", "foreign-key", "t" * 30)
        provider = provider_kind(kind)(account, Surroundings(SystemClock(), None, patient=False))
        orders = [CallOrder(f"a{n}", PHONES[n], agent, caller, {}) for n in range(len(SWIFT))]
        told = await asyncio.gather(
            *(provider.place(provider.encode(order), attempt_id=order.attempt_id) for order in orders)
        )
        rang = await made(calls, SWIFT)
        await provider.aclose()
    names = {call.call_id for call in calls}
    wrong = [
        f"{fault}: {answer}, and {rang[order.phone]} calls"
        for fault, order, answer in zip(SWIFT, orders, told, strict=True)
        if rang[order.phone] != makes_the_call(fault)
        or not (
            isinstance(answer, Placed) and answer.call_id in names if answers(fault) else isinstance(answer, Unclear)
        )
    ]
    assert wrong == []
    assert len(proxy.met) == len(SWIFT), "each was sent once"
    figure("N1", f"dials at {kind} told wrongly", len(wrong), faults=len(SWIFT))
