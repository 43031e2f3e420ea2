"""The body of a request: never more of it than is allowed, whatever its header says of its length."""

import hashlib
import hmac
from collections.abc import Iterator
from tempfile import SpooledTemporaryFile
from typing import IO

from starlette.datastructures import Headers
from starlette.types import Message, Receive

from .problems import Trouble

JSON = 1_000_000
UPLOAD = 100_000_000
"""Bytes; a million short rows."""
_IN_MEMORY = 1_000_000
_CHUNK = 1 << 16


def check_length(headers: Headers, most: int) -> None:
    """Refuse what says itself that it is too large. Raises Trouble."""
    said = headers.get("content-length", "")
    if said.isdecimal() and int(said) > most:
        raise too_large(most)


def capped(receive: Receive, most: int) -> Receive:
    """The same body, counted as it comes. Raises Trouble where it is too large."""
    left = most

    async def take() -> Message:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise too_large(most)
        return message

    return take


def too_large(most: int) -> Trouble:
    """More than is taken in."""
    mend = "Send it in parts." if most == UPLOAD else "Send contact lists as files."
    return Trouble(413, f"More than {most // 1_000_000} MB is not taken in.", mend, headers={"Connection": "close"})


class Spooled:
    """A whole body, on disk where it is long; read again by whoever carries out the request."""

    def __init__(self) -> None:
        self._file: IO[bytes] = SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115 - closed by `close`

    async def fill(self, receive: Receive) -> bool:
        """False: whoever sent it is gone."""
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return False
            self._file.write(message.get("body", b""))
            more = message.get("more_body", False)
        return True

    def digest(self, key: bytes, told: str, boundary: bytes) -> str:
        """A hash of all that a request says. The `boundary` of a form is left out: each sending makes up another."""
        said = hmac.new(key, f"request:{told}\n".encode(), hashlib.sha256)
        for part in _without(boundary, self._chunks()):
            said.update(part)
        return said.hexdigest()

    def replayed(self, receive: Receive) -> Receive:
        """Hands the body out; afterwards whatever comes."""
        chunks, over = self._chunks(), False

        async def take() -> Message:
            nonlocal over
            if over:
                return await receive()
            chunk = next(chunks, b"")
            over = not chunk
            return {"type": "http.request", "body": chunk, "more_body": bool(chunk)}

        return take

    def close(self) -> None:
        self._file.close()

    def _chunks(self) -> Iterator[bytes]:
        self._file.seek(0)
        while chunk := self._file.read(_CHUNK):
            yield chunk


def _without(boundary: bytes, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes but for each place where `boundary` stands, also where it is cut by a chunk's end."""
    if not boundary:
        yield from chunks
        return
    rest, keep = b"", len(boundary) - 1
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(boundary)
        yield from whole
        cut = max(0, len(rest) - keep)
        yield rest[:cut]
        rest = rest[cut:]
    yield rest
