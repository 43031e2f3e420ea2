"""Text files as physical lines: the encoding recognised, bytes that are no text marked, long lines cut off."""

import codecs
import re
from collections.abc import Generator
from io import TextIOWrapper
from pathlib import Path

from campaigns.domain.errors import InputError, Problem

from .table import TOO_LONG, UNREADABLE

_SAMPLE = 256 * 1024
_LINE_LIMIT = 2_000_000
_GUESSED = 16 * 1024
_MARK = "campaigns-mark-unreadable"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LEGACY = [
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "cp874",
    "mac_roman", "shift_jis", "euc_jp", "gb18030", "big5", "euc_kr", "koi8_r",
]  # fmt: skip


def _mark(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return UNREADABLE, error.end


codecs.register_error(_MARK, _mark)


def read_lines(path: Path, encoding: str | None) -> Generator[str, None, None]:
    """Physical lines with their terminators (`\\n`, `\\r\\n` or `\\r`).

    Bytes that do not decode come as UNREADABLE, a line beyond two million characters as TOO_LONG.
    Raises InputError for an encoding that is unknown or cannot be recognised.
    """
    name = encoding or recognise(path)
    try:
        with path.open(encoding=name, errors=_MARK, newline="") as file:
            first = True
            while line := _read_line(file):
                yield line.removeprefix("\ufeff") if first else line
                first = False
    except (LookupError, UnicodeError):
        mend = "Write one such as utf-8, utf-16 or cp1252, or leave it out."
        raise InputError([Problem(str(path), f"'{name}' is not an encoding that can be read.", mend)]) from None


def _read_line(file: TextIOWrapper) -> str:
    line = file.readline(_LINE_LIMIT)
    if len(line) < _LINE_LIMIT or line.endswith(("\n", "\r")):
        return line
    while (rest := file.readline(_LINE_LIMIT)) and not rest.endswith(("\n", "\r")):
        pass
    return TOO_LONG + "\n"


def recognise(path: Path) -> str:
    """The encoding: from a byte-order mark, else UTF-8 where the sample is, else guessed. Raises InputError."""
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    for bom, name in _BOMS:
        if sample.startswith(bom):
            return name
    if sample.count(0) * 4 > len(sample):
        return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
    return "utf-8" if _mostly_utf8(sample) else _guess(sample, path)


def _mostly_utf8(sample: bytes) -> bool:
    """A few broken rows do not make another encoding of a file: its good characters are counted against the bad."""
    text = codecs.getincrementaldecoder("utf-8")(_MARK).decode(sample)
    bad = text.count(UNREADABLE)
    return bad == 0 or sum(1 for character in text if ord(character) > 127) - bad > bad


def _guess(sample: bytes, path: Path) -> str:
    from charset_normalizer import from_bytes  # noqa: PLC0415 - slow to import, and hardly any list needs it

    # Only the words with foreign bytes tell encodings apart; ASCII drowns them.
    telling = b" ".join(re.findall(rb"[^\s,;|\"]*[\x80-\xff][^\s,;|\"]*", sample))[:_GUESSED]
    matches = list(from_bytes(telling, cp_isolation=_LEGACY, threshold=0.5))
    best = [match for match in matches if (match.chaos, match.coherence) == (matches[0].chaos, matches[0].coherence)]
    # A few accents fit many encodings alike; then it is the one of Western Europe, or nobody can tell.
    western = any(match.encoding == "cp1252" for match in best)
    if not western and len({str(match) for match in best}) != 1:
        mend = "Save the file as UTF-8, or write `encoding:` (such as cp1252) beside `file:`."
        raise InputError([Problem(str(path), "its encoding cannot be recognised.", mend)])
    return "cp1252" if western else best[0].encoding
