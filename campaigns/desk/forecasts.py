"""A forecast as JSON: in UTC; bands are `[p10, p50, p90]`."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from campaigns.planner.forecast import Band, Forecast, Moments
    from campaigns.planner.squeeze import Squeeze
    from campaigns.planning import Plan

Json = dict[str, Any]


def plan_json(found: "Plan") -> Json:
    """A campaign file, played ahead."""
    return {
        "campaign": found.campaign.campaign, "goes_on": found.goes_on, "contacts": found.intake.counts(),
        "currency": found.currency or None, **forecast_json(found.forecast),
        "deadlines": _deadlines(found.squeeze), "notes": list(found.notes),
    }  # fmt: skip


def forecast_json(played: "Forecast") -> Json:
    """How a campaign will go on."""
    return {
        "now": _at(played.now), "zone": played.zone, "leads": played.leads, "open": played.open,
        "first_call": _at(played.first_call), "finish": _band(played.finish), "reached": _band(played.reached),
        "attempts": _band(played.attempts), "talk_minutes": _band(played.talk_minutes), "cost": _band(played.cost),
        "lines": {"at_once": played.at_once, "used": played.lines_used, "enough": played.lines_enough},
        "calls_per_hour": [{"hour": _at(hour), "calls": round(count, 2)} for hour, count in played.calls],
        "outcomes": [{"at": _at(at), **{o: round(n, 2) for o, n in closed.items()}} for at, closed in played.outcomes],
        "windows": [[_at(opens), _at(closes)] for opens, closes in played.windows],
        "why": [{"outcome": w.outcome, "reason": w.reason, "rule": w.rule, "leads": round(w.leads, 2)}
                for w in played.why],
        "what_if": [{"change": w.change, "finish": _at(w.finish), "reached": round(w.reached, 2)}
                    for w in played.what_if],
        "assumed": played.assumed, "answered": round(played.answered, 4),
    }  # fmt: skip


def _band(values: "Band | Moments | None") -> list[object] | None:
    if values is None:
        return None
    return [_at(v) if isinstance(v, datetime) else round(v, 2) for v in (values.p10, values.p50, values.p90)]


def _deadlines(found: "Squeeze | None") -> Json | None:
    if found is None:
        return None
    return {
        "people": found.people, "no_opening": list(found.no_opening), "full": list(found.full),
        "fits": {str(change): count for change, count in found.fits.items()}, "cheapest": found.cheapest,
    }  # fmt: skip


def _at(instant: datetime | None) -> str | None:
    return None if instant is None else instant.astimezone(UTC).isoformat(timespec="seconds")
