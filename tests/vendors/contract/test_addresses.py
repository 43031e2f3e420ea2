"""Addresses in reports are text: whatever field they stand in, only the provider's own address is ever asked."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from inside import Listener, urls
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from campaigns.domain.errors import CampaignsError
from campaigns.engine.inbox import to_json

from .samples import ProviderSample
from .test_providers import NOW, a_provider, talking

pytestmark = pytest.mark.row("X2")


def _everywhere(value: Any, url: str) -> Iterator[Any]:
    """The same document with the address in each of its texts, one at a time."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from ({**value, key: other} for other in _everywhere(member, url))
    elif isinstance(value, list):
        for n, member in enumerate(value):
            yield from ([*value[:n], other, *value[n + 1 :]] for other in _everywhere(member, url))
    else:
        yield url


async def test_nobody_goes_where_a_report_says(
    sample: ProviderSample,
    listener: Listener,
    long: bool,
    figure: Any,
) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(request.scope["raw_path"].decode())
        return JSONResponse({"error": "no"}, 404)

    hostile, read = urls(listener.port), 0
    async with talking(sample, answer) as (provider, _):
        unsigned = a_provider(sample, "http://127.0.0.1:9", secret="")
        for event, honest in sample.honest.items():
            delivery = honest(NOW, "call-1")
            document = {**json.loads(delivery.body), "url": "", "callback_url": "", "recording_url": "", "next": ""}
            for url in hostile if long else hostile[:: len(sample.honest)]:
                for body in _everywhere(document, url):
                    text = json.dumps(body).encode()
                    try:
                        report = unsigned.read(replace(delivery, body=text, headers={}), now=NOW).report
                    except CampaignsError:
                        continue
                    read += 1
                    assert report is None or to_json(report), event
        for url in hostile:
            assert await provider.fetch(url) is None
        await unsigned.aclose()
    assert listener.hits == []
    assert asked
    assert all("/x" not in path and "//" not in path.strip("/") for path in asked), asked
    figure("X2", "listeners inside that were reached", 0, provider=sample.kind, addresses=len(hostile), reports=read)
