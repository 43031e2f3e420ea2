"""What can be done about one person: call back, suppress, erase. Each says what will happen before it is done."""

from datetime import datetime
from zoneinfo import ZoneInfo

from campaigns.desk.acts import Erasure
from campaigns.desk.barring import SCOPES, Bar
from campaigns.desk.deciding import Promise
from campaigns.desk.views import ContactView
from campaigns.domain.errors import InputError

from .asking import Asking
from .elements import box, text
from .fields import Choice, Field
from .saying import told
from .view import View


def call_back(view: View, found: ContactView) -> None:
    """Promise a call at a time on their own clock."""
    row = found.row
    zone = ZoneInfo(found.zones[0]) if found.zones else view.formats.zone
    named = found.zones[0] if found.zones else str(zone)
    lines = [view.t("contact.call_back_effect"), view.t("contact.call_back_law")]
    with Asking(
        view, view.t("contact.call_back_of", who=row.name or row.phone), lines, yes=view.t("contact.call_back_yes")
    ) as asking:
        at = Field(view.t("contact.at", zone=named), "datetime-local", required=True)

    async def doing() -> str:
        try:
            wanted = datetime.fromisoformat(at.value).replace(tzinfo=zone)
        except ValueError:
            raise InputError(view.t("contact.no_time")) from None
        promise: Promise = await view.desk.acts.call_back(row.lead, wanted, by=view.operator)
        return " ".join(promise.lines)

    asking.open(doing)


def suppress(view: View, phone: str = "") -> None:
    """Put a number on the do-not-call list; without one it is asked for."""
    lines = [view.t("bar.effect"), view.t("bar.open_calls")]
    with Asking(
        view,
        view.t("bar.add_one", number=phone) if phone else view.t("bar.add"),
        lines,
        danger=True,
        yes=view.t("bar.yes"),
    ) as asking:
        number = (
            Field(view.t("bar.number"), "tel", phone, view.t("bar.number_hint"), required=True) if not phone else None
        )
        scope = Choice(view.t("bar.scope"), scopes(view))
        why = Field(view.t("bar.why"), value=view.t("bar.asked"), required=True)
        proof = Field(view.t("bar.proof"), hint=view.t("bar.proof_hint"))

    async def doing() -> str:
        bar = Bar(number.value.strip() if number else phone, scope.value, why.value.strip(), proof.value.strip())
        added = await view.desk.acts.suppress([bar], by=view.operator)
        return view.t("bar.added_one") if added else view.t("bar.there_already")

    asking.open(doing)


def scopes(view: View) -> dict[str, str]:
    """What an entry of the do-not-call list may be for → in words."""
    return {scope: view.t(f"scope.{scope}") for scope in SCOPES}


def erase(view: View, phone: str) -> None:
    """Remove a person everywhere; what was done and what was not is then shown."""
    lines = [view.t("erase.effect"), view.t("erase.kept"), view.t("erase.final")]
    with Asking(view, view.t("erase.title", number=phone), lines, danger=True, yes=view.t("erase.yes")) as asking:
        said = Field(view.t("erase.type"), autocomplete="off", required=True)

    async def doing() -> str:
        if said.value.strip() != phone:
            raise InputError(view.t("erase.other"))
        _erased(view, await view.desk.acts.erase(phone, by=view.operator))
        return ""

    asking.open(doing)


def _erased(view: View, done: Erasure) -> None:
    with Asking(view, view.t("erase.done")) as asking:
        for title, lines in (("erased", done.erased), ("vendors", done.vendors), ("left", done.left)):
            if lines:
                text(view.t(f"erase.{title}"), "h3")
                with box("ul", "plain"):
                    for line in lines:
                        told(line, "li")
    asking.open()
