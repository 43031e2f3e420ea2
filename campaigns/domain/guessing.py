"""What the columns of a list seem to hold, by their names and by what stands in them: a guess, to be read over.

A column is mapped only where its cells bear its name out, because a wrong guess would make every row a bad one.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import phonenumbers

from .contact import parse_phone
from .evidence import bases
from .zones import is_zone

Rows = Sequence[Mapping[str, str]]
_WORDS = {
    "phone": "phone phonenumber telephone telephonenumber tel telefoon telefoonnummer telefon telefonnummer rufnummer "
             "telefono téléphone number nummer mobile mobilephone mobilenumber mobiel mobielnummer mobil handy gsm "
             "cell cellphone home homephone thuis work workphone werk privé privat office landline vast",
    "name": "name fullname contact contactname customer customername client patient patientname naam volledigenaam "
            "klantnaam kunde nom nombre firstname voornaam vorname prénom givenname",
    "timezone": "timezone tz zone timezoneid tijdzone zeitzone",
    "country": "country countrycode land landcode landcode pays país",
    "state": "state statecode province staat provincie bundesland",
    "postal_code": "postalcode postcode zip zipcode pc plz",
    "language": "language lang locale taal sprache langue idioma",
    "consent": "consent toestemming einwilligung",
    "consent_proof": "consentproof consentref",
}  # fmt: skip
"""Word of the campaign file → names of columns, as `_plain` leaves them."""
_POCKET = re.compile("cell(phone)?|gsm|handy|mobil(e|ephone|enumber)?|mobiel(nummer)?")
"""Tried first: more people answer them."""
_IDENTITY = re.compile(r"(?i:(^|[\s_.-])(id|nr|no|number|nummer|key|ref|reference|uuid|code)$)|(Id|ID|Nr|No|Number)$")
_CODE = re.compile(r"[A-Za-z]{1,5}[-_]?\d{1,12}", re.ASCII)
_CASES = re.compile(
    r"(?i)appointment|afspraak|termin|order|bestel|invoice|factuur|ticket|case|booking|visit|policy|polis"
)
"""What one person may have several of."""
_MOSTLY = 0.95
"""Of the cells that have something in them: lists have a few odd rows, which are told one by one later."""
_NUMBERLIKE = re.compile(r"['+(]?[\d\s ()./+-]{7,24}")
_DATELIKE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}.*")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d.*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Guess:
    """How a list may be read."""

    columns: dict[str, tuple[str, ...]]
    """Word of the campaign file → its columns; only `phone` has several, in the order they are tried."""
    local: int
    """Rows, of those looked at, whose numbers have no country code."""
    region: str | None
    """The country that most rows name."""
    moment: str | None
    """A column of dates or times that a deadline could be made of."""
    other: tuple[str, ...]
    """Columns that mean nothing here; templates may use them."""


def guess(header: Sequence[str], rows: Rows) -> Guess:
    """What each column seems to hold.

    Args:
        header: The columns in the list's order.
        rows: Some rows: the first hundreds are enough.
    """
    filled = {column: [row[column].strip() for row in rows if row.get(column, "").strip()] for column in header}
    phones = sorted(_phones(header, filled), key=lambda column: not _POCKET.fullmatch(_plain(column)))
    found: dict[str, tuple[str, ...]] = {"phone": tuple(phones)} if phones else {}
    left = [column for column in header if column not in phones]
    for word, bears_out in _CHECKS.items():
        column = next((c for c in _named(word, left) if _mostly(bears_out, filled[c])), None)
        if column is not None:
            found[word] = (column,)
            left.remove(column)
    for word, column in _identity(left, filled, len(rows)):
        found[word] = (column,)
        left.remove(column)
    local = sum(any(_is_local(row.get(column, "")) for column in phones) for row in rows)
    moment = next((c for c in left if _mostly(_MOMENT.fullmatch, filled[c])), None)
    ordered = {word: found[word] for word in ("phone", "name", "id", "key", *_CHECKS) if word in found}
    return Guess(ordered, local, _commonest(filled, found), moment, tuple(left))


def dialable(columns: Sequence[str], rows: Rows, region: str | None) -> int:
    """How many rows have a number that can be called."""
    return sum(any(_can_be_called(row.get(column, ""), region) for column in columns) for row in rows)


def _can_be_called(cell: str, region: str | None) -> bool:
    try:
        return bool(cell.strip() and parse_phone(cell, region))
    except ValueError:
        return False


def _plain(column: str) -> str:
    return re.sub(r"[\W\d_]", "", column.casefold())


def _named(word: str, columns: Sequence[str]) -> Iterator[str]:
    """The columns of that name, the plainest name first."""
    known = _WORDS[word].split()
    yield from sorted((c for c in columns if _plain(c) in known), key=lambda column: known.index(_plain(column)))


def _phones(header: Sequence[str], filled: Mapping[str, list[str]]) -> Iterator[str]:
    for column in header:
        cells = filled[column]
        named = _plain(column) in _WORDS["phone"].split()
        like = sum(_is_like_a_number(cell, named=named) for cell in cells)
        if cells and like >= len(cells) * (0.5 if named else 0.9):
            yield column


def _is_like_a_number(cell: str, *, named: bool) -> bool:
    digits = sum(character.isdigit() for character in cell)
    plain = bool(_NUMBERLIKE.fullmatch(cell)) and not _DATELIKE.fullmatch(cell) and 7 <= digits <= 15
    return plain and (named or (digits > 7 and cell.startswith(("+", "'+", "0", "("))))


def _is_local(cell: str) -> bool:
    text = cell.strip().removeprefix("'")
    return bool(text) and not text.startswith("+")


def _is_consent(cell: str) -> bool:
    try:
        bases(cell)
    except ValueError:
        return False
    return True


def _mostly(bears_out: Callable[[str], Any], cells: Sequence[str]) -> bool:
    return bool(cells) and sum(bool(bears_out(cell)) for cell in cells) >= len(cells) * _MOSTLY


def _identity(left: Sequence[str], filled: Mapping[str, list[str]], rows: int) -> Iterator[tuple[str, str]]:
    """What names the person, and what names the lead where that is another: an appointment, an order."""
    known = [column for column in left if rows and len(filled[column]) >= rows * _MOSTLY]
    named = [c for c in known if _IDENTITY.search(c.strip())] or [c for c in known if _is_a_code(filled[c])]
    cases = [column for column in named if _CASES.search(column)]
    people = [column for column in named if column not in cases]
    yield from (("key", column) for column in cases[:1])
    yield from (("id", column) for column in people[:1])


def _is_a_code(cells: Sequence[str]) -> bool:
    return len(set(cells)) >= len(cells) * _MOSTLY and _mostly(_CODE.fullmatch, cells)


def _commonest(filled: Mapping[str, list[str]], found: Mapping[str, tuple[str, ...]]) -> str | None:
    """The country that most rows name."""
    cells = Counter(cell.upper() for column in found.get("country", ()) for cell in filled[column])
    return cells.most_common(1)[0][0] if cells else None


_CHECKS: dict[str, Callable[[str], Any]] = {
    "name": lambda cell: not re.search(r"\d{3}|@", cell),
    "timezone": is_zone,
    "country": lambda cell: cell.upper() in phonenumbers.SUPPORTED_REGIONS,
    "state": lambda cell: len(cell) < 40,
    "postal_code": lambda cell: len(cell) < 12 and re.search(r"\d", cell),
    "language": lambda cell: re.fullmatch(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*", cell),
    "consent": _is_consent,
    "consent_proof": lambda cell: len(cell) < 200,
}
