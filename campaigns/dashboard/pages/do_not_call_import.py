"""A list for the do-not-call list: chosen, looked at, then added, with who said so, why and where it is written."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
from nicegui import context, events, ui
from nicegui.element import Element

from campaigns.dashboard.deeds import scopes
from campaigns.dashboard.elements import box, button, link, say, show, text
from campaigns.dashboard.fields import Choice, Field
from campaigns.dashboard.listing import Listing
from campaigns.dashboard.registry import page
from campaigns.dashboard.view import View, plain
from campaigns.desk.access import Role
from campaigns.desk.barring import Bar
from campaigns.desk.number_lists import Numbers, columns, look_at
from campaigns.domain.contact import mask
from campaigns.domain.errors import CampaignsError, InputError

ENDINGS = (".csv", ".tsv", ".txt", ".xlsx", ".jsonl")
MOST_BYTES = 50_000_000
BATCH = 500
SHOWN = 50
"""Bad rows that are listed; all are counted."""


@page("/do-not-call/import", title="bar_import.title", needs=Role.OPERATE)
async def do_not_call_import(view: View) -> None:
    """The page of the import."""
    with box("header", "stack"):
        with box("nav", "row crumbs", aria_label=view.t("contact.path")):
            link(view.t("bar.title"), "/do-not-call")
        text(view.t("bar_import.title"), "h1")
    text(view.t("bar_import.what"), "p", "soft")
    Import(view)


class Import:
    """One import, from the file to the last number."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._path: Path | None = None
        self._numbers: Numbers | None = None
        self._busy = False
        with box("section", "card stack", aria_label=view.t("bar_import.title")):
            with box("div", "row"):
                self._chooser()
                self._chosen = text("", "span", "soft", role="status")
            self._wrong = text("", "p", "note bad", role="alert")
            self._form = box("div", "stack")
        self._preview = box("div", "stack")
        show(self._wrong, visible=False)

    def _chooser(self) -> None:
        upload = ui.upload(auto_upload=True, max_file_size=MOST_BYTES, on_upload=self._uploaded)
        upload.on_rejected(lambda: self._complain(self._view.t("bar_import.too_big")))
        upload.props(f'accept="{",".join(ENDINGS)}"').classes("away")
        # Quasar's own uploader says too little to whoever cannot see it; a plain button opens the same chooser.
        press = text(self._view.t("bar_import.choose"), "button", "button", type="button")
        press.on("click", js_handler=f"() => getElement({upload.id}).$refs.qRef.pickFiles()")
        self._upload = upload

    def _complain(self, words: str) -> None:
        say(self._wrong, words)
        show(self._wrong, visible=True)

    @contextmanager
    def _said(self) -> Iterator[None]:
        """What goes wrong is said here."""
        show(self._wrong, visible=False)
        try:
            yield
        except CampaignsError as error:
            self._complain(plain(error))

    async def _uploaded(self, event: events.UploadEventArguments) -> None:
        self._upload.reset()
        self._form.clear()
        self._preview.clear()
        with self._said():
            ending = Path(event.file.name).suffix.lower()
            if ending not in ENDINGS:
                raise InputError(self._view.t("bar_import.too_big"))
            folder = tempfile.TemporaryDirectory(prefix="campaigns-")
            context.client.on_delete(folder.cleanup)
            self._path = Path(folder.name) / f"list{ending}"
            await event.file.save(self._path)
            names, likely = await anyio.to_thread.run_sync(columns, self._path)
            say(self._chosen, event.file.name)
            with self._form:
                self._asked(event.file.name, names, likely)

    def _asked(self, name: str, names: tuple[str, ...], likely: str) -> None:
        t = self._view.t
        with box("form", "stack") as form:
            with box("div", "filters"):
                self._column = Choice(t("bar_import.column"), {one: one for one in names}, likely)
                self._region = Field(t("bar_import.region"), hint=t("bar_import.region_hint"), maxlength=2)
                self._scope = Choice(t("bar.scope"), scopes(self._view))
            with box("div", "filters"):
                self._who = Field(t("bar_import.who"), hint=t("bar_import.who_hint"))
                self._why = Field(t("bar.why"), value=t("bar.asked"), required=True)
                self._proof = Field(t("bar.proof"), value=name, hint=t("bar.proof_hint"))
            with box("div", "actions"):
                text(t("bar_import.look"), "button", "button primary", type="submit")
        form.on("submit.prevent", lambda _event: self._look())
        self._column.focus()

    async def _look(self) -> None:
        self._preview.clear()
        if self._path is None:
            return
        with self._said():
            region = self._region.value.strip().upper()
            self._numbers = await anyio.to_thread.run_sync(look_at, self._path, self._column.value, region or None)
            with self._preview:
                self._shown(self._numbers)

    def _shown(self, numbers: Numbers) -> None:
        t, count = self._view.t, len(numbers.found)
        with box("section", "card stack", tabindex="-1") as whole:
            heading = text(t("bar_import.preview"), "h2")
            whole.props["aria-labelledby"] = heading.html_id
            text(t("bar_import.good", n=count) if count else t("bar_import.nothing"), "p")
            if count:
                text(t("bar_import.first", numbers=", ".join(map(mask, numbers.found[:3]))), "p", "soft figures")
            if numbers.repeated:
                text(t("bar_import.same", n=numbers.repeated), "p", "soft")
            if numbers.bad:
                self._bad(numbers.bad)
            if count:
                with box("div", "row"):
                    self._add = button(t("bar_import.do", n=count), self._write, "primary")
                    self._state = text("", "span", "soft", role="status")
        ui.run_javascript(f"getHtmlElement({whole.id})?.focus()")

    def _bad(self, bad: tuple[tuple[int, str], ...]) -> None:
        t = self._view.t
        text(t("bar_import.bad", n=len(bad)), "h3")
        text(t("bar_import.bad_effect"), "p", "note bad")
        columns_ = [(t("bar_import.line"), "n"), (t("bar_import.wrong"), "")]
        count = self._view.formats.count
        rows: Listing[tuple[int, str]] = Listing(
            t("bar_import.wrong"), columns_, lambda one: (count(one[0]), one[1]), lambda one: str(one[0])
        )
        rows.show(bad[:SHOWN])
        if len(bad) > SHOWN:
            text(t("bar_import.more", n=len(bad) - SHOWN), "p", "soft")

    async def _write(self) -> None:
        if self._busy or self._numbers is None:
            return
        self._busy, added = True, 0
        self._add.props["disabled"] = True
        with self._said():
            found = self._numbers.found
            for start in range(0, len(found), BATCH):
                added += await self._view.desk.acts.suppress(
                    self._bars(found[start : start + BATCH]), by=self._view.operator
                )
                say(self._state, self._view.t("bar_import.doing", n=min(start + BATCH, len(found)), all=len(found)))
            self._done(added)
        self._busy = False

    def _bars(self, numbers: tuple[str, ...]) -> list[Bar]:
        scope, why, proof, who = (one.value.strip() for one in (self._scope, self._why, self._proof, self._who))
        return [Bar(number, scope, why, proof, who) for number in numbers]

    def _done(self, added: int) -> None:
        self._numbers = None
        self._form.clear()
        say(self._chosen, "")
        self._preview.clear()
        with self._preview, box("section", "card stack", role="status") as whole:
            _finished(whole, self._view, added)


def _finished(whole: Element, view: View, added: int) -> None:
    text(view.t("bar_import.done", n=added), "p", "verdict")
    link(view.t("bar.title"), "/do-not-call")
    whole.props["tabindex"] = "-1"
