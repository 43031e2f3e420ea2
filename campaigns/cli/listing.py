"""`status`, `leads`, `attempts`, `explain`, `report`: where things stand, and why."""

from pathlib import Path
from typing import Annotated, Any

import typer

from campaigns.app import SIMULATOR, Session
from campaigns.domain.call import Disposition
from campaigns.domain.contact import mask, parse_phone
from campaigns.domain.errors import InputError
from campaigns.domain.lead import Attempt, AttemptState, Lead, LeadState, Outcome
from campaigns.domain.zones import zone
from campaigns.engine.terms import Terms
from campaigns.files import parse_campaign
from campaigns.planner.decide import Call, Close, Wait, decide
from campaigns.ports.store import CampaignRecord, LeadFilter
from campaigns.reports import gather, render, results_csv, write_report
from campaigns.summary import law_statement

from .context import options, out, print_json, print_table, shown, the_campaign, with_session


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    for command in (status, leads, attempts, explain, report):
        cli.command()(command)


def status(context: typer.Context, name: Annotated[str | None, typer.Argument()] = None) -> None:
    """Show where one campaign, or every campaign of the database, stands.

    Example: campaigns status dentist-reminders
    """

    async def work(session: Session) -> list[dict[str, Any]]:
        records = [await the_campaign(session, name)] if name else await session.store.campaigns()
        return [await _status_of(session, record) for record in records]

    found = with_session(context, work)
    if options(context).json:
        print_json(found[0] if name else found)
        return
    for one in found:
        out.print(f"[bold]{one['campaign']}[/]: {one['state']}" + (f" ({one['reason']})" if one["reason"] else ""))
        for title in ("leads", "outcomes", "attempts"):
            out.print(f"  {title:<9} " + (", ".join(f"{n:,} {word}" for word, n in one[title].items()) or "none"))
        for reason in one["waiting"]:
            due = f", from {reason['next_at']}" if reason["next_at"] else ""
            out.print(f"  waiting   {reason['leads']:,}: {reason['reason'] or 'ready'}{due}", markup=False)


async def _status_of(session: Session, record: CampaignRecord) -> dict[str, Any]:
    counts = await session.store.counts(record.name)
    return {
        "campaign": record.name,
        "state": record.state,
        "reason": record.reason,
        "leads": counts.states,
        "outcomes": counts.outcomes,
        "attempts": counts.dispositions | {s: n for s, n in counts.attempts.items() if s != "ended"},
        "waiting": [
            {"leads": n, "reason": why, "rule": rule, "next_at": shown(due)} for why, rule, n, due in counts.reasons
        ],
        "warnings": counts.warnings,
    }


def leads(
    context: typer.Context,
    name: str,
    state: Annotated[LeadState | None, typer.Option(help="Only these.")] = None,
    outcome: Annotated[Outcome | None, typer.Option(help="Only these.")] = None,
    limit: Annotated[int, typer.Option(help="At most so many.", min=1)] = 1_000_000,
) -> None:
    """List the leads of a campaign.

    Example: campaigns leads dentist-reminders --outcome exhausted
    """

    async def work(session: Session) -> list[dict[str, Any]]:
        await the_campaign(session, name)
        which = LeadFilter(state=state, outcome=outcome, limit=limit)
        return [_lead_json(lead, tries, last) for lead, tries, last in await session.store.leads(name, which)]

    rows = with_session(context, work)
    if options(context).json:
        print_json(rows)
        return
    print_table(
        "",
        ["lead", "phone", "state", "outcome", "label", "attempts", "next", "reason"],
        [[r["lead"], mask(r["phone"]), *(r[k] for k in ("state", "outcome", "label", "attempts", "next_at", "reason"))]
         for r in rows],
    )  # fmt: skip


def _lead_json(lead: Lead, tries: int, last_phone: str | None) -> dict[str, Any]:
    return {
        "lead": lead.contact.key,
        "person": lead.contact.person,
        "phone": last_phone or lead.contact.phones[0].e164,
        "name": lead.contact.name,
        "state": lead.state,
        "outcome": lead.outcome,
        "label": lead.label,
        "attempts": tries,
        "next_at": lead.due_at.isoformat() if lead.due_at else None,
        "reason": lead.reason + (f"; warning: {lead.warning}" if lead.warning else ""),
    }


def attempts(
    context: typer.Context,
    name: str,
    state: Annotated[AttemptState | None, typer.Option(help="Only these.")] = None,
    disposition: Annotated[Disposition | None, typer.Option(help="Only these.")] = None,
) -> None:
    """List the attempts of a campaign, oldest first.

    Example: campaigns attempts dentist-reminders --state uncertain
    """

    async def work(session: Session) -> list[dict[str, Any]]:
        await the_campaign(session, name)
        keys = {lead.id: lead.contact.key for lead, _, _ in await session.store.leads(name, LeadFilter())}
        return [
            _attempt_json(attempt, keys)
            for attempt in await session.store.attempts(name)
            if state in (None, attempt.state) and disposition in (None, attempt.disposition)
        ]

    rows = with_session(context, work)
    if options(context).json:
        print_json(rows)
        return
    print_table(
        "",
        ["attempt", "lead", "nr", "phone", "state", "disposition", "written", "talk", "why"],
        [[r["attempt"], r["lead"], r["ordinal"], mask(r["phone"]), r["state"], r["disposition"], r["intent_at"][:19],
          r["talk_seconds"], r["reason"]] for r in rows],
    )  # fmt: skip


