"""A row of a list → a contact of the campaign, or the reason why it is none; what it says is data, never an order."""

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches

import phonenumbers

from .campaign import Campaign
from .contact import Consent, Contact, Earlier, PhoneNumber, parse_phone
from .errors import InputError, Problem
from .evidence import bases, consents, earlier_calls
from .hours_text import names_public_holidays, parse_hours
from .moments import instants, written
from .numbering import TELLING, country_of_number, telling
from .places import Address
from .rows import BadRow, Row
from .sources import ColumnMoment, Exclude, FileList, PhoneColumn
from .templates import Unfilled, Words, compiled, speakable
from .whereabouts import country_of, jurisdictions_of, zones_of

_IDENTITY_LIMIT = 200
_PLACES = 50_000
"""Kinds of whereabouts that are remembered."""
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)
_ALWAYS = frozenset({"phone", "key", "id"})

Cells = Mapping[str, str]


def row_mapper(
    source: FileList, campaign: Campaign, header: Sequence[str] | None, *, file: str
) -> Callable[[Row], Contact | BadRow]:
    """Made once for a list. Raises InputError with every column that is missing and every template that is wrong.

    `header`: None where nobody can list the columns beforehand; then each row shows what it has.
    """
    templates, problems = _compile(campaign.variables, _mapped(source), header, file)
    if problems := [*_missing(_wanted(source), header, file), *problems]:
        raise InputError(problems)
    mapper = _Mapper(source, campaign, templates)

    def read(row: Row) -> Contact | BadRow:
        try:
            return mapper.contact(row.cells)
        except _Bad as reason:
            return BadRow(row.line, str(reason))

    return read


def exclude_mapper(
    exclude: Exclude, header: Sequence[str], *, file: str
) -> Callable[[Row], frozenset[tuple[str, str]]]:
    """Who a row leaves out: pairs of `phone` (E.164), `id` or `key`, and the value. Raises InputError.

    An empty answer means that the row names nobody that could be read; that deserves a warning.
    """
    columns = exclude.columns
    phones = columns.phone or []
    names = [(kind, column) for kind, column in (("id", columns.id), ("key", columns.key)) if column]
    wanted = [*(("columns.phone", phone.column) for phone in phones), *((f"columns.{k}", c) for k, c in names)]
    if problems := _missing(wanted, header, file):
        raise InputError(problems)

    def read(row: Row) -> frozenset[tuple[str, str]]:
        numbers, _ = _read_phones(phones, exclude.region, row.cells)
        named = ((kind, row.cells.get(column, "")) for kind, column in names)
        return frozenset([*(("phone", number.e164) for number in numbers), *(pair for pair in named if pair[1])])

    return read


@dataclass(frozen=True, slots=True)
class _Whereabouts:
    """Where a person may be."""

    address: Address
    zones: tuple[str, ...]
    home: str | None
    jurisdictions: tuple[str, ...]


class _Bad(Exception):  # no error: a row that is none of ours
    """This row is no contact; the text says why, without anything personal."""


