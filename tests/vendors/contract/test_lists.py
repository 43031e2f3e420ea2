"""The promises of every system that holds contacts: rows, filters, reading on, outcomes on their way back."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from campaigns.clock import DiscreteClock, SystemClock, run_virtual
from campaigns.domain.errors import AccountRefused, VendorError
from campaigns.domain.lead import Outcome
from campaigns.domain.rows import Row
from campaigns.domain.sources import Returns
from campaigns.ports.lists import Landed, OutcomeNote, RemoteList, Unwritable
from campaigns.serving import bind, serving
from campaigns.vendors import LISTS, list_kind, simulate
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.simulated.cut import Cut, SeveringApp

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
PHONE = "+442079460123"
NOTE = OutcomeNote(
    "3f9a1c2b", "c0ffee", PHONE, "spring", Outcome.REACHED, "confirmed", 2, "answered", NOW, NOW, "A short talk."
)


@pytest.fixture(params=LISTS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def at_the_simulator(kind: str, main: Callable[[RemoteList], Any]) -> Any:
    clock = DiscreteClock(NOW)

    async def whole() -> Any:
        simulator = simulate(kind, clock=clock)
        async with serving(simulator.app, bind("127.0.0.1", 0)) as base:
            account = VendorAccount("crm", base + simulator.prefix, "key-1", section="lists")
            contacts = list_kind(kind)(account, Surroundings(clock))
            try:
                return await main(contacts)
            finally:
                await contacts.aclose()

    return run_virtual(clock, whole)


async def every_row(contacts: RemoteList, after: str = "") -> list[Row]:
    found = [row async for batch in contacts.read({}, after=after) for row in batch.rows]
    return [row for row in found if isinstance(row, Row)]


def test_everybody_is_a_row_of_their_own_that_names_them(kind: str) -> None:
    async def main(contacts: RemoteList) -> None:
        rows = await every_row(contacts)
        assert len(rows) > 20, "more than a page"
        assert len({row.ref for row in rows}) == len(rows)
        assert all(row.ref for row in rows)
        columns = [column.column for column in contacts.columns.phone]
        assert all(set(columns) & row.cells.keys() for row in rows)
        assert {name for row in rows for name in row.cells} >= set(columns)
        if not contacts.open_header:
            assert {name for row in rows for name in row.cells} <= set(contacts.header)

    at_the_simulator(kind, main)


def test_a_reading_goes_on_after_the_mark_of_an_earlier_one(kind: str) -> None:
    async def main(contacts: RemoteList) -> None:
        marks = [(len(batch.rows), batch.after) async for batch in contacts.read({})]
        assert marks[-1][1] == "", "at the end there is nothing to go on with"
        if marks[0][1]:
            everybody, rest = await every_row(contacts), await every_row(contacts, marks[0][1])
            assert {row.ref for row in rest} == {row.ref for row in everybody[marks[0][0] :]}

    at_the_simulator(kind, main)


def test_a_mark_that_nobody_knows_any_more_begins_anew(kind: str) -> None:
    async def main(contacts: RemoteList) -> None:
        assert len(await every_row(contacts, "no-mark-of-ours")) == len(await every_row(contacts))

    at_the_simulator(kind, main)


def test_a_filter_that_does_not_exist_is_told_with_those_that_do(kind: str) -> None:
    async def main(contacts: RemoteList) -> None:
        (fault,) = contacts.check({"colour_of_the_eyes": "blue"}, Returns())
        assert fault.keys == ("where", "colour_of_the_eyes")
        assert fault.what
        assert fault.mend
        assert contacts.check({}, Returns()) == []

    at_the_simulator(kind, main)


def test_a_healthy_system_is_found_healthy(kind: str) -> None:
    async def main(contacts: RemoteList) -> None:
        findings = await contacts.health()
        assert findings
        assert not [finding for finding in findings if finding.ok is False]

    at_the_simulator(kind, main)


def test_an_outcome_lands_also_when_it_is_written_again(kind: str) -> None:
    async def main(contacts: RemoteList) -> None:
        if contacts.no_returns:
            return
        (row, *_) = await every_row(contacts)
        note = OutcomeNote(**{name: getattr(NOTE, name) for name in NOTE.__slots__} | {"contact": row.ref})
        assert await contacts.write_back(note, Returns(), since=None) == Landed()
        assert await contacts.write_back(note, Returns(), since=NOW) == Landed()
        gone = OutcomeNote(**{name: getattr(NOTE, name) for name in NOTE.__slots__} | {"contact": "0" * 32})
        assert isinstance(await contacts.write_back(gone, Returns(), since=None), Unwritable)

    at_the_simulator(kind, main)


@asynccontextmanager
async def broken(kind: str, answer: Callable[[], Response]) -> AsyncIterator[RemoteList]:
    async def endpoint(_request: Request) -> Response:
        return answer()

    app = SeveringApp(routes=[Route("/{path:path}", endpoint, methods=["GET", "POST", "PUT", "PATCH", "DELETE"])])
    async with serving(app, bind("127.0.0.1", 0)) as base:
        account = VendorAccount("crm", base, "key-1", section="lists")
        contacts = list_kind(kind)(account, Surroundings(SystemClock(), patient=False))
        try:
            yield contacts
        finally:
            await contacts.aclose()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda: JSONResponse({"error": f"no {PHONE}"}, 401), AccountRefused),
        (lambda: JSONResponse({"error": f"no {PHONE}"}, 500), VendorError),
        (lambda: Response("<html>Welcome</html>"), VendorError),
        (lambda: JSONResponse({}), VendorError),
        (Cut, VendorError),
    ],
    ids=["key", "broken", "web page", "no envelope", "cut"],
)
async def test_a_list_that_cannot_be_read_is_an_error_and_never_an_empty_list(
    kind: str, answer: Any, error: Any
) -> None:
    async with broken(kind, answer) as contacts:
        with pytest.raises(error) as caught:
            await every_row(contacts)
        assert PHONE not in str(caught.value)
        assert "key-1" not in str(caught.value)
        if not contacts.no_returns:
            with pytest.raises(error):
                await contacts.write_back(NOTE, Returns(), since=NOW)
        findings = await contacts.health()
        assert findings
        assert any(finding.ok is False for finding in findings) == (error is AccountRefused)
