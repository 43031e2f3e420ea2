"""What `init` writes: a campaign file that fits the list it is given, and settings beside it."""

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from pathlib import Path
from string import Template

from campaigns.domain.campaign import Purpose
from campaigns.domain.errors import InputError
from campaigns.domain.guessing import Guess, dialable, guess
from campaigns.domain.rows import Row
from campaigns.files import parse_campaign
from campaigns.lists import open_list
from campaigns.sections import SIMULATOR
from campaigns.vendors import kinds, provider_kind

CAMPAIGN, SETTINGS, MADE_UP = "campaign.yaml", "campaigns.toml", "contacts.csv"
HOURS = "Mo-Fr 09:00-12:30,13:30-17:30; PH off"
LOOKED_AT = 500
"""Rows that a guess is made from."""
_AGENT = "your-assistant-id"
_PLAIN = re.compile(r"[A-Za-z][A-Za-z_]*( [A-Za-z_]+)*")
_OTHERS = 40
"""Characters of a column's name that are shown in an example."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """The answers to the four questions."""

    name: str
    purpose: Purpose = Purpose.INFORMATIONAL
    list: Path | None = None
    """None: made-up people."""
    region: str | None = None
    """Country of numbers that the list writes without +."""
    provider: str = SIMULATOR
    hours: str = HOURS


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look into a list shows."""

    guess: Guess
    rows: int
    """Looked at."""
    unreadable: int
    dialable: Callable[[str | None], int]
    """How many of them have a number that can be called, given the country of those without +."""


@dataclass(frozen=True, slots=True)
class Draft:
    """Files that are to be written, by their names."""

    files: Mapping[str, str]


def look(path: Path) -> Seen:
    """What the first rows of a list seem to hold. Raises InputError: it cannot be read, or holds no numbers."""
    opened = open_list(path)
    header, read = opened.header(), list(islice(opened.rows(), LOOKED_AT))
    rows = [row.cells for row in read if isinstance(row, Row)]
    found = guess(header, rows)
    if "phone" not in found.columns:
        has = ", ".join(header[:20])
        raise InputError(f"{path}: no column of phone numbers was recognised. It has: {has}. Call one of them Phone.")
    phones = found.columns["phone"]
    return Seen(found, len(rows), len(read) - len(rows), lambda region: dialable(phones, rows, region))


def draft(wishes: Wishes, seen: Seen | None, folder: Path) -> Draft:
    """The files. Raises InputError where the answers make no valid campaign.

    Args:
        wishes: The answers.
        seen: What `look` saw in the list; None: made-up people.
        folder: Where the files will stand; the list is named relative to it.
    """
    if wishes.purpose is Purpose.EMERGENCY:
        mend = (
            'Start with another purpose, then write `purpose: emergency` and `legal_hours: {off: "reason"}` yourself.'
        )
        raise InputError(f"--purpose emergency: no legal rules name emergencies. {mend}")
    text = _campaign(wishes, seen, folder)
    parse_campaign(text, name=str(folder / CAMPAIGN))
    written = {CAMPAIGN: text, SETTINGS: Template(_starter(SETTINGS)).substitute(provider=_account(wishes.provider))}
    return Draft(written | ({} if seen else {MADE_UP: _starter(MADE_UP)}))


def write(drafted: Draft, folder: Path) -> list[Path]:
    """The files, written. Raises InputError: one of them is there already, or the folder takes none."""
    if taken := [name for name in drafted.files if (folder / name).exists()]:
        mend = f"Name another folder: campaigns init {folder / 'new'}"
        raise InputError(f"{folder}: {', '.join(taken)} exist already, and nothing is overwritten. {mend}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in drafted.files.items():
            with (folder / name).open("x", encoding="utf-8") as file:
                file.write(text)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror}). Name a folder of yours.") from None
    return [folder / name for name in drafted.files]


def slug(text: str) -> str:
    """`Dentist reminders!` → `dentist-reminders`; empty where nothing is left."""
    return re.sub(r"[^a-z0-9._]+", "-", text.strip().lower()).strip("-._")[:64]


def _starter(name: str) -> str:
    return (files("campaigns.data") / "init" / name).read_text("utf-8")


