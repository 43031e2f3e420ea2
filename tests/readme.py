"""The README's parts that tests read, and those that are made from the code: `python tests/readme.py` prints them."""

import re
import sys
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from campaigns.domain.transitions import FINAL, MOVES

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text("utf-8")
_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<body>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between two fences."""

    language: str
    text: str
    section: str
    """The heading above it."""


def blocks() -> Iterator[Block]:
    """All of them, in order."""
    for found in _FENCE.finditer(TEXT):
        heading = re.findall(r"^##+ (.+)$", TEXT[: found.start()], re.MULTILINE)
        yield Block(found["language"], textwrap.dedent(found["body"]), heading[-1] if heading else "")


def shell_lines() -> Iterator[str]:
    """Every command that a reader may type, without the comment behind it."""
    for block in blocks():
        if block.language == "sh":
            yield from (re.sub(r"\s{2,}# .*", "", line).strip() for line in block.text.splitlines() if line.strip())


def spans() -> Iterator[str]:
    """Code between single backticks, outside the blocks; lines that are broken in it are joined."""
    for found in re.finditer(r"(?<!`)`([^`]+)`(?!`)", _FENCE.sub("", TEXT)):
        yield re.sub(r"\s*\n\s*", " ", found[1])


def pictures() -> set[str]:
    """The names of the pictures, without their folder."""
    shown = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", TEXT) + re.findall(
        r"<(?:img|source)[^>]* src(?:set)?=\"([^\"]+)\"", TEXT
    )
    return {Path(path).name for path in shown if not path.startswith("http")}


def diagram() -> str:
    """The table of moves as Mermaid draws it."""
    arrows = [f"    {start} --> {to}" for start, after in MOVES.items() for to in MOVES if to in after]
    ends = [f"    {state} --> [*]" for state in MOVES if state in FINAL]
    return "\n".join(["stateDiagram-v2", f"    [*] --> {next(iter(MOVES))}", *arrows, *ends]) + "\n"


if __name__ == "__main__":
    sys.stdout.write(f"```mermaid\n{diagram()}```\n")
