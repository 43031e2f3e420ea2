"""The stand-in for Callbell tells one receiver of everything, signed, also of what that receiver did itself."""

import json

import anyio
import httpx
from foreign.callbell import Callbell, Rules
from foreign.callbell_webhooks import signature
from foreign.mailbox import Mailbox
from foreign.wire import serving
from openapi.contract import Contract

KEY = {"Authorization": "Bearer foreign-key"}
EVENTS = ["contact_created", "contact_updated", "contact_deleted"]


async def until(true):
    with anyio.fail_after(5):
        while not true():
            await anyio.sleep(0.02)


def test_the_signature_is_that_of_the_notes():
    body = b'{"event":"contact_updated","payload":{"uuid":"c0ffee00c0ffee00c0ffee00c0ffee00"}}'
    assert signature("whsec_demo_0001", 1790500000, body) == (
        "t=1790500000,v1=6cfb0e0979c7f07b536737853ee835732d5071fe33d1da85f5157a1bc7c06f4c"
    )


async def test_everything_is_told_in_signed_messages_that_satisfy_the_document():
    contract, mailbox = Contract.load("callbell"), Mailbox()
    vendor = Callbell(rules=Rules(webhook_secret="whsec_made_up"))
    with serving(mailbox) as box, serving(vendor) as url:
        async with httpx.AsyncClient(base_url=f"{url}/v1/", headers=KEY) as http:
            vendor.add("Early", "+442079460030")
            await http.post("webhooks/subscribe", json={"url": f"{box}/hook", "subscriptions": EVENTS})
            contact = vendor.add("Ada", "+442079460031")
            vendor.tag(contact.uuid, "vip")
            await http.patch(f"contacts/{contact.uuid}", json={"tags": ["vip", "called"]})
            await http.delete(f"contacts/{contact.uuid}")
            vendor.check_connection()
            await until(lambda: len(vendor.sent) == 5)
    events = sorted(json.loads(body).get("event", "connection_check") for _, body in mailbox.letters)
    assert events == ["connection_check", "contact_created", "contact_deleted", "contact_updated", "contact_updated"]
    for headers, body in mailbox.letters:
        stamp = int(headers["x-callbell-signature"].partition(",")[0][2:])
        assert headers["x-callbell-signature"] == signature("whsec_made_up", stamp, body)
        assert contract.event(json.loads(body).get("event", "connection_check"), body, headers) == []


async def test_a_message_that_is_not_taken_comes_again_and_a_new_subscriber_ousts_the_old():
    deaf, mailbox = Mailbox(500, 404, 200), Mailbox()
    vendor = Callbell()
    with serving(deaf) as first, serving(mailbox) as second, serving(vendor) as url:
        async with httpx.AsyncClient(base_url=f"{url}/v1/", headers=KEY) as http:
            await http.post("webhooks/subscribe", json={"url": f"{first}/hook", "subscriptions": EVENTS})
            vendor.add("Ada", "+442079460031")
            await until(lambda: len(vendor.sent) == 3)
            await http.post("webhooks/subscribe", json={"url": f"{second}/hook", "subscriptions": EVENTS})
            vendor.add("Bob", "+442079460032")
            await until(lambda: len(vendor.sent) == 4)
    assert [one.status for one in vendor.sent] == [500, 404, 200, 200]
    assert (len(deaf.letters), len(mailbox.letters)) == (3, 1)
