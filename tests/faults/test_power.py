"""If the power failed at any moment, whoever was asked for would be on the disk: seen in what the kernel is told."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import oracles
import pytest
from proving import Figure
from rig import Plan, rig
from test_hard_run import SHORT

_CALL = re.compile(r"^(\d+) +(?:<\.\.\. (\w+) resumed>|(\w+)\()(.*)$")
_NAME = "[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}"
_PERMITTED = re.compile(rf"({_NAME}){_NAME}hard.{{0,400}}?foreignsending")
"""A row of an attempt in a page of the database: its id, its lead's, …, the provider, the state."""
_ASKED = re.compile(rf"attempt_id[^0-9a-f]{{1,8}}({_NAME})")


@dataclass
class Order:
    """What was done in which order, as the kernel was asked."""

    written: set[str] = field(default_factory=set)
    """Attempts whose permit is in the log."""
    durable: set[str] = field(default_factory=set)
    """Those that were flushed since."""
    asked: list[str] = field(default_factory=list)
    too_early: list[str] = field(default_factory=list)
    """Asked for before they were durable."""


def ordered(trace: Path) -> Order:
    """Read what strace has seen of threads that were at work at the same time."""
    order, flushing = Order(), dict[str, set[str]]()
    for thread, name, text in _calls(trace):
        if name == "pwrite64":
            order.written.update(_PERMITTED.findall(text))
        elif name in ("fdatasync", "fsync"):
            meant = flushing.pop(thread, None) or set(order.written)
            if text.endswith("<unfinished ...>"):
                flushing[thread] = meant  # what is written while it flushes is not meant
            elif text.endswith("= 0"):
                order.durable |= meant
        else:
            order.asked += _ASKED.findall(text)
            order.too_early += [found for found in _ASKED.findall(text) if found not in order.durable]
    return order


def _calls(trace: Path) -> Iterator[tuple[str, str, str]]:
    """(thread, name, the rest of the line) of each call to the kernel, or of its end where it took longer."""
    with trace.open(errors="replace") as lines:
        for line in lines:
            if found := _CALL.match(line):
                yield found[1], found[2] or found[3], found[4]


@pytest.mark.system
@pytest.mark.row("D6")
def test_a_permit_is_on_the_disk_before_the_first_byte_of_its_request(
    tmp_path: Path, long: bool, figure: Figure
) -> None:
    trace = tmp_path / "trace"
    watch = "trace=pwrite64,fdatasync,fsync,sendto,write,writev,sendmsg"
    with rig(tmp_path / "run", Plan(people=900 if long else 20, at_once=60, per_second=40, server=SHORT)) as one:
        under = ("strace", "-f", "-qq", "-s", "8192", "-e", watch, "-e", "signal=none", "-o", str(trace))
        running = one.start("run", str(one.campaign), "--json", under=under)
        assert one.ended(running, 900 if long else 180) == 0, one.complained(running)
        made = oracles.counted(one.ledger())["asked"]
    order = ordered(trace)
    assert len(order.asked) == made
    assert order.too_early == []
    figure("D6", "requests that left before their permit was flushed", 0, requests=made)
