"""Calls under way, and those of which nobody knows whether they took place."""

from collections.abc import Sequence
from functools import partial
from urllib.parse import quote

from campaigns.dashboard.elements import badge, box, button, link, put, retone, say, show, table, text
from campaigns.dashboard.rows import Rows
from campaigns.dashboard.tones import ATTEMPTS
from campaigns.dashboard.view import View
from campaigns.desk.access import Role
from campaigns.desk.views import AttemptView, Effect
from campaigns.domain.call import Disposition
from campaigns.resolving import Word

SHOWN = 25
"""Calls under way that are listed; how many more there are is said."""


class Live:
    """Calls under way, the newest first."""

    def __init__(self, view: View) -> None:
        self._view = view
        t = view.t
        self._none = text(t("live.none"), "p", "soft")
        self._box = box("div")
        with self._box:
            columns = [(t("live.number"), ""), (t("live.attempt"), "n"), (t("live.state"), ""), (t("live.since"), "n")]
            body = table(t("live.title"), columns, "steady")
        self._more = text("", "p", "soft small")
        self._rows = Rows[AttemptView](body, lambda one: _LiveRow(view, one), lambda one: one.attempt)
        self.show((), 0)

    def show(self, found: Sequence[AttemptView], calls: int) -> None:
        """`calls`: how many there are in all."""
        count = self._rows.show(found[:SHOWN])
        show(self._none, visible=count == 0)
        show(self._box, visible=count > 0)
        say(self._more, self._view.t("live.more", n=calls - count) if calls > count else "")


class _LiveRow:
    def __init__(self, view: View, one: AttemptView) -> None:
        self._view = view
        with box("tr") as self.root:
            with box("td", "keep"):
                link(one.phone, f"/leads/{one.lead}")
            text(view.formats.count(one.ordinal), "td", "n")
            with box("td"):
                self._state = badge("", ATTEMPTS[one.state])
            text(view.formats.clock(one.placed_at or one.intent_at), "td", "n")

    def show(self, one: AttemptView) -> None:
        say(self._state, self._view.t(f"attempt.{one.state}"))
        retone(self._state, ATTEMPTS[one.state])


class Doubts:
    """A row for each call in doubt, with what a person may say of it."""

    def __init__(self, view: View, *, everywhere: bool = False) -> None:
        """`everywhere`: of all campaigns, each named."""
        text(view.t("doubts.hint"), "p", "soft small")
        inside = box("ul", "doubts")
        self._rows = Rows[AttemptView](inside, lambda one: _Doubt(view, one, everywhere), lambda one: one.attempt)

    def show(self, found: Sequence[AttemptView]) -> int:
        """Exactly these; how many there are."""
        return self._rows.show(found)


class _Doubt:
    def __init__(self, view: View, one: AttemptView, named: bool) -> None:
        with box("li", "doubt") as self.root:
            with box("div"):
                link(one.phone, f"/leads/{one.lead}", "figures")
                if named:
                    link(one.campaign, f"/campaigns/{quote(one.campaign)}", "small sub")
                text(
                    view.t("doubts.of", ordinal=one.ordinal, at=view.formats.exactly(one.intent_at)), "p", "small soft"
                )
                text(f"{one.provider} · {one.call_id or view.t('doubts.no_call')}", "p", "small soft")
                text(one.reason, "p", "small", lang="en")
            Decision(view, one)

    def show(self, one: AttemptView) -> None:
        """Nothing of it changes."""


class Decision:
    """What a person may say of a call in doubt."""

    def __init__(self, view: View, one: AttemptView) -> None:
        self._view, self._attempt, self._how = view, one.attempt, Disposition.UNKNOWN
        if view.may(Role.OPERATE):
            self._buttons(one)

    def _buttons(self, one: AttemptView) -> None:
        t = self._view.t
        with box("div", "actions", role="group", aria_label=t("doubts.group", phone=one.phone)):
            with box("select", "how", aria_label=t("doubts.how", phone=one.phone)) as ended:
                for how in _ENDS:
                    text(t(f"disposition.{how}"), "option", value=str(how))
            ended.on("change", lambda event: self._choose(event.args), js_handler=_CHOSEN)
            for word in Word:
                pressed = button(t(f"doubts.{word}"), partial(self._resolve, word))
                put(pressed, "aria-label", f"{t(f'doubts.{word}')}: {one.phone}")

    def _choose(self, how: str) -> None:
        self._how = Disposition(how)

    async def _resolve(self, word: Word) -> None:
        t, view = self._view.t, self._view
        how = self._how if word is Word.CALLED else Disposition.UNKNOWN
        lines = (t(f"doubts.effect_{word}", how=t(f"disposition.{how}")),)
        if await view.confirm(Effect(allowed=True, title=t(f"doubts.{word}"), lines=lines), yes=t("doubts.yes")):
            await view.act(view.desk.acts.resolve(self._attempt, word, how, by=view.operator), t("doubts.done"))


_ENDS = sorted(Disposition, key=lambda how: how is not Disposition.UNKNOWN)
_CHOSEN = "(event) => emit(event.target.value)"
