"""Whoever breaks a promise by a slip is noticed: the slips of `tests/mutants.py`, tried on the tests themselves."""

import pytest
from mutants import MUTANTS, ROOT, Mutant, trials

SHORT = ("future-signature", "spacing-exact")
"""Quick ones, which the short form tries as well."""


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_a_slip_is_one_that_can_be_made(mutant: Mutant) -> None:
    assert (ROOT / "campaigns" / mutant.file).read_text("utf-8").count(mutant.right) == 1
    assert mutant.wrong != mutant.right
    assert mutant.tests
    assert all((ROOT / "tests" / name).is_file() for name in mutant.tests)


def test_each_slip_has_a_name_of_its_own() -> None:
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)


def test_every_slip_is_noticed(long: bool, figure) -> None:
    tried = [(mutant.name, noticed) for mutant, noticed, _ in trials([m for m in MUTANTS if long or m.name in SHORT])]
    assert [name for name, noticed in tried if not noticed] == []
    figure("mutants", "slips of a programmer, all noticed by the tests", len(tried))
