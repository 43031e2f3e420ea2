"""Where something of a person is left: every byte of every file, in every writing that computers use."""

import base64
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import quote

Spared = Callable[[Path], bool]


def writings(word: str) -> Iterator[bytes]:
    """How a word may stand in a file."""
    plain = word.encode()
    yield plain
    yield word.encode("utf-16-le")
    yield word.encode("utf-16-be")
    yield json.dumps(word)[1:-1].encode()
    yield quote(word).encode()
    yield plain.hex().encode()
    yield plain.hex().upper().encode()
    for before in range(3):  # as base64 it looks different at each of three places
        text = base64.b64encode(b"\0" * before + plain)
        yield text[(0, 2, 3)[before] : len(text) - (4 if (before + len(plain)) % 3 else 0)]


def spellings(e164: str) -> list[str]:
    """A number as people and machines write it, from its last seven digits on, which are nobody else's."""
    tail = e164[-7:]
    return [tail, f"{tail[:3]} {tail[3:]}", f"{tail[:3]}-{tail[3:]}", f"{e164[-8:-4]} {e164[-4:]}"]


def traces(folder: Path, words: Iterable[str], *, spared: Spared = lambda _: False) -> list[str]:
    """`file: word` for each word that stands in a file below `folder`."""
    sought = [(word, writing) for word in words for writing in set(writings(word)) if len(writing) > 4]
    found = []
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not spared(file):
            content = file.read_bytes()
            found += [f"{file.name}: {word} as {writing!r}" for word, writing in sought if writing in content]
    return found


def files_in(folder: Path, *, spared: Spared = lambda _: False) -> int:
    """How many files a search goes through."""
    return sum(file.is_file() and not spared(file) for file in folder.rglob("*"))
