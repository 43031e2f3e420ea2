"""Who may come in: tokens are handed out and taken back here. A secret is shown once and kept nowhere."""

from nicegui import ui

from campaigns.dashboard.asking import Asking
from campaigns.dashboard.elements import box, button, text
from campaigns.dashboard.fields import Choice, Field
from campaigns.dashboard.listing import Listing, pressable, toned
from campaigns.dashboard.registry import page
from campaigns.dashboard.saying import seldom
from campaigns.dashboard.view import Refresh, View
from campaigns.desk.access import Role
from campaigns.desk.tokens import TokenView
from campaigns.desk.views import Effect

LOOKS = 4
_TONES = {Role.READ: "grey", Role.OPERATE: "blue", Role.ADMIN: "purple"}


@page("/tokens", title="tokens.title", menu="tokens.menu", order=60, needs=Role.ADMIN)
async def tokens(view: View) -> None:
    """The page of tokens."""
    with box("header", "row between"):
        text(view.t("tokens.title"), "h1")
        button(view.t("tokens.add"), lambda: _add(view, refresh), "primary")
    text(view.t("tokens.what"), "p", "soft")
    columns = [(view.t(f"tokens.{name}"), "") for name in ("name", "role", "since", "by", "do")]
    with box("section", "card", aria_label=view.t("tokens.title")):
        rows: Listing[TokenView] = Listing(
            view.t("tokens.title"), columns, lambda one: _cells(view, one), lambda one: f"{one.name} {one.role}",
            lambda one: _revoke(view, one, refresh),
        )  # fmt: skip

    async def refresh() -> None:
        rows.show(await view.desk.acts.tokens(by=view.operator))

    await view.live(seldom(LOOKS, refresh))


def _cells(view: View, one: TokenView) -> tuple[str, ...]:
    role = toned(view.t(f"role.{one.role}"), _TONES[one.role])
    since = view.formats.exactly(one.created_at)
    return one.name, role, since, one.who, pressable(view.t("tokens.revoke"), one.name)


def _add(view: View, again: Refresh) -> None:
    with Asking(view, view.t("tokens.add"), [view.t("tokens.add_effect")], yes=view.t("tokens.make")) as asking:
        name = Field(view.t("tokens.name"), required=True, maxlength=60, autocomplete="off")
        role = Choice(view.t("tokens.role"), {str(one): f"{one}: {view.t(f'tokens.may_{one}')}" for one in Role})

    async def doing() -> str:
        secret = await view.desk.acts.add_token(name.value.strip(), Role(role.value), by=view.operator)
        await again()
        _secret(view, name.value.strip(), secret)
        return ""

    asking.open(doing)


def _secret(view: View, name: str, secret: str) -> None:
    with Asking(
        view, view.t("tokens.secret_of", name=name), [view.t("tokens.once")], no=view.t("tokens.kept")
    ) as asking:
        text(secret, "code", "secret", tabindex="0", role="group", aria_label=view.t("tokens.secret"))
        button(view.t("tokens.copy"), lambda: _copy(view, secret))
    asking.open()


async def _revoke(view: View, one: TokenView, again: Refresh) -> None:
    lines = (view.t("tokens.revoke_effect", name=one.name),)
    asked = Effect(allowed=True, title=view.t("tokens.revoke_one", name=one.name), lines=lines)
    if await view.confirm(asked, yes=view.t("tokens.revoke"), danger=True):
        await view.act(view.desk.acts.revoke_token(one.name, by=view.operator), view.t("tokens.revoked", name=one.name))
        await again()


def _copy(view: View, secret: str) -> None:
    ui.clipboard.write(secret)
    view.say(view.t("tokens.copied"))
