"""What a run has come to: the numbers that are printed, and the report that is written."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from campaigns.app import Session
from campaigns.domain.budget import purse_of
from campaigns.domain.call import Disposition
from campaigns.domain.lead import CampaignState, Outcome
from campaigns.editing import Edit
from campaigns.engine.intake import Intake
from campaigns.files import Loaded
from campaigns.ports.queries import Counts
from campaigns.ports.returns import ReturnCounts
from campaigns.reports import law_statement, write_report
from campaigns.stores.location import Location

if TYPE_CHECKING:
    from campaigns.engine.runner import RunEnd


@dataclass(frozen=True, slots=True)
class Summary:
    """The end of a run."""

    campaign: str
    end: "RunEnd"
    contacts: dict[str, int]
    counts: Counts
    report: Path | None
    reopens: str = ""
    """When the next lead is due, for people."""
    bad_rows: list[tuple[str, int, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    budget: str = ""
    """How far it is used: `812 of 2,000 attempts`; empty: there is none."""
    law: str = ""
    """What was checked of the law, in one sentence."""
    database: Location | None = None
    ledger: Path | None = None
    """What the simulator says took place."""
    edit: Edit | None = None
    """What the file changed in a campaign that was there."""
    returns: ReturnCounts | None = None
    """Outcomes on their way back; None: they stay here."""

    @property
    def held(self) -> int:
        """Leads that wait for a person."""
        return self.counts.states.get("held", 0)

    @property
    def left(self) -> int:
        """Leads without an outcome that nobody has to decide about."""
        return sum(count for state, count in self.counts.states.items() if state not in ("held", "closed"))

    @property
    def exit_code(self) -> int:
        """0 done, 1 done but something waits for a person, 2 unfit, 3 stopped early, 4 the account is refused."""
        if self.end.state is CampaignState.REFUSED:
            return 4
        if self.end.unfit:
            return 2
        if self.end.interrupted or self.left:
            return 3
        waits = self.held or self.counts.attempts.get("uncertain", 0) or (self.returns and self.returns.waiting)
        return 1 if waits else 0

    def as_json(self) -> dict[str, Any]:
        """As the contract with users pins it."""
        outcomes = {str(outcome): self.counts.outcomes.get(outcome, 0) for outcome in Outcome}
        dispositions = {str(d): self.counts.dispositions.get(d, 0) for d in Disposition}
        uncertain = self.counts.attempts.get("uncertain", 0)
        state = "paused" if self.end.state is CampaignState.ACTIVE else str(self.end.state)
        return {
            "campaign": self.campaign,
            "state": state,
            "contacts": self.contacts,
            "outcomes": {**outcomes, "held": self.held, "open": self.left},
            "attempts": {"total": sum(dispositions.values()) + uncertain, **dispositions, "uncertain": uncertain},
            "report": str(self.report) if self.report else None,
            **({"edit": self.edit.as_json()} if self.edit else {}),
            **({"budget": self.budget} if self.budget else {}),
            **({"write_back": self.returns.as_json()} if self.returns else {}),
        }


def budget_told(session: Session, loaded: Loaded, counts: Counts) -> str:
    """How far the campaign's budget is used, for people; empty: it has none."""
    campaign = loaded.campaign
    if campaign.budget is None:
        return ""
    own = session.settings.providers.get(campaign.provider)
    currency = (own.currency if own else None) or ""
    return ", ".join(purse_of(campaign.budget, 0, None).told(counts.spent, currency))


def ledger_of(database: Location, campaign: str) -> Path:
    """Where the built-in simulator writes down what takes place in a campaign of this database."""
    return database.beside(f"{campaign}.ledger.jsonl")


async def summarise(
    session: Session, loaded: Loaded, end: "RunEnd", intake: Intake | None, *, report: Path | None
) -> Summary:
    """Count, and write the HTML report. A report that cannot be written is a warning: what was dialled stays true."""
    name = loaded.campaign.campaign
    counts = await session.store.counts(name)
    warnings = list(intake.warnings) if intake else []
    path = report or Path(f"{name}.html")
    written: Path | None = path
    try:
        await write_report(session, name, path)
    except OSError as error:
        warnings.append(f"the report {path} cannot be written ({error.strerror}): name another with `campaigns report`")
        written = None
    ledger = ledger_of(session.database, name)
    return Summary(
        campaign=name,
        end=end,
        contacts=await _contacts(session, loaded, sum(counts.states.values())),
        counts=counts,
        report=written,
        reopens=_reopens(counts),
        bad_rows=await session.store.bad_rows(name),
        warnings=warnings,
        budget=budget_told(session, loaded, counts),
        law=law_statement(loaded.campaign, session.law),
        database=session.database,
        ledger=ledger if ledger.exists() else None,
        returns=await session.store.returns(name) if loaded.campaign.write_back else None,
    )


async def _contacts(session: Session, loaded: Loaded, leads: int) -> dict[str, int]:
    record = await session.store.campaign(loaded.campaign.campaign)
    noted = dict(record.intake) if record else {}
    names = ("invalid", "duplicate", "suppressed", *(["excluded"] if loaded.campaign.exclude else []))
    return {"read": noted.get("read", 0), "leads": leads, **{name: noted.get(name, 0) for name in names}}


def _reopens(counts: Counts) -> str:
    due = [reason[3] for reason in counts.reasons if reason[3] is not None]
    return f"{min(due):%Y-%m-%d %H:%M}Z" if due else ""
