"""Names, patience and files of outcomes on their way back."""

from datetime import timedelta
from pathlib import PurePath

import pytest

from campaigns.domain.returning import outcome_files, pause_after, reference
from campaigns.testing import a_campaign

FOLDER = PurePath("/f")


def files(*sources, exclude=()):
    """Where the outcomes of these lists go, by file name."""
    columns = {"phone": "Phone"}
    contacts = [{"file": s, "columns": columns} if isinstance(s, str) else s for s in sources]
    left_out = [{"file": name, "columns": columns} for name in exclude]
    found = outcome_files(a_campaign(contacts=contacts, exclude=left_out), FOLDER)
    return {number: str(path.relative_to(FOLDER)) for number, path in found.items()}


def test_a_reference_is_short_and_the_same_for_the_same_outcome_alone():
    one = reference("lead", "reached::1")
    assert one == reference("lead", "reached::1")
    assert len(one) == 10
    assert len({one, reference("lead", "reached::2"), reference("other", "reached::1")}) == 3


@pytest.mark.parametrize(("failures", "seconds"), [(0, 1), (1, 1), (2, 2), (5, 16), (11, 900), (100_000, 900)])
def test_each_failure_doubles_the_pause_up_to_a_quarter_of_an_hour(failures, seconds):
    assert pause_after(failures) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (["people.csv"], {0: "people.outcomes.csv"}),
        (["lists/people.xlsx"], {0: "lists/people.outcomes.csv"}),
        (["people.csv", "people.xlsx"], {0: "people.csv.outcomes.csv", 1: "people.xlsx.outcomes.csv"}),
        (["people.csv", "other/people.csv"], {0: "people.outcomes.csv", 1: "other/people.outcomes.csv"}),
        (["people.csv", "people.csv"], {0: "people.outcomes.csv", 1: "people.outcomes.csv"}),
        (["people.csv", {"list": "crm"}, {"campaign": "wave-1"}], {0: "people.outcomes.csv", 2: "wave-1.outcomes.csv"}),
        (
            ["people.csv", "people.outcomes.csv"],
            {0: "people.csv.outcomes.csv", 1: "people.outcomes.outcomes.csv"},
        ),
    ],
)
def test_each_list_has_a_file_of_its_own_beside_it(sources, expected):
    assert files(*sources) == expected


def test_a_list_that_is_read_is_never_written():
    assert files("people.csv", exclude=["people.outcomes.csv"]) == {0: "people.csv.outcomes.csv"}
