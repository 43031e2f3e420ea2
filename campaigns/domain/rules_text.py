"""Legal rules in words: compact lines for tables, and sentences about what they demand."""

from datetime import timedelta
from itertools import groupby
from typing import Any

from .rules import DAYS, Cap, Duty, Rule, Span

DUTIES: dict[Duty, str] = {
    "disclose_ai": "say at the start, in the language of the call, that it is an AI",
    "identify_caller": "say who calls",
    "automated_opt_out": "offer a way to say never again that works within the call, without a person",
    "callback_number": "say a number at which you can be called back",
    "announce_recording": "say at the start that the call is recorded",
}
"""What the caller must do during a call by an artificial voice."""
CONSENT = {
    "opt_out": "none, unless they said no",
    "opt_in": "prior consent",
    "opt_in_or_customer": "prior consent, or a running contract",
    "request_only": "only calls that were asked for",
    "not_applicable": "none",
    "unclear": "the text does not say, so a list must state what it relies on",
}
ARTIFICIAL = {
    "none": "nothing more",
    "unclear": "the text does not say, so a list must state what it relies on",
    "prior": "prior consent",
    "prior_written": "prior written consent",
    "banned": "banned",
}
SOURCES = {
    "law": "law",
    "code": "a code of the trade",
    "guidance": "guidance of the regulator",
    "product_default": "caution of this program",
    "none": "none",
}
"""Where the hours of a row come from."""


def hours_in_words(rule: Rule) -> str:
    """`Mon-Fri 09-20; Sat 10-16; Sun closed`; local time, ends excluded."""
    if rule.hours is None:
        return "none set"
    days = [(day.capitalize(), _spans(rule.hours[day])) for day in DAYS]  # type: ignore[index] # the keys are days
    parts = []
    for spans, group in groupby(days, key=lambda pair: pair[1]):
        names = [name for name, _ in group]
        parts.append(f"{names[0] if len(names) == 1 else f'{names[0]}-{names[-1]}'} {spans}")
    return "; ".join(parts)


def _spans(spans: tuple[Span, ...]) -> str:
    return " ".join(f"{_hour(opens)}-{_hour(closes)}" for opens, closes in spans) or "closed"


def _hour(since: timedelta) -> str:
    return _clock(since).removesuffix(":00")


def special_days_in_words(rule: Rule) -> str:
    """`public holiday 13-21; 12-24 closed`: certain days, and to which hours they are cut."""
    return "; ".join(f"{day.when.replace('_', ' ')} {_spans(day.hours)}" for day in rule.special_days)


def limits_in_words(rule: Rule) -> str:
    """Caps, least gap and cool-downs: `3 attempts/7 d per debt; after conversation: 7 d`; empty: none."""
    parts = [_cap(cap) for cap in rule.caps]
    if rule.min_gap:
        parts.append(f"at least {rule.min_gap.days} d between calls")
    for word, days in rule.cooldown_after.items():
        parts.append(f"after {word.replace('_', ' ')}: {days if days == 'permanent' else f'{days} d'}")
    return "; ".join(parts)


def _cap(cap: Cap) -> str:
    many = "s" if cap.max > 1 else ""
    span = f"{cap.per_days} d" if cap.per_days else f"{cap.per_hours} h"
    said = f"{cap.max} {cap.scope}{many}/{span} per {cap.key}"
    said += "" if cap.window == "rolling" else f" ({cap.window.replace('_', ' ')})"
    said += f", only after {' or '.join(cap.after).replace('_', ' ')}" if cap.after else ""
    return said + (f", unless {' or '.join(cap.unless)}" if cap.unless else "")


def consent_in_words(rule: Rule) -> str:
    """What a call needs under this row: by a person, and by an artificial voice."""
    live = "" if rule.voice == "artificial" else f"{CONSENT[rule.consent]}; "
    if isinstance(rule.consent_artificial, dict):
        needs = ", ".join(f"{purpose}: {ARTIFICIAL[need]}" for purpose, need in rule.consent_artificial.items())
    else:
        needs = ARTIFICIAL[rule.consent_artificial]
    return f"{live}artificial voice: {needs}"


def in_force_in_words(rule: Rule) -> str:
    """`since 2023-03-01, until 2026-08-11 (that day excluded)`."""
    since = f"since {rule.effective}" if rule.effective else "since a day that was not found"
    return f"{since}, until {rule.ends} (that day excluded)" if rule.ends else since


def rule_data(rule: Rule) -> dict[str, Any]:
    """The row as plain values, in the shape in which rows are written: what it does not say is left out."""
    data = rule.model_dump(mode="json", exclude_defaults=True)
    if rule.hours is not None:
        data["hours"] = {day: _written(spans) for day, spans in rule.hours.items()}
    for special, day in zip(data.get("special_days", []), rule.special_days, strict=True):
        special["hours"] = _written(day.hours)
    return data


def _written(spans: tuple[Span, ...]) -> list[str]:
    return [f"{_clock(opens)}-{_clock(closes)}" for opens, closes in spans]


def _clock(since: timedelta) -> str:
    hours, minutes = divmod(since // timedelta(minutes=1), 60)
    return f"{hours:02}:{minutes:02}"