class _Mapper:
    def __init__(self, source: FileList, campaign: Campaign, templates: dict[str, Words]) -> None:
        self._source = source
        self._columns = source.columns
        self._campaign = campaign
        self._templates = templates
        self._fields = _mapped(source)
        self._holidays = names_public_holidays(campaign.calling_hours)
        self._places: dict[tuple[str, ...], _Whereabouts] = {}

    def contact(self, cells: Cells) -> Contact:
        phones = self._phones(cells)
        columns = self._columns
        person = _identity(columns.id, cells) if columns.id else phones[0].e164
        key = _identity(columns.key, cells) if columns.key else person
        where = self._where(cells, phones)
        zones, home = where.zones, where.home
        return Contact(
            person=person,
            key=key,
            phones=phones,
            name=speakable(_cell(columns.name, cells)),
            zones=zones,
            country=home,
            state=where.address.state,
            postal_code=where.address.postal_code,
            jurisdictions=where.jurisdictions,
            language=speakable(_cell(columns.language, cells)),
            hours=self._hours(cells, home),
            rank=_rank(columns.rank, cells),
            call_from=_moment(self._source.call_from, cells, zones, latest=True),
            call_by=_moment(self._source.call_by, cells, zones, latest=False),
            variables=self._variables(cells, {"phone": phones[0].e164, "key": key, "id": person}),
            person_from_id=columns.id is not None,
            consents=self._consents(cells, zones),
            debt=speakable(_cell(columns.debt, cells)),
            earlier=self._earlier(cells, zones),
        )

    def _phones(self, cells: Cells) -> tuple[PhoneNumber, ...]:
        phones, reason = _read_phones(self._columns.phone, self._source.region, cells)
        if not phones:
            raise _Bad(reason or f"{self._columns.phone[0].column}: empty")
        return phones

    def _where(self, cells: Cells, phones: tuple[PhoneNumber, ...]) -> "_Whereabouts":
        """Asked once for all whose cells and leading digits are alike."""
        columns = self._columns
        told = (_cell(columns.country, cells), _cell(columns.state, cells), _cell(columns.postal_code, cells),
                _cell(columns.timezone, cells))  # fmt: skip
        alike = (*told, *[self._telling(phone.e164) for phone in phones])
        found = self._places.get(alike)
        if found is None:
            if len(self._places) >= _PLACES:
                self._places.clear()
            found = self._places[alike] = self._found(cells, phones)
        return found

    def _telling(self, e164: str) -> str:
        """What of a number can make a difference to where its owner may be."""
        if self._campaign.legal_hours.mobiles and not e164.startswith("+1"):
            return e164  # whether it moves with its owner takes all of it
        return e164[: telling(e164[:TELLING]) or None]

    def _found(self, cells: Cells, phones: tuple[PhoneNumber, ...]) -> "_Whereabouts":
        address = self._address(cells, phones)
        zones = self._zones(cells, address, phones)
        home = address.country or country_of_number(phones[0].e164)
        codes = jurisdictions_of(address, [phone.e164 for phone in phones], region=self._source.region)
        return _Whereabouts(address, zones, home, codes)

    def _address(self, cells: Cells, phones: tuple[PhoneNumber, ...]) -> Address:
        state = _cell(self._columns.state, cells) or None
        address = Address(_country(self._columns.country, cells), state, _cell(self._columns.postal_code, cells))
        if address.country or not (state or address.postal_code):
            return address
        return replace(
            address, country=country_of(address, [phone.e164 for phone in phones], region=self._source.region)
        )

    def _zones(self, cells: Cells, address: Address, phones: tuple[PhoneNumber, ...]) -> tuple[str, ...]:
        """The person's own; that of the campaign only where nobody knows them."""
        campaign = self._campaign
        try:
            zones = zones_of(
                address,
                [phone.e164 for phone in phones],
                column=_cell(self._columns.timezone, cells),
                region=self._source.region,
                mobiles=campaign.legal_hours.mobiles,
            )
        except ValueError:
            raise _Bad(f"{self._columns.timezone or 'zone'}: not a time zone such as Europe/Amsterdam") from None
        return zones or ((campaign.zone,) if campaign.zone else ())

    def _hours(self, cells: Cells, country: str | None) -> str | None:
        text = _cell(self._columns.hours, cells)
        try:
            if text:
                parse_hours(text)
            holidays = self._holidays or (text and names_public_holidays(text))
        except ValueError as error:
            # The message quotes the cell; in a list whose columns slipped that may be a number.
            quoted = re.sub(r"\d[\d ().-]{5,}", "…", str(error))
            raise _Bad(f"{self._columns.hours}: {quoted[:300]}") from None
        if holidays and country is None:
            raise _Bad("the hours name public holidays (PH), and the country is not known")
        return text or None

    def _consents(self, cells: Cells, zones: tuple[str, ...]) -> tuple[Consent, ...]:
        """Where a column says it, the row's own cell alone decides; else the list's word for everybody."""
        columns, stated = self._columns, self._source.consent
        given, proof = _cell(columns.consent_at, cells), speakable(_cell(columns.consent_proof, cells))
        if columns.consent is None and stated is None:
            return ()
        kinds = _cell(columns.consent, cells) if columns.consent or stated is None else ",".join(stated.basis)
        proof = proof or (stated.proof or "" if stated else "")
        blamed = columns.consent
        try:
            agreed, blamed = bases(kinds), columns.consent_at
            return consents(agreed, given=given, proof=proof, zones=zones)
        except ValueError as error:
            raise _Bad(f"{blamed}: {error}") from None

    def _earlier(self, cells: Cells, zones: Sequence[str]) -> tuple[Earlier, ...]:
        try:
            return earlier_calls(_cell(self._columns.last_attempts, cells), zones)
        except ValueError as error:
            raise _Bad(f"{self._columns.last_attempts}: {error}") from None

    def _variables(self, cells: Cells, known: dict[str, str]) -> dict[str, str]:
        if not self._templates:
            return {}
        row = {column: text for column, text in cells.items() if text}
        plain = {column: text for column, text in row.items() if column not in self._fields}
        mapped = {field: row[column] for field, column in self._fields.items() if column in row}
        names = plain | mapped | known
        return {variable: _render(variable, template, names, row) for variable, template in self._templates.items()}


# ── cells ──


