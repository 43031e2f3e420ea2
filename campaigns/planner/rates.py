"""How made-up calls go: learned from calls that were made, else assumed; and how sure that is."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.campaign import Campaign
from campaigns.domain.facts import PastAttempt
from campaigns.domain.lead import Lead
from campaigns.domain.outcomes import Verdict, judge
from campaigns.domain.zones import zone as zone_info

from .play import Answer

D = Disposition
ENOUGH = 200
"""Calls from which on a history is believed instead of the assumptions."""
LATER = 3
"""The third and every later call to somebody are counted together."""
FREE, BOUND = 8.0, 5_000.0
"""How many calls like all others an hour is thought to have had besides its own: see `_likeness`."""
SLOTS = 48
_DRAWS, _KEPT, _POOL = 6, 8, 256
_MISSED = frozenset({D.NO_ANSWER, D.VOICEMAIL, D.BUSY})
_SOON, _LATE = 600.0, 5400.0
"""Seconds after a missed call between which people call us. ASSUMED."""
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Heard:
    """Calls of the past that went alike: how many, and the sums of their seconds and of the squares of these."""

    disposition: Disposition
    ordinal: int
    slot: int
    """Of the person's local week: see `slot_of`."""
    calls: int
    rings: float = 0.0
    rings_squared: float = 0.0
    talks: float = 0.0
    talks_squared: float = 0.0


def slot_of(local: datetime) -> int:
    """The hour on the person's clock; hours of the weekend are apart: 0 to 47."""
    return local.hour + 24 * (local.weekday() >= 5)


@dataclass(frozen=True, slots=True)
class Span:
    """How long something lasts, in seconds, and how many calls that was learned from."""

    mean: float
    deviation: float = 0.0
    calls: float = 20.0


@dataclass(frozen=True)
class Rates:
    """What is known of calls before they are made. Counts may be weights: how many calls an assumption is worth."""

    calls: Mapping[Disposition, float]
    rings: Mapping[Disposition, Span]
    talks: Mapping[Disposition, Span]
    source: str
    """In words, for whoever reads the forecast."""
    by_slot: Mapping[int, Mapping[Disposition, float]] = field(default_factory=dict)
    by_ordinal: Mapping[int, Mapping[Disposition, float]] = field(default_factory=dict)
    verdicts: Sequence[Verdict] = ()
    """What the campaign's rules said of answered calls, each as likely as the next; empty: they see only the answer."""
    assumed: bool = False
    ring_back: float = 0.0
    """The share of missed calls after which the person calls us."""

    @property
    def answered(self) -> float:
        """The share of calls that are answered."""
        return self.calls.get(D.ANSWERED, 0.0) / (sum(self.calls.values()) or 1.0)


_ASSUMED = {
    D.ANSWERED: 0.35, D.VOICEMAIL: 0.20, D.NO_ANSWER: 0.33, D.BUSY: 0.05, D.DECLINED: 0.03, D.BAD_NUMBER: 0.03,
    D.FAILED: 0.01,
}  # fmt: skip
"""ASSUMED: nobody publishes these for everybody's contacts. A guess in the middle of what dialers report."""
_ASSUMED_WEIGHT = 60.0
_ASSUMED_RINGS = {
    D.ANSWERED: Span(12, 5), D.VOICEMAIL: Span(23, 4), D.NO_ANSWER: Span(30, 5), D.BUSY: Span(3, 1),
    D.DECLINED: Span(9, 4), D.BAD_NUMBER: Span(2, 1), D.FAILED: Span(2, 1), D.UNKNOWN: Span(60, 30),
}  # fmt: skip
_ASSUMED_TALKS = {D.ANSWERED: Span(90, 60), D.VOICEMAIL: Span(22, 5)}


def assumed_rates() -> Rates:
    """Where there is no history: a table that is shown as what it is."""
    calls = {word: share * _ASSUMED_WEIGHT for word, share in _ASSUMED.items()}
    said = "ASSUMED, as there is no history: a guess that fits nobody exactly"
    return Rates(calls, _ASSUMED_RINGS, _ASSUMED_TALKS, said, assumed=True)


def learned_rates(history: Iterable[Heard], source: str, verdicts: Sequence[Verdict] = ()) -> Rates:
    """What a history says. Raises ValueError where it has no call at all."""
    calls = defaultdict[D, float](float)
    by_slot = defaultdict[int, dict[D, float]](dict)
    by_ordinal = defaultdict[int, dict[D, float]](dict)
    sums = defaultdict[D, Floats](lambda: np.zeros(5))
    for heard in (heard for heard in history if heard.calls):
        word, ordinal = heard.disposition, min(heard.ordinal, LATER)
        calls[word] += heard.calls
        by_slot[heard.slot][word] = by_slot[heard.slot].get(word, 0) + heard.calls
        by_ordinal[ordinal][word] = by_ordinal[ordinal].get(word, 0) + heard.calls
        sums[word] += (heard.calls, heard.rings, heard.rings_squared, heard.talks, heard.talks_squared)
    if not calls:
        raise ValueError("This history has no calls.")
    rings = {word: _span(*summed[:3]) for word, summed in sums.items()}
    talks = {word: _span(summed[0], *summed[3:]) for word, summed in sums.items()}
    return Rates(dict(calls), rings, talks, source, dict(by_slot), dict(by_ordinal), tuple(verdicts))


def _span(calls: float, total: float, squares: float) -> Span:
    mean = total / calls
    return Span(float(mean), float(max(squares / calls - mean * mean, 0.0) ** 0.5), float(calls))


