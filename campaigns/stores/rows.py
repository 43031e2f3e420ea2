"""Domain values ↔ rows: the only place that knows how a value is written down."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from campaigns.domain.call import CallReport, Direction, Disposition
from campaigns.domain.contact import contact_from_json, contact_to_text
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


_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def dumps(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return plain(_NUL.sub(r"\1", text) if "\\u0000" in text else text)


def plain(text: str) -> str:
    """The text without what no database takes, halves of characters and NUL: an odd word must not stop a night."""
    text = text.replace("\0", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


_LEAD_INSTANTS = ("due_at", "closes_at", "closed_at", "callback_at", "retry_at", "inbound_at")
LEAD_PLAN = (
    "state", "due_at", "closes_at", "last_chance", "reason", "rule", "outcome", "label", "closed_at", "callback_at",
    "callbacks", "promised_by", "retry_at", "retry_like", "inbound_at", "warning", "revision",
)  # fmt: skip
"""The columns that planning and reports write; the contact is the lists' alone."""


def lead_plan(lead: Lead) -> dict[str, Any]:
    """The planning columns of a lead."""
    row = {name: getattr(lead, name) for name in LEAD_PLAN}
    row.update({name: us(row[name]) for name in _LEAD_INSTANTS}, last_chance=int(lead.last_chance), id=lead.id)
    row.update({name: plain(row[name]) for name in ("reason", "label", "warning")})
    return row


def written(item: NewLead | Written) -> Written:
    """A lead of a list, flat."""
    if isinstance(item, Written):
        return item
    lead = item.lead
    return Written(
        lead.id, lead.person_key, item.phone_keys, lead.contact.rank, contact_to_text(lead.contact), item.source, lead
    )  # fmt: skip


def to_lead(row: RowMap) -> Lead:
    values: dict[str, Any] = {name: row[name] for name in ("id", "campaign", "person_key", *LEAD_PLAN)}
    values.update({name: maybe_at(row[name]) for name in _LEAD_INSTANTS})
    values.update(
        contact=contact_from_json(json.loads(row["contact"])),
        state=LeadState(row["state"]),
        outcome=Outcome(row["outcome"]) if row["outcome"] else None,
        retry_like=Disposition(row["retry_like"]) if row["retry_like"] else None,
        last_chance=bool(row["last_chance"]),
    )
    return Lead(**values)


_ATTEMPT_INSTANTS = (
    "created_at", "send_at", "dial_before", "first_sent_at", "placed_at", "ended_at", "unclear_since",
    "empty_lookup_at", "fires_at",
)  # fmt: skip
_ATTEMPT_FLAGS = ("open", "callback", "refused", "message_left", "agent_ended")
ATTEMPT_COLUMNS = tuple(field.name for field in fields(Attempt))


def attempt_row(attempt: Attempt) -> dict[str, Any]:
    row = {name: getattr(attempt, name) for name in ATTEMPT_COLUMNS}
    row.update({name: us(row[name]) for name in _ATTEMPT_INSTANTS})
    row.update(
        **{name: int(row[name]) for name in _ATTEMPT_FLAGS},
        reason=plain(attempt.reason),
        report=None if attempt.report is None else dumps(report_to_json(attempt.report)),
    )
    return row


def to_attempt(row: RowMap) -> Attempt:
    values = {name: row[name] for name in ATTEMPT_COLUMNS}
    values.update({name: maybe_at(row[name]) for name in _ATTEMPT_INSTANTS})
    values.update(
        state=AttemptState(row["state"]),
        **{name: bool(row[name]) for name in _ATTEMPT_FLAGS},
        disposition=Disposition(row["disposition"]) if row["disposition"] else None,
        report=None if row["report"] is None else report_from_json(json.loads(row["report"])),
    )
    return Attempt(**values)


_REPORT_INSTANTS = ("started_at", "ended_at", "created_at")


def report_to_json(report: CallReport) -> dict[str, Any]:
    """For the database; `report_from_json` reads it back."""
    data = asdict(report)
    if report.booking_id is None:
        del data["booking_id"]  # so that code that knows of no bookings can read it
    return {**data, **{name: us(data[name]) for name in _REPORT_INSTANTS}}


def report_from_json(data: dict[str, Any]) -> CallReport:
    return CallReport(
        **{
            **data,
            **{name: maybe_at(data[name]) for name in _REPORT_INSTANTS},
            "direction": Direction(data["direction"]),
            "disposition": Disposition(data["disposition"]) if data["disposition"] else None,
        }
    )


def to_campaign(row: RowMap) -> CampaignRecord:
    return CampaignRecord(
        state=CampaignState(row["state"]),
        created_at=at(row["created_at"]),
        intake=json.loads(row["intake"]),
        started_at=maybe_at(row["started_at"]),
        finished_at=maybe_at(row["finished_at"]),
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
