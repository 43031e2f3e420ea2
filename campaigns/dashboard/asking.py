"""A dialog with something to fill in: what will happen, the fields, then yes or no. Escape is no."""

from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType

from nicegui import context, ui

from campaigns.domain.errors import CampaignsError

from .elements import box, button, say, show, text
from .view import View, plain

Doing = Callable[[], Awaitable[str]]
"""Does it, and returns what to say of it. A CampaignsError is shown in the dialog, which stays open."""


class Asking:
    """Fields go inside the `with` block, then `open`. It is gone once it is closed."""

    def __init__(
        self, view: View, title: str, lines: Sequence[str] = (), *, yes: str = "", no: str = "", danger: bool = False
    ) -> None:
        """`yes`, `no`: the words of the buttons; without `yes` it only tells something."""
        self._view, self._danger, self._busy = view, danger, False
        with context.client.content:  # not in the dialog that this one may follow: it would go with it
            self._dialog = ui.dialog()
        with self._dialog, box("div", "dialog card"), box("form", "stack") as self._form:
            heading = text(title, "h2", "card-title")
            if lines:
                with box("ul", "plain"):
                    for line in lines:
                        text(line, "li")
            self._inside = box("div", "stack")
            self._wrong = text("", "p", "note bad", role="alert")
            show(self._wrong, visible=False)
            with box("div", "actions end"):
                away = button(no or view.t("confirm.no" if yes else "confirm.close"), self._dialog.close)
                if yes:
                    text(yes, "button", f"button {'danger' if danger else 'primary'}", type="submit")
        if danger or not yes:
            away.props["data-autofocus"] = ""
        self._dialog.props["aria-labelledby"] = heading.html_id
        self._dialog.on("hide", lambda _event: self._dialog.delete())

    def __enter__(self) -> "Asking":
        self._inside.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inside.__exit__(kind, error, trace)

    def open(self, doing: Doing | None = None) -> None:
        """Ask; `doing` is done once what is filled in is sent."""

        async def sent() -> None:
            if self._busy or doing is None:
                return
            self._busy = True
            try:
                done = await doing()
            except CampaignsError as error:
                say(self._wrong, plain(error))
                show(self._wrong, visible=True)
            else:
                self._dialog.close()
                if done:
                    self._view.say(done)
            finally:
                self._busy = False

        if doing is not None and not self._danger:
            self._first_field()
        self._form.on("submit.prevent", lambda _event: sent())
        self._dialog.open()

    def _first_field(self) -> None:
        fields = (one for one in self._inside.descendants() if one.tag in ("input", "select", "textarea"))
        for field in fields:
            field.props["data-autofocus"] = ""
            return
