"""Domain values ↔ rows: the only place that knows how a value is written down."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any

from campaigns.domain.call import CallReport, Disposition, told, understood
from campaigns.domain.contact import Contact, contact_from_json, contact_to_text
from campaigns.domain.lead import Attempt, AttemptState, CampaignState, Lead, LeadState, Outcome
from campaigns.domain.pacing import Breaker
from campaigns.ports.people import Suppression
from campaigns.ports.store import CampaignRecord, NewLead, Written

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

RowMap = Mapping[str, Any]


def us(instant: datetime | None) -> Any:
    """Instant → microseconds since 1970."""
    return None if instant is None else (instant - EPOCH) // MICROSECOND


def at(microseconds: int) -> datetime:
    """Microseconds since 1970 → instant."""
    return EPOCH + timedelta(microseconds=microseconds)


def maybe_at(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else at(microseconds)


_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def dumps(value: object) -> str:
    text = _ENCODE(value)
    return plain(_NUL.sub(r"\1", text) if "\\u0000" in text else text)


def plain(text: str) -> str:
    """The text without what no database takes, halves of characters and NUL: an odd word must not stop a night."""
    text = text.replace("\0", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


LEAD_PLAN = (
    "state", "due_at", "closes_at", "last_chance", "reason", "rule", "outcome", "label", "closed_at", "callback_at",
    "callbacks", "promised_by", "retry_at", "retry_like", "inbound_at", "warning", "revision",
)  # fmt: skip
"""The columns that planning and reports write; the contact is the lists' alone."""
_LEAD_INSTANTS = ("due_at", "closes_at", "closed_at", "callback_at", "retry_at", "inbound_at")
_LEAD_COLUMNS = ("id", "campaign", "person_key", *LEAD_PLAN)


def lead_plan(lead: Lead) -> dict[str, Any]:
    """The planning columns of a lead."""
    return {
        "id": lead.id, "state": lead.state, "due_at": us(lead.due_at), "closes_at": us(lead.closes_at),
        "last_chance": int(lead.last_chance), "reason": plain(lead.reason), "rule": lead.rule, "outcome": lead.outcome,
        "label": plain(lead.label), "closed_at": us(lead.closed_at), "callback_at": us(lead.callback_at),
        "callbacks": lead.callbacks, "promised_by": lead.promised_by, "retry_at": us(lead.retry_at),
        "retry_like": lead.retry_like, "inbound_at": us(lead.inbound_at), "warning": plain(lead.warning),
        "revision": lead.revision,
    }  # fmt: skip


def written(item: NewLead | Written) -> Written:
    """A lead of a list, flat."""
    if isinstance(item, Written):
        return item
    lead = item.lead
    return Written(
        lead.id, lead.person_key, item.phone_keys, lead.contact.rank, contact_to_text(lead.contact), item.source, lead
    )  # fmt: skip


def to_lead(row: RowMap) -> Lead:
    values = _values(row, _LEAD_COLUMNS, _LEAD_INSTANTS)
    values["state"] = LeadState(values["state"])
    values["outcome"] = Outcome(values["outcome"]) if values["outcome"] else None
    values["retry_like"] = Disposition(values["retry_like"]) if values["retry_like"] else None
    values["last_chance"] = bool(values["last_chance"])
    return Lead(contact=to_contact(row["contact"]), **values)


@lru_cache(maxsize=4096)
def to_contact(text: str) -> Contact:
    """A lead is read when it is called and again when its report comes."""
    return contact_from_json(json.loads(text))


def _values(row: Any, columns: tuple[str, ...], instants: Sequence[str]) -> dict[str, Any]:
    """These columns by name; drivers look each name up in a list, so that its place is found once for all rows."""
    values = dict(zip(columns, _taken(tuple(row.keys()), columns)(row), strict=True))
    for name in instants:
        if values[name] is not None:
            values[name] = at(values[name])
    return values


