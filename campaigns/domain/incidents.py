"""What must not happen and did, by a provider's fault: it rang twice, or told of two ends. Listed for a person."""

from .changed import changed
from .lead import Attempt, AttemptState, Lead

_MARK = "incident: attempt "


def incidents(attempt: Attempt) -> tuple[str, ...]:
    """A sentence for each; of nobody: call ids may hold numbers, and stay with the attempt."""
    report, found = attempt.report, []
    if report is None:
        return ()
    others = len({*report.others} - {attempt.call_id})
    if others and attempt.state in (AttemptState.UNCLEAR, AttemptState.UNCERTAIN):
        found.append(f"the provider shows {others} calls, each of which may be this one")
    elif others:
        calls = "a call" if others == 1 else f"{others} calls"
        found.append(f"the provider made {calls} to this number that nobody asked for")
    if report.ends:
        found.append(f"the provider told of different ends: {', '.join(report.ends)}")
    return tuple(found)


def with_incidents(lead: Lead, attempt: Attempt, *, before: Lead) -> Lead:
    """The lead as it follows from its attempt, with those as warnings; those of earlier attempts stay."""
    own = f"{_MARK}{attempt.ordinal}: "
    found = [own + text for text in incidents(attempt)]
    kept = [part for part in before.warning.split("; ") if part.startswith(_MARK) and not (found and own in part)]
    rest = [part for part in lead.warning.split("; ") if part and not part.startswith(_MARK)]
    warning = "; ".join([*rest, *kept, *found])
    return lead if warning == lead.warning else changed(lead, warning=warning)