def _attempt_json(attempt: Attempt, keys: dict[str, str]) -> dict[str, Any]:
    report = attempt.report
    return {
        "attempt": attempt.id,
        "lead": keys.get(attempt.lead_id, attempt.lead_id),
        "ordinal": attempt.ordinal,
        "phone": attempt.phone,
        "provider": attempt.provider,
        "call_id": attempt.call_id,
        "state": attempt.state,
        "disposition": attempt.disposition,
        "intent_at": attempt.created_at.isoformat(),
        "placed_at": attempt.placed_at.isoformat() if attempt.placed_at else None,
        "ended_at": attempt.ended_at.isoformat() if attempt.ended_at else None,
        "talk_seconds": report.talk_seconds if report else None,
        "cost": report.cost if report else None,
        "summary": report.summary if report else None,
        "reason": attempt.reason,
    }


def explain(
    context: typer.Context,
    name: str,
    who: Annotated[str, typer.Argument(help="The lead's key, or a number with +.", metavar="LEAD|PHONE")],
) -> None:
    """Say why this person is or is not called now, which rule says so, and when next.

    Example: campaigns explain dentist-reminders +31200000012
    """

    async def work(session: Session) -> list[dict[str, Any]]:
        terms = session.book.current(await the_campaign(session, name))
        found = await _find(session, name, who)
        return [await _explanation(session, terms, lead) for lead in found]

    explained = with_session(context, work)
    if options(context).json:
        print_json(explained)
        return
    for one in explained:
        out.print(f"[bold]{one['lead']}[/] ({one['state']})", highlight=False)
        for line in one["lines"]:
            out.print(f"  {line}", markup=False)


async def _find(session: Session, name: str, who: str) -> list[Lead]:
    everyone = await session.store.leads(name, LeadFilter())
    found = [lead for lead, _, _ in everyone if who in (lead.contact.key, lead.id)]
    if not found and who.startswith("+"):
        try:
            number = parse_phone(who, None)
        except ValueError as error:
            raise InputError(f"PHONE is {error}.") from None
        key = session.book.phone_key(number)
        found = [lead for lead, _ in await session.store.leads_with_phone(key) if lead.campaign == name]
        if not found and any(entry.phone_key == key for entry in await session.store.suppressions()):
            raise InputError(f"{mask(number)} is on the do-not-call list, so it is no lead of '{name}'.")
    if not found:
        raise InputError(f"'{name}' has no such lead. Write a key as `campaigns leads {name}` shows it, or a number with +.")
    return found


async def _explanation(session: Session, terms: Terms, lead: Lead) -> dict[str, Any]:
    now = session.clock.now()
    if session.simulated:
        now = await session.store.last_moment() or now
    claimed = (await session.store.facts([lead.id], now=now))[0]
    lines = [_verdict(lead, terms, claimed.facts, now)]
    for name in lead.contact.zones:
        lines.append(f"zone {name}: it is {now.astimezone(zone(name)):%A %H:%M} there")
    if not lead.contact.zones:
        lines.append("no time zone is known")
    for past in claimed.facts.attempts:
        ended = past.disposition or ("counts, no end known" if past.counts else "was not placed")
        lines.append(f"attempt {past.ordinal} at {shown(past.at)} to {mask(past.phone)}: {ended}")
    if lead.warning:
        lines.append(f"warning: {lead.warning}")
    return {"lead": lead.contact.key, "state": lead.state, "outcome": lead.outcome, "now": now.isoformat(), "lines": lines}


def _verdict(lead: Lead, terms: Terms, facts: Any, now: Any) -> str:
    if lead.state is LeadState.CLOSED:
        return f"closed as {lead.outcome} at {shown(lead.closed_at)}: {lead.reason}" + (f" [{lead.rule}]" if lead.rule else "")
    if lead.state is LeadState.CALLING:
        return "a call is open right now"
    if lead.state is LeadState.HELD:
        return f"waits for a person: {lead.reason}; see `campaigns resolve`"
    step = decide(facts, terms.campaign, terms.people, now=now)
    campaign = "" if terms.record.state == "active" else f" (the campaign is {terms.record.state})"
    match step:
        case Call(phone=phone, closes_at=closes_at):
            return f"may be called now, on {phone}, until {shown(closes_at)}{campaign}"
        case Wait(until=until, reason=reason, rule=rule):
            local = until.astimezone(zone(lead.contact.zones[0])) if lead.contact.zones else until
            return f"waits until {local:%A %d %B %H:%M} local time ({shown(until)}): {reason} [{rule}]{campaign}"
        case Close(outcome=outcome, reason=reason, rule=rule):
            return f"will be closed as {outcome}: {reason} [{rule}]"


def report(
    context: typer.Context,
    name: str,
    out_: Annotated[Path, typer.Option("--out", help="FILE.html or FILE.csv.", metavar="FILE")],
) -> None:
    """Write the results of a campaign.

    Example: campaigns report dentist-reminders --out results.csv
    """
    if out_.suffix not in (".html", ".csv"):
        raise InputError(f"--out {out_}: write a name that ends in .html or .csv.")

    async def work(session: Session) -> None:
        record = await the_campaign(session, name)
        if out_.suffix == ".csv":
            write_report(out_, await _csv(session, name))
            return
        loaded = parse_campaign(record.document, name=name)
        figures = await gather(
            session.store, name, now=session.clock.now(), provider=record.provider, law=law_statement(loaded),
            simulated=record.provider == SIMULATOR,
        )  # fmt: skip
        write_report(out_, render(figures))

    with_session(context, work)
    print_json({"report": str(out_)}) if options(context).json else out.print(f"report    {out_}", markup=False)


async def _csv(session: Session, name: str) -> str:
    return "".join([line async for line in results_csv(session.store, name)])


