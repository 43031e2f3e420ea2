"""Who comes in: tokens, one-time links, cookies that nobody can forge, and pages that only our own pages may change."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from campaigns.clock import real_now
from campaigns.dashboard.door import COOKIE, GOOD_FOR, HERE, LINK_GOOD_FOR, Door
from campaigns.dashboard.guard import Guard
from campaigns.dashboard.house import House
from campaigns.dashboard.login import ROUTES
from campaigns.desk.access import Operator, Role
from campaigns.web.knocks import MOST, Knocks

ANN = Operator("ann", Role.OPERATE)
KEY = b"k" * 32


class Tokens:
    """Ann's."""

    def __init__(self) -> None:
        self.known = {"secret": ANN}
        self.created_at = datetime(2026, 11, 1, tzinfo=UTC)

    async def operator(self, secret: str) -> Operator | None:
        return self.known.get(secret)

    async def tokens(self, *, by: Operator) -> list[Any]:
        made = self.created_at
        return [SimpleNamespace(name=one.name, role=one.role, created_at=made) for one in self.known.values()]


class Clock:
    """Stands still."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 23, 9, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def a_door(key: bytes = KEY) -> tuple[Door, Tokens, Clock]:
    tokens, clock = Tokens(), Clock()
    return Door(tokens, key, clock), tokens, clock


async def entered(door: Door, secret: str) -> str:
    cookie = await door.enter(secret)
    assert cookie is not None
    return cookie


async def test_a_token_opens_for_a_week_and_also_after_a_restart() -> None:
    door, _, clock = a_door()
    cookie = await entered(door, "secret")
    assert await a_door()[0].operator(cookie) == ANN
    clock.now += GOOD_FOR + timedelta(seconds=1)
    assert await door.operator(cookie) is None


async def test_a_revoked_token_opens_nothing_and_neither_does_another_role() -> None:
    door, tokens, _ = a_door()
    cookie = await entered(door, "secret")
    tokens.known = {"new": Operator("ann", Role.READ)}
    assert await door.operator(cookie) is None
    assert not await door.still(ANN)


@pytest.mark.parametrize("forged", ["", ".", "x.y", "x.\xe9", "W10=.", "%s", "%s0", "a%s"])
async def test_a_forged_cookie_opens_nothing(forged: str) -> None:
    other = await entered(a_door(b"another key" * 3)[0], "secret")
    assert await a_door()[0].operator(forged.replace("%s", other)) is None


async def test_a_link_lets_one_browser_in_once_for_this_process() -> None:
    door, _, _ = a_door()
    secret = door.link().partition("once=")[2]
    cookie = await entered(door, secret)
    assert await door.operator(cookie) == HERE
    assert await door.enter(secret) is None
    assert await a_door()[0].operator(cookie) is None


async def test_a_link_is_too_old_after_a_quarter_of_an_hour() -> None:
    door, _, clock = a_door()
    secret = door.link().partition("once=")[2]
    clock.now += LINK_GOOD_FOR + timedelta(seconds=1)
    assert await door.enter(secret) is None
    assert await door.enter("") is None


# ── over HTTP ──


async def _page(request: Request) -> Response:
    return HTMLResponse(f"<script>1</script>{request.scope['campaigns.operator'].name}")


async def _act(_request: Request) -> Response:
    return Response("done")


def a_browser(door: Door | None = None) -> httpx.AsyncClient:
    door = door or a_door()[0]
    app = Starlette(routes=[*ROUTES, Route("/", _page), Route("/act", _act, methods=["POST"])])
    desk: Any = SimpleNamespace()
    guarded = Guard(app, House(desk, door, "campaigns.db", simulated=False, knocks=Knocks(real_now)))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(guarded), base_url="http://here", headers={"accept": "text/html"}
    )


async def come_in(web: httpx.AsyncClient, **form: str) -> httpx.Response:
    return await web.post("/login", data={"secret": "secret", **form}, headers={"origin": "http://here"})


async def test_whoever_has_no_session_is_shown_the_way_in_and_programs_are_refused() -> None:
    async with a_browser() as web:
        answer = await web.get("/campaigns/x")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=/campaigns/x")
        assert (await web.get("/campaigns/x", headers={"accept": "*/*"})).status_code == 401
        assert (await web.get("/login")).status_code == 200


async def test_the_cookie_cannot_be_read_by_scripts_nor_sent_from_elsewhere() -> None:
    async with a_browser() as web:
        answer = await come_in(web)
        said = answer.headers["set-cookie"].lower()
        assert answer.status_code == 303
        assert all(word in said for word in (COOKIE, "httponly", "samesite=strict", "path=/"))
        assert "secure" not in said
        assert (await web.get("/")).text.endswith("ann")


async def test_the_cookie_stays_on_tls_where_the_browser_came_by_it() -> None:
    async with a_browser() as web:
        headers = {"origin": "https://here"}
        answer = await web.post("/login", data={"secret": "secret"}, headers=headers)
        assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize("origin", ["http://elsewhere", "null", "http://here.elsewhere", "http://here:81", None])
async def test_what_changes_anything_is_only_taken_from_our_own_pages(origin: str | None) -> None:
    async with a_browser() as web:
        await come_in(web)
        headers = {"origin": origin} if origin else {}
        assert (await web.post("/act", headers=headers)).status_code == 401
        assert (await web.post("/act", headers={"origin": "http://here"})).text == "done"


@pytest.mark.parametrize(
    "to", ["//elsewhere", "https://elsewhere/", "/\\elsewhere", "\\\\elsewhere", "javascript:1", ""]
)
async def test_signing_in_leads_nowhere_else(to: str) -> None:
    async with a_browser() as web:
        assert (await come_in(web, next=to)).headers["location"] == "/"
        assert (await come_in(web, next="/campaigns/x")).headers["location"] == "/campaigns/x"


async def test_a_wrong_token_is_said_and_signing_out_forgets() -> None:
    async with a_browser() as web:
        assert (await come_in(web, secret="guessed")).status_code == 403
        await come_in(web)
        await web.post("/logout", headers={"origin": "http://here"})
        assert (await web.get("/")).status_code == 303


async def test_every_script_of_a_page_has_the_nonce_that_the_policy_names() -> None:
    async with a_browser() as web:
        await come_in(web)
        answer, again = await web.get("/"), await web.get("/")
        nonce = answer.text.partition('nonce="')[2].partition('"')[0]
        policy = answer.headers["content-security-policy"]
        assert f"'nonce-{nonce}'" in policy
        assert len(nonce) > 20
        assert nonce not in again.text
        assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]
        assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(("origin", "opened"), [("http://here", True), ("http://elsewhere", False), ("", False)])
async def test_a_web_socket_is_opened_only_for_a_session_and_from_our_own_pages(origin: str, opened: bool) -> None:
    door, _, _ = a_door()
    cookie = await entered(door, "secret")
    assert await _socket(door, origin, cookie) is opened
    assert not await _socket(door, origin, "forged.cookie")


async def _socket(door: Door, origin: str, cookie: str) -> bool:
    reached: list[str] = []

    async def inner(scope: Any, receive: Any, send: Any) -> None:
        reached.append(scope["type"])

    async def take() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        assert message["type"] == "websocket.close"

    desk: Any = SimpleNamespace()
    headers = [(b"host", b"here"), (b"cookie", f"{COOKIE}={cookie}".encode())]
    headers += [(b"origin", origin.encode())] if origin else []
    scope = {"type": "websocket", "path": "/_nicegui_ws/socket.io/", "headers": headers, "query_string": b""}
    await Guard(inner, House(desk, door, "campaigns.db", simulated=False, knocks=Knocks(real_now)))(scope, take, send)
    return reached == ["websocket"]


# ── what a thief, a guesser or a page elsewhere may try ──


async def test_a_cookie_of_a_revoked_token_stays_shut_when_another_of_its_name_is_made() -> None:
    door, tokens, _ = a_door()
    cookie = await entered(door, "secret")
    tokens.known = {"new secret": ANN}
    tokens.created_at += timedelta(days=1)
    assert await door.operator(cookie) is None
    assert await door.operator(await entered(door, "new secret")) == ANN


async def test_a_copy_of_a_cookie_opens_nothing_once_its_owner_has_left() -> None:
    door, _, clock = a_door()
    async with a_browser(door) as web:
        await come_in(web)
        stolen = web.cookies[COOKIE].strip('"')
        assert await door.operator(stolen) == ANN
        await web.post("/logout", headers={"origin": "http://here"})
        assert await door.operator(stolen) is None
        clock.now += timedelta(seconds=1)
        assert await door.operator(await entered(door, "secret")) == ANN


async def test_whoever_guesses_is_told_to_wait_and_nothing_more_is_looked_at() -> None:
    door, tokens, _ = a_door()
    async with a_browser(door) as web:
        for n in range(MOST):
            assert (await come_in(web, secret=f"guess {n}")).status_code == 403
        tokens.known["guess"] = ANN
        answer = await come_in(web, secret="guess")
        assert (answer.status_code, "<form" in answer.text) == (429, True)
        assert 0 < int(answer.headers["retry-after"]) <= 60


async def test_signing_in_is_a_post_and_looking_never_is() -> None:
    async with a_browser() as web:
        for method in ("HEAD", "GET"):
            answer = await web.request(method, "/login", content=b"secret=secret")
            assert (answer.status_code, COOKIE in answer.headers.get("set-cookie", "")) == (200, False)
        for method in ("OPTIONS", "TRACE", "PUT", "DELETE", "PROPFIND"):
            assert (await web.request(method, "/login")).status_code == 401
            assert (await web.request(method, "/")).status_code == 401


@pytest.mark.parametrize(
    "path",
    ["//", "/./", "/login/", "/login/..", "/login%2f..", "/LOGIN", "/%6cogin/", "/_nicegui", "/_nicegui/auto/static/x",
     "/_nicegui_ws/socket.io/?EIO=4&transport=polling", "/_nicegui/client/x", "/docs", "/redoc", "/openapi.json",
     "/uploads", "/static/..%2f..%2fetc/passwd", "/act", "/favicon.ico/x", "/metrics/", "/api%2fcampaigns",
     "//login", "/login;x", "/\\login", "/preferences?theme=dark", "/logout"],
)  # fmt: skip
async def test_every_other_path_asks_for_a_session(path: str) -> None:
    async with a_browser() as web:
        for headers in ({}, {"origin": "http://here"}, {"cookie": f"{COOKIE}=forged.cookie"}):
            answer = await web.get(f"http://here{path}", headers={"accept": "*/*", **headers})
            assert answer.status_code == 401, headers


async def test_a_session_that_somebody_else_chose_is_none() -> None:
    async with a_browser() as web:
        web.cookies.set(COOKIE, "chosen.before")
        await come_in(web)
        assert web.cookies.get(COOKIE, domain="here.local") not in (None, "chosen.before")