class Draws:
    """One world that the rates allow: `play`'s answers, the same for the same seed, lead and ordinal.

    The rates are drawn too, by how sure they are; not so with `replica` None, which is the likeliest world.
    """

    def __init__(self, rates: Rates, campaign: Campaign, *, leads: int, seed: int, replica: int | None) -> None:
        self._campaign = campaign
        self._words = [word for word in D if rates.calls.get(word)]
        rng = np.random.default_rng([seed, 0 if replica is None else replica + 1])
        sure = replica is None
        self._limits = {
            ordinal: _cumulated(rates, self._words, ordinal, None if sure else rng) for ordinal in range(1, LATER + 1)
        }
        self._rings = {word: _pool(rates.rings.get(word), None if sure else rng) for word in self._words}
        self._talks = {word: _pool(rates.talks.get(word), None if sure else rng) for word in self._words}
        self._verdicts = _shuffled(rates.verdicts, rng)
        self._ring_back = rates.ring_back
        self._mean_talk = rates.talks.get(D.ANSWERED, Span(0.0)).mean
        self._plain: dict[tuple[D, int], Verdict] = {}
        self._uniform = rng.random((leads, _KEPT, _DRAWS), dtype=np.float32)

    def __call__(self, place: int, lead: Lead, past: PastAttempt, at: datetime) -> Answer:
        ordinal = past.ordinal
        which, rings, talks, said, calls, when = self._uniform[place, (ordinal - 1) % _KEPT].tolist()
        zones = lead.contact.zones
        limits = self._limits[min(ordinal, LATER)][slot_of(at.astimezone(zone_info(zones[0] if zones else "UTC")))]
        word = self._words[next((i for i, limit in enumerate(limits) if which < limit), -1)]
        verdict = self._verdict(word, ordinal, said)
        # Who rings back says what answered calls say, by the other end of the same draw.
        back = calls < self._ring_back and word in _MISSED
        later = (_SOON + (_LATE - _SOON) * when, self._verdict(D.ANSWERED, ordinal, 1 - said)) if back else None
        return Answer(
            word, self._rings[word][int(rings * _POOL)], self._talks[word][int(talks * _POOL)], verdict, later
        )  # fmt: skip

    def _verdict(self, word: D, ordinal: int, said: float) -> Verdict:
        if word is D.ANSWERED and self._verdicts:
            return self._verdicts[int(said * len(self._verdicts))]
        key = word, ordinal
        if key not in self._plain:
            talk = self._mean_talk if word is D.ANSWERED else 0.0
            report = CallReport("", ended=True, disposition=word, talk_seconds=talk)
            self._plain[key] = judge(self._campaign.outcomes, report, ordinal=ordinal)
        return self._plain[key]


def _cumulated(rates: Rates, words: Sequence[D], ordinal: int, rng: np.random.Generator | None) -> list[list[float]]:
    """For each slot the upper limits of the words' shares: all calls', moved by the ordinal's and by the hour's."""

    def share(weights: Floats) -> Floats:
        return weights / weights.sum() if rng is None else np.maximum(rng.dirichlet(weights), 1e-9)

    whole = share(_counts(rates.calls, words))
    near, nearer = _likeness(rates.by_ordinal), _likeness(rates.by_slot)
    nth = share(_counts(rates.by_ordinal.get(ordinal, {}), words) + near * whole) if rates.by_ordinal else whole
    limits = []
    for slot in range(SLOTS):
        own = rates.by_slot.get(slot, {})
        here = share(_counts(own, words) + nearer * whole) if own else whole
        mixed = nth * here / whole
        limits.append((mixed / mixed.sum()).cumsum().tolist())
    return limits


def _counts(some: Mapping[D, float], words: Sequence[D]) -> Floats:
    return np.array([some.get(word, 0.0) for word in words]) + 1e-6


def _likeness(parts: Mapping[int, Mapping[D, float]]) -> float:
    """How many calls like all others each part is mixed with, because its own share of answers may be luck.

    The parts' shares differ by luck and by nature; how far by nature is estimated by the moments of a beta-binomial.
    Parts that differ no more than by luck are all but one.
    """
    sizes = np.array([sum(part.values()) for part in parts.values()])
    answered = np.array([part.get(D.ANSWERED, 0.0) for part in parts.values()])
    total = sizes.sum()
    share = answered.sum() / total if total else 0.0
    luck = share * (1 - share)
    room = total - (sizes**2).sum() / total if total else 0.0
    if luck <= 0 or room <= 0:
        return BOUND
    apart = float((sizes * (answered / sizes - share) ** 2).sum())
    nature = (apart - (len(sizes) - 1) * luck) / room
    return float(np.clip(luck / nature, FREE, BOUND)) if nature > 0 else BOUND


def _pool(span: Span | None, rng: np.random.Generator | None) -> list[float]:
    """Lengths to choose from, each as likely as the next; the mean itself is as sure as its calls make it."""
    if span is None or span.mean <= 0:
        return [0.0] * _POOL
    spread = span.deviation / span.mean
    moved = 1.0 if rng is None else max(0.2, 1.0 + rng.normal() * spread / max(span.calls, 1.0) ** 0.5)
    return [span.mean * moved * share for share in _shape(round(spread, 2))]


@lru_cache(maxsize=256)
def _shape(spread: float) -> tuple[float, ...]:
    """Middles of equal shares of a gamma distribution of mean 1."""
    if spread <= 0.01:
        return (1.0,) * _POOL
    drawn = np.sort(np.random.default_rng(1).standard_gamma(spread**-2, _POOL * 64)) * spread**2
    return tuple(drawn.reshape(_POOL, 64).mean(axis=1).tolist())


def _shuffled(verdicts: Sequence[Verdict], rng: np.random.Generator) -> list[Verdict]:
    """A bootstrap: as many, drawn with repetition, because few verdicts are no sure shares."""
    return [verdicts[i] for i in rng.integers(0, len(verdicts), len(verdicts)).tolist()] if verdicts else []
