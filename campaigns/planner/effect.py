"""What an edit of a campaign file does to the leads that wait: the same decisions, by the old file and by the new."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from campaigns.domain.campaign import Campaign
from campaigns.domain.facts import Facts, PeopleLimits
from campaigns.domain.legal import Law

from .decide import Call, Close, Step, decide


@dataclass(frozen=True, slots=True)
class Effect:
    """How many leads an edit moves. Where not all were judged, the numbers are scaled up: about so many."""

    waiting: int
    judged: int
    gained: int = 0
    """Would have been closed, and may now be called."""
    lost: dict[str, int] = field(default_factory=dict)
    """Will be closed and would not have been: reason → leads."""
    earlier: int = 0
    earlier_by: timedelta = timedelta()
    """The median."""
    later: int = 0
    later_by: timedelta = timedelta()

    @property
    def exact(self) -> bool:
        """Whether every lead that waits was judged."""
        return self.judged == self.waiting

    @property
    def unchanged(self) -> int:
        """Called when they would have been."""
        return max(0, self.waiting - self.gained - sum(self.lost.values()) - self.earlier - self.later)


def effect(  # noqa: PLR0913 - two files, and what `decide` asks
    people_facts: Iterable[Facts],
    old: Campaign,
    new: Campaign,
    law: Law,
    people: PeopleLimits,
    *,
    waiting: int,
    now: datetime,
) -> Effect:
    """Judge leads by both files.

    Args:
        people_facts: Of every lead that waits, or of a sample picked evenly.
        old: The file as it holds.
        new: The file as edited.
        law: As `decide` takes it; also `people`.
        waiting: How many leads wait in all.
        now: The instant of the edit.
    """
    gained, judged, lost = 0, 0, Counter[str]()
    moves: list[timedelta] = []
    for facts in people_facts:
        judged += 1
        before = decide(facts, old, law, people, now=now)
        after = decide(facts, new, law, people, now=now)
        if isinstance(after, Close):
            lost[f"{after.reason} ({after.rule})"] += not isinstance(before, Close)
        elif isinstance(before, Close):
            gained += 1
        else:
            moves.append(_at(after, now) - _at(before, now))
    share = waiting / judged if judged else 0.0
    earlier, later = [-by for by in moves if by < timedelta()], [by for by in moves if by > timedelta()]
    return Effect(
        waiting, judged, round(gained * share), {why: round(n * share) for why, n in lost.most_common() if n},
        round(len(earlier) * share), _middle(earlier), round(len(later) * share), _middle(later),
    )  # fmt: skip


def _at(step: Step, now: datetime) -> datetime:
    if isinstance(step, Close):
        raise TypeError("a closed lead has no time")
    return now if isinstance(step, Call) else step.until


def _middle(spans: list[timedelta]) -> timedelta:
    return timedelta(seconds=median(span.total_seconds() for span in spans)) if spans else timedelta()
