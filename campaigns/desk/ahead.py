"""Forecasts of running campaigns, played in a process of their own, so that no call waits; each is kept a while."""

import os
import pickle
import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from subprocess import DEVNULL
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import anyio

from campaigns.app import Session, open_session
from campaigns.clock import ScaledClock, run_real
from campaigns.domain.errors import CampaignsError, InputError
from campaigns.ports.store import CampaignRecord
from campaigns.settings import Settings
from campaigns.stores.location import Location

if TYPE_CHECKING:
    from campaigns.planner.forecast import Forecast

FRESH = timedelta(minutes=10)
"""A forecast that is older is played again when somebody asks."""
_NICE = 5
"""Whoever dials goes first where processors are scarce."""


@dataclass(frozen=True, slots=True)
class Order:
    """What the other process is asked for."""

    settings: Settings
    database: Location
    simulated: bool
    campaign: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Ahead:
    """A campaign, played ahead."""

    forecast: "Forecast | None"
    """None: nobody is left to call."""
    picture: bytes | None
    """As SVG."""


class Forecasts:
    """The last of each campaign; one is played at a time, whoever asks meanwhile waits for the same."""

    def __init__(self, session: Session) -> None:
        self._session, self._turn = session, anyio.Lock()
        self._known: dict[str, tuple[object, datetime, Ahead]] = {}

    async def of(self, record: CampaignRecord) -> Ahead:
        """One that is fresh; where there is none, it takes seconds. Raises CampaignsError."""
        async with self._turn:
            stamp, now = (record.created_at, record.revision), self._session.clock.now()
            known, at, ahead = self._known.get(record.name, (None, now, None))
            if ahead is None or known != stamp or now - at > FRESH:
                order = Order(
                    self._session.settings, self._session.database, self._session.simulated, record.name, now
                )  # fmt: skip
                with self._session.clock.work():
                    ahead = await played_elsewhere(order)
                self._known[record.name] = stamp, now, ahead
            return ahead


async def played_elsewhere(order: Order) -> Ahead:
    """Play in another process. Raises CampaignsError."""
    done = await anyio.run_process(
        [sys.executable, "-P", "-m", "campaigns.desk.ahead"], input=pickle.dumps(order), stderr=DEVNULL, check=False,
        start_new_session=True, env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    said: object = pickle.loads(done.stdout) if done.stdout else None  # noqa: S301 - our own process
    if isinstance(said, Ahead):
        return said
    raise InputError(said if isinstance(said, str) else "The forecast broke off. `campaigns plan` its file says why.")


# In the other process


def main() -> None:
    """Play what standard input asks for, into standard output."""
    os.nice(_NICE)
    order: Order = pickle.loads(sys.stdin.buffer.read())  # noqa: S301 - from the process that started us
    try:
        said: Ahead | str = run_real(lambda: _played(order))
    except CampaignsError as error:
        said = str(error)
    sys.stdout.buffer.write(pickle.dumps(said))


async def _played(order: Order) -> Ahead:
    from campaigns.planning import play_on  # noqa: PLC0415 - numpy comes with it

    clock = ScaledClock(order.now, 1.0)
    opened = open_session(
        order.settings, clock, simulated=order.simulated, database=order.database, role="plan"
    )  # fmt: skip
    async with opened as session:
        forecast = await play_on(session, order.campaign)
    return Ahead(forecast, _drawn(forecast, order.campaign) if forecast else None)


def _drawn(forecast: "Forecast", title: str) -> bytes:
    from campaigns.reports.forecast_picture import draw  # noqa: PLC0415 - matplotlib comes with it

    with TemporaryDirectory(prefix="campaigns-forecast-") as folder:
        to = Path(folder) / "forecast.svg"
        draw(forecast, to, title=title)
        return to.read_bytes()


if __name__ == "__main__":
    # Under its own name, as the answers are of classes that the other side knows by it.
    from campaigns.desk.ahead import main as by_name

    by_name()
