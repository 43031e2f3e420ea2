"""The campaign's outcome rules: CEL expressions over the report of a settled attempt."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from .call import CallReport
from .durations import LONGEST, parse_duration
from .lead import Outcome
from .zones import zone as zone_info

if TYPE_CHECKING:
    import cel

    from .campaign import OutcomeRule

MAX_LENGTH = 1_000
MAX_MACROS = 2
"""More nested comprehensions can hold the whole process for seconds; CEL has no limit of its own."""
MOST_WORK = 10**9
"""Characters that a rule with such macros may copy about, at worst: about a second of this process."""

_MACRO = re.compile(r"\.\s*(all|exists|exists_one|map|filter)\s*\(")
_BOUND = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(\s*(\w+)\s*,")
_WORDS = frozenset(
    re.findall(
        r"\w+",
        "size contains startsWith endsWith matches has int uint double string bool bytes timestamp duration type "
        "min max getDate getDayOfMonth getDayOfWeek getDayOfYear getFullYear getHours getMinutes getMonth getSeconds "
        "all exists exists_one map filter in",
    )
)
TOO_LARGE = "the report is too large for all, exists, map and filter"
_YES = ("true", "yes", "ja", "1")


def check_rule(text: str) -> None:
    """Refuse at load what would fail, or hang, at night. Raises ValueError."""
    if len(text) > MAX_LENGTH:
        raise ValueError(f"The expression is longer than {MAX_LENGTH} characters. Split it into several rules.")
    if len(_MACRO.findall(text)) > MAX_MACROS:
        raise ValueError(f"The expression has more than {MAX_MACROS} of all, exists, map, filter: it could hang.")
    references = _compile(text).references()
    bound = {"report", *_BOUND.findall(text)}
    for name in references["variables"]:
        if name not in bound:
            mend = "A rule sees only `report`, such as report.disposition; and, or, not are &&, ||, !."
            raise ValueError(f"'{name}' is unknown. {mend}")
    for name in references["functions"]:
        if re.fullmatch(r"\w+", name) and not name.startswith(("_", "@")) and name not in _WORDS:
            raise ValueError(f"'{name}(…)' is not a function that rules know.")


@lru_cache(maxsize=4096)
def _compile(text: str) -> "cel.Program":
    import cel  # noqa: PLC0415 - it brings a whole command line with it, and most campaigns have no rules

    try:
        return cel.compile(text)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - the library's parser may raise a PanicException, no Exception
        first = str(error).strip().partition("\n")[0][:200]
        raise ValueError(f"This is not a CEL expression: {first}") from None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the rules say of one settled attempt; everything empty: nothing."""

    outcome: Outcome | None = None
    label: str = ""
    retry: timedelta | None = None
    callback: object = None
    """As the report has it: an ISO time or a duration."""
    warning: str = ""

    @property
    def decides(self) -> bool:
        return self.outcome is not None or self.retry is not None or self.callback is not None


def opted_out(report: CallReport) -> bool:
    """The built-in rule, first of all: the person wants no more calls."""
    return any(is_yes(report.analysis.get(key)) for key in ("opt_out", "do_not_call"))


def is_yes(value: object) -> bool:
    """Whether a vendor's or a model's word means yes: true, 1, `yes`, `ja`, in whatever case."""
    return value == 1 or str(value).strip().lower() in _YES


def judge(rules: "Sequence[OutcomeRule]", report: CallReport, *, ordinal: int) -> Verdict:
    """The first rule that holds; a missing key makes a rule false, a type error is a warning.

    Args:
        rules: In the order of the file.
        report: Of the settled attempt.
        ordinal: The attempt's number, from 1.
    """
    if opted_out(report):
        return Verdict(outcome=Outcome.DO_NOT_CALL, label="opt-out")
    if not rules:
        return Verdict()
    found, unreadable = _caught(lambda: _seen(report, ordinal))
    if unreadable:
        return Verdict(warning=f"outcomes: the report cannot be read: {unreadable}")
    (seen, context), warnings = found, []
    for number, rule in enumerate(rules, 1):
        holds, warning = (None, TOO_LARGE) if _hard(rule, seen) else _ask(rule.when, context)
        if warning:
            warnings.append(f"outcomes[{number - 1}].when: {warning}")
        if holds is True:
            verdict, trouble = _verdict(rule, context)
            return Verdict(**verdict, warning="; ".join([*warnings, *trouble]))
    return Verdict(warning="; ".join(warnings))


