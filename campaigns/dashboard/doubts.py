"""A call of which nobody knows whether it took place: a person says so, and the lead follows from it."""

from collections.abc import Callable

from campaigns.desk.views import AttemptView
from campaigns.domain.call import Disposition
from campaigns.resolving import Word

from .asking import Asking
from .elements import box, button
from .fields import Choice
from .view import View


def doubt_buttons(view: View, doubt: AttemptView, done: Callable[[], object] = lambda: None) -> None:
    """What a person can say of it; each asks first. `done` is called after it was said."""
    named = f"{view.t('doubts.of', number=doubt.ordinal)} {doubt.phone}"
    with box("div", "actions", role="group", aria_label=named):
        for word in Word:
            button(view.t(f"doubts.{word}"), lambda word=word: _ask(view, doubt, word, done))  # type: ignore[misc]


def _ask(view: View, doubt: AttemptView, word: Word, done: Callable[[], object]) -> None:
    ended: Choice | None = None
    lines = [view.t("doubts.which", number=doubt.ordinal, phone=doubt.phone, at=view.formats.exactly(doubt.intent_at))]
    with Asking(
        view, view.t(f"doubts.{word}"), [*lines, view.t(f"doubts.{word}_effect")], danger=word is Word.DROP
    ) as asking:
        if word is Word.CALLED:
            words = {str(one): view.t(f"disposition.{one}") for one in Disposition}
            ended = Choice(view.t("doubts.how"), words, str(Disposition.UNKNOWN), view.t("doubts.how_hint"))

    async def doing() -> str:
        how = Disposition(ended.value) if ended else Disposition.UNKNOWN
        await view.desk.acts.resolve(doubt.attempt, word, how, by=view.operator)
        done()
        return view.t("doubts.done")

    asking.open(doing)
