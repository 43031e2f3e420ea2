"""The wall clock of a process, moved while it runs: libfaketime, which leaves alone what no person can set."""

import time
from dataclasses import dataclass, field
from pathlib import Path


def library() -> Path:
    """Debian's, wherever its architecture keeps it. Raises FileNotFoundError."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        raise FileNotFoundError("libfaketime is missing: apt-get install faketime")
    return found[0]


@dataclass
class WallClock:
    """A file that says by how many seconds a wall clock is wrong; whoever runs under it reads it at every look."""

    file: Path
    jumps: list[tuple[float, float]] = field(default_factory=list)
    """When it was set, in true seconds since 1970, and by how much it is wrong since."""

    def set(self, seconds: float) -> None:
        """From now on it is wrong by so much."""
        new = self.file.with_suffix(".new")
        new.write_text(f"{seconds:+.0f}\n")
        new.replace(self.file)
        self.jumps.append((time.time(), seconds))

    def shown(self, at: float) -> float:
        """What it showed at a true moment."""
        return at + next((ahead for since, ahead in reversed(self.jumps) if since <= at), 0.0)

    def environ(self) -> dict[str, str]:
        """For whoever runs under it."""
        return {
            "LD_PRELOAD": str(library()), "FAKETIME_TIMESTAMP_FILE": str(self.file), "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }  # fmt: skip
