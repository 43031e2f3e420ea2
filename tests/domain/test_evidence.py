"""Consents and earlier calls in the cells of lists: what is taken, in which sense, and what is refused."""

import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.call import Disposition
from campaigns.domain.contact import Basis, Consent, Earlier
from campaigns.domain.evidence import bases, consents, earlier_calls

B = Basis
LONDON, BOTH = ("Europe/London",), ("Europe/London", "Europe/Amsterdam")


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("cell", "kinds"),
    [
        ("prior", (B.PRIOR,)), (" Prior_Written ", (B.PRIOR_WRITTEN,)), ("prior-written", (B.PRIOR_WRITTEN,)),
        ("prior, customer", (B.PRIOR, B.CUSTOMER)), ("requested;appointment", (B.REQUESTED, B.APPOINTMENT)),
        ("prior/night customer", (B.PRIOR, B.NIGHT, B.CUSTOMER)), ("prior prior", (B.PRIOR,)),
        ("", ()), ("none", ()), ("No", ()), ("-", ()),
    ],
)  # fmt: skip
def test_the_words_of_a_consent_cell(cell: str, kinds: tuple[Basis, ...]) -> None:
    assert bases(cell) == kinds


@pytest.mark.parametrize("cell", ["yes", "ja", "true", "1", "x", "prior, yes", "none, prior", "prior written", "Ann"])
def test_an_unclear_word_is_no_proof_of_any_kind_of_consent(cell: str) -> None:
    with pytest.raises(ValueError, match="Known are: customer, prior, prior_written") as caught:
        bases(cell)
    assert "Ann" not in str(caught.value)


def test_a_consent_has_its_proof_and_the_earliest_moment_it_can_have_been_given() -> None:
    (found,) = consents((B.PRIOR,), given="2026-07-01 10:00", proof="form 7", zones=BOTH)
    assert found == Consent(B.PRIOR, "form 7", at(2026, 7, 1, 8))
    assert consents((B.PRIOR,), given="2026-07-01", proof="", zones=LONDON)[0].given_at == at(2026, 6, 30, 23)
    assert consents((B.PRIOR,), given="2026-07-01T10:00+05:45", proof="", zones=())[0].given_at == at(2026, 7, 1, 4, 15)
    assert consents((B.PRIOR,), given="", proof="", zones=())[0].given_at is None
    assert consents((), given="nonsense", proof="", zones=()) == ()


def test_a_consent_of_an_unreadable_moment_is_refused() -> None:
    for given_, why in (("last week", "not a date"), ("2026-02-30", "not a date"), ("2026-07-01", "zone is not known")):
        with pytest.raises(ValueError, match=why):
            consents((B.PRIOR,), given=given_, proof="", zones=())


def test_earlier_calls_have_a_moment_and_perhaps_an_ending() -> None:
    cell = "2026-11-01 10:00 no_answer; 2026-11-03T09:15  refused ;2026-11-04T09:15Z message;2026-11-05 08:00;"
    assert earlier_calls(cell, LONDON) == (
        Earlier(at(2026, 11, 1, 10), Disposition.NO_ANSWER),
        Earlier(at(2026, 11, 3, 9, 15), Disposition.ANSWERED, refused=True),
        Earlier(at(2026, 11, 4, 9, 15), Disposition.VOICEMAIL),
        Earlier(at(2026, 11, 5, 8)),
    )
    assert earlier_calls("", ()) == earlier_calls(" ; ", ()) == ()


def test_local_time_of_an_earlier_call_is_as_late_as_it_can_be_meant_and_a_date_its_last_moment() -> None:
    assert earlier_calls("2026-11-01 10:00", BOTH)[0].at == at(2026, 11, 1, 10)
    assert earlier_calls("2026-11-01 no-answer", BOTH)[0].at == at(2026, 11, 1, 23, 59, 59, 999999)
    # The night of 25 October has 01:30 twice in London.
    assert earlier_calls("2026-10-25 01:30", LONDON)[0].at == at(2026, 10, 25, 1, 30)
    assert earlier_calls("2026-10-25", LONDON)[0].at == at(2026, 10, 25, 23, 59, 59, 999999)


@pytest.mark.parametrize(
    "cell", ["soon", "2026-13-01", "2026-11-01 no_idea", "2026-11-01 10:00 x y", "3", "01.11.2026"]
)
def test_an_earlier_call_that_cannot_be_read_is_not_guessed(cell: str) -> None:
    with pytest.raises(ValueError, match=r"not a (date|way|list)"):
        earlier_calls(cell, LONDON)


def test_a_local_time_without_a_zone_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="zone is not known"):
        earlier_calls("2026-11-01 10:00", ())


@given(st.text(max_size=40))
def test_no_cell_gives_anything_but_a_reading_or_a_reason_without_its_text(cell: str) -> None:
    for read in (bases, lambda text: earlier_calls(text, LONDON)):
        said = _why_not(read, cell)
        assert said == "" or re.match(r"not a |local time", said)


def _why_not(read: Callable[[str], object], cell: str) -> str:
    try:
        read(cell)
    except ValueError as error:
        return str(error)
    return ""
