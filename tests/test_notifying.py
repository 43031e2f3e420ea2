"""Outgoing webhooks over real HTTP: the receiver can prove who sent them, and that nothing was changed on the way."""

import json
from datetime import timedelta

import anyio
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from campaigns.app import open_session
from campaigns.clock import SystemClock
from campaigns.domain.errors import InputError
from campaigns.domain.lead import CampaignState
from campaigns.notifying import notifying
from campaigns.ports.store import CampaignRecord
from campaigns.serving import bind, serving
from campaigns.settings import read_settings

SECRET = "whsec_" + "c2VjcmV0IG9mIHRoZSB0ZXN0cywgYW5kIG9ubHkgdGhlaXJz"


async def test_a_webhook_lands_after_a_failure_and_proves_its_sender(tmp_path) -> None:
    got: list[tuple[dict, bytes]] = []
    landed = anyio.Event()

    async def take(request: Request) -> Response:
        got.append((dict(request.headers), await request.body()))
        if len(got) == 1:
            return Response(status_code=307, headers={"Location": "/elsewhere"})
        landed.set()
        return Response(status_code=204)

    routes = Starlette(routes=[Route("/hook", take, methods=["POST"]), Route("/elsewhere", take, methods=["POST"])])
    async with serving(routes, bind("127.0.0.1", 0)) as address:
        environ = {"CAMPAIGNS_NOTIFY__CRM__URL": f"{address}/hook", "CAMPAIGNS_NOTIFY__CRM__SECRET": SECRET}
        settings = read_settings(None, environ=environ, database=f"sqlite:///{tmp_path}/c.db")
        clock = SystemClock()
        async with open_session(settings, clock, simulated=False) as session, notifying(session, []):
            record = CampaignRecord("c", CampaignState.ACTIVE, "", "/", "flireo", "informational", clock.now())
            await session.store.put_campaign(record, now=clock.now())
            await session.store.steer(
                "c", CampaignState.FINISHED, expect=[CampaignState.ACTIVE], reason="", now=clock.now()
            )
            with anyio.fail_after(20):
                await landed.wait()
                while (await session.store.outbox_state()).waiting:
                    await clock.sleep_until(clock.now() + timedelta(milliseconds=20))
    (headers, body), (again, same) = got
    assert headers["webhook-id"] == again["webhook-id"]
    assert body == same
    assert Webhook(SECRET).verify(same, again) == json.loads(body)
    assert json.loads(body)["data"]["campaign"] == "c"
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(same.replace(b'"c"', b'"d"'), again)


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("URL", "http://crm.example.org/hook", "Beyond this machine only https"),
        ("SECRET", "whsec_short", "no key to sign with"),
        ("SECRET", "whsec_not base64 at all, whatever it says!", "no key to sign with"),
        ("EVENTS", "attempt.ended,call.ended", "attempt.ended"),
    ],
)
def test_a_wrong_subscriber_is_refused_with_its_key_and_without_its_secret(key, value, says) -> None:
    environ = {"CAMPAIGNS_NOTIFY__CRM__URL": "https://crm.example.org", "CAMPAIGNS_NOTIFY__CRM__SECRET": SECRET}
    with pytest.raises(InputError, match=says) as caught:
        read_settings(None, environ={**environ, f"CAMPAIGNS_NOTIFY__CRM__{key}": value})
    assert f"CAMPAIGNS_NOTIFY__CRM__{key}" in str(caught.value)
    if key == "SECRET":
        assert value not in str(caught.value)
