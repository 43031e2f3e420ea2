"""`report`: what a campaign came to, as a file to read or to pass on."""

from pathlib import Path
from typing import Annotated

import typer

from campaigns.app import Session
from campaigns.domain.errors import InputError
from campaigns.ports.store import CampaignRecord
from campaigns.reports import FORMATS, endings, write_report

from .context import options, out, print_json, with_campaign


def register(cli: typer.Typer) -> None:
    """Add this command."""
    cli.command()(report)


def report(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The campaign's name.", metavar="NAME")],
    out_: Annotated[
        Path, typer.Option("--out", help="FILE.html, .csv, .xlsx or .parquet: its ending says what.", metavar="FILE")
    ],
    numbers: Annotated[
        bool,
        typer.Option("--numbers", help="Whole phone numbers in the rows; default: masked. The page never has them."),
    ] = False,
) -> None:
    """Write the results of a campaign: a page to read and forward, or rows for a spreadsheet.

    Example: campaigns report dentist-reminders --out results.xlsx
    """
    if out_.suffix.lower() not in FORMATS:
        raise InputError(f"--out {out_}: write a name that ends in {endings()}.")

    async def work(session: Session, record: CampaignRecord) -> None:
        try:
            await write_report(session, record.name, out_, whole=numbers)
        except OSError as error:
            mend = "Name a file in a folder of yours."
            raise InputError(f"--out {out_}: cannot be written ({error.strerror}). {mend}") from None

    with_campaign(context, name, work)
    print_json({"report": str(out_)}) if options(context).json else out.print(f"report    {out_}", markup=False)
