"""Campaign files that are not in the database: checked, and played ahead, in a process of their own, so that neither
a dial nor whoever looks waits for a long list."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import anyio.to_process

from campaigns.app import Session
from campaigns.checking import validate_file
from campaigns.clock import run_real
from campaigns.domain.errors import ours_in
from campaigns.settings import Settings

from .access import Operator, Role, demand
from .acts import Upload
from .forecasts import plan_json
from .unpacking import as_sent, put_down

Json = dict[str, Any]
AT_ONCE = 1
"""Files that are looked at at the same time."""


class Drafts:
    """What an operator asks of a file before it is loaded. Nobody is called, nothing is changed."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._turns = anyio.Semaphore(AT_ONCE)

    async def check(self, upload: Upload, *, by: Operator) -> Json:
        """The week as it was understood, zones, rules in force, bad rows. Raises InputError with all that is wrong."""
        demand(by, Role.OPERATE, "check a campaign file")
        return await self._looked_at(upload, _checked, self._session.clock.now().date())

    async def plan(self, upload: Upload, at: datetime | None = None, *, by: Operator) -> Json:
        """The campaign played forward from `at`; default: from now, or from when a simulated one would begin."""
        demand(by, Role.OPERATE, "plan a campaign file")
        return await self._looked_at(upload, _planned, at)

    async def _looked_at(self, upload: Upload, look: Callable[..., Json], when: date | datetime | None) -> Json:
        async with self._turns:
            with TemporaryDirectory(prefix="campaigns-draft-") as folder:
                here = Path(folder)
                with as_sent(here):
                    put_down(upload.document, upload.files, here, name=upload.name)
                    return await anyio.to_process.run_sync(
                        look, here / upload.name, self._session.settings, when, cancellable=True
                    )


# In the other process


@contextmanager
def _plainly() -> Iterator[None]:
    """Errors as they were before task groups wrapped them."""
    try:
        yield
    except BaseExceptionGroup as group:
        raise ours_in(group) or group from None


def _checked(path: Path, settings: Settings, today: date) -> Json:
    with _plainly():
        finding = run_real(lambda: validate_file(path, settings, today=today))
    return finding.as_json() | {"file": path.name, "told": [list(line) for line in finding.lines]}


def _planned(path: Path, settings: Settings, at: datetime | None) -> Json:
    from campaigns.planning import plan_file  # noqa: PLC0415 - slow to import, and nobody else needs it

    with _plainly():
        return plan_json(plan_file(path, settings, at=at))
