"""`init`: four questions, and files to start from."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from campaigns.domain.campaign import Purpose
from campaigns.domain.errors import InputError
from campaigns.domain.hours_text import parse_hours
from campaigns.domain.written import country_code
from campaigns.sections import SIMULATOR
from campaigns.starting import CAMPAIGN, HOURS, SETTINGS, Seen, Wishes, draft, look, providers, slug, write

from .context import Json, err, many, options, out, print_json, print_pairs

T = TypeVar("T")
NAME = "my-first-campaign"
_MADE_UP = "made-up"


def register(cli: typer.Typer) -> None:
    """Add this command."""
    cli.command()(init)


def init(  # noqa: PLR0913, PLR0917 - one option an answer
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where to write; default: here.", metavar="DIR")] = Path(),
    name: Annotated[str | None, typer.Option(help="What the campaign is called.")] = None,
    purpose: Annotated[Purpose | None, typer.Option(help="What it is for: it decides which laws bind.")] = None,
    list_: Annotated[
        str | None, typer.Option("--list", help="Your list: .csv .tsv .xlsx .jsonl; or made-up.", metavar="FILE")
    ] = None,
    region: Annotated[str | None, typer.Option(help="Country of numbers without +, such as NL.")] = None,
    provider: Annotated[str | None, typer.Option(help="Who places the calls; default: the simulator.")] = None,
    hours: Annotated[str | None, typer.Option(help=f'When people may be called, such as "{HOURS}".')] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing: defaults for what is not said.")] = False,
) -> None:
    """Write a commented campaign file for your list, and settings beside it. Asks four questions, or takes flags.

    Example: campaigns init my-campaign --name reminders --list people.csv --region NL --yes
    """
    ask = _Asking(on=not yes and sys.stdin.isatty() and not options(context).json)
    called = ask.for_(name, "1/4  What is the campaign called?", NAME, _slug, "--name")
    meant = ask.for_(purpose, f"     What is it for? {_or(Purpose)}", str(Purpose.INFORMATIONAL), _purpose, "--purpose")
    said = "2/4  Which list? A file (.csv .tsv .xlsx .jsonl), or Enter for people who are"
    path, seen = ask.for_(list_, said, _MADE_UP, _looked, "--list")
    ask.say(_told(path, seen, None))
    where = _region(ask, region, seen)
    who = ask.for_(provider, f"3/4  Who places the calls? {_or(providers())}", SIMULATOR, _provider, "--provider")
    when = ask.for_(hours, "4/4  When may we call?", HOURS, _hours, "--hours")
    drafted = draft(Wishes(called, meant, path, where, who, when), seen, folder)
    written = [str(file) for file in write(drafted, folder)]
    after = _next(folder, who)
    if options(context).json:
        print_json({"written": written, "list": _as_json(path, seen, where), "next": after})
        return
    pairs = [("written", file) for file in written]
    print_pairs([*pairs, *_told(path, seen, where)])
    for line in after:
        out.print(f"next     {line}", markup=False)  # unbroken, to be copied


class _Asking:
    """Questions on a terminal; elsewhere the defaults."""

    def __init__(self, *, on: bool) -> None:
        self._on = on

    def say(self, pairs: list[tuple[str, str]]) -> None:
        """Something that helps with the next question."""
        for title, line in pairs if self._on else ():
            err.print(f"     {title:8} {line}", markup=False)

    def for_(self, given: str | None, question: str, default: str | None, read: Callable[[str], T], option: str) -> T:
        """What was given as an option, else the answer, else the default. Raises InputError, naming the option."""
        if given is not None or not self._on:
            try:
                return read(given if given is not None else default or "")
            except ValueError as error:
                raise InputError(f"{option}: {error}") from None
        while True:
            try:
                return read(typer.prompt(question, default=default, err=True))
            except (ValueError, InputError) as error:
                err.print(f"     {str(error).removeprefix('campaigns: ')}", markup=False)


def _region(ask: _Asking, given: str | None, seen: Seen | None) -> str | None:
    """Asked only where the list writes numbers without a country code."""
    if given is not None or (seen and seen.guess.local):
        local = seen.guess.local if seen else 0
        question = f"     {many(local, 'number has', 'numbers have')} no +: of which country are they, such as NL?"
        return ask.for_(given, question, seen.guess.region if seen else None, _country(local), "--region")
    return None


def _slug(text: str) -> str:
    if not slug(text):
        raise ValueError("This name cannot be used. Write letters and digits, such as spring-reminders.")
    return slug(text)


def _purpose(text: str) -> Purpose:
    if text not in set(Purpose):
        raise ValueError(f"'{text[:40]}' is no purpose. Write one of {_or(Purpose)}.")
    return Purpose(text)


def _looked(text: str) -> tuple[Path | None, Seen | None]:
    if text == _MADE_UP:
        return None, None
    path = Path(text).expanduser()
    if not path.is_file():
        raise ValueError(f"'{path}' is no file here. Write its path, or {_MADE_UP}.")
    return path, look(path)


def _country(local: int) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not text:
            told = (
                f"{many(local, 'row has a number', 'rows have numbers')} without +, and of which country is not known"
            )
            raise ValueError(f"{told}. Write --region NL, for example.")
        return country_code(text.strip())

    return read


def _provider(text: str) -> str:
    if text not in providers():
        raise ValueError(f"'{text[:40]}' places no calls. Write one of {_or(providers())}.")
    return text


def _hours(text: str) -> str:
    parse_hours(text)
    return text


def _or(words: "type[Purpose] | list[str]") -> str:
    return ", ".join(str(word) for word in words)


def _told(path: Path | None, seen: Seen | None, region: str | None) -> list[tuple[str, str]]:
    """What was guessed of the list."""
    if path is None or seen is None:
        return []
    columns = "; ".join(f"{word}: {', '.join(found)}" for word, found in seen.guess.columns.items())
    said = [("guessed", columns)]
    if seen.guess.other:
        said.append(("", f"left alone: {', '.join(seen.guess.other[:20])}"))
    if region or not seen.guess.local:
        there = f" in {region}" if region else ""
        can = f"{seen.dialable(region):,} of the first {many(seen.rows, 'row')} have a number that can be called{there}"
        said.append(("numbers", can))
    return said


def _as_json(path: Path | None, seen: Seen | None, region: str | None) -> Json | None:
    if path is None or seen is None:
        return None
    columns = {word: list(found) for word, found in seen.guess.columns.items()}
    return {"file": str(path), "columns": columns, "other": list(seen.guess.other), "looked_at": seen.rows,
            "dialable": seen.dialable(region)}  # fmt: skip


def _next(folder: Path, provider: str) -> list[str]:
    """The two commands that show what would happen; neither calls anybody."""
    settings = f"--settings {folder / SETTINGS} " if folder != Path() and provider != SIMULATOR else ""
    return [f"campaigns {settings}{word} {folder / CAMPAIGN}" for word in ("validate", "plan")]
