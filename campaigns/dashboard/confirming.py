"""The question before a deed: what will happen, in words, then yes or no. Escape is no."""

from nicegui import ui

from campaigns.desk.views import Effect

from .elements import box, button, say, show, text
from .words import Words


class Confirm:
    """One dialog a page, used again for every question."""

    def __init__(self, t: Words) -> None:
        self._t = t
        with ui.dialog() as self._dialog, box("div", "dialog card"):
            self._title = text("", "h2", "card-title")
            self._lines = box("ul", "plain")
            with box("div", "actions end"):
                self._no = button(t("confirm.no"), lambda: self._dialog.submit(result=False))
                self._yes = button("", lambda: self._dialog.submit(result=True), "primary")
        self._no.props["data-autofocus"] = ""
        self._dialog.props["aria-labelledby"] = self._title.html_id

    async def ask(self, effect: Effect, *, yes: str, danger: bool) -> bool:
        """Whether the answer is yes; what is not allowed can only be closed."""
        say(self._title, effect.title)
        self._lines.clear()
        with self._lines:
            for line in effect.lines:
                text(line, "li")
        say(self._no, self._t("confirm.no" if effect.allowed else "confirm.close"))
        say(self._yes, yes)
        show(self._yes, visible=effect.allowed)
        self._yes.classes(add="danger" if danger else "primary", remove="primary" if danger else "danger")
        return bool(await self._dialog)
