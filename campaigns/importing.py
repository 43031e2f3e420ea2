"""Long lists are read, parsed and planned in a process of their own, so that no call waits while a million rows are.

The database stays with the process that dials: it takes one batch after the other and writes it between its own
transactions. The other process only ever writes into a pipe, so it ends by itself where nobody reads any more.
"""

import gc
import os
import pickle
import struct
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from subprocess import DEVNULL, PIPE
from typing import BinaryIO

import anyio
from anyio.abc import Process
from anyio.streams.buffered import BufferedByteReceiveStream

from campaigns.domain.errors import CampaignsError, InputError, Problem
from campaigns.domain.sources import FileList
from campaigns.engine.intake import Source
from campaigns.engine.preparing import Batch, Excluded, Preparing
from campaigns.engine.terms import Terms
from campaigns.file_source import file_source
from campaigns.outlook import Outlook, watched
from campaigns.ports import Clock

LONG = 1_000_000
"""Bytes of a file from which a process of its own is worth the second that it needs to start."""
_LENGTH = struct.Struct("!Q")
_NICE = 5
"""Whoever dials goes first where processors are scarce."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the other process is asked for."""

    terms: Terms
    source: int
    """Which list of the campaign."""
    folder: Path
    excluded: Excluded
    now: datetime
    outlook: Outlook | None
    """Sees every contact there, and comes back."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The list could not be read to its end: why."""

    problems: tuple[Problem, ...]


def apart(
    sources: Sequence[Source], folder: Path, clock: Clock, outlook: Outlook | None, *, long: int = LONG
) -> list[Source]:
    """The same lists; the outlook sees every contact, and long files are prepared in a process of their own."""
    here = watched(sources, outlook) if outlook else sources
    elsewhere = [_Apart(source, folder, clock, outlook) if source.size >= long else None for source in here]
    return [replace(source, elsewhere=other) for source, other in zip(here, elsewhere, strict=True)]


@dataclass(frozen=True, slots=True)
class _Apart:
    source: Source
    folder: Path
    clock: Clock
    outlook: Outlook | None

    async def __call__(self, terms: Terms, excluded: Excluded, now: datetime) -> AsyncGenerator[Batch, None]:
        begins = Outlook(terms.campaign, terms.law, self.outlook.begins) if self.outlook else None
        order = Order(terms, self.source.index, self.folder, excluded, now, begins)
        async with _started(order) as answers:
            while True:
                with self.clock.work():  # virtual time stands still meanwhile
                    answer = await _next(answers)
                if isinstance(answer, Batch):
                    yield answer
                elif isinstance(answer, Broken):
                    raise InputError(answer.problems)
                elif isinstance(answer, _Over):
                    if self.outlook and answer.outlook:
                        self.outlook.absorb(answer.outlook)
                    return
                else:
                    raise CampaignsError(_ENDED.format(self.source.name))


_ENDED = (
    "{}: the process that read it ended before its end. What it had read is loaded, and nobody is in twice: run the "
    "campaign file again. If that does not help, see whether the machine's memory is enough."
)


@dataclass(frozen=True, slots=True)
class _Over:
    """The whole list was prepared."""

    outlook: Outlook | None


@asynccontextmanager
async def _started(order: Order) -> AsyncIterator[BufferedByteReceiveStream]:
    """The process, at work; however the block ends, it is gone afterwards."""
    process = await anyio.open_process(
        [sys.executable, "-P", "-m", "campaigns.importing"],
        stdin=PIPE, stdout=PIPE, stderr=DEVNULL, start_new_session=True,  # Ctrl-C is ours to answer
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    try:
        yield await _ordered(process, order)
    finally:
        if process.returncode is None:
            process.kill()
        with anyio.CancelScope(shield=True):
            await process.aclose()


async def _ordered(process: Process, order: Order) -> BufferedByteReceiveStream:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("a process without the pipes that were asked for")
    with suppress(anyio.BrokenResourceError):  # it ended at once: that shows when it is listened to
        await process.stdin.send(_framed(order))
    return BufferedByteReceiveStream(process.stdout)


async def _next(answers: BufferedByteReceiveStream) -> object:
    """What the process says next; None: it ended."""
    try:
        (length,) = _LENGTH.unpack(await answers.receive_exactly(_LENGTH.size))
        return pickle.loads(await answers.receive_exactly(length))  # noqa: S301 - our own process
    except (anyio.IncompleteRead, anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
        return None


def _framed(value: object) -> bytes:
    text = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return _LENGTH.pack(len(text)) + text


# In the other process


def main() -> None:
    """Prepare the list that standard input asks for, into standard output."""
    os.nice(_NICE)
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    head = asked.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return
    (length,) = _LENGTH.unpack(head)
    order: Order = pickle.loads(asked.read(length))  # noqa: S301 - from the process that started us
    gc.freeze()  # what is here now stays: no need to look at it again
    try:
        anyio.run(_prepare, order, answers)
    except BrokenPipeError:
        os._exit(0)  # nobody reads any more; flushing what is left would complain


async def _prepare(order: Order, answers: BinaryIO) -> None:
    try:
        source = _opened(order)
        preparing = Preparing(order.terms, order.source, order.excluded, order.now)
        async for batch in preparing.batches(source.contacts("")):
            _say(answers, batch)
    except InputError as error:
        _say(answers, Broken(error.problems))
    else:
        _say(answers, _Over(order.outlook))


def _opened(order: Order) -> Source:
    wanted = order.terms.campaign.contacts[order.source]
    if not isinstance(wanted, FileList):
        raise TypeError("only files are prepared apart")
    source = file_source(wanted, order.source, order.terms.campaign, order.folder)
    return watched([source], order.outlook)[0] if order.outlook else source


def _say(answers: BinaryIO, value: object) -> None:
    answers.write(_framed(value))
    answers.flush()


if __name__ == "__main__":
    # Under its own name, as the answers are of classes that the other side knows by it.
    from campaigns.importing import main as by_name

    by_name()
