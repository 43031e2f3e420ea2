"""One line of the journal: what was decided about whom, when, by whom; ids and keyed hashes, and no person's words."""

import re
from datetime import datetime

from .database import Params
from .rows import plain, us

JOURNAL = (
    "INSERT INTO journal (attempt_id, at, from_state, to_state, why, who)"
    " VALUES (:id, :at, :before, :after, :why, :who)"
)
_TELLING = re.compile(r"\d[\d\s().-]{4,}\d|@")
"""What may be a number or an address of somebody."""
LONGEST = 120


def line(subject: str, after: str, now: datetime, *, before: str = "", why: str = "", who: str = "") -> Params:
    """`subject`: an attempt's id, or `lead:ID`, `campaign:NAME`, `person:KEY`, `token:NAME`, `rules:CODE`."""
    return {
        "id": subject, "at": us(now), "before": before, "after": after, "why": discreet(why), "who": plain(who)
    }  # fmt: skip


def discreet(why: str) -> str:
    """A reason without what a provider may have put into it: where it may name somebody, only our own word is left."""
    said = plain(why)
    return said.partition(":")[0][:LONGEST] if _TELLING.search(said) or len(said) > LONGEST else said
