"""`leads reopen`: closed leads wait again."""

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from campaigns.app import Session
from campaigns.desk.deciding import MOST, Deciding
from campaigns.domain.errors import InputError
from campaigns.domain.lead import CampaignState, Outcome, lead_id
from campaigns.ports.reopening import Which
from campaigns.ports.store import CampaignRecord

from .context import Json, many, operator, options, out, print_json, with_campaign
from .listing import Name

WHERE = "Write outcome=exhausted, label=asked-later or lead=KEY."


class Leads(TyperGroup):
    """`leads NAME` lists; whatever is no word of its own is the name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """`leads NAME --state x` and `leads --state x NAME` as before there were any words."""
        own = not args or args[0] in self.commands or args[0] in ctx.help_option_names
        return super().parse_args(ctx, args if own else ["list", *args])


def reopen(
    context: typer.Context,
    name: Name,
    where: Annotated[
        list[str],
        typer.Option(help="Which: outcome=…, label=… or lead=…; several values with commas.", metavar="WHICH=VALUE"),
    ],
    attempts: Annotated[
        int,
        typer.Option(help="Attempts that each has left at least, beyond the file's.", min=1, max=MOST),
    ] = 1,
) -> None:
    """Let closed leads wait again, planned anew. Whoever must not be called stays closed.

    Never those who asked not to be called, are suppressed or erased, or have a call that is not settled.

    Example: campaigns leads reopen dentist-reminders --where outcome=exhausted
    """
    which = which_of(name, where)

    async def work(session: Session, record: CampaignRecord) -> tuple[Json, CampaignState]:
        count = await Deciding(session).reopen(name, which, attempts=attempts, by=operator())
        return {"campaign": name, "reopened": count}, record.state

    said, state = with_campaign(context, name, work)
    if options(context).json:
        print_json(said)
        return
    count = said["reopened"]
    goes_on = "" if state is CampaignState.ACTIVE or not count else f"; it is {state}: start or run it again to go on"
    out.print(f"{name}: {many(count, 'lead waits', 'leads wait')} again{goes_on}", markup=False)


def which_of(name: str, where: list[str]) -> Which:
    """What `--where` says. Raises InputError."""
    found: dict[str, set[str]] = {"outcome": set(), "label": set(), "lead": set()}
    for word in where:
        key, equals, values = word.partition("=")
        if key.strip() not in found or not equals or not values.strip():
            raise InputError(f"--where {word[:60]}: says nothing that is known. {WHERE}")
        found[key.strip()] |= {value.strip() for value in values.split(",")}
    known = {str(outcome): outcome for outcome in Outcome}
    if wrong := sorted(found["outcome"] - set(known)):
        raise InputError(f"--where outcome={wrong[0][:60]}: is no outcome. There are: {', '.join(known)}.")
    leads = frozenset(found["lead"] | {lead_id(name, key) for key in found["lead"]})
    return Which(frozenset(known[each] for each in found["outcome"]), frozenset(found["label"]), leads)
