"""The fast parser of numbers says what libphonenumber says, of every text, or is not asked."""

from itertools import chain

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaigns.domain import parsing
from campaigns.domain.parsing import PROVED, Parsed, parsed, parser_in_use

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = sorted(set(phonenumbers.PhoneNumberType.values()))
FORMATS = range(4)
MARKS = ("{}", " {} ", "({}", "{})", "{}-", "-{}", "{}.", "{} ext 5", "{}x5", "{};ext=5", "{},5", "{}#5", "tel:{}",
         "{}\0", "{}\u0661", "\uff0b{}", "{}a", "+{}", "++{}", "00{}", "011{}", "0{}", "1{}", "{}0", "{}99999",
         "{}/1")  # fmt: skip


def test_the_fast_parser_is_what_is_tried_here() -> None:
    assert parser_in_use().startswith("rphonenumbers")


def said(read, text: str, region: str | None) -> Parsed | str:
    try:
        return read(text, region)
    except phonenumbers.NumberParseException as error:
        return f"refused {error.error_type}"


def differs(text: str, region: str | None) -> bool:
    return said(parsed, text, region) != said(parsing._by_python, text, region)


def examples(region: str) -> list[str]:
    """Numbers of every type of a region in every format, and one digit more, less or other."""
    found = [phonenumbers.example_number_for_type(region, kind) for kind in KINDS]
    found += [phonenumbers.invalid_example_number(region)]
    texts = [phonenumbers.format_number(number, way) for number in found if number for way in FORMATS]
    plain = [phonenumbers.national_significant_number(number) for number in found if number]
    changed = [f"{digits[:n]}{digit}{digits[n + 1 :]}" for digits in plain for n in range(4) for digit in "0579"]
    return list(dict.fromkeys([*texts, *plain, *changed, *(digits[:-1] for digits in plain)]))


@pytest.mark.parametrize("part", range(8))
def test_examples_of_every_region_and_type_are_read_alike_however_they_are_written(part: int, long: bool) -> None:
    wrong = []
    for region in REGIONS[part::8]:
        for number, text in enumerate(examples(region)):
            elsewhere = (None, "US") if long or number % 4 == 0 else ()
            wrong += [(text, where) for where in (region, *elsewhere) if differs(text, where)]
        for text in examples(region)[:6]:
            wrong += [(mark, region) for mark in MARKS if differs(mark.format(text), region)]
    assert wrong == []


def test_every_area_and_leading_digits_of_calling_codes_in_wide_use_are_read_alike(long: bool) -> None:
    step = 1 if long else 31
    texts = chain(
        (f"+1{n:03}5550100" for n in range(1000)),
        (f"+1555{n:04}100" for n in range(0, 10_000, step)),
        *((f"+{code}{n:04}{tail}" for n in range(0, 10_000, step) for tail in ("0000", "00000", "000000"))
          for code in (31, 32, 33, 39, 41, 43, 44, 46, 47, 48, 55, 64)),
    )  # fmt: skip
    assert [text for text in texts if differs(text, None)] == []


@pytest.mark.parametrize(
    "text", ["911", "112", "116000", "0800 1111", "123", "*100#", "1-800-FLOWERS", "0", "+", "", "()"]
)
def test_short_emergency_and_lettered_numbers_are_read_alike(text: str) -> None:
    assert [region for region in (*REGIONS, None, "XX") if differs(text, region)] == []


@settings(max_examples=700, deadline=None)
@given(
    st.text(max_size=30)
    | st.text("0123456789+-(). /x;ext=#,\0\u0661\uff10", max_size=25)
    | st.from_regex(r"\+?[0-9(][0-9 ()-]{4,24}", fullmatch=True),
    st.sampled_from([*REGIONS, None]),
)
@example("(0100) 555", "US")
def test_any_text_is_read_alike(text: str, region: str | None) -> None:
    assert not differs(text, region)


def test_the_fast_parser_answers_for_itself_where_it_is_proved() -> None:
    assert parsing._by_rust("+44 20 7946 0001", None) == Parsed(
        "+442079460001", valid=True, costly=False, extended=False
    )
    assert parsing._by_rust("(212) 555-0147", "US") == Parsed("+12125550147", valid=True, costly=False, extended=False)
    left = {code for codes in PROVED.values() for code in codes}
    assert all(parsing._by_rust(f"+{code}123456789", None) is None for code in left & parsing._unproved())