def _campaign(wishes: Wishes, seen: Seen | None, folder: Path) -> str:
    list_ = Path(os.path.relpath(wishes.list, folder)).as_posix() if wishes.list else MADE_UP
    found = seen.guess if seen else _made_up()
    region = wishes.region if seen else "GB"
    return Template(_starter(CAMPAIGN)).substitute(
        name=_yaml(wishes.name), purpose=wishes.purpose, provider=_provider(wishes.provider),
        contacts="\n".join(_contacts(list_, found, region)), hours=json.dumps(wishes.hours, ensure_ascii=False),
        variables='{name: "{{ name | default(\'\') }}"}' if "name" in found.columns else "{}",
        other=_example(found), outcomes=Path(list_).with_suffix("").name + ".outcomes.csv",
    )  # fmt: skip


def _made_up() -> Guess:
    header, *rows = [line.split(",") for line in _starter(MADE_UP).splitlines()]
    return guess(header, [dict(zip(header, row, strict=True)) for row in rows])


def _provider(name: str) -> str:
    if name == SIMULATOR:
        said = "# or a [providers.NAME] section of campaigns.toml; that needs an agent"
        return f"provider: simulator             {said}\n# agent: {_AGENT}"
    return (
        f"provider: {name:<21} # its section in campaigns.toml\nagent: {_AGENT}        # who talks: the provider's id"
    )


def _contacts(list_: str, found: Guess, region: str | None) -> list[str]:
    lines = [f"  - file: {_yaml(list_)}"]
    if region:
        lines.append(f"    region: {region}                  # country of numbers written without +")
    if "consent" not in found.columns:
        told = "what everybody here agreed to; `validate` says who needs it"
        lines.append(f'    # consent: {{basis: prior, proof: "intake form, clause 12"}}   # {told}')
    lines.append("    columns:                    # guessed from the header: read them over")
    lines += [f"      {word}: {_named(columns)}{_COMMENTS.get(word, '')}" for word, columns in found.columns.items()]
    if found.moment:
        column = json.dumps(f"{found.moment} - 4h", ensure_ascii=False)
        lines.append(f"    # call_by: {column}   # a deadline for each person: a column, minus a duration")
    return lines


_COMMENTS = {
    "phone": "   # tried in this order",
    "id": "   # who the person is, across lists",
    "key": "   # what we call about; the same again is the same lead",
}


def _named(columns: tuple[str, ...]) -> str:
    return _yaml(columns[0]) if len(columns) == 1 else f"[{', '.join(map(_yaml, columns))}]"


def _example(found: Guess) -> str:
    """How a template names a column that means nothing here; nothing where every column means something."""
    column = next((c for c in found.other if len(c) <= _OTHERS and not re.search(r"['\"\\{}]", c)), None)
    return f"#   another column: {{{{ row['{column}'] }}}}\n" if column else ""


def _yaml(text: str) -> str:
    """A text as YAML takes it for text: as it stands where that is safe, else quoted."""
    safe = _PLAIN.fullmatch(text) and text.lower() not in ("true", "false", "null", "yes", "no", "on", "off", "y", "n")
    is_file = re.fullmatch(r"[a-z0-9][A-Za-z0-9_./-]*[A-Za-z]", text)
    return text if safe or is_file else json.dumps(text, ensure_ascii=False)


def _account(name: str) -> str:
    """The section of a provider: its simulator first, and what takes its place on the day of real calls."""
    provider, note = ("flireo", "# ") if name == SIMULATOR else (name, "")
    needs_address = not provider_kind(provider).BASE_URL
    address = "https://api.flireo.example/v1" if needs_address else ""
    key = f'{{ env = "{provider.upper()}_API_KEY" }}'
    lines = [f"{note}[providers.{provider}]"]
    if not note:
        real = f'base_url = "{address}"' if address else "no base_url"
        lines.append(f'base_url = "{SIMULATOR}"         # made-up calls; for real ones: {real}, and the key below')
    elif address:
        lines.append(f'# base_url = "{address}"')
    lines.append(f"# api_key = {key}")
    lines.append(f"{note}at_once = 5                                  # the account's limits, shared by all campaigns")
    return "\n".join([*lines, f"{note}per_second = 1"])


def providers() -> list[str]:
    """Who can place the calls."""
    return [SIMULATOR, *kinds("providers")]
