"""Lets the tests of all vendors import the contracts (`openapi.contract`) and the stand-ins (`foreign.callbell`)."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import uvloop

sys.path.insert(0, str(Path(__file__).parent))

_LOOPS = {"asyncio": asyncio.SelectorEventLoop, "uvloop": uvloop.new_event_loop}


def pytest_asyncio_loop_factories(item: pytest.Item) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """What a dial promises holds in every loop that it may run in."""
    return _LOOPS if item.path.name == "test_dial.py" else {"asyncio": asyncio.SelectorEventLoop}
