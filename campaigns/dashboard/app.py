"""The dashboard as an ASGI app."""

import traceback
from copy import copy
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from fastapi import FastAPI
from nicegui import app as nicegui
from nicegui import context, ui
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.types import ASGIApp

from campaigns.domain.errors import CampaignsError

from . import login, pages, pictures
from .elements import card, link, text
from .frame import frame
from .guard import Guard
from .house import House
from .registry import PAGES, Page
from .view import View, plain

log = structlog.get_logger()

_DARK = {"auto": None, "light": False, "dark": True}
_QUASAR: dict[str, Any] = {"en": "en-GB", "nl": "nl"}


def dashboard(house: House) -> ASGIApp:
    """The dashboard of this house; its lifespan must be run. One a process: NiceGUI has one app."""
    return GZipMiddleware(Guard(_app(), house), minimum_size=1000, compresslevel=4)


@cache
def _app() -> FastAPI:
    pages.register()
    ui.add_css(login.look(), shared=True)
    for one in PAGES.values():
        _mount(one)
    nicegui.config.quasar_config["loadingBar"]["skipHijack"] = (
        True  # no bar at the top for every request beside the page
    )
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, routes=[*login.ROUTES, *pictures.ROUTES])
    ui.run_with(
        app, title="campaigns", favicon=_ICON, dark=None, tailwind=False, show_welcome_message=False,
        gzip_middleware_factory=None, reconnect_timeout=10.0, binding_refresh_interval=None,
    )  # fmt: skip
    return app


_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#2c49a8"/>'
    '<path d="M9 20v-3M14 20v-8M19 20v-5M24 20V9" stroke="#fff" stroke-width="3" stroke-linecap="round"/></svg>'
)


def _mount(page: Page) -> None:
    @ui.page(page.path, response_timeout=10.0)
    async def shown(request: Request) -> None:
        view = View(request)
        client = context.client
        client.page = copy(client.page)
        client.page.dark, client.page.language = _DARK.get(view.theme), _QUASAR[view.t.language]
        with frame(view, page):
            await _filled(view, page)


async def _filled(view: View, page: Page) -> None:
    if not view.may(page.needs):
        text(view.t(page.title), "h1")
        text(view.t("shell.forbidden", role=view.t(f"role.{page.needs}")), "p", "note bad")
        return
    try:
        await page.build(view, **view.request.path_params)
    except CampaignsError as error:
        with card(view.t("shell.cannot")):
            text(plain(error), "p")
            link(view.t("shell.back"), "/")
    except Exception as error:  # noqa: BLE001 - the outermost door of a page
        log.error("page_fault", page=page.path, kind=type(error).__name__, place=_place(error))
        with card(view.t("shell.cannot")):
            text(view.t("shell.fault"), "p")
            link(view.t("shell.back"), "/")


def _place(error: Exception) -> str:
    """Where it came up. Its text may hold a number, so that it is not told."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
