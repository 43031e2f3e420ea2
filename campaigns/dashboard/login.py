"""Coming in, going out, and what the browser remembers: language and theme. Plain pages, no web socket."""

from contextlib import suppress
from functools import cache
from importlib.resources import files
from urllib.parse import parse_qs, urlsplit

from jinja2 import Environment, Template
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from campaigns.web.knocks import Knocked

from .door import COOKIE, GOOD_FOR
from .house import House
from .words import LANGUAGES, preferred, words

THEMES = ("auto", "light", "dark")
_YEAR = 365 * 86400
_MOST_BYTES = 4096


async def login(request: Request) -> Response:
    """The form, and what it sends."""
    if request.method != "POST":
        return await _form(request, once=request.query_params.get("once", ""))
    sent = parse_qs((await _body(request)).decode("utf-8", "replace"))
    house: House = request.scope["campaigns.house"]
    try:
        cookie = await house.knocks.admit(request.scope, sent.get("secret", [""])[0].strip(), house.door.enter)
    except Knocked as too_often:
        return await _form(request, wait=too_often.wait)
    if cookie is None:
        return await _form(request, wrong=True)
    answer = RedirectResponse(_within(sent.get("next", ["/"])[0]), 303)
    longest, secure = int(GOOD_FOR.total_seconds()), _is_secure(request)
    answer.set_cookie(COOKIE, cookie, max_age=longest, httponly=True, samesite="strict", secure=secure)
    return answer


async def _body(request: Request) -> bytes:
    """Empty, where it is larger than what the form sends: anybody may send it."""
    body = bytearray()
    with suppress(ClientDisconnect):
        async for part in request.stream():
            body += part
            if len(body) > _MOST_BYTES:
                return b""
    return bytes(body)


async def logout(request: Request) -> Response:
    """Forget the session, here and in the browser."""
    house: House = request.scope["campaigns.house"]
    house.door.leave(request.cookies.get(COOKIE, ""))
    answer = RedirectResponse("/login", 303)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=_is_secure(request))
    return answer


async def preferences(request: Request) -> Response:
    """Remember a language or a theme in the browser."""
    answer = RedirectResponse(_within(request.query_params.get("back", "/")), 303)
    for name, known in (("language", tuple(LANGUAGES)), ("theme", THEMES)):
        if (value := request.query_params.get(name)) in known:
            answer.set_cookie(
                name, str(value), max_age=_YEAR, httponly=True, samesite="strict", secure=_is_secure(request)
            )
    return answer


ROUTES = [
    Route("/login", login, methods=["GET", "POST"]),
    Route("/logout", logout, methods=["POST"]),
    Route("/preferences", preferences, methods=["GET"]),
]


async def _form(request: Request, *, once: str = "", wrong: bool = False, wait: int = 0) -> Response:
    house: House = request.scope["campaigns.house"]
    t = words(preferred(request.cookies.get("language", ""), request.headers.get("accept-language", "")))
    shown = _template().render(
        t=t, once=once, wrong=wrong, wait=wait, next=_within(request.query_params.get("next", "/")), look=look(),
        nobody=not once and not await house.door.anybody(), theme=request.cookies.get("theme", "auto"),
    )  # fmt: skip
    later = {"Retry-After": str(wait)} if wait else {}
    status = 429 if wait else 403 if wrong else 200
    return HTMLResponse(shown, status, headers={"Cache-Control": "no-store", **later})


def look() -> str:
    """The style sheet."""
    return files("campaigns.dashboard").joinpath("look.css").read_text("utf-8")


@cache
def _template() -> Template:
    page = files("campaigns.dashboard").joinpath("login.html.j2").read_text("utf-8")
    return Environment(autoescape=True).from_string(page)


def _within(path: str) -> str:
    """The path, where it leads nowhere else; else the first page."""
    parts = urlsplit(path.replace("\\", "/"))
    return path if path.startswith("/") and not path.startswith("//") and not (parts.scheme or parts.netloc) else "/"


def _is_secure(request: Request) -> bool:
    """Whether the browser came by TLS, also where a proxy ended it: the browser itself says so."""
    return request.url.scheme == "https" or request.headers.get("origin", "").startswith("https:")
