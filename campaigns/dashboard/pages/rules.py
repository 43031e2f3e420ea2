"""The legal rules as they are in force, with their sources; a jurisdiction can be closed at once."""

from markupsafe import Markup

from campaigns.dashboard.asking import Asking
from campaigns.dashboard.elements import badge, box, button, link, say, text
from campaigns.dashboard.fields import Choice, Field
from campaigns.dashboard.listing import together
from campaigns.dashboard.registry import page
from campaigns.dashboard.rows import Block, Rows
from campaigns.dashboard.saying import seldom, told
from campaigns.dashboard.view import Refresh, View
from campaigns.desk.access import Role
from campaigns.desk.views import Effect, RuleView

LOOKS = 10


@page("/rules", title="rules.title", menu="rules.menu", order=40)
async def rules(view: View) -> None:
    """The page of the rules."""
    campaign, code = view.query("campaign"), view.query("code").strip()
    with box("header", "row between"):
        text(view.t("rules.title"), "h1")
        if view.may(Role.ADMIN):
            button(view.t("rules.close"), lambda: _close(view, code, again))
    text(view.t("rules.no_advice"), "p", "note")
    await _filters(view, campaign, code)
    count = text("", "p", "soft")
    found: Rows[RuleView] = Rows(box("div", "stack"), lambda _one: _rule(view, again), lambda one: one.code)

    async def again() -> None:
        rows = await view.desk.people.rules(campaign or None, code=code or None)
        say(count, view.t("rules.count", n=found.show(rows)))

    await view.live(seldom(LOOKS, again))


async def _filters(view: View, campaign: str, code: str) -> None:
    names = [one.name for one in await view.desk.board.campaigns()]
    with box("form", "filters", method="get", action="/rules", role="search"):
        Field(view.t("rules.code"), value=code, hint=view.t("rules.code_hint"), name="code")
        options = {"": view.t("rules.every")} | {name: name for name in names}
        Choice(view.t("rules.campaign"), options, campaign, name="campaign")
        text(view.t("leads.show"), "button", "button primary", type="submit")
        if campaign or code:
            link(view.t("rules.all"), "/rules", "button")


def _rule(view: View, again: Refresh) -> Block[RuleView]:
    return Block("article", "card stack", lambda rule: _told(view, rule, again))


def _told(view: View, rule: RuleView, again: Refresh) -> None:
    with box("div", "row between"):
        with box("div", "row"):
            text(f"{rule.place} · {rule.text[0]}", "h2")
            if rule.suspended:
                badge(view.t("rules.closed"), "red")
        if rule.suspended and view.may(Role.ADMIN):
            button(view.t("rules.open"), lambda: _open(view, rule, again))
    if rule.suspended:
        told(rule.suspended, "p", "note bad")
    # One element for all of it: there are about a hundred rows, of a dozen lines each.
    box("div", "stack", lang="en").props["innerHTML"] = str(_written(view, rule))


def _written(view: View, rule: RuleView) -> Markup:
    lines = [line.partition(": ")[::2] for line in rule.text[1:]]
    pairs = together(*(_PAIR.format(*(pair if pair[1] else ("", pair[0]))) for pair in lines))
    sources = together(*(Markup("<li>{}</li>").format(_source(source)) for source in rule.sources))
    checked = rule.checked.isoformat() if rule.checked else view.t("rules.never")
    said = Markup(' lang="{}"').format(view.t.language)
    return _RULE.format(
        binds=rule.binds, row=rule.code, pairs=pairs, own=said, count=view.t("rules.sources", n=len(rule.sources)),
        sources=sources, checked=view.t("rules.checked", at=checked, sure=rule.confidence),
    )  # fmt: skip


_PAIR = Markup("<dt>{}</dt><dd>{}</dd>")
_RULE = Markup(
    '<p class="soft small">{binds} · {row}</p><dl class="pairs">{pairs}</dl><details><summary{own}>{count}</summary>'
    '<ul class="plain">{sources}</ul><p class="soft small"{own}>{checked}</p></details>'
)


def _source(source: str) -> Markup | str:
    if not source.startswith("https://"):
        return source
    return Markup('<a href="{}" target="_blank" rel="noopener noreferrer">{}</a>').format(source, source)


def _close(view: View, code: str, again: Refresh) -> None:
    with Asking(
        view,
        view.t("rules.close"),
        [view.t("rules.close_effect"), view.t("rules.close_calls")],
        yes=view.t("rules.close_yes"),
        danger=True,
    ) as asking:
        place = Field(view.t("rules.code"), value=code, hint=view.t("rules.code_hint"), required=True)
        why = Field(view.t("bar.why"), required=True)

    async def doing() -> str:
        closed = await view.desk.acts.suspend_rules(place.value.strip(), why.value.strip(), by=view.operator)
        await again()
        return view.t("rules.is_closed", code=closed)

    asking.open(doing)


async def _open(view: View, rule: RuleView, again: Refresh) -> None:
    title = view.t("rules.open_one", code=rule.place)
    lines = (view.t("rules.open_effect"), rule.suspended)
    if await view.confirm(Effect(allowed=True, title=title, lines=lines), yes=view.t("rules.open")):
        await view.act(
            view.desk.acts.resume_rules(rule.place, by=view.operator), view.t("rules.is_open", code=rule.place)
        )
        await again()
