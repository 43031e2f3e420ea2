"""Whatever the document allows, and whatever it does not, is answered as it says and never by a fault."""

import itertools
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import anyio
import anyio.from_thread
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from campaigns.api import Pace, api
from campaigns.clock import real_now
from campaigns.desk.access import Role
from campaigns.serving import bind, serving
from campaigns.testing import instant
from campaigns.web.knocks import Knocks

nobody: Any = SimpleNamespace(session=None)
schema = schemathesis.openapi.from_dict(api(nobody, Knocks(real_now))._app.openapi())  # type: ignore[attr-defined]
minutes = (instant("2026-11-23T10:00Z") + timedelta(minutes=n) for n in itertools.count())
"""Between two wrong tokens, so that each is told that it is wrong."""
MATTERS_OF_TASTE = [positive_data_acceptance, negative_data_rejection]
"""A number that is none is refused though it is a text; a query that nobody reads is passed over."""


@pytest.fixture(scope="module")
def address(serve_all) -> Iterator[tuple[str, dict[Role, str]]]:
    """The API on loopback, in a loop of its own, with everybody's secrets."""
    told: list[Any] = []
    ready = threading.Event()
    stop: list[Callable[[], None]] = []

    async def main() -> None:
        end = anyio.Event()
        async with (
            anyio.from_thread.BlockingPortal() as portal,
            serve_all(Pace(pulse=0.02, longest=0.1), now=lambda: next(minutes)) as served,
            serving(served.app, bind("127.0.0.1", 0)) as base,
        ):
            told.extend((base, served.secrets))
            stop.append(lambda: portal.call(end.set))
            ready.set()
            await end.wait()

    thread = threading.Thread(target=anyio.run, args=(main,), daemon=True)
    thread.start()
    assert ready.wait(20)
    yield told[0] + "/api", told[1]
    stop[0]()
    thread.join(10)


@schema.parametrize()
@settings(max_examples=2, suppress_health_check=list(HealthCheck))
def test_no_request_meets_a_fault(case, address):
    base, secrets = address
    headers = {"Authorization": f"Bearer {secrets[Role.ADMIN]}"}
    case.call_and_validate(base_url=base, headers=headers, excluded_checks=MATTERS_OF_TASTE)
