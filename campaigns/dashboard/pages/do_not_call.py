"""The do-not-call list: who is on it, who said so, why, and where that is written down."""

from campaigns.dashboard.deeds import suppress
from campaigns.dashboard.elements import box, button, link, show, text
from campaigns.dashboard.fields import Field
from campaigns.dashboard.listing import Listing, below, beside, pressable, together
from campaigns.dashboard.registry import page
from campaigns.dashboard.saying import seldom
from campaigns.dashboard.view import View
from campaigns.desk.access import Role
from campaigns.desk.views import Effect, SuppressionView

A_PAGE = 50
LOOKS = 4


@page("/do-not-call", title="bar.title", menu="bar.menu", order=30)
async def do_not_call(view: View) -> None:
    """The page of the list."""
    with box("header", "row between"):
        text(view.t("bar.title"), "h1")
        if view.may(Role.OPERATE):
            with box("div", "actions"):
                button(view.t("bar.add"), lambda: suppress(view))
                link(view.t("bar.import"), "/do-not-call/import", "button")
    text(view.t("bar.what"), "p", "soft")
    await view.live(seldom(LOOKS, Entries(view).refresh))


class Entries:
    """The entries that are looked at: those that were asked for, and as many pages of them as were opened."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._asked, self._pages = "", 1
        with box("form", "filters", role="search") as form:
            self._wanted = Field(view.t("bar.search"), "search", hint=view.t("bar.search_hint"), autocomplete="off")
            text(view.t("search.find"), "button", "button primary", type="submit")
        form.on("submit.prevent", lambda _event: self._sent())
        with box("section", "card", aria_label=view.t("bar.title")):
            self._rows = _table(view)
            self._none = text(view.t("bar.none"), "p", "soft")
            self._more = button(view.t("paging.more"), self._further)
        show(self._none, visible=False)
        show(self._more, visible=False)

    async def refresh(self) -> None:
        """Read them again."""
        found: list[SuppressionView] = []
        after: str | None = None
        for _ in range(self._pages):
            some = await self._view.desk.people.suppressions(after, A_PAGE, self._asked, by=self._view.operator)
            found += some.items
            after = some.next
            if after is None:
                break
        show(self._none, visible=not self._rows.show(found))
        show(self._more, visible=after is not None)

    async def _further(self) -> None:
        self._pages += 1
        await self.refresh()

    async def _sent(self) -> None:
        self._asked, self._pages = self._wanted.value.strip(), 1
        await self.refresh()


def _table(view: View) -> Listing[SuppressionView]:
    may = view.may(Role.OPERATE)
    names = [("number", "figures"), ("scope", ""), ("when", ""), ("said", ""), ("proof", "")]
    columns = [(view.t(f"bar.{name}"), kind) for name, kind in (*names, ("do", ""))[: 6 if may else 5]]

    def cells(one: SuppressionView) -> list[str]:
        scope, shown = f"scope.{one.scope}", one.shown or view.t("bar.from_call")
        told = [
            shown, view.t(scope) if view.t.has(scope) else one.scope, view.formats.exactly(one.created_at),
            together(one.why, below(one.who)), one.proof or beside(view.t("bar.no_proof")),
        ]  # fmt: skip
        return [*told, pressable(view.t("bar.remove"), shown)] if may else told

    return Listing(view.t("bar.title"), columns, cells, lambda one: one.id, lambda one: _remove(view, one))


async def _remove(view: View, one: SuppressionView) -> None:
    lines = (view.t("bar.remove_effect"), view.t("bar.remove_why", why=one.why, who=one.who))
    asked = Effect(allowed=True, title=view.t("bar.remove_one", number=one.shown), lines=lines)
    if await view.confirm(asked, yes=view.t("bar.remove"), danger=True):
        await view.act(view.desk.acts.unsuppress(one.id, by=view.operator), view.t("bar.removed"))
