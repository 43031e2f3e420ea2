"""Keeps phone numbers out of what is told in other people's words."""

import re

_DIGITS = re.compile(r"\+?\d(?:[ ().\-/]{0,2}\d){6,}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d)?$")


def without_numbers(text: str) -> str:
    """The text with everything that could be a phone number cut out: reasons may quote a provider or a cell."""
    return _DIGITS.sub(lambda found: found[0] if _DATE.match(found[0]) else "…", text)
