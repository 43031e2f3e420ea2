"""What a run has come to: the numbers that are printed, and the report that is written."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaigns.app import SIMULATOR, Session
from campaigns.domain.call import Disposition
from campaigns.domain.lead import CampaignState, Outcome
from campaigns.engine.intake import Intake
from campaigns.engine.runner import RunEnd
from campaigns.files import Loaded
from campaigns.ports.store import Counts
from campaigns.reports import gather, render, write_report


@dataclass(frozen=True, slots=True)
class Summary:
    """The end of a run."""

    campaign: str
    end: RunEnd
    contacts: dict[str, int]
    counts: Counts
    report: Path | None
    reopens: str = ""
    """When the next lead is due, for people."""
    bad_rows: list[tuple[str, int, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

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
        """0 done, 1 done but something waits for a person, 3 stopped early, 4 the account is refused."""
        if self.end.state is CampaignState.REFUSED:
            return 4
        if self.end.interrupted or self.left:
            return 3
        return 1 if self.held or self.counts.attempts.get("uncertain", 0) else 0

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
        }


def law_statement(loaded: Loaded) -> str:
    """What was checked of the law, in one sentence."""
    off = loaded.campaign.legal_hours.off
    if off:
        return f"No legal rule was applied (legal_hours off: {off}). This is not legal advice."
    return "No law was checked: every call of this campaign stays on this machine. This is not legal advice."


async def summarise(
    session: Session, loaded: Loaded, end: RunEnd, intake: Intake | None, *, report: Path | None
) -> Summary:
    """Count, and write the HTML report."""
    name = loaded.campaign.campaign
    counts = await session.store.counts(name)
    record = await session.store.campaign(name)
    noted = dict(record.intake) if record else {}
    contacts = {
        "read": noted.get("read", 0),
        "leads": sum(counts.states.values()),
        **{key: noted.get(key, 0) for key in ("invalid", "duplicate", "suppressed")},
        **({"excluded": noted.get("excluded", 0)} if loaded.campaign.exclude else {}),
    }
    path = report or Path(f"{name}.html")
    figures = await gather(
        session.store,
        name,
        now=session.clock.now(),
        provider=loaded.campaign.provider,
        law=law_statement(loaded),
        simulated=loaded.campaign.provider == SIMULATOR,
    )
    write_report(path, render(figures))
    due = [reason[3] for reason in counts.reasons if reason[3] is not None]
    reopens = min(due).isoformat() if due else ""
    bad_rows = await session.store.bad_rows(name)
    return Summary(name, end, contacts, counts, path, reopens, bad_rows, intake.warnings if intake else [])
