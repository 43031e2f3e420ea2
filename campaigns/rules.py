"""Reads the legal rules: the product's own data, and a user's file of stricter rows."""

import hashlib
from datetime import date
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import phonenumbers
from pydantic import ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from campaigns.domain.errors import InputError
from campaigns.domain.legal import RuleBook
from campaigns.domain.rules import Rule
from campaigns.domain.zones import subdivision

AS_OF = date(2026, 11, 20)
"""When the product's rows were last read against their sources."""
MAX_BYTES = 1_000_000
NOT_ADVICE = "Data with sources, not legal advice: whoever runs a campaign has to check the rules that bind them."


def load_rules(own: Path | None = None) -> RuleBook:
    """The product's rows and, after them, the user's own. Raises InputError that names the row.

    Own rows only add: an id of the product cannot be taken, and what a row forbids no other row permits.
    """
    book = _product()
    if own is None:
        return book
    try:
        with own.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        text = raw.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{own}: the calling rules cannot be read: {error}. Check the path.") from None
    if len(raw) > MAX_BYTES:
        raise InputError(f"{own}: these calling rules are larger than 1 MB. Name the right file.")
    rules = _read(text, str(own))
    taken = {rule.id for rule in book.rules}
    for rule in rules:
        if rule.id in taken:
            raise InputError(f"{own}: {rule.id}: this id is taken. Rows only add to the product's: give it its own.")
        taken.add(rule.id)
    _check_parents((*book.rules, *rules), str(own))
    return RuleBook((*book.rules, *rules), f"{book.version}+{_digest(text)}")


@lru_cache(maxsize=1)
def _product() -> RuleBook:
    text = files("campaigns.data").joinpath("calling_rules.yaml").read_text(encoding="utf-8")
    rules = _read(text, "calling_rules.yaml")
    _check_parents(rules, "calling_rules.yaml")
    return RuleBook(rules, f"{AS_OF}.{_digest(text)}")


def known_code(text: str, book: RuleBook) -> str:
    """A jurisdiction of some row, or any of ISO 3166. Raises InputError with the nearest known one."""
    wanted = text.strip()
    codes = {rule.code.upper(): rule.code for rule in book.rules}
    if wanted.upper() in codes:
        return codes[wanted.upper()]
    country, _, region = wanted.upper().partition("-")
    if country in phonenumbers.SUPPORTED_REGIONS and not region:
        return country
    if country in phonenumbers.SUPPORTED_REGIONS and (state := subdivision(country, region)):
        return f"{country}-{state}"
    known = [*codes, *(rule.id for rule in book.rules), *sorted(phonenumbers.SUPPORTED_REGIONS)]
    near = get_close_matches(wanted.upper(), known, 1, 0.5) or get_close_matches(wanted.lower(), known, 1, 0.5)
    mend = f"Did you mean {near[0]}?" if near else "Write a code of ISO 3166 such as DE or US-FL, or the id of a row."
    raise InputError(f"CODE: '{wanted[:40]}' is no jurisdiction and no row. {mend}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _read(text: str, name: str) -> tuple[Rule, ...]:
    try:
        rows = YAML(typ="safe").load(text)
    except YAMLError as error:
        raise InputError(f"{name}: this is not YAML: {str(error).splitlines()[0]}. Check the indentation.") from None
    except (ValueError, ArithmeticError, LookupError, TypeError, AttributeError, RecursionError):
        # Slips of the library: a date of no calendar, a number without end, lists inside lists without end.
        raise InputError(
            f"{name}: this is not YAML that can be read. Check its dates, its numbers, its brackets."
        ) from None
    if not isinstance(rows, list):
        raise InputError(f"{name}: this must be a list of rows. Begin each with `- id: …`.")
    rules: list[Rule] = []
    for number, row in enumerate(rows, 1):
        where = row.get("id", f"row {number}") if isinstance(row, dict) else f"row {number}"
        try:
            rules.append(Rule.model_validate(row))
        except ValidationError as error:
            first = error.errors()[0]
            key = ".".join(str(part) for part in first["loc"])
            what = first["msg"].removeprefix("Value error, ")
            raise InputError(f"{name}: {where}: {key}: {what}. See `campaigns rules --json` for rows.") from None
        if where in {rule.id for rule in rules[:-1]}:
            raise InputError(f"{name}: {where}: this id stands twice. Rename one of them.")
    return tuple(rules)


def _check_parents(rules: tuple[Rule, ...], name: str) -> None:
    known = {rule.id for rule in rules}
    for rule in rules:
        if missing := set(rule.inherits) - known:
            raise InputError(f"{name}: {rule.id}: inherits '{min(missing)}', which is no row.")
