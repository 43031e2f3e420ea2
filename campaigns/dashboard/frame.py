"""What surrounds every page: header, navigation, preferences, skip link."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from nicegui import context, ui

from .elements import box, link, text
from .login import THEMES
from .registry import Page, in_menu
from .view import View
from .words import LANGUAGES

_TOGGLE = """(event) => {
    const open = event.currentTarget.getAttribute("aria-expanded") !== "true";
    event.currentTarget.setAttribute("aria-expanded", open);
    document.body.classList.toggle("menu-open", open);
}"""


@contextmanager
def frame(view: View, page: Page) -> Iterator[None]:
    """The page's content goes inside."""
    client = context.client
    client.title = f"{view.t(page.title)} · {view.t('shell.product')}"
    with client.layout:
        header = box("header", "bar")
    header.move(target_index=0)
    with header:
        _brand(view)
        with box("div", "drawer", id="menu"):
            _navigation(view, page)
            _preferences(view)
    with box("div", "page") as content:
        ui.skip_link(view.t("shell.skip"), target=content).classes("skip")
        yield


def _brand(view: View) -> None:
    with box("div", "brand-row"):
        link(view.t("shell.product"), "/", "brand")
        if view.house.simulated:
            text(view.t("shell.simulated"), "span", "badge tone-orange")
        toggle = text(view.t("shell.menu"), "button", "button menu-button", type="button", aria_expanded="false")
        toggle.props["aria-controls"] = "menu"
        toggle.on("click", js_handler=_TOGGLE)


def _navigation(view: View, page: Page) -> None:
    with box("nav", "nav", aria_label=view.t("shell.navigation")):
        for one in in_menu(view.operator.role):
            current = "page" if one.path == page.path else None
            entry = link(view.t(one.menu), one.path, "nav-link")
            if current:
                entry.props["aria-current"] = current


def _preferences(view: View) -> None:
    back = quote(str(view.request.url.path))
    with box("div", "tools"):
        text(f"{view.operator.name} · {view.t(f'role.{view.operator.role}')}", "p", "soft who")
        text(view.house.place, "p", "soft place")
        with box("div", "choices", role="group", aria_label=view.t("shell.theme")):
            for theme in THEMES:
                _choice(view.t(f"theme.{theme}"), f"/preferences?theme={theme}&back={back}", on=view.theme == theme)
        with box("div", "choices", role="group", aria_label=view.t("shell.language")):
            for code, name in LANGUAGES.items():
                to = f"/preferences?language={code}&back={back}"
                _choice(name, to, on=view.t.language == code).props["lang"] = code
        with box("form", "", method="post", action="/logout"):
            text(view.t("shell.leave"), "button", "button quiet", type="submit")


def _choice(words: str, to: str, *, on: bool) -> ui.element:
    entry = link(words, to, "choice")
    if on:
        entry.props["aria-current"] = "true"
    return entry