def _seen(report: CallReport, ordinal: int) -> "tuple[dict[str, Any], cel.Context]":
    seen = report_for_rules(report, ordinal=ordinal)
    return seen, _context(seen)


def _context(report: dict[str, Any]) -> "cel.Context":
    import cel  # noqa: PLC0415 - as above

    return cel.Context({"report": report})


def _hard(rule: "OutcomeRule", report: dict[str, Any]) -> bool:
    """Whether its macros could hold everything up over this report: a map() copies its list for each of its items."""
    macros = max(len(_MACRO.findall(text)) for text in (rule.when, rule.callback or ""))
    if not macros:
        return False
    longest, size = _extent(report)
    return bool(longest ** (macros + 1) * size > MOST_WORK)


def _extent(value: Any) -> tuple[int, int]:
    """Items of the longest collection, and characters of everything, roughly."""
    if not isinstance(value, dict | list):
        return 1, len(value) if isinstance(value, str) else 8
    inner = [_extent(item) for item in (value.values() if isinstance(value, dict) else value)]
    return max([len(inner), *(longest for longest, _ in inner)]), sum(size for _, size in inner)


def _verdict(rule: "OutcomeRule", context: "cel.Context") -> tuple[dict[str, Any], list[str]]:
    if rule.callback is None:
        return {"outcome": rule.outcome, "label": rule.label, "retry": rule.retry}, []
    value, warning = _ask(rule.callback, context)
    return {"callback": "" if value is None else value, "label": rule.label}, [warning] if warning else []


def _ask(text: str, context: "cel.Context") -> tuple[object, str]:
    return _caught(lambda: _compile(text).execute(context))


def _caught(evaluate: Callable[[], Any]) -> tuple[Any, str]:
    """The value and a warning: whatever an expression or a report does, it is only a warning on the lead."""
    try:
        return evaluate(), ""
    except (KeyError, IndexError):
        return None, ""
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # noqa: BLE001 - the library may raise a PanicException, no Exception
        return None, f"{type(error).__name__}: {str(error).partition(chr(10))[0][:120]}"


def report_for_rules(report: CallReport, *, ordinal: int) -> dict[str, Any]:
    """What a rule sees as `report`; no transcript (conversion would cost more than the rule)."""
    return {
        "disposition": str(report.disposition or "unknown"),
        "talk_seconds": float(report.talk_seconds or 0),
        "direction": str(report.direction),
        "message_left": bool(report.message_left),
        "ended_reason": report.ended_reason,
        "summary": report.summary,
        "cost": float(report.cost or 0),
        "attempt": ordinal,
        "analysis": without_nulls(report.analysis),
    }


def without_nulls(value: Any) -> Any:
    """Null members removed: `x != ""` would hold for them."""
    if isinstance(value, dict):
        return {str(key): without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value if item is not None]
    return value


def callback_time(value: object, *, zones: Sequence[str], ended_at: datetime, now: datetime) -> datetime | None:
    """The instant that a person asked for; None: not a time.

    Args:
        value: An ISO time, or a duration from the end of the call. Without an offset it is the person's local time;
            where several zones are possible, the latest.
        zones: The person's possible zones.
        ended_at: End of the call.
        now: A time in the past means now; one more than ten years ahead is none.
    """
    try:
        moved = value if isinstance(value, timedelta) else parse_duration(str(value).strip())
        return _soon(ended_at + moved, now)
    except (ValueError, OverflowError):
        pass
    try:
        parsed = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).strip())
        if parsed.tzinfo is None:
            parsed = max(parsed.replace(tzinfo=zone_info(zone)).astimezone(UTC) for zone in zones)
        return _soon(parsed.astimezone(UTC), now)
    except (ValueError, OverflowError):
        return None


def _soon(at: datetime, now: datetime) -> datetime | None:
    return None if at > now + LONGEST else max(at, now)