@lru_cache(maxsize=64)
def _taken(keys: tuple[str, ...], columns: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    return itemgetter(*map(keys.index, columns))


ATTEMPT_COLUMNS = tuple(field.name for field in fields(Attempt))
_ATTEMPT_INSTANTS = (
    "created_at", "send_at", "dial_before", "first_sent_at", "placed_at", "ended_at", "unclear_since",
    "empty_lookup_at", "fires_at",
)  # fmt: skip
_ATTEMPT_FLAGS = ("open", "callback", "refused", "message_left", "agent_ended")


def moved_row(attempt: Attempt) -> dict[str, Any]:
    """The columns that a move may change; the others stay as its intent was written."""
    return {
        "state": attempt.state, "open": int(attempt.open), "first_sent_at": us(attempt.first_sent_at),
        "placed_at": us(attempt.placed_at), "ended_at": us(attempt.ended_at), "call_id": attempt.call_id,
        "unclear_since": us(attempt.unclear_since), "lookups": attempt.lookups,
        "empty_lookup_at": us(attempt.empty_lookup_at), "reason": plain(attempt.reason),
        "resolved_by": attempt.resolved_by, "disposition": attempt.disposition, "refused": int(attempt.refused),
        "message_left": int(attempt.message_left), "agent_ended": int(attempt.agent_ended),
        "booking_id": attempt.booking_id,
        "report": None if attempt.report is None else dumps(report_to_json(attempt.report)),
    }  # fmt: skip


def attempt_row(attempt: Attempt) -> dict[str, Any]:
    """Every column of a new attempt."""
    return {
        **moved_row(attempt), "id": attempt.id, "lead_id": attempt.lead_id, "campaign": attempt.campaign,
        "person_key": attempt.person_key, "phone": attempt.phone, "phone_key": attempt.phone_key,
        "ordinal": attempt.ordinal, "provider": attempt.provider, "body": attempt.body,
        "callback": int(attempt.callback), "created_at": us(attempt.created_at), "send_at": us(attempt.send_at),
        "dial_before": us(attempt.dial_before), "lease_owner": attempt.lease_owner,
        "campaign_version": attempt.campaign_version, "person_version": attempt.person_version, "rev": attempt.rev,
        "subject": attempt.subject, "debt": attempt.debt, "permit": attempt.permit, "caller_id": attempt.caller_id,
        "held_ms": attempt.held_ms, "price_micros": attempt.price_micros, "fires_at": us(attempt.fires_at),
    }  # fmt: skip


def to_attempt(row: RowMap) -> Attempt:
    values = _values(row, ATTEMPT_COLUMNS, _ATTEMPT_INSTANTS)
    for name in _ATTEMPT_FLAGS:
        values[name] = bool(values[name])
    values["state"] = AttemptState(values["state"])
    values["disposition"] = Disposition(values["disposition"]) if values["disposition"] else None
    values["report"] = None if values["report"] is None else report_from_json(json.loads(values["report"]))
    return Attempt(**values)


def report_to_json(report: CallReport) -> dict[str, Any]:
    """For the database; `report_from_json` reads it back."""
    return told(report, us)


def report_from_json(data: dict[str, Any]) -> CallReport:
    """The reverse of `report_to_json`."""
    return understood(data, at)


def to_campaign(row: RowMap) -> CampaignRecord:
    return CampaignRecord(
        state=CampaignState(row["state"]),
        created_at=at(row["created_at"]),
        intake=json.loads(row["intake"]),
        started_at=maybe_at(row["started_at"]),
        finished_at=maybe_at(row["finished_at"]),
        closing=row["closing_to"] is not None,
        archived_at=maybe_at(row["archived_at"]),
        **{
            name: row[name]
            for name in (
                "name",
                "document",
                "folder",
                "provider",
                "purpose",
                "revision",
                "version",
                "reason",
                "plans_from",
                "planned_under",
                "purse",
            )
        },
    )


def to_suppression(row: RowMap) -> Suppression:
    names = ("phone_key", "scope", "shown", "who", "why", "proof")
    return Suppression(**{name: row[name] for name in names}, created_at=at(row["created_at"]))


def breaker_to_json(breaker: Breaker) -> str:
    return dumps(
        {
            "in_a_row": breaker.in_a_row,
            "recent": breaker.recent,
            "open_until": us(breaker.open_until),
            "pause": breaker.pause.total_seconds(),
        }
    )


def breaker_from_json(text: str) -> Breaker:
    data = json.loads(text)
    if not data:
        return Breaker()
    return Breaker(
        data["in_a_row"], data["recent"], maybe_at(data["open_until"]), timedelta(seconds=data["pause"])
    )  # fmt: skip
