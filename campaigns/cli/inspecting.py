"""`validate`, `doctor`, `schema`, `providers`: before anybody is called."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from campaigns.checking import LISTED, Finding, validate_file
from campaigns.clock import real_now, run_real
from campaigns.doctor import Check, doctor_checks
from campaigns.domain.errors import InputError
from campaigns.schema import campaign_schema
from campaigns.vendors import kinds

from .completing import campaign_files
from .context import Json, err, options, out, print_json, print_pairs, print_table

SHOWN = 20
"""Bad rows that are printed."""


def register(cli: typer.Typer) -> None:
    """Add these commands."""
    for command in (validate, doctor, schema, providers):
        cli.command()(command)


def validate(
    context: typer.Context,
    file: Annotated[list[Path], typer.Argument(help="Campaign files.", metavar="FILE…", autocompletion=campaign_files)],
) -> None:
    """Check campaign files and their lists, and show the week as it was understood. Calls nobody.

    Example: campaigns validate sample_campaigns/dentist-reminders/campaign.yaml
    """
    settings, found, wrong = options(context).settings(), [], []
    for path in file:
        try:
            found.append(run_real(lambda path=path: validate_file(path, settings, today=_today())))  # type: ignore[misc] # bound now
        except InputError as error:
            wrong.append(error)
    if options(context).json:
        print_json([finding.as_json() for finding in found])
    else:
        for finding in found:
            _tell(finding)
    if wrong:
        raise InputError([problem for error in wrong for problem in error.problems])


def _today() -> date:
    return real_now().date()


def _tell(finding: Finding) -> None:
    out.print(f"[bold]{finding.name}[/]", end="  ")
    out.print(finding.file, markup=False)
    pairs = [("  hours", finding.hours), ("  clock", finding.clock), ("", "")]
    for number, (day, spans, holiday) in enumerate(finding.week):
        narrower = bool(finding.lawful) and finding.lawful[number] != spans
        lawful = f"  the law leaves: {_spans(finding.lawful[number])}" if narrower else ""
        pairs.append((f"  {day:%a %d %b}", _spans(spans) + (f"  ({holiday})" if holiday else "") + lawful))
    pairs.append(("", ""))
    if finding.holidays:
        pairs.append(("  PH", "; ".join(f"{day:%a %d %b %Y} {name}" for day, name in finding.holidays)))
    pairs += [(f"  {title}", text) for title, text in finding.lines]
    pairs += [("  note", text) for text in finding.notes]
    pairs += [("  bad row", f"{source}:{line}: {reason}") for source, line, reason in finding.bad_rows[:SHOWN]]
    if finding.contacts["invalid"] > SHOWN:
        pairs.append(
            ("", f"and {finding.contacts['invalid'] - SHOWN:,} more bad rows; --json lists the first {LISTED}")
        )
    print_pairs(pairs)


def _spans(spans: Sequence[tuple[str, str]]) -> str:
    return ", ".join(f"{start}-{end}" for start, end in spans) or "closed"


def doctor(context: typer.Context) -> None:
    """Check settings, keys, agents, numbers, credits, contact lists, clock, database and webhook address.

    Example: campaigns doctor
    """
    checks: list[Check] = run_real(lambda: doctor_checks(options(context).settings()))
    if options(context).json:
        print_json([{"check": c.name, "ok": c.ok, "detail": c.detail} for c in checks])
    else:
        print_pairs([(check.word, f"{check.name}: {check.detail}") for check in checks])
    if any(check.ok is False for check in checks):
        err.print("Mend what is wrong before you dial.")
        raise typer.Exit(2)


def schema() -> None:
    """Print the JSON Schema of campaign files, for editors.

    Example: campaigns schema > campaign.schema.json
    """
    print_json(campaign_schema())


def providers(context: typer.Context) -> None:
    """List the systems that can be spoken with, for calls and for contacts, and those that the settings name.

    Example: campaigns providers
    """
    settings = options(context).settings()
    rows: list[Json] = [{"name": "simulator", "kind": "flireo", "for": "calls", "base_url": "built in, on loopback"}]
    for group, role, named in (("providers", "calls", settings.providers), ("lists", "contacts", settings.lists)):
        rows += [{"name": name, "kind": own.kind, "for": role, "base_url": own.base_url} for name, own in named.items()]
        rows += [{"name": "", "kind": kind, "for": role, "base_url": None} for kind in kinds(group)]
    if options(context).json:
        print_json(rows)
    else:
        table = [[r["name"] or "(kind)", r["kind"], r["for"], r["base_url"]] for r in rows]
        print_table(["name", "kind", "for", "address"], table)
