"""Points at which a test kills, stops, delays or breaks this process; as long as nobody asks for it, they do nothing.

`CAMPAIGNS_FAILPOINTS="after_intent=kill@3,after_answer=sleep:0.5"`, read once when a command starts: kill (SIGKILL),
stop (SIGSTOP), sleep:SECONDS (everything stands still), raise (as a mistake of the program would); `@3`: at the third
passage alone, else at every one.
"""

import os
import re
import signal
import time
from collections.abc import Mapping
from dataclasses import dataclass

VARIABLE = "CAMPAIGNS_FAILPOINTS"
POINTS = {
    "before_intent": "the intents of a batch are inserted, and not committed",
    "after_intent": "the intents of a batch are committed",
    "before_permit": "a permit is written, and not committed",
    "after_permit": "a permit is committed, and nothing of the request is sent",
    "amid_request": "all of the request but its last byte is with the system",
    "after_answer": "the provider's answer is read, and not written down",
    "after_placed": "the provider's answer is written down",
    "before_report": "a webhook is inserted, and not committed",
    "after_report": "a webhook is committed, and neither answered nor applied",
    "amid_outcome": "an attempt's end is written, its lead's is not, and nothing is committed",
}
"""Each name, and what is done and not yet done there."""
_WISH = re.compile(r"(?P<point>\w+)=(?:(?P<deed>kill|stop|raise)|sleep:(?P<seconds>\d+(?:\.\d+)?))(?:@(?P<nth>\d+))?")


class FailpointError(Exception):
    """What `raise` raises."""


@dataclass(slots=True)
class _Wish:
    deed: str
    seconds: float
    nth: int
    """0: every time."""
    passed: int = 0


_wishes: dict[str, _Wish] = {}


def failpoint(name: str) -> None:
    """Where this point is asked for, do what is asked for; else nothing."""
    if _wishes and name in _wishes:
        _pass(_wishes[name])


def is_armed(name: str) -> bool:
    """Whether anything is asked for at this point."""
    return name in _wishes


def arm(environ: Mapping[str, str]) -> str:
    """Read what is asked for; in words, empty: nothing. Raises ValueError saying what is wrong and what is known."""
    _wishes.clear()
    text = environ.get(VARIABLE, "")
    for each in filter(None, (part.strip() for part in text.split(","))):
        found = _WISH.fullmatch(each)
        if found is None:
            raise ValueError(f"{VARIABLE}: '{each}' is not POINT=kill, stop, raise or sleep:SECONDS; @N may follow.")
        if found["point"] not in POINTS:
            raise ValueError(f"{VARIABLE}: there is no point '{found['point']}'. Known: {', '.join(POINTS)}.")
        _wishes[found["point"]] = _Wish(found["deed"] or "sleep", float(found["seconds"] or 0), int(found["nth"] or 0))
    return text if _wishes else ""


def _pass(wish: _Wish) -> None:
    wish.passed += 1
    if wish.nth not in (0, wish.passed):
        return
    if wish.deed == "raise":
        raise FailpointError("as a failpoint asks")
    if wish.deed == "sleep":
        time.sleep(wish.seconds)
    else:
        os.kill(os.getpid(), signal.SIGKILL if wish.deed == "kill" else signal.SIGSTOP)
