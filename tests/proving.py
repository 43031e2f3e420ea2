"""What trials of faults share: how long they go on, the seed that replays them, and the figures they leave behind."""

import json
import os
import random
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Figure = Callable[..., None]
FIRST_SEED = 1
"""The short form is the same every time."""


def add_options(parser: pytest.Parser) -> None:
    """`--long`, `--seed N`, `--figures FILE`."""
    group = parser.getgroup("faults")
    group.addoption("--long", action="store_true", help="Trials of faults go on for as long as their figures need.")
    group.addoption("--seed", type=int, help="Replay what failed with this seed.")
    group.addoption("--figures", metavar="FILE", help="Append what was measured to FILE, a JSON document a line.")


@pytest.fixture(scope="session")
def long(request: pytest.FixtureRequest) -> bool:
    """Whether this is the long form."""
    return bool(request.config.getoption("--long"))


@pytest.fixture
def seed(request: pytest.FixtureRequest, long: bool) -> int:
    """Of all that happens by chance in a trial; a trial that fails shows how it is replayed."""
    told = request.config.getoption("--seed")
    chosen: int = told if told is not None else secrets.randbelow(10**6) if long else FIRST_SEED
    form = " --long" * long
    print(f"replay: pytest -n0{form} --seed {chosen} '{request.node.nodeid}'")  # noqa: T201 - shown where it fails
    return chosen


@pytest.fixture
def dice(seed: int) -> random.Random:
    """Chance, by the seed."""
    return random.Random(seed)


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Iterator[Figure]:
    """`figure(row, what, value, **of)`: note what a trial came to; written only where the whole of it has passed.

    `row` is a row of the failure list, `what` says in words what `value` counts, `of` what it was counted over.
    """
    noted: list[dict[str, object]] = []

    def note(row: str, what: str, value: object, **of: object) -> None:
        noted.append({"row": row, "what": what, "value": value, "of": of, "test": request.node.nodeid})

    yield note
    path = request.config.getoption("--figures")
    report = getattr(request.node, "report_of_call", None)
    if path and report is not None and report.passed:
        with (Path(request.config.invocation_params.dir) / path).open("a") as file:
            file.write("".join(json.dumps(line) + os.linesep for line in noted))
