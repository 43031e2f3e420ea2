"""Failpoints: named where they stand, loud where they are on, and nothing where nobody asks."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from campaigns.cli.main import main
from campaigns.failpoints import POINTS, VARIABLE, FailpointError, arm, failpoint, is_armed

CODE = Path(__file__).parents[1] / "campaigns"


@pytest.fixture(autouse=True)
def _unarmed() -> Iterator[None]:
    yield
    arm({})


def test_every_point_stands_in_the_code_once_and_no_other_does() -> None:
    stand = [name for path in CODE.rglob("*.py") for name in re.findall(r'failpoint\("(\w+)"\)', path.read_text())]
    assert Counter(stand) == dict.fromkeys(POINTS, 1)


def test_where_nobody_asks_a_point_does_nothing() -> None:
    assert arm({}) == ""
    for name in POINTS:
        failpoint(name)
        assert not is_armed(name)


def test_a_point_does_what_is_asked_at_the_passage_that_is_named() -> None:
    assert arm({VARIABLE: "after_intent=raise@2, after_answer=sleep:0"})
    failpoint("after_intent")
    failpoint("after_answer")
    with pytest.raises(FailpointError):
        failpoint("after_intent")
    failpoint("after_intent")
    assert not is_armed("after_placed")


@pytest.mark.parametrize("deed", ["kill", "stop"])
def test_a_point_ends_or_freezes_its_process(deed: str) -> None:
    say = "from campaigns.failpoints import arm, failpoint; import os; arm(os.environ); failpoint('after_placed')"
    process = subprocess.Popen([sys.executable, "-c", say], env={**os.environ, VARIABLE: f"after_placed={deed}"})
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status) if deed == "stop" else os.WIFSIGNALED(status)
    process.kill()
    process.wait()


@pytest.mark.parametrize(
    ("wish", "told"),
    [
        ("after_lunch=kill", "there is no point 'after_lunch'. Known: before_intent, "),
        ("after_intent=die", "'after_intent=die' is not POINT=kill, stop, raise or sleep:SECONDS"),
        ("after_intent=kill@x", "is not POINT=kill"),
        ("after_intent", "is not POINT=kill"),
    ],
)
def test_a_wish_that_nobody_knows_ends_the_program_before_it_has_begun(
    wish: str, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, wish)
    with pytest.raises(SystemExit) as end:
        main(["schema"])
    assert end.value.code == 2
    assert told in capsys.readouterr().err


def test_a_program_with_failpoints_says_so_first(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(VARIABLE, "after_intent=kill@3")
    with pytest.raises(SystemExit) as end:
        main(["schema"])
    assert end.value.code == 0
    assert capsys.readouterr().err.startswith(f"FAILPOINTS ARE ON: {VARIABLE}=after_intent=kill@3 lets this process")
