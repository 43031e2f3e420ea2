"""Whom nobody may call: numbers on the do-not-call list, consents taken back, jurisdictions closed at once."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from campaigns.app import Session
from campaigns.domain.campaign import Purpose
from campaigns.domain.contact import keyed_hash, mask, parse_phone
from campaigns.domain.errors import InputError, Problem, Unknown
from campaigns.ports.consents import Withdrawal
from campaigns.ports.people import Suppression, SuspensionRecord
from campaigns.rules import known_code, load_rules
from campaigns.settings import Settings

from .access import Operator, Role, demand
from .part import Part

SCOPES = ("all", *(str(purpose) for purpose in Purpose))
NUMBER = "Write it with + and the country code, such as +442079460123."
_ENTRY = re.compile(r"([0-9a-f]{32})\W(\w+)")
_NOWHERE = "ZZ"
LONGEST = 500
"""Characters of a reason or a proof."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A number that is not to be called any more."""

    number: str = field(repr=False)
    """With + and the country code."""
    scope: str = "all"
    """`all`, or a purpose."""
    why: str = "asked not to be called"
    proof: str = ""
    who: str = ""
    """Who says so; empty: the operator."""


def entry_id(phone_key: str, scope: str) -> str:
    """By which an entry of the do-not-call list is taken off it."""
    return f"{phone_key}:{scope}"


def number_of(text: str, where: str = "NUMBER") -> str:
    """An international number as a person writes it, E.164. Raises InputError that does not show it."""
    if not text.strip().startswith("+"):
        raise InputError(f"{where}: has no country code. {NUMBER}")
    try:
        return parse_phone(text, None)
    except ValueError as error:
        raise InputError(f"{where}: {error}. {NUMBER}") from None


class Barring(Part):
    """Bars people and places, and lets them go."""

    async def suppress(self, bars: Sequence[Bar], *, by: Operator) -> int:
        """Put numbers on the do-not-call list: all of them, or none where one cannot be read; how many are new."""
        demand(by, Role.OPERATE, "put somebody on the do-not-call list")
        return await self._session.store.suppress(_entries(self._session, bars, by), by=by.name)

    async def unsuppress(self, entry: str, *, scope: str | None = None, by: Operator) -> int:
        """Take off the do-not-call list: an entry by its id, or a number with +, of one scope or all.

        Returns how many entries that were. Raises Unknown where there is none.
        """
        demand(by, Role.OPERATE, "take somebody off the do-not-call list")
        found = _ENTRY.fullmatch(entry)
        key, scope = (found[1], found[2]) if found else (self._key(entry), scope)
        count = await self._session.store.unsuppress(key, scope, by=by.name, now=self._session.clock.now())
        if not count:
            shown = "It" if found else mask(number_of(entry))
            raise Unknown(f"{shown} is not on the do-not-call list.")
        return count

    async def withdraw(self, number: str, why: str = "taken back", *, by: Operator, who: str = "") -> int:
        """Let what was agreed to count no more, also where a list goes on saying it; returns of how many records."""
        demand(by, Role.OPERATE, "note that somebody takes back what they agreed to")
        word = Withdrawal(self._key(number), self._session.clock.now(), who or by.name, _short(why, "why"))
        return await self._session.store.withdraw(word, by=by.name)

    async def suspend_rules(
        self, code: str, why: str = "closed by a person", until: datetime | None = None, *, by: Operator, who: str = ""
    ) -> str:
        """Close a jurisdiction at once: nobody who may be there is called by any campaign; returns its code."""
        demand(by, Role.ADMIN, "close a jurisdiction")
        place, now = self._place(code), self._session.clock.now()
        if until is not None and until <= now:
            raise InputError(f"until: {until.astimezone(UTC):%Y-%m-%d %H:%M}Z is over. Write a time to come.")
        record = SuspensionRecord(place, who or by.name, _short(why, "why"), now, until)
        await self._session.store.suspend(record, by=by.name)
        return place

    async def resume_rules(self, code: str, *, by: Operator) -> str:
        """Open it again, as far as its rules allow; returns its code. Raises Unknown where it is not closed."""
        demand(by, Role.ADMIN, "open a jurisdiction")
        place = self._place(code)
        if not await self._session.store.resume(place, by=by.name, now=self._session.clock.now()):
            raise Unknown(f"{place} is not closed. `campaigns rules` shows what is.")
        return place

    def _key(self, number: str) -> str:
        return keyed_hash(self._session.hash_key, "phone", number_of(number))

    def _place(self, code: str) -> str:
        return place_of(code, self._session.settings)


def place_of(code: str, settings: Settings) -> str:
    """A jurisdiction that people can be in, as its code is written. Raises InputError."""
    place = known_code(code, load_rules(settings.calling_rules))
    if place == _NOWHERE:
        raise InputError(f"CODE: {place} is no place. Close countries or states, such as US-LA.")
    return place


def numbers_in(bars: Sequence[Bar]) -> list[str]:
    """The number of each, E.164. Raises InputError with all that cannot be taken: left out, they would be called."""
    numbers, problems = list[str](), list[Problem]()
    for nth, bar in enumerate(bars, 1):
        try:
            numbers.append(_checked(bar, "NUMBER" if len(bars) == 1 else f"number {nth}"))
        except InputError as error:
            problems += error.problems
    if problems:
        end = Problem("campaigns", f"{len(problems)} of {len(bars)} cannot be read, so nothing was added.")
        raise InputError([*problems[:20], *([end] if len(bars) > 1 else [])])
    return numbers


def _checked(bar: Bar, where: str) -> str:
    if bar.scope not in SCOPES:
        raise InputError(f"scope {bar.scope[:40]}: write one of {', '.join(SCOPES)}.")
    for what, text in (("why", bar.why), ("proof", bar.proof)):
        _short(text, what)
    return number_of(bar.number, where)


def _entries(session: Session, bars: Sequence[Bar], by: Operator) -> list[Suppression]:
    now = session.clock.now()
    pairs = {(number, bar.scope): bar for number, bar in zip(numbers_in(bars), bars, strict=True)}
    return [
        Suppression(
            phone_key=keyed_hash(session.hash_key, "phone", number), scope=scope, shown=mask(number),
            who=bar.who or by.name, why=bar.why, proof=bar.proof, created_at=now,
        )
        for (number, scope), bar in pairs.items()
    ]  # fmt: skip


def _short(text: str, what: str) -> str:
    if len(text) > LONGEST:
        raise InputError(f"{what}: is longer than {LONGEST} characters. Say it shorter.")
    return text
