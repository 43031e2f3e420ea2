"""What the ledger of a foreign server says about a run: the truth, never read from our own database."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

Line = dict[str, Any]


def made(ledger: Iterable[Line]) -> list[Line]:
    """Every call that was made, in the order of making."""
    return [line for line in ledger if line["what"] == "made"]


def most_open(ledger: Iterable[Line]) -> int:
    """The most calls that were ever open at the same moment."""
    edges = sorted(edge for call in made(ledger) for edge in ((call["at"], 1), (call["ends"], -1)))
    level = most = 0
    for _, step in edges:
        level += step
        most = max(most, level)
    return most


def busiest(ledger: Iterable[Line], seconds: float = 0.98) -> int:
    """The most requests to call within any stretch of `seconds`."""
    moments = sorted(line["at"] for line in ledger if line["what"] == "asked")
    most = first = 0
    for last, at in enumerate(moments):
        while at - moments[first] > seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def by_phone(ledger: Iterable[Line]) -> dict[str, list[Line]]:
    """The calls of each number."""
    calls = defaultdict[str, list[Line]](list)
    for call in made(ledger):
        calls[call["phone"]].append(call)
    return dict(calls)


def called_while_open(ledger: Sequence[Line]) -> list[str]:
    """Calls that were made while an earlier one to the same number was still open."""
    return [
        later["call"]
        for calls in by_phone(ledger).values()
        for earlier, later in pairwise(calls)
        if later["at"] < earlier["ends"]
    ]


def called_without_proof(ledger: Sequence[Line]) -> list[str]:
    """Calls that were made before the server had told anybody that the earlier one to that number was over."""
    told: dict[str, float] = {}
    for line in ledger:
        if line["what"] == "told":
            told.setdefault(line["call"], line["at"])
    return [
        later["call"]
        for calls in by_phone(ledger).values()
        for earlier, later in pairwise(calls)
        if later["at"] < told.get(earlier["call"], float("inf"))
    ]


def booked_without_proof(ledger: Sequence[Line]) -> list[str]:
    """Bookings made before the server had told anybody that the earlier one of that number came to nothing, or that
    its call was over."""
    over: set[str] = set()
    last: dict[str, str] = {}
    calls: dict[str, str] = {}
    found = []
    for line in ledger:
        what, phone = line["what"], line.get("phone")
        if what == "booked":
            if phone in last and last[phone] not in over:
                found.append(line["plan"])
            last[phone] = line["plan"]
        elif what == "told_over":
            over.add(line["plan"])
        elif what == "made" and phone in last:
            calls[line["call"]] = last[phone]
        elif what == "told" and line["call"] in calls:
            over.add(calls[line["call"]])
    return found


def called_though_cancelled(ledger: Sequence[Line]) -> list[str]:
    """Calls that were made of a booking that the server had confirmed to be cancelled."""
    cancelled: set[str] = set()
    open_plan: dict[str, str] = {}
    found = []
    for line in ledger:
        if line["what"] == "booked":
            open_plan[line["phone"]] = line["plan"]
        elif line["what"] == "cancelled":
            cancelled.add(line["plan"])
        elif line["what"] == "made" and open_plan.get(line["phone"]) in cancelled:
            found.append(line["call"])
    return found


def settled_without_call(ledger: Sequence[Line], attempts: Sequence[Line]) -> list[str]:
    """Attempts with a disposition and without a call, but for a number whose booking failed."""
    failed = {line["phone"] for line in ledger if line["what"] == "told_over" and line["status"] == "failed"}
    return [
        row["attempt"]
        for row in attempts
        if row["disposition"]
        and not row["call_id"]
        and (row["disposition"], row["phone"] in failed) != ("failed", True)
    ]


def called_too_often(ledger: Iterable[Line], most: int) -> list[str]:
    """Numbers that were called more than `most` times."""
    return [phone for phone, calls in by_phone(ledger).items() if len(calls) > most]


def counted(ledger: Iterable[Line]) -> Counter[str]:
    """How often what happened."""
    return Counter(line["what"] for line in ledger)


def unaccounted(ledger: Sequence[Line], attempts: Sequence[Line]) -> list[str]:
    """Calls that have not exactly one disposition, and whose number is not listed as uncertain either."""
    settled = Counter(row["call_id"] for row in attempts if row["disposition"])
    doubtful = {row["phone"] for row in attempts if row["state"] == "uncertain"}
    return [
        call["call"]
        for call in made(ledger)
        if settled[call["call"]] != 1 and not (settled[call["call"]] == 0 and call["phone"] in doubtful)
    ]


def wrongly_settled(ledger: Sequence[Line], attempts: Sequence[Line]) -> list[str]:
    """Calls whose stored disposition is not how they ended."""
    fates = {call["call"]: "answered" if call["fate"] not in _OWN else call["fate"] for call in made(ledger)}
    return [
        row["call_id"]
        for row in attempts
        if row["disposition"] and row["call_id"] and fates.get(row["call_id"]) != row["disposition"]
    ]  # fmt: skip


_OWN = ("no_answer", "busy", "failed", "voicemail")


def disobeyed(ledger: Sequence[Line], leads: Sequence[Line]) -> list[str]:
    """Leads whose outcome is not what an acknowledged report of their last call asks for."""
    heard = {
        line["call"]
        for line in ledger
        if line["what"] == "webhook" and line["kind"] == "end-of-call-report" and line["status"] == "200"
    }
    wanted = {
        call["phone"]: _WISHES[call["fate"]] if call["call"] in heard and call["fate"] in _WISHES else None
        for call in made(ledger)
    }
    return [
        f"{lead['lead']}: {lead['outcome']}"
        for lead in leads
        if (wish := wanted.get(lead["phone"])) and (lead["outcome"], lead["label"]) != wish
    ]


_WISHES = {"refused": ("refused", ""), "opt_out": ("do_not_call", "opt-out"), "confirmed": ("reached", "confirmed")}


def wrongly_closed(leads: Sequence[Line], expected: dict[str, tuple[str, int]]) -> list[str]:
    """Leads that did not end as the file says; those held for a person are left out."""
    return [
        f"{lead['lead']}: {lead['outcome']} after {lead['attempts']}"
        for lead in leads
        if lead["state"] != "held"
        and (lead["outcome"], lead["attempts"]) != expected.get(lead["phone"][-1], ("reached", 1))
    ]
