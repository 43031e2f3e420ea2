"""What may stand in no log: whoever is called, what they said, and what opens doors."""

import logging
import re
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

WORDS = (
    "Zelda", "Zonderland",
    "foreign-key", "a-token-of-thirty-characters", "t0ken-", "key.part", "right.key", "whsec_", "whsec-made-up",
    "a secret of the account", "a secret of the assistant", "a secret that both sides know", "account secret",
    "a-secret-that-signs-reports", "a key for tests that all machines share", "a-plain-key", "secret-of-bob",
)  # fmt: skip
"""The name that people bear in tests about anybody's privacy, and the made-up secrets of this suite."""
_E164 = re.compile(r"\+\d{9,15}(?!\d)")
_FICTION = {
    "7946": re.compile(r"(?<!\d)(?:0|44)\W?20\W?7946\W?0\d{3}(?!\d)"),
    "555": re.compile(r"(?<!\d)1?\W?[2-9]\d\d\W{0,2}555\W?01\d\d(?!\d)"),
}
"""Numbers that are kept for fiction, as people write them; looked for where their middle stands."""

heard: list[str] = []
"""Lines of this test that tell too much."""


def tells(line: str) -> bool:
    """Whether somebody's number or name stands there, or a secret; a number that is masked does not."""
    return (
        _E164.search(line) is not None
        or any(word in line for word in WORDS)
        or any(middle in line and number.search(line) for middle, number in _FICTION.items())
    )


def note(line: str) -> None:
    """A line for the log, from whatever source."""
    if tells(line):
        heard.append(line[:1000])


def structured(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """A processor of structlog: every event, at every level, with the whole trace of errors."""
    note(repr(event))
    return event


class _Listening(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        note(self.format(record))


@contextmanager
def listening() -> Iterator[None]:
    """Whatever libraries have to say is heard, at every level; whoever listens beside us hears no more than before."""
    root, ear = logging.getLogger(), _Listening()
    level, others = root.level, [(other, other.level) for other in root.handlers]
    for other, own in others:
        other.setLevel(max(own, level))
    root.addHandler(ear)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.setLevel(level)
        root.removeHandler(ear)
        for other, own in others:
            other.setLevel(own)
