"""Contact lists in files: opened by what their name ends in, read as rows of text."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from campaigns.domain.errors import InputError, Problem
from campaigns.ports import ContactList

from .jsonl import JsonLines
from .parquet import open_parquet
from .text import open_text


@dataclass(frozen=True, slots=True)
class _Choices:
    encoding: str | None
    delimiter: str | None
    sheet: str | None


def _text(path: Path, choices: _Choices) -> ContactList:
    return open_text(path, encoding=choices.encoding, delimiter=choices.delimiter)


def _xlsx(path: Path, choices: _Choices) -> ContactList:
    from .xlsx import open_xlsx  # noqa: PLC0415  # openpyxl takes an eighth of every command's start

    return open_xlsx(path, sheet=choices.sheet)


def _jsonl(path: Path, choices: _Choices) -> ContactList:
    return JsonLines(path, encoding=choices.encoding)


def _parquet(path: Path, _choices: _Choices) -> ContactList:
    return open_parquet(path)


_FORMATS: dict[str, Callable[[Path, _Choices], ContactList]] = {
    ".csv": _text,
    ".tsv": _text,
    ".txt": _text,
    ".xlsx": _xlsx,
    ".xlsm": _xlsx,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".parquet": _parquet,
}


def open_list(
    path: Path, *, encoding: str | None = None, delimiter: str | None = None, sheet: str | None = None
) -> ContactList:
    """A contact list in a file; what is None is recognised.

    Raises InputError when the file is not there, may not be read, or is of no kind that is known.
    """
    _check_readable(path)
    found = _FORMATS.get(path.suffix.lower())
    if found is None:
        mend = f"Save it as one of {', '.join(_FORMATS)}."
        raise InputError([Problem(str(path), "is not a kind of contact list that is known.", mend)])
    return found(path, _Choices(encoding, delimiter, sheet))


def _check_readable(path: Path) -> None:
    what, mend = "", "File names are relative to the campaign file."
    try:
        if not path.exists():
            what = "is not there."
        elif not path.is_file():
            what = "is not a file."
        else:
            path.open("rb").close()
    except OSError as error:
        what, mend = f"cannot be read: {error.strerror}.", "Check its name and who may read it."
    if what:
        raise InputError([Problem(str(path), what, mend)])
