"""The bodies of webhooks: never more of one than is allowed, nor of all together, whatever their headers say."""

from starlette.responses import Response
from starlette.types import Message, Receive

MOST_BYTES = 1_000_000
"""Of one body."""
HELD = 32_000_000
"""Bytes of bodies that have come in part."""

BUSY = Response(status_code=503, headers={"Retry-After": "2"})
TOO_LARGE = Response(status_code=413, headers={"Connection": "close"})
GONE = Response(status_code=400, headers={"Connection": "close"})
"""Cut off in the middle; hardly anybody reads it."""


class Room:
    """Of one process. How long a body may take is the server's to watch, and how many come at once."""

    def __init__(self, held: int = HELD) -> None:
        self._left = held

    async def body(self, length: str, take: Receive) -> bytes | Response:
        """The raw body, or what is answered where it is not read to its end.

        Args:
            length: What the sender says of its length; nothing is believed of it but that it is too large.
        """
        if length.isdecimal() and int(length) > MOST_BYTES:
            return TOO_LARGE
        message = await take()
        if message.get("more_body", False):
            return await self._in_parts(message, take)
        return _whole(bytearray(), message)

    async def _in_parts(self, message: Message, take: Receive) -> bytes | Response:
        """Hardly any comes so; it is counted with all others that do."""
        body, kept = bytearray(), 0
        try:
            while message.get("more_body", False):
                body += message.get("body", b"")
                self._left -= len(body) - kept
                kept = len(body)
                if kept > MOST_BYTES:
                    return TOO_LARGE
                if self._left < 0:
                    return BUSY
                message = await take()
            return _whole(body, message)
        finally:
            self._left += kept


def _whole(body: bytearray, last: Message) -> bytes | Response:
    if last["type"] == "http.disconnect":
        return GONE
    body += last.get("body", b"")
    return bytes(body) if len(body) <= MOST_BYTES else TOO_LARGE
