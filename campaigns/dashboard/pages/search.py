"""Find somebody by number, key or part of a name. What is typed never stands in an address: it is a person's."""

from nicegui import context, ui

from campaigns.dashboard.elements import box, say, show, text
from campaigns.dashboard.fields import Field
from campaigns.dashboard.registry import page
from campaigns.dashboard.view import View
from campaigns.desk.views import LeadRow
from campaigns.domain.errors import CampaignsError

from .leads import lead_table

MOST = 100
# Behind the `#`, which browsers send nowhere: so that the way back from a contact finds the same results again.
_ASKED = "decodeURIComponent(location.hash.slice(1))"
_KEEP = """(event) => {
    history.replaceState(null, "", "#" + encodeURIComponent(event.target.querySelector("input").value));
    emit();
}"""


@page("/search", title="search.title", menu="search.menu", order=20)
async def search(view: View) -> None:
    """The page that looks for somebody."""
    text(view.t("search.title"), "h1")
    with box("form", "filters", role="search") as form:
        wanted = Field(view.t("search.what"), "search", hint=view.t("search.hint"), required=True, autocomplete="off")
        text(view.t("search.find"), "button", "button primary", type="submit")
    wanted.element.props["autofocus"] = ""
    with box("section", "card", aria_label=view.t("search.found_title")) as results:
        said = text("", "p", "soft", role="status")
        rows = lead_table(view, view.t("search.found_title"), campaign=True)
    show(results, visible=False)
    turn = 0

    async def look() -> None:
        nonlocal turn
        turn += 1
        mine, found = turn, list[LeadRow]()
        show(results, visible=True)
        rows.show(())
        say(said, view.t("search.looking", n=0))
        try:
            async for row in view.desk.people.search(wanted.value.strip(), by=view.operator, limit=MOST):
                if mine != turn or form.is_deleted:
                    return
                found.append(row)
                rows.show(found)
                say(said, view.t("search.looking", n=len(found)))
        except CampaignsError as error:
            say(said, str(error).removeprefix("campaigns: "))
            return
        say(said, _ended(view, len(found)))

    async def again() -> None:
        kept = await ui.run_javascript(_ASKED, timeout=10.0)
        if kept:
            wanted.put(kept)
            await look()

    form.on("submit.prevent", lambda _event: look(), js_handler=_KEEP)
    with context.client:
        ui.timer(0, again, once=True, immediate=False)


def _ended(view: View, count: int) -> str:
    if count >= MOST:
        return view.t("search.many", n=count)
    return view.t("search.found", n=count) if count else view.t("search.none")
