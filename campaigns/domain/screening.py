"""Whether a contact may be called at all by what they agreed to; with the row that demands more."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from .campaign import Ground
from .contact import Basis
from .legal import RuleBook
from .rules import NEEDS, Need

MET_BY: dict[str, frozenset[Basis]] = {
    "unclear": frozenset(Basis) - {Basis.APPOINTMENT, Basis.NIGHT},
    "prior": frozenset({Basis.PRIOR, Basis.PRIOR_WRITTEN, Basis.REQUESTED}),
    "prior_written": frozenset({Basis.PRIOR_WRITTEN}),
    "banned": frozenset(),
    "opt_in": frozenset({Basis.PRIOR, Basis.PRIOR_WRITTEN, Basis.REQUESTED}),
    "opt_in_or_customer": frozenset({Basis.PRIOR, Basis.PRIOR_WRITTEN, Basis.REQUESTED, Basis.CUSTOMER}),
    "request_only": frozenset({Basis.REQUESTED}),
}
"""What the text asks for → what meets it. `unclear` is no permission: the list must say what it relies on."""

IN_WORDS = {
    "unclear": "no consent is stated, and the text does not say that none is needed",
    "prior": "prior consent is needed",
    "prior_written": "prior written consent is needed",
    "banned": "an artificial voice is banned",
    "opt_in": "prior consent is needed",
    "opt_in_or_customer": "prior consent is needed, or a running contract",
    "request_only": "only calls that were asked for are allowed",
}


@dataclass(frozen=True, slots=True)
class Lacking:
    """A consent that a row demands and the contact has not given."""

    rule: str
    need: str

    @property
    def reason(self) -> str:
        return IN_WORDS[self.need]


def lacking(
    book: RuleBook, jurisdictions: Sequence[str], ground: Ground, given: Collection[Basis], *, day: date
) -> Lacking | None:
    """The strictest demand of any binding row that is not met by what was given; None: the contact may be called."""
    demands = [demand for code in jurisdictions for demand in demands_in(book, code, ground, day=day)]
    unmet = [demand for demand in demands if not is_met(demand, given)]
    return max(unmet, key=lambda demand: _STRICT.index(demand.need), default=None)


def is_met(demand: Lacking, given: Collection[Basis]) -> bool:
    """Whether they gave what the row demands."""
    return not MET_BY[demand.need].isdisjoint(given)


_STRICT = ("unclear", "opt_in_or_customer", "opt_in", "prior", "prior_written", "request_only", "banned")


def demands_in(book: RuleBook, code: str, ground: Ground, *, day: date) -> Iterator[Lacking]:
    """What the rows that bind in one jurisdiction demand."""
    for rule in book.binding(code, ground, day):
        if rule.consent in MET_BY and not (ground.artificial and rule.voice == "artificial"):
            yield Lacking(rule.id, rule.consent)
        if ground.artificial and (need := rule.need(ground.purpose)) != "none":
            yield Lacking(rule.id, need)


def strictest(needs: Sequence[Need]) -> Need:
    """Of what several rows ask for."""
    return max(needs, key=NEEDS.index, default="none")
