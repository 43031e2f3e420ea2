"""The picture of how a campaign will go on; it is made beside the page, for it can take seconds."""

from urllib.parse import quote

from nicegui import ui

from campaigns.dashboard.elements import box, put, say, show, text
from campaigns.dashboard.view import View


class ForecastPicture:
    """A picture with its text."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._told = text(view.t("forecast.making"), "p", "soft")
        with box("div", "frame") as self._frame:
            self._picture = box("img", "picture", alt=view.t("forecast.alt"))
        show(self._picture, visible=False)

    def begin(self, name: str, *, over: bool) -> None:
        """Have it made, once the browser has the page. `over`: there is nothing to come."""
        if over:
            say(self._told, self._view.t("forecast.nobody"))
            show(self._frame, visible=False)
            return
        ui.timer(0.1, lambda: self._make(name), once=True)

    async def _make(self, name: str) -> None:
        drawn = await self._view.told(self._view.desk.board.forecast_picture(name))
        if drawn is None:
            say(self._told, self._view.t("forecast.nobody"))
            show(self._frame, visible=False)
            return
        say(self._told, self._view.t("forecast.hint"))
        put(self._picture, "src", f"/campaigns/{quote(name, safe='')}/forecast.svg")
        show(self._picture, visible=True)
