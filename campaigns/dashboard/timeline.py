"""One attempt as a card of the timeline: when, how it ended, what was said."""

from datetime import datetime

from campaigns.desk.views import AttemptView
from campaigns.domain.addresses import shown_link
from campaigns.domain.lead import AttemptState

from .elements import box, link, text
from .parts.calls import Decision
from .saying import attempt_badge, told
from .view import View


def show_attempt(view: View, shown: AttemptView) -> None:
    """Everything that is known of it."""
    with box("div", "row between"):
        text(view.t("contact.attempt", number=shown.ordinal), "h3")
        attempt_badge(view, shown.state, shown.disposition)
    _facts(view, shown)
    if shown.reason:
        told(shown.reason, "p", "soft")
    if shown.summary:
        text(shown.summary, "p", "said")
    if shown.analysis:
        _analysis(view, shown.analysis)
    _folded(view, shown)
    if shown.state is AttemptState.UNCERTAIN:
        Decision(view, shown)


def _facts(view: View, shown: AttemptView) -> None:
    formats = view.formats
    rows = [
        ("began", formats.exactly(shown.intent_at)),
        ("number", shown.phone),
        ("talked", formats.duration(shown.talk_seconds) if shown.talk_seconds else ""),
        ("cost", formats.money(shown.cost) if shown.cost else ""),
        ("provider", shown.provider),
        ("call", shown.call_id or ""),
    ]
    with box("dl", "inline"):
        for key, words in rows:
            if words:
                with box("div"):
                    text(view.t(f"contact.{key}"), "dt")
                    text(words, "dd")


def _analysis(view: View, analysis: dict[str, object]) -> None:
    with box("dl", "pairs"):
        for name, value in analysis.items():
            text(name, "dt")
            text(_plain(view, value), "dd")


def _plain(view: View, value: object) -> str:
    if isinstance(value, bool):
        return view.t("contact.true" if value else "contact.false")
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _folded(view: View, shown: AttemptView) -> None:
    if shown.transcript:
        with box("details"):
            text(view.t("contact.transcript"), "summary")
            text(shown.transcript, "p", "transcript")
    if shown.moves:
        with box("details"):
            text(view.t("contact.moves"), "summary")
            with box("ol", "moves"):
                for at, state, why in shown.moves:
                    _move(view, at, state, why)
    if recording := shown_link(shown.recording):
        link(view.t("contact.recording"), recording, target="_blank", rel="noopener noreferrer")


def _move(view: View, at: datetime, state: str, why: str) -> None:
    key = f"attempt.{state}"
    with box("li"):
        text(view.formats.exactly(at), "span", "soft figures")
        text(view.t(key) if view.t.has(key) else state)
        if why:
            told(why, "span", "soft")
