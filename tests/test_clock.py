"""How a program is run in real time."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator

import anyio
import pytest

from campaigns.clock import run_real


@pytest.mark.skipif(sys.platform == "win32" or sys.implementation.name != "cpython", reason="uvloop is not made for it")
def test_real_time_runs_in_the_fastest_loop_there_is() -> None:
    async def main() -> str:
        return type(asyncio.get_running_loop()).__module__

    assert run_real(main) == "uvloop"


@pytest.fixture
def as_at_the_start() -> Iterator[None]:
    """Whatever ran in this process before has left Ctrl-C to itself."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("as_at_the_start")
def test_ctrl_c_ends_what_runs_in_order_and_reaches_the_caller() -> None:
    ended = []

    async def main() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            await anyio.sleep(5)
        finally:
            ended.append("in order")

    with pytest.raises(KeyboardInterrupt):
        run_real(main)
    assert ended == ["in order"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_that_is_waited_for_is_heard(number: signal.Signals) -> None:
    async def main() -> signal.Signals:
        with anyio.fail_after(5), anyio.open_signal_receiver(number) as signals:
            os.kill(os.getpid(), number)
            return await anext(aiter(signals))

    assert run_real(main) == number
