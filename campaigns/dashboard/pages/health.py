"""How this process and its database are."""

from campaigns.dashboard.elements import badge, box, card, say, text
from campaigns.dashboard.registry import page
from campaigns.dashboard.rows import Block, Rows
from campaigns.dashboard.saying import seldom, told
from campaigns.dashboard.view import View
from campaigns.desk.views import Health, HealthLine

LOOKS = 4
_TONES = {True: "green", False: "red", None: "grey"}
_WORDS = {True: "health.ok", False: "health.bad", None: "health.note"}


@page("/health", title="health.title", menu="health.menu", order=50)
async def health(view: View) -> None:
    """The page of health."""
    text(view.t("health.title"), "h1")
    sum_ = text("", "p", "verdict", role="status")
    with box("section", "card", aria_label=view.t("health.title")):
        lines: Rows[HealthLine] = Rows(
            box("ul", "checks"), lambda _one: _line(view), lambda one: f"{one.name} {one.detail}"
        )
    with card(view.t("health.figures")) as whole:
        figures: Block[dict[str, float]] = Block("dl", "facts", lambda found: _figures(view, found))

    async def refresh() -> None:
        found: Health = await view.desk.board.health()
        lines.show(found.lines)
        figures.show(found.figures)
        whole.visible = bool(found.figures)
        bad = sum(1 for one in found.lines if one.ok is False)
        say(sum_, view.t("health.wrong", n=bad) if bad else view.t("health.all_ok"))

    await view.live(seldom(LOOKS, refresh))


def _line(view: View) -> Block[HealthLine]:
    def build(one: HealthLine) -> None:
        badge(view.t(_WORDS[one.ok]), _TONES[one.ok])
        told(one.name, "strong")
        told(one.detail, "span", "detail")

    return Block("li", "check", build)


def _figures(view: View, found: dict[str, float]) -> None:
    for name, value in found.items():
        if view.t.has(f"figure.{name}"):  # what has no word here stands in a line above
            with box("div"):
                text(view.t(f"figure.{name}"), "dt")
                whole = float(value).is_integer()
                text(view.formats.count(value) if whole else view.formats.decimal(value), "dd")
