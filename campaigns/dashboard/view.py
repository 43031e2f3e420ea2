"""What a page is given: the desk, who looks, words and formats, and how to stay up to date, ask and act."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

import anyio
import structlog
from nicegui import context, ui
from starlette.requests import Request

from campaigns.desk.access import Operator, Role
from campaigns.desk.desk import Desk
from campaigns.desk.views import Effect
from campaigns.domain.errors import CampaignsError

from .confirming import Confirm
from .elements import say, text
from .formats import Formats, zone_of
from .house import House
from .words import preferred, words

log = structlog.get_logger()

LOOK_EVERY = 0.5
"""Seconds; the desk answers from what it knows, so looking costs next to nothing."""
PATIENCE = 0.4
"""Seconds that a first paint waits for what it shows; what is not there by then is filled in."""
STILL_IN = 40
"""After so many looks it is asked whether whoever looks may still come in."""

T = TypeVar("T")
Refresh = Callable[[], Awaitable[None]]


class View:
    """One open page of one reader."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.house: House = request.scope["campaigns.house"]
        self.operator: Operator = request.scope["campaigns.operator"]
        cookies = request.cookies
        self.t = words(preferred(cookies.get("language", ""), request.headers.get("accept-language", "")))
        self.formats = Formats(self.t.language, zone_of(cookies.get("zone", "")))
        self.theme = cookies.get("theme", "auto")
        self._refreshes: list[Refresh] = []
        self._looks = 0
        self._dark = {"light": False, "dark": True}.get(self.theme)
        self._busy = False
        self._failed = False
        self._status = text("", "div", "toast", role="status", aria_live="polite")
        self._alert = text("", "div", "toast bad", role="alert")
        self._confirm = Confirm(self.t)
        self._client = context.client

    @property
    def desk(self) -> Desk:
        """See `campaigns.desk`."""
        return self.house.desk

    def retitle(self, words: str) -> None:
        """What the browser's tab shows, before the product's name."""
        self._client.title = f"{words} · {self.t('shell.product')}"

    def may(self, role: Role) -> bool:
        """Whether whoever looks is allowed what needs this role."""
        return self.operator.role.allows(role)

    def query(self, name: str) -> str:
        """A value of the address after the `?`; empty: it is not there."""
        return self.request.query_params.get(name, "")

    async def is_dark(self) -> bool:
        """Whether the browser shows it dark, for what is drawn on a canvas; only once the page is open."""
        if self._dark is None:
            with suppress(TimeoutError):  # the reader has gone on to another page
                self._dark = bool(await ui.run_javascript("return Quasar.Dark.isActive", timeout=5.0))
        return bool(self._dark)

    async def live(self, refresh: Refresh) -> None:
        """Show what is known now, and keep it up to date while the page is open."""
        self.later(refresh)
        with anyio.move_on_after(PATIENCE):
            await refresh()

    def later(self, refresh: Refresh) -> None:
        """The same from when the browser has the page: nobody waits for it."""
        self._refreshes.append(refresh)
        if len(self._refreshes) == 1:
            ui.timer(LOOK_EVERY, self._look)

    async def _look(self) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            await self._check_operator()
            for refresh in self._refreshes:
                await refresh()
            if self._failed:
                self._failed = False
                say(self._alert, "")
        except CampaignsError as error:
            self._failed = True
            say(self._alert, plain(error))
        finally:
            self._busy = False

    async def _check_operator(self) -> None:
        self._looks += 1
        if self._looks % STILL_IN == 0 and not await self.house.door.still(self.operator):
            self.go("/login")

    def say(self, words: str) -> None:
        """Show a line for a while, and have it read out."""
        self._told(self._status, words)

    def complain(self, words: str) -> None:
        """The same for what went wrong; it interrupts what is being read out."""
        self._told(self._alert, words)

    def _told(self, element: Any, words: str) -> None:
        say(element, "")
        say(element, words)
        ui.timer(8, lambda: say(element, "") if element.text == words else None, once=True)

    async def confirm(self, effect: Effect, *, yes: str, danger: bool = False) -> bool:
        """Ask whether to do what `effect` says; `yes` is the button's word. False: no, or it cannot be done."""
        return await self._confirm.ask(effect, yes=yes, danger=danger)

    async def told(self, asking: Awaitable[T]) -> T | None:
        """What the desk answers; None: it could not, and why has been said."""
        try:
            return await asking
        except CampaignsError as error:
            self.complain(plain(error))
            return None

    async def act(self, doing: Awaitable[Any], done: str = "") -> bool:
        """Do it, and say so (`done`: what to say). False: it could not be done, and why has been said."""
        try:
            await doing
        except CampaignsError as error:
            self.complain(plain(error))
            return False
        if done:
            self.say(done)
        return True

    def go(self, path: str) -> None:
        """To another page."""
        ui.navigate.to(path)


def plain(error: CampaignsError) -> str:
    """What went wrong, as it is said to people."""
    return str(error).removeprefix("campaigns: ")
