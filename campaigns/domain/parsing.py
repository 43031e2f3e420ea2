"""The seam to libphonenumber: what a text means as a number; by its port to Rust where both are proved to agree."""

import re
from functools import cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from types import ModuleType
from typing import NamedTuple

import phonenumbers

PROVED = {
    # The metadata of both are of one release.
    ("0.1.0", "9.0.41"): frozenset[int](),
    # Calling codes of which the metadata changed from 9.0.41, which the Rust parser carries, to 9.0.43.
    ("0.1.0", "9.0.43"): frozenset(
        {7, 34, 40, 45, 49, 57, 61, 86, 91, 229, 233, 238, 251, 254, 263, 267, 290, 358, 506, 592, 593, 595, 675, 856,
         965, 995}
    ),
}  # fmt: skip
"""Versions of `rphonenumbers` and `phonenumbers` that tests proved equal, but for these calling codes."""

_PLAIN = re.compile(r"(\+[1-9]|[0-9(])[0-9 ()-]{4,24}", re.ASCII)
"""What the Rust parser is asked about; everything else is rare, and there the two differ."""
_COSTLY = (phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST)


class Parsed(NamedTuple):
    """What a text means as a number."""

    e164: str
    """Without the extension."""
    valid: bool
    costly: bool
    """Premium-rate or shared-cost."""
    extended: bool
    """With an extension."""


def parsed(text: str, region: str | None) -> Parsed:
    """A number as it is written, in a region (ISO 3166-1). Raises phonenumbers.NumberParseException."""
    return _by_rust(text, region) or _by_python(text, region)


def parser_in_use() -> str:
    """For people: which parser reads numbers, and why."""
    library = f"phonenumbers {version('phonenumbers')}"
    if _rust() is not None:
        return f"rphonenumbers {version('rphonenumbers')}, proved equal to {library}"
    found = _version("rphonenumbers")
    return f"{library}; rphonenumbers {found} is not proved equal to it, so it is not used" if found else library


def _by_python(text: str, region: str | None) -> Parsed:
    number = phonenumbers.parse(text, region)
    # One look-up for both: a number is valid exactly where its type is known.
    kind = phonenumbers.number_type(number)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Parsed(e164, kind != phonenumbers.PhoneNumberType.UNKNOWN, kind in _COSTLY, bool(number.extension))


def _by_rust(text: str, region: str | None) -> Parsed | None:
    """None: the other must say."""
    rust = _rust()
    if rust is None or not _PLAIN.fullmatch(text) or (text[0] != "+" and not _is_left_to_it(region)):
        return None
    try:
        number = rust.parse(text, region)
    except rust.NumberParseException:
        return None
    code = number.country_code
    if code in _unproved() or number.extension or not rust.is_valid_number(number):
        return None
    e164 = str(rust.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    return None if _may_cost(code).fullmatch(e164, len(str(code)) + 1) else Parsed(e164, True, False, False)


@cache
def _rust() -> ModuleType | None:
    if find_spec("rphonenumbers") is None or _pair() not in PROVED:
        return None
    return import_module("rphonenumbers")


def _pair() -> tuple[str, str]:
    return _version("rphonenumbers"), version("phonenumbers")


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


@cache
def _unproved() -> frozenset[int]:
    return PROVED[_pair()]


@cache
def _is_left_to_it(region: str | None) -> bool:
    """Whether national numbers of this region are the Rust parser's."""
    code = phonenumbers.country_code_for_region(region) if region else 0
    return bool(code) and code not in _unproved()


@cache
def _may_cost(code: int) -> re.Pattern[str]:
    """National numbers that may be premium-rate or shared-cost in some region of a calling code."""
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
    known = [phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, region) for region in regions]
    kinds = [kind for found in known if found for kind in (found.premium_rate, found.shared_cost) if kind]
    patterns = [f"(?:{kind.national_number_pattern})" for kind in kinds if kind.national_number_pattern]
    return re.compile("|".join(patterns) or "(?!)")
