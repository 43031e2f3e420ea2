"""`rules`: the legal rules with their sources, and jurisdictions that a person closes at once."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from campaigns.app import Session
from campaigns.desk.barring import Barring, place_of
from campaigns.desk.law import everything, rows_of, scope_in_words
from campaigns.domain.legal import FALLBACK
from campaigns.domain.rules import Rule
from campaigns.domain.rules_text import (
    hours_in_words,
    in_force_in_words,
    limits_in_words,
    rule_data,
)
from campaigns.ports.people import SuspensionRecord
from campaigns.rules import NOT_ADVICE, known_code, load_rules

from .context import (
    Json,
    has_database,
    moment,
    of_those_that_know,
    operator,
    options,
    out,
    print_json,
    print_pairs,
    print_table,
    shown,
    with_databases,
)


class _Rules(TyperGroup):
    """Whatever is no subcommand is the code to show."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        return super().resolve_command(ctx, args if args[0] in self.commands else ["show", *args])


def register(cli: typer.Typer) -> None:
    """Add this command with what stands below it."""
    group = typer.Typer(cls=_Rules, invoke_without_command=True, subcommand_metavar="[CODE] | suspend | resume")
    group.callback()(rules)
    group.command(hidden=True)(show)
    group.command()(suspend)
    group.command()(resume)
    cli.add_typer(group, name="rules")


def rules(context: typer.Context) -> None:
    """Show the legal rules with their sources: all of them, or those of one jurisdiction or row.

    Example: campaigns rules US-FL
    """
    if context.invoked_subcommand is None:
        _show(context, None)


def show(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="A jurisdiction such as US-FL, or the id of a row.", metavar="CODE")],
) -> None:
    """Show the rows of one jurisdiction, with what they inherit, or one row.

    Example: campaigns rules show US-FL
    """
    _show(context, code)


def _show(context: typer.Context, wanted: str | None) -> None:
    book = load_rules(options(context).settings().calling_rules)
    found = rows_of(wanted, book) if wanted else sorted(book.rules, key=lambda rule: rule.code)
    closed = _suspensions(context)
    if options(context).json:
        rows = [rule_data(rule) for rule in found]
        print_json({"data": book.version, "advice": NOT_ADVICE, "suspended": closed, "rules": rows})
        return
    if wanted is None:
        _tell_all(found)
    else:
        _tell_each(found)
        if not found:
            _tell_none(known_code(wanted, book))
    for one in closed:
        out.print(_closed_in_words(one), markup=False)
    out.print(f"\nRows of {book.version}. {NOT_ADVICE}", markup=False)


# ── showing ──


def _tell_all(found: list[Rule]) -> None:
    columns = ["where", "row", "for", "hours", "limits", "artificial voice", "duties", "confidence", "in force"]
    rows, last = [], ""
    for rule in found:
        country = rule.code[:2]
        rows.append([country if country != last else "", *_line(rule)])
        last = country
    print_table(columns, rows)


def _line(rule: Rule) -> list[str]:
    holidays = "" if rule.hours is None or rule.holidays == "open" else f"; holidays {rule.holidays}"
    need = "by purpose" if isinstance(rule.consent_artificial, dict) else rule.consent_artificial.replace("_", " ")
    return [
        rule.id, scope_in_words(rule), hours_in_words(rule) + holidays, limits_in_words(rule) or "-", need,
        ", ".join(rule.duties).replace("_", " ") or "-", rule.confidence, in_force_in_words(rule),
    ]  # fmt: skip


def _tell_each(found: list[Rule]) -> None:
    for rule in found:
        out.print(f"[bold]{rule.id}[/]", end="  ")
        out.print(rule.name, markup=False)
        print_pairs([(f"  {title}", text) for title, text in everything(rule)])
        out.print()


def _tell_none(code: str) -> None:
    """Nobody wrote a row for it."""
    mend = f"But with `legal_hours: {{fallback: true}}` in the campaign file: then {FALLBACK} holds."
    out.print(f"No row is known for {code}, so nobody is called there. {mend}", markup=False)


# ── suspending ──


def suspend(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="A jurisdiction, such as US-LA.", metavar="CODE")],
    why: Annotated[str, typer.Option(help="Why.")] = "closed by a person",
    until: Annotated[str | None, typer.Option(help="When it opens by itself, such as 2026-12-01T00:00Z.")] = None,
    who: Annotated[str, typer.Option(help="Who says so; default: you.")] = "",
) -> None:
    """Close a jurisdiction at once: nobody who may be there is called by any campaign.

    Example: campaigns rules suspend US-LA --why "state of emergency"
    """
    place, ends = place_of(code, options(context).settings()), moment(until, "--until")

    async def work(sessions: list[Session]) -> None:
        for session in sessions:
            await Barring(session).suspend_rules(place, why, ends, by=operator(), who=who)

    with_databases(context, work, make=True)
    till = f" until {shown(ends)}" if ends else f" until `campaigns rules resume {place}`"
    members = " and in every member state" if place == "EU" else ""
    _say(context, {"suspended": place}, f"{place} is closed{till}: nobody is called there{members}.")


def resume(
    context: typer.Context,
    code: Annotated[str, typer.Argument(help="A jurisdiction that is closed.", metavar="CODE")],
) -> None:
    """Open a jurisdiction again.

    Example: campaigns rules resume US-LA
    """
    place = place_of(code, options(context).settings())

    async def work(sessions: list[Session]) -> None:
        await of_those_that_know(sessions, lambda session: Barring(session).resume_rules(place, by=operator()))

    with_databases(context, work)
    _say(context, {"resumed": place}, f"{place} is open again, as far as its rules allow.")


def _suspensions(context: typer.Context) -> list[Json]:
    """What is closed, in every database there is."""
    if not has_database(options(context).settings()):
        return []

    async def work(sessions: list[Session]) -> list[Json]:
        return [_shown(one, s) for s in sessions for one in await s.store.suspensions(now=s.clock.now())]

    return with_databases(context, work)


def _shown(one: SuspensionRecord, session: Session) -> Json:
    return {
        "code": one.code, "who": one.who, "why": one.why, "since": shown(one.since), "until": shown(one.until),
        "database": str(session.database),
    }  # fmt: skip


def _closed_in_words(one: Json) -> str:
    till = f" until {one['until']}" if one["until"] else ""
    return f"CLOSED    {one['code']} since {one['since']}{till}: {one['why']}; {one['who']} ({one['database']})"


def _say(context: typer.Context, data: Json, text: str) -> None:
    print_json(data) if options(context).json else out.print(text, markup=False)