def _cell(column: str | None, cells: Cells) -> str:
    return cells.get(column, "").strip() if column else ""


def _identity(column: str, cells: Cells) -> str:
    text = _cell(column, cells)
    if not text:
        raise _Bad(f"{column}: empty")
    if len(text) > _IDENTITY_LIMIT or not text.isprintable():
        raise _Bad(f"{column}: longer than {_IDENTITY_LIMIT} characters, or not printable")
    return text


def _read_phones(
    columns: Iterable[PhoneColumn], region: str | None, cells: Cells
) -> tuple[tuple[PhoneNumber, ...], str]:
    """The good numbers in order, each once; and what is wrong with the first bad one."""
    found: dict[str, PhoneNumber] = {}
    reason = ""
    for column in columns:
        if text := _cell(column.column, cells):
            try:
                e164 = parse_phone(text, region)
                found.setdefault(e164, PhoneNumber(e164, column.kind))
            except ValueError as error:
                reason = reason or f"{column.column}: {error}"
    return tuple(found.values()), reason


def _country(column: str | None, cells: Cells) -> str | None:
    text = _cell(column, cells).upper()
    if text and text not in phonenumbers.SUPPORTED_REGIONS:
        raise _Bad(f"{column}: not a country code of two letters, such as NL")
    return text or None


def _rank(column: str | None, cells: Cells) -> float:
    text = _cell(column, cells)
    if not text:
        return 0.0
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        raise _Bad(f"{column}: not a number")
    return float(text)


# ── moments ──


def _moment(wanted: ColumnMoment | None, cells: Cells, zones: Sequence[str], *, latest: bool) -> datetime | None:
    """The instant that a cell means; a date is its first moment, an empty cell no limit.

    Without an offset it is local time in each of the zones: the latest of these instants, or the earliest.
    """
    text = _cell(wanted.column, cells) if wanted else ""
    if not wanted or not text:
        return None
    try:
        local = written(text)
        if local.tzinfo is None and not zones:
            raise _Bad(f"{wanted.column}: local time, and the person's zone is not known")
        found = list(instants(local, wanted.offset, zones))
    except (ValueError, OverflowError):
        raise _Bad(f"{wanted.column}: not a date or time such as 2026-11-23 or 2026-11-23 17:00") from None
    return max(found) if latest else min(found)


# ── columns that must be there ──


def _mapped(source: FileList) -> dict[str, str]:
    """The fields of `columns` with their columns, without the numbers."""
    return {k: str(v) for k, v in source.columns.model_dump(exclude={"phone"}, exclude_none=True).items()}


def _wanted(source: FileList) -> Iterator[tuple[str, str]]:
    yield from (("columns.phone", phone.column) for phone in source.columns.phone)
    yield from ((f"columns.{field}", column) for field, column in _mapped(source).items())
    for key, moment in (("call_from", source.call_from), ("call_by", source.call_by)):
        if moment:
            yield key, moment.column


def _missing(wanted: Iterable[tuple[str, str]], header: Sequence[str] | None, file: str) -> list[Problem]:
    if header is None:
        return []
    there = set(header)
    return [
        Problem(f"{file}:1", f"has no column '{column}', which {key} names.", _nearest(column, header))
        for key, column in dict.fromkeys(wanted)
        if column not in there
    ]


def _nearest(column: str, header: Sequence[str]) -> str:
    folded = {name.casefold(): name for name in reversed(header)}
    near = get_close_matches(column.casefold(), folded, 1)
    return f"Did you mean '{folded[near[0]]}'?" if near else f"It has: {', '.join(header[:20])}."


# ── variables ──


def _compile(
    variables: Mapping[str, str], mapped: Cells, header: Sequence[str] | None, file: str
) -> tuple[dict[str, Words], list[Problem]]:
    templates: dict[str, Words] = {}
    problems: list[Problem] = []
    for variable, text in variables.items():
        try:
            template = compiled(text)
            problems += _missing(_needed(template, f"variables.{variable}", mapped), header, file)
            templates[variable] = template
        except ValueError as error:
            problems.append(Problem(f"variables.{variable}", f"{error}", "Write text and {{ expressions }} only."))
    return templates, problems


def _needed(template: Words, where: str, mapped: Cells) -> Iterator[tuple[str, str]]:
    """The columns that a template cannot do without."""
    for kind, column in template.needs:
        if not (kind == "name" and column in _ALWAYS | mapped.keys()):
            yield where, column


def _render(variable: str, template: Words, names: Cells, row: Cells) -> str:
    try:
        return speakable(template.render({**names, "row": row}))
    except Unfilled as reason:
        raise _Bad(f"variable {variable}: {reason}") from None
