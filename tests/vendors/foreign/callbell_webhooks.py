"""How the stand-in for Callbell tells of what happened: to one address, signed where a secret is set, until a 2xx."""

import asyncio
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any

from foreign.wire import post

Json = Any


@dataclass(frozen=True, slots=True)
class Sent:
    """One delivery."""

    event: str
    uuid: str
    """Of the contact; empty for a check of the connection."""
    status: int
    """What the receiver answered; 0: nothing."""


def signature(secret: str, stamp: int, body: bytes) -> str:
    """The header X-Callbell-Signature; `stamp` in unix seconds."""
    signed = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
    return f"t={stamp},v1={signed.hexdigest()}"


async def deliver(url: str, secret: str, document: Json, gaps: tuple[float, ...]) -> list[int]:
    """The status of every try; after each gap (seconds) it is signed anew and tried again, until a 2xx."""
    body, statuses = json.dumps(document).encode(), list[int]()
    for gap in (0.0, *gaps):
        await asyncio.sleep(gap)
        headers = {"X-Callbell-Signature": signature(secret, int(time.time()), body)} if secret else {}
        statuses.append(await post(url, body, headers))
        if 200 <= statuses[-1] < 300:
            break
    return statuses
