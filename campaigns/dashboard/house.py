"""What the dashboard is given by the process that serves it."""

from dataclasses import dataclass

from campaigns.desk.desk import Desk
from campaigns.web.knocks import Knocks

from .door import Door


@dataclass(frozen=True, slots=True)
class House:
    """One dashboard of one process."""

    desk: Desk
    door: Door
    place: str
    """Which database it shows, for the header; no secret."""
    simulated: bool
    knocks: Knocks
    """Of this process."""
