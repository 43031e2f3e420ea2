"""What the law leaves of a list before anybody is called: which rows bind, who is blocked and why, which hours stay."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from campaigns.domain.campaign import Campaign
from campaigns.domain.contact import Contact
from campaigns.domain.facts import Facts
from campaigns.domain.hours import CallingWindow
from campaigns.domain.lead import Lead, Outcome, lead_id
from campaigns.domain.legal import Law
from campaigns.domain.rules import Duty
from campaigns.domain.rules_text import DUTIES
from campaigns.domain.zones import zone
from campaigns.engine.intake import Source
from campaigns.engine.preparing import Stream
from campaigns.planner.alike import newly_alike
from campaigns.planner.decide import MARGIN, Close, decide
from campaigns.planner.lawful import binding_on, permit_at, window_of

NOT_ADVICE = "This is not legal advice."
AHEAD = timedelta(days=28)
"""Whoever cannot be called once in so long has no hour in a week; one week alone may be full of holidays."""
SHOWN = 5
JUDGED = 20_000
"""Kinds of contacts that are remembered."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """What an outlook counts of a contact, and of all who are like them."""

    kind: str
    places: tuple[str, ...]
    blocked: tuple[str, str] | None
    rows: tuple[str, ...] = ()
    duties: tuple[Duty, ...] = ()
    window: CallingWindow | None = None
    """None: they have hours of their own, or none."""


@dataclass
class Outlook:
    """Counts over contacts as a list has them, judged as `decide` judges them when the campaign begins."""

    campaign: Campaign
    law: Law
    begins: datetime
    contacts: int = 0
    zones: Counter[str] = field(default_factory=Counter)
    """`one`, `several`, `none`, and `empty`: hours that never meet, whatever the zones."""
    places: Counter[str] = field(default_factory=Counter)
    """Jurisdictions → contacts that may be in them."""
    rows: Counter[str] = field(default_factory=Counter)
    """Rows of the law that bind or lend their hours → contacts."""
    duties: Counter[Duty] = field(default_factory=Counter)
    blocked: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Reason and rule → contacts that will never be called."""
    _alike: Counter[CallingWindow] = field(default_factory=Counter)
    _zones_of: dict[CallingWindow, tuple[str, ...]] = field(default_factory=dict)
    _open: dict[CallingWindow, bool] = field(default_factory=dict)
    _judged: dict[object, _Judged] = field(default_factory=dict)

    def note(self, contact: Contact) -> None:
        """Count one contact."""
        alike = newly_alike(contact, now=self.begins)
        found = self._judged.get(alike)
        if found is None:
            found = self._judge(contact)
            if len(self._judged) >= JUDGED:
                self._judged.clear()
            if alike is not None:
                self._judged[alike] = found
        self._count(found)

    def absorb(self, other: "Outlook") -> None:
        """Count whatever `other`, of the same campaign and law, has seen."""
        self.contacts += other.contacts
        for name in ("zones", "places", "rows", "duties", "blocked", "_alike", "_zones_of"):
            getattr(self, name).update(getattr(other, name))

    def __getstate__(self) -> dict[str, object]:
        # Between processes goes what was seen, not what is only remembered to be quick.
        return {**vars(self), "_judged": {}, "_open": {}}

    def _count(self, found: _Judged) -> None:
        self.contacts += 1
        self.zones[found.kind] += 1
        for code in found.places:
            self.places[code] += 1
        for row in found.rows:
            self.rows[row] += 1
        for duty in found.duties:
            self.duties[duty] += 1
        if found.blocked is not None:
            self.blocked[found.blocked] += 1
        if found.window is not None:
            self._alike[found.window] += 1

    def _judge(self, contact: Contact) -> _Judged:
        lead = Lead(lead_id(self.campaign.campaign, contact.key), self.campaign.campaign, contact, contact.person)
        step = decide(Facts(lead), self.campaign, self.law, now=self.begins)
        barred = isinstance(step, Close) and step.outcome is Outcome.BLOCKED
        blocked = (step.reason, step.rule) if isinstance(step, Close) and barred else None
        try:
            window = window_of(contact, self.campaign, self.law)
        except ValueError:
            return _Judged("none", contact.jurisdictions, blocked)
        zones = contact.zones or ("UTC",)
        rows = permit_at(window, self.campaign, self.law, zones, self.begins).rules
        duties = {duty for rule in binding_on(window, self.begins) for duty in rule.duties}
        self._zones_of.setdefault(window, zones)
        kind = "empty" if not self._opens(window) else "several" if len(contact.zones) > 1 else "one"
        own = None if contact.hours is not None else window
        return _Judged(kind, contact.jurisdictions, blocked, rows, tuple(duties), own)

    def _opens(self, window: CallingWindow) -> bool:
        if window not in self._open:
            ends = self.begins + AHEAD
            self._open[window] = window.next_open(self.begins, before=ends, margin=MARGIN) is not None
        return self._open[window]

    def week(self, first: date) -> tuple[str, list[list[tuple[str, str]]]] | None:
        """What law and campaign together leave of seven days, for the contacts of whom there are most: their zone, and
        the spans of each day in its wall time. None: nobody has hours."""
        if not self._alike:
            return None
        window = self._alike.most_common(1)[0][0]
        name = self._zones_of[window][0]
        starts = [datetime.combine(first + timedelta(days=n), time(), zone(name)) for n in range(8)]
        days = [window.spans(opens, closes) for opens, closes in pairwise(starts)]
        return name, [[(_wall(a, name), _wall(b, name, end=True)) for a, b in spans] for spans in days]

    def lines(self) -> list[tuple[str, str]]:
        """Title and sentence, for people; one for each thing that holds."""
        return [("zones", self.zones_line()), *self._law_lines()]

    def brief(self) -> list[str]:
        """Two lines at most, before the first call."""
        blocked = sum(self.blocked.values())
        if not blocked:
            return [f"zones     {self.zones_line()}"]
        (why, rule), most = self.blocked.most_common(1)[0]
        first = f"{most:,} of them: {why} ({rule}){self._mend(why)}"
        return [
            f"zones     {self.zones_line()}",
            f"blocked   {blocked:,} of {self.contacts:,} contacts will not be called; {first}",
        ]

    def zones_line(self) -> str:
        """How many contacts have one zone, several, none, or no hour in common."""
        words = {
            "one": "have one",
            "several": "may be in several and are called when all are open",
            "none": "have none and are not called",
            "empty": "have no hour in a week at which campaign and law are open in all their zones",
        }
        said = [f"{self.zones[kind]:,} {text}" for kind, text in words.items() if self.zones[kind]]
        return "; ".join(said) or "no contacts"

    def _law_lines(self) -> Iterator[tuple[str, str]]:
        if self.campaign.legal_hours.off:
            return
        yield "where", _top(self.places, "") or "nobody knows"
        yield "rows", _top(self.rows, "") or "none binds"
        if self.campaign.ground.artificial:
            for duty in (duty for duty in DUTIES if self.duties[duty]):
                yield "duty", f"{DUTIES[duty]} ({self.duties[duty]:,} of {self.contacts:,})"
        yield from (("blocked", text) for text in self.blocked_lines())

    def blocked_lines(self) -> list[str]:
        """Who will not be called, and the mend where there is one."""
        return [
            f"{count:,} of {self.contacts:,} will not be called: {reason} ({rule}){self._mend(reason)}"
            for (reason, rule), count in self.blocked.most_common(SHOWN)
        ]

    def _mend(self, reason: str) -> str:
        """What the author can do: state a consent that there is."""
        basis = next((word for text, word in _CONSENTS if text in reason), None)
        mend = f"consent: {{basis: {basis}, proof: …}}"
        return f". If you have it, state it before the first run, as who is blocked stays so: {mend}" if basis else ""


_CONSENTS = (
    ("prior written consent", "prior_written"),
    ("prior consent", "prior"),
    ("no consent is stated", "prior"),
    ("asked for", "requested"),
)


def _top(counts: Counter[str], none: str) -> str:
    named = [f"{name} {count:,}" for name, count in counts.most_common(SHOWN)]
    more = len(counts) - len(named)
    return ", ".join(named) + (f", and {more} more" if more > 0 else "") or none


def _wall(at: datetime, name: str, *, end: bool = False) -> str:
    text = f"{at.astimezone(zone(name)):%H:%M}"
    return "24:00" if end and text == "00:00" else text


def watched(sources: Sequence[Source], outlook: Outlook) -> list[Source]:
    """The same lists; whoever reads them lets the outlook see every contact."""
    return [replace(source, contacts=_Watched(source, outlook)) for source in sources]


@dataclass(frozen=True, slots=True)
class _Watched:
    source: Source
    outlook: Outlook

    async def __call__(self, after: str) -> Stream:
        async for contact in self.source.contacts(after):
            if isinstance(contact, Contact):
                self.outlook.note(contact)
            yield contact
