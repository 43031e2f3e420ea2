"""People, rules and access, made up: what the scripted desk answers about them."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from campaigns.desk.access import Operator, Role
from campaigns.desk.acts import Erasure
from campaigns.desk.barring import Bar
from campaigns.desk.deciding import Promise
from campaigns.desk.tokens import TokenView
from campaigns.desk.views import (
    AttemptView,
    ContactView,
    Health,
    HealthLine,
    LeadRow,
    Page,
    Question,
    RuleView,
    SuppressionView,
)
from campaigns.domain.call import Disposition
from campaigns.domain.errors import InputError, Unknown
from campaigns.domain.lead import AttemptState, LeadState, Outcome

NOW = datetime(2026, 11, 23, 10, 5, tzinfo=UTC)
NAMES = ("Ada Lovelace", "Grace Hopper", "Mary Somerville", "Émilie du Châtelet", "<b>Maria</b> Gaetana Agnesi")
MANY = 1_000_000
CAMPAIGNS = ("dentist-reminders", "summer-offers", "winter-survey-of-the-northern-provinces-2026")
TOKENS = {
    "secret-of-ann": Operator("ann", Role.OPERATE),
    "secret-of-ray": Operator("ray", Role.READ),
    "secret-of-ada": Operator("ada", Role.ADMIN),
}
LONG = timedelta(seconds=95)
TRANSCRIPT = "Assistant: Good morning, this is the dental practice.\nPatient: Yes, I will be there."


def row(number: int, campaign: str = "dentist-reminders") -> LeadRow:
    """The lead of this number."""
    state = LeadState.CLOSED if number % 3 else LeadState.WAITING
    outcome = (Outcome.REACHED, Outcome.EXHAUSTED, Outcome.DO_NOT_CALL)[number % 7 % 3] if number % 3 else None
    return LeadRow(
        lead=f"lead-{number}", key=f"P{number:06}", campaign=campaign, name=NAMES[number % len(NAMES)],
        phone=f"+4420794600{number % 100:02}", state=state, outcome=outcome,
        label="confirmed" if outcome is Outcome.REACHED else "", attempts=number % 4,
        reason="outside the calling hours" if outcome is None else "", rule="calling_hours" if outcome is None else "",
        next_at=NOW + timedelta(hours=3) if outcome is None else None,
        closed_at=None if outcome is None else NOW - timedelta(hours=1),
    )  # fmt: skip


def attempt(number: int, ordinal: int, **changes: object) -> AttemptView:
    """One attempt of a lead."""
    at = NOW - timedelta(days=4 - ordinal)
    answered = ordinal == 3
    whole = AttemptView(
        attempt=f"attempt-{number}-{ordinal}", lead=f"lead-{number}", campaign="dentist-reminders", ordinal=ordinal,
        phone=f"+4420794600{number % 100:02}", provider="simulator", call_id=f"call-{number}-{ordinal}",
        state=AttemptState.ENDED, disposition=Disposition.ANSWERED if answered else Disposition.NO_ANSWER,
        intent_at=at, placed_at=at + timedelta(seconds=1), ended_at=at + LONG,
        talk_seconds=71.0 if answered else None, cost=0.11 if answered else 0.0,
        summary="Confirmed the appointment; asks for a text message the day before." if answered else "",
        transcript=TRANSCRIPT if answered else "",
        analysis={"confirmed": True, "wishes": "a message the day before"} if answered else {},
        recording="", reason="",
        moves=((at, "sending", ""), (at + timedelta(seconds=1), "placed", "accepted"), (at + LONG, "ended", "")),
    )  # fmt: skip
    return replace(whole, **changes)  # type: ignore[arg-type]


async def health() -> Health:
    """One thing needs a person."""
    lines = (
        HealthLine("database", ok=True, detail="SQLite, 1.2 GB, WAL, full sync"),
        HealthLine("worker", ok=False, detail="No worker is running, so nobody is called. Run `campaigns worker`."),
        HealthLine("webhooks", ok=None, detail="No public_url: results are polled."),
    )
    return Health(lines, {"inbox_age_seconds": 0.4, "calls_under_way": 3, "doubts": 3})


class ScriptedPeople:
    """A million leads, a long do-not-call list, and rules."""

    def __init__(self) -> None:
        self.barred = [
            SuppressionView(
                f"bar-{n}", f"+44…{n:02}", "all", "Ada", "asked by letter", f"letter {n}", NOW - timedelta(days=n)
            )
            for n in range(120)
        ]
        self.closed: dict[str, str] = {}
        self.contacts: dict[str, ContactView] = {}

    async def leads(self, campaign, which, after=None, limit=50, *, by):  # type: ignore[no-untyped-def]
        if campaign not in CAMPAIGNS:
            raise Unknown(f"There is no campaign '{campaign}'. There are others.")
        start = int(after or 0)
        fitting = (n for n in range(start, MANY) if which.outcome in (None, row(n).outcome))
        fitting = (n for n in fitting if which.state in (None, row(n).state))
        found = [next(fitting) for _ in range(limit)]
        return Page(tuple(_shown(row(n, campaign), by) for n in found), str(found[-1] + 1))

    async def contact(self, lead: str, *, by: Operator) -> ContactView:
        if lead not in self.contacts:
            if not lead.startswith("lead-"):
                raise Unknown("There is no such lead.")
            self.contacts[lead] = _contact(int(lead.removeprefix("lead-")))
        found = self.contacts[lead]
        shown = tuple(_attempt_shown(one, by) for one in found.attempts)
        return replace(found, row=_shown(found.row, by), attempts=shown)

    async def search(self, text: str, *, by: Operator, limit: int = 50) -> AsyncIterator[LeadRow]:
        found = (row(n) for n in range(MANY))
        wanted = (one for one in found if text.lower() in one.name.lower() or text in (one.phone, one.key))
        for _ in range(limit if "nobody" not in text else 0):
            yield _shown(next(wanted), by)

    async def suppressions(self, after=None, limit=50, search="", *, by):  # type: ignore[no-untyped-def]
        fitting = [one for one in self.barred if search in one.shown or search in one.proof]
        start = int(after or 0)
        more = str(start + limit) if start + limit < len(fitting) else None
        return Page(tuple(fitting[start : start + limit]), more)

    async def rules(self, campaign: str | None = None, *, code: str | None = None) -> tuple[RuleView, ...]:
        every = tuple(
            self._rule(*one) for one in (("GB", "United Kingdom"), ("NL", "Netherlands"), ("US-FL", "Florida"))
        )
        found = tuple(one for one in every if code in (None, one.place))
        if not found:
            raise InputError(f"CODE: '{code}' is no jurisdiction and no row. Did you mean NL?")
        return found

    def _rule(self, code: str, place: str) -> RuleView:
        lines = (f"Calls in {place}", "hours: Mon-Fri 09-20; Sat 10-16; Sun closed", "calls: at most 3 in 24 h")
        sources = (f"https://law.example/{code.lower()}/calling", "Code of conduct, article 5")
        row, closed = f"{code.lower()}-telemarketing", self.closed.get(code, "")
        return RuleView(row, code, "telemarketing", lines, sources, "high", date(2026, 10, 1), closed)


class ScriptedDeeds:
    """Does to people what it is told, and keeps what it was told."""

    def __init__(self, people: ScriptedPeople) -> None:
        self.told: list[tuple[object, ...]] = []
        self._people = people
        self._tokens = {secret: TokenView(one.name, one.role, "ada", NOW) for secret, one in TOKENS.items()}

    async def suppress(self, bars: Sequence[Bar], *, by: Operator) -> int:
        self.told.append(("suppress", *[(bar.number, bar.scope, bar.why, bar.proof, bar.who) for bar in bars], by.name))
        for bar in bars:
            shown = SuppressionView(
                f"bar-{bar.number}", f"+44…{bar.number[-2:]}", bar.scope, bar.who or by.name, bar.why, bar.proof, NOW
            )
            self._people.barred.insert(0, shown)
        for lead, one in self._people.contacts.items():
            if any(bar.number == one.row.phone for bar in bars):
                self._people.contacts[lead] = replace(one, suppressed=True)
        return len(bars)

    async def unsuppress(self, entry: str, *, by: Operator) -> int:
        self.told.append(("unsuppress", entry, by.name))
        self._people.barred = [one for one in self._people.barred if one.id != entry]
        return 1

    async def call_back(self, lead: str, at: datetime, *, by: Operator) -> Promise:
        if at < NOW:
            raise InputError("That is over. Write a time to come.")
        self.told.append(("call_back", lead, at, by.name))
        self._people.contacts[lead] = replace(self._people.contacts[lead], callback_at=at)
        return Promise(lead, at, (f"They are called from {at:%H:%M} on.",))

    async def erase(self, number: str, *, by: Operator) -> Erasure:
        self.told.append(("erase", number, by.name))
        return Erasure(
            1, 2, 3, ("2 leads", "3 attempts"), ("simulator: erased",), ("the list contacts.csv still names them",)
        )

    async def suspend_rules(self, code, why, until=None, *, by):  # type: ignore[no-untyped-def]
        self.told.append(("suspend", code, why, by.name))
        self._people.closed[code] = f"{by.name}: {why}"
        return code

    async def resume_rules(self, code: str, *, by: Operator) -> str:
        self._people.closed.pop(code)
        return code

    async def tokens(self, *, by: Operator) -> tuple[TokenView, ...]:
        return tuple(self._tokens.values())

    async def add_token(self, name: str, role: Role, *, by: Operator) -> str:
        if any(one.name == name for one in self._tokens.values()):
            raise InputError(f"There is a token '{name}' already. Revoke it first, or take another name.")
        self._tokens[f"secret-of-{name}"] = TokenView(name, role, by.name, NOW)
        return f"secret-of-{name}"

    async def revoke_token(self, name: str, *, by: Operator) -> None:
        self._tokens.pop(f"secret-of-{name}")

    async def operator(self, secret: str) -> Operator | None:
        found = self._tokens.get(secret)
        return Operator(found.name, found.role) if found else None


def _attempt_shown(one: AttemptView, by: Operator) -> AttemptView:
    masked = {"transcript": "", "phone": f"+44…{one.phone[-2:]}"}
    return replace(one, **masked) if by.role is Role.READ else one  # type: ignore[arg-type]


def _shown(one: LeadRow, by: Operator) -> LeadRow:
    return replace(one, phone=f"+44…{one.phone[-2:]}") if by.role is Role.READ else one


def _contact(number: int) -> ContactView:
    closed = row(number).outcome is not None
    why = (
        Question("now", "10:05 Europe/London"),
        Question("attempt 1", "Fri 20 Nov 10:05, +44…01: no answer"),
        Question("forbids", "calling_hours: closed on Mondays before 13:00; from Mon 23 Nov 13:05 on it allows calls"),
        Question("allows", "gb-ofcom: no more than the law allows; https://law.example/gb/calling"),
    )
    attempts = (*(attempt(number, ordinal) for ordinal in (1, 2, 3)), *_doubtful(number))
    return ContactView(
        row=row(number), language="en", zones=("Europe/London",), local_now="10:05 Europe/London", country="GB",
        person=f"P{number:06}", consent="prior_written, 1 Oct 2026, intake form, clause 12",
        verdict="Closed: reached." if closed else "Not called now: closed before 13:00; next Mon 23 Nov 13:05.",
        why=why, attempts=attempts, suppressed=False, callback_at=None, elsewhere=(row(number + 1, "summer-offers"),),
    )  # fmt: skip


def _doubtful(number: int) -> tuple[AttemptView, ...]:
    if number % 3:
        return ()
    return (
        attempt(
            number,
            4,
            state=AttemptState.UNCERTAIN,
            disposition=None,
            ended_at=None,
            talk_seconds=None,
            reason="no answer in time",
        ),
    )
