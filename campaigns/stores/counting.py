"""Where a campaign stands, counted along indexes alone: a million leads in some tenths of a second."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from campaigns.domain.budget import Spent
from campaigns.ports.queries import Counts

from .lines import LIVE
from .rows import maybe_at

COUNTS = f"""
SELECT 'reason' AS kind, reason AS word, rule, COUNT(*) AS n, MIN(COALESCE(due_at, 0)) AS due_at FROM lead
    WHERE campaign = :name AND state = 'waiting' AND due_at IS NOT NULL GROUP BY revision, rule, reason
UNION ALL SELECT 'reason', reason, rule, COUNT(*), NULL FROM lead
    WHERE campaign = :name AND state = 'waiting' AND COALESCE(due_at, 0) = 0 GROUP BY reason, rule
UNION ALL SELECT 'state', 'ready', '', COUNT(*), NULL FROM lead WHERE campaign = :name AND state = 'ready'
UNION ALL SELECT 'state', 'calling', '', COUNT(*), NULL FROM lead WHERE campaign = :name AND state = 'calling'
UNION ALL SELECT 'state', 'held', '', COUNT(*), NULL FROM lead WHERE campaign = :name AND state = 'held'
UNION ALL SELECT 'outcome', outcome, '', COUNT(*), NULL FROM lead
    WHERE campaign = :name AND outcome IS NOT NULL GROUP BY outcome
UNION ALL SELECT 'warning', '', '', COUNT(*), NULL FROM lead WHERE campaign = :name AND warning <> ''
UNION ALL SELECT 'disposition', disposition, '', COUNT(*), NULL FROM attempt
    WHERE campaign = :name AND disposition IS NOT NULL GROUP BY disposition
UNION ALL SELECT 'attempt', state, '', COUNT(*), NULL FROM attempt
    WHERE campaign = :name AND state IN ('refused', 'not_sent', 'not_created') GROUP BY state
-- Of what is not settled there is little: found by that, not by the campaign.
UNION ALL SELECT 'attempt', state, '', COUNT(*), NULL FROM attempt
    WHERE campaign || '' = :name AND {LIVE} GROUP BY state
"""
"""Every index that is named in this order holds all that its count reads."""


def counts(rows: Sequence[Any], spent: Spent) -> Counts:
    """What the rows of `COUNTS` say."""
    found: dict[str, Counter[str]] = {}
    reasons: dict[tuple[str, str], tuple[int, int | None]] = {}
    for row in rows:
        found.setdefault(row["kind"], Counter())[row["word"]] += row["n"]
        if row["kind"] == "reason":
            _note(reasons, row["word"], row["rule"], row["n"], row["due_at"])
    states = found.get("state", Counter())
    _note(reasons, "", "", states["ready"], None)
    outcomes, dispositions = found.get("outcome", Counter()), found.get("disposition", Counter())
    states |= {"waiting": found.get("reason", Counter()).total(), "closed": outcomes.total()}
    attempts = found.get("attempt", Counter()) + Counter(ended=dispositions.total())
    told = [(why, rule, n, maybe_at(due)) for (why, rule), (n, due) in reasons.items() if n]
    return Counts(
        states={state: n for state, n in sorted(states.items()) if n},
        outcomes=dict(sorted(outcomes.items())),
        dispositions=dict(sorted(dispositions.items())),
        attempts=dict(sorted(attempts.items())),
        reasons=sorted(told, key=lambda each: (-each[2], each[3] is not None, each[3] or 0, each[1])),
        warnings=found["warning"][""],
        spent=spent,
    )


def _note(reasons: dict[tuple[str, str], tuple[int, int | None]], why: str, rule: str, n: int, due: Any) -> None:
    known, first = reasons.get((why, rule), (0, None))
    reasons[why, rule] = known + n, min((each for each in (first, due) if each is not None), default=None)
