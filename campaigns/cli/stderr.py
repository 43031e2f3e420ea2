"""A stderr that may be full or gone: what nobody can read must not stop a call from being written down."""

import io
import sys
from typing import Any


class _Lossy(io.FileIO):
    """A file that forgets what cannot be written."""

    def write(self, text: Any, /) -> int:
        try:
            return super().write(text)
        except OSError:
            return len(text)


def guard_stderr() -> None:
    """From here on nobody who writes to stderr hears of a full disk, or of a reader who has left."""
    try:
        number = sys.stderr.fileno()
    except (AttributeError, OSError):  # there is none, or it is a test's
        return
    sys.stderr.flush()
    sys.stderr = io.TextIOWrapper(
        _Lossy(number, "w", closefd=False),  # it buffers nothing, so that no line comes late
        encoding=sys.stderr.encoding, errors="backslashreplace", write_through=True,
    )  # fmt: skip
