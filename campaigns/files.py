"""Reads a campaign file; every error names the file, the line, the key and the mend, and all come at once."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from operator import itemgetter
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML, events
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from campaigns.domain.campaign import Campaign
from campaigns.domain.errors import InputError, Problem
from campaigns.domain.sources import CampaignList, FileList, VendorList
from campaigns.domain.written import typed

MAX_BYTES = 1_000_000
MAX_DEPTH = 20
MAX_VALUES = 20_000
"""After aliases are followed; a campaign has a few hundred."""

MAX_FAULTS = 50
_NOT_TEXT = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

Key = str | int
KeyPath = tuple[Key, ...]
_TYPED: KeyPath = ("assistant",)
"""Below it numbers are numbers: it is passed on as it stands."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A campaign with the text it was read from."""

    campaign: Campaign
    path: Path
    folder: Path
    """What the files it names are relative to."""
    text: str = field(repr=False)
    lines: Mapping[KeyPath, int] = field(repr=False)
    """Key path → line, from 1."""

    def where(self, *keys: Key) -> str:
        """`campaign.yaml:12: contacts[0].columns.phone`; the nearest enclosing key where the file has no such key."""
        return _where(str(self.path), self.lines, keys)


def load_campaign(path: Path) -> Loaded:
    """Read a campaign file. Raises InputError with every problem in it, in the order of its lines."""
    return parse_campaign(_read(path), name=str(path))


def parse_campaign(text: str, *, name: str) -> Loaded:
    """The same for a text that is kept elsewhere; `name` is its path, for messages and for the files it names."""
    tree = _Tree(text, name)
    data = tree.read()
    campaign = None
    if data is not None:
        try:
            campaign = Campaign.model_validate(data)
        except ValidationError as error:
            for detail in error.errors(include_url=False):
                tree.blame(*_explain(detail))
    if campaign is None or tree.faults:
        raise InputError(problem for _, problem in sorted(tree.faults, key=itemgetter(0)))
    return Loaded(campaign, Path(name), Path(name).parent, text, tree.lines)


def _read(path: Path) -> str:
    where = str(path)
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) <= MAX_BYTES:
            return raw.decode("utf-8-sig")
        what, mend = "This file is larger than 1 MB.", "Is it a contact list? Name the campaign file."
    except FileNotFoundError:
        what, mend = "There is no such file.", "Check the path."
    except IsADirectoryError:
        what, mend = "This is a directory.", "Name the campaign file in it."
    except UnicodeDecodeError as error:
        where = f"{path}:{error.object.count(10, 0, error.start) + 1}"
        what, mend = "This is not text in UTF-8.", "Save the file as UTF-8."
    except (OSError, ValueError) as error:
        what, mend = f"This cannot be read ({getattr(error, 'strerror', None) or error}).", "Check the path."
    raise InputError([Problem(where, what, mend)])


def _line(event: events.Event) -> int:
    return int(event.start_mark.line) + 1


def _is_empty(event: events.ScalarEvent) -> bool:
    return not event.style and event.value in ("", "~", "null", "Null", "NULL")


class _Stop(Exception):
    """Line, what is wrong, the mend: nothing after this fault can be read."""


class _Tree:
    """The plain values of a YAML text and the line of every key; scalars stay their source text."""

    def __init__(self, text: str, name: str) -> None:
        self.lines: dict[KeyPath, int] = {(): 1}
        self.faults: list[tuple[int, Problem]] = []
        self._name, self._text = name, text
        self._events: Iterator[events.Event] = iter(())
        self._anchors: dict[str, tuple[object, int] | None] = {}
        self._count = 0
        self._spoilt: list[KeyPath] = []

    def read(self) -> dict[str, object] | None:
        """The document; None when a fault leaves nothing to be judged."""
        try:
            self._check_characters()
            self._events = YAML(typ="safe", pure=True).parse(self._text)
            return self._document()
        except _Stop as stop:
            self._fault((), *stop.args)
        except MarkedYAMLError as error:
            line, what, mend = _syntax(error, self._text)
            if all(line != known for known, _ in self.faults):
                self._fault((), line, what, mend)
        except (YAMLError, ValueError, ArithmeticError, LookupError, TypeError, AttributeError):
            # Slips of the library, such as chr() of a number beyond Unicode.
            self._fault((), 1, "This is not YAML that can be read.", "Check the quotes and the backslashes.")
        return None

    def blame(self, keys: KeyPath, what: str, mend: str) -> None:
        """Add a fault, unless an earlier one already spoilt that part of the document."""
        if not any(keys[: len(spoilt)] == spoilt for spoilt in self._spoilt):
            self._fault(keys, self.lines[_known_part(self.lines, keys)], what, mend)

    def _fault(self, keys: KeyPath, line: int, what: str, mend: str) -> None:
        problem = Problem(_where(self._name, self.lines, keys, line), _printable(what), _printable(mend))
        if len(self.faults) < MAX_FAULTS and (line, problem) not in self.faults:
            self.faults.append((line, problem))

    def _check_characters(self) -> None:
        if strange := _NOT_TEXT.search(self._text):
            line = self._text.count("\n", 0, strange.start()) + 1
            raise _Stop(line, "A character stands here that is no text.", "Is this a campaign file? Save it as UTF-8.")

    def _document(self) -> dict[str, object]:
        event = next(self._events)
        while isinstance(event, events.StreamStartEvent | events.DocumentStartEvent):
            event = next(self._events)
        if isinstance(event, events.StreamEndEvent) or (isinstance(event, events.ScalarEvent) and _is_empty(event)):
            raise _Stop(1, "This file is empty.", "`campaigns init` writes one to start from.")
        if not isinstance(event, events.MappingStartEvent):
            raise _Stop(_line(event), "This is not a campaign.", "Begin with `campaign: a-name`.")
        root = self._value(event, ())
        second = next((event for event in self._events if isinstance(event, events.DocumentStartEvent)), None)
        if second:
            raise _Stop(_line(second), "A second document begins here.", "Keep one campaign per file.")
        return dict(root) if isinstance(root, dict) else {}

    def _value(self, event: Any, keys: KeyPath) -> object:
        self._count += 1
        if len(keys) > MAX_DEPTH or self._count > MAX_VALUES:
            raise _Stop(_line(event), "This is nested too deeply or too large.", "A campaign needs neither.")
        if isinstance(event, events.AliasEvent):
            return self._alias(event, keys)
        if event.tag is not None:
            self._spoil(keys, _line(event), f"`{event.tag}` is a tag; tags are not used here.", "Remove it.")
        before, anchor = self._count, event.anchor
        if anchor:
            self._anchors[anchor] = None
        value = self._content(event, keys)
        if anchor:
            self._anchors[anchor] = value, self._count - before + 1
        return value

    def _content(self, event: events.Event, keys: KeyPath) -> object:
        if isinstance(event, events.ScalarEvent):
            if keys and _is_empty(event):
                self._spoil(keys, self.lines[keys], "There is nothing here.", "Give it a value, or remove it.")
            if _NOT_TEXT.search(event.value):
                self._spoil(keys, _line(event), "A backslash makes a character that is no text.", "Remove it.")
            return typed(event.value) if keys[:1] == _TYPED and not event.style else str(event.value)
        if isinstance(event, events.MappingStartEvent):
            return self._mapping(keys)
        items: list[object] = []
        for item in self._children():
            self.lines[*keys, len(items)] = _line(item)
            items.append(self._value(item, (*keys, len(items))))
        return items

    def _mapping(self, keys: KeyPath) -> dict[str, object]:
        pairs: dict[str, object] = {}
        for event in self._children():
            key, line = self._key(event, keys), _line(event)
            if key in pairs:
                first = self.lines[*keys, key]
                self._fault((*keys, key), line, f"This key stands twice, first on line {first}.", "Remove one of them.")
            self.lines.setdefault((*keys, key), line)
            pairs.setdefault(key, self._value(next(self._events), (*keys, key)))
        return pairs

    def _key(self, event: events.Event, keys: KeyPath) -> str:
        """The key; for what is none, a fault and a stand-in."""
        if not isinstance(event, events.ScalarEvent):
            self._spoil(keys, _line(event), "Braces or brackets stand where a key should.", "Put {{ … }} in quotes.")
            self._value(event, (*keys, "\0"))
        elif _is_empty(event) or _NOT_TEXT.search(event.value):
            self._spoil(keys, _line(event), "A key is empty or no text.", "Write its name before the colon.")
        elif event.value == "<<" and not event.style:
            self._spoil(keys, _line(event), "`<<` does not merge here.", "Write the keys out.")
        else:
            return str(event.value)
        return f"\0{self._count}"

    def _children(self) -> Iterator[events.Event]:
        while not isinstance(event := next(self._events), events.CollectionEndEvent):
            yield event

    def _alias(self, event: events.AliasEvent, keys: KeyPath) -> object:
        name = str(event.anchor)
        known = self._anchors.get(name)
        if known is not None:
            self._count += known[1]
            return known[0]
        what = "contains itself" if name in self._anchors else "was never named with `&`"
        self._spoil(keys, _line(event), f"`*{name}` {what}.", "Put it in quotes if it is a text, else write it out.")
        return None

    def _spoil(self, keys: KeyPath, line: int, what: str, mend: str) -> None:
        self._spoilt.append(keys)
        if not any(str(key).startswith("\0") for key in keys):
            self._fault(keys, line, what, mend)


_SYNTAX = (
    (r"'\\t'", "A tab stands where only spaces may.", "Indent with spaces."),
    ("mapping values", "A colon stands where none is expected.", "Mend the indentation, or quote a text with `: `."),
    ("expected ':'", "This is not a key with a value.", "Write `key: value`."),
    ("end of stream|document separator", "A quote is opened here and never closed.", "Close it."),
    ("expected ',' or", "A bracket or brace is opened here and not closed, or a comma is missing.", "Close it."),
    ("escape|hexadecimal", "A backslash means something in double quotes.", "Write the text in single quotes."),
    ("cannot start|alphabetic", "An unquoted text cannot begin with this character.", "Put it in quotes."),
    ("block end", "This does not fit the lines above it.", "Mend the indentation, or put the text in quotes."),
)


def _syntax(error: MarkedYAMLError, text: str) -> tuple[int, str, str]:
    """Line, what is wrong and the mend, in words for people who do not know YAML."""
    problem = str(error.problem)
    opened = re.search("end of stream|document separator|expected ',' or|expected ':'", problem)
    mark = (error.context_mark if opened else None) or error.problem_mark or error.context_mark
    line = mark.line + 1 if mark else 1
    written = "".join(text.splitlines()[line - 1 : line])
    if re.match(r" *\t", written):
        return line, *_SYNTAX[0][1:]
    if "{{" in written:
        return line, "Braces begin something else than a text.", "Put a text with {{ … }} in quotes."
    for pattern, what, mend in _SYNTAX:
        if re.search(pattern, problem):
            return line, what, mend
    return line, f"This is not YAML: {problem}.", "Check the quotes, the colons and the indentation."


_SENTENCES = {
    "int_": ("This is not a whole number.", "Write digits only, such as 5."),
    **dict.fromkeys(("float_", "finite_"), ("This is not a number.", "Write one, such as 0.5.")),
    "greater_than_equal": ("This is too small.", "Write {ge} or more."),
    "greater_than": ("This is too small.", "Write more than {gt}."),
    "less_than_equal": ("This is too large.", "Write {le} or less."),
    **dict.fromkeys(("literal_", "enum"), ("{said} is not a word that is known here.", "Write {expected}.")),
    "list_type": ("This must be a list.", "Begin each item on a line of its own with `- `."),
    **dict.fromkeys(("dict_", "model_"), ("This must be keys with values.", "Write `key: value` lines below it.")),
    "string_type": ("This must be one text.", "Write it on one line, in quotes."),
    "too_short": ("This list is empty.", "Name at least one item."),
}
"""Beginning of pydantic's error type → what is wrong and the mend."""


def _explain(error: ErrorDetails) -> tuple[KeyPath, str, str]:
    """Key path, what is wrong and the mend for an error of pydantic's; union tags (`<…>`) are left out."""
    *outer, last = error["loc"]
    keys = tuple(part for part in outer if part not in _TAGS) + ((last,) if last not in _TAGS else ())
    if error["type"] == "missing":
        return keys, f"The key `{last}` is missing.", "Add it."
    if error["type"] == "extra_forbidden":
        return keys, "This key is unknown.", _nearest(str(last), _known_keys(outer))
    if error["type"] == "value_error":
        what, stop, mend = str(error["ctx"]["error"]).partition(". ")
        return keys, what + stop.strip(), mend
    for kind, (what, mend) in _SENTENCES.items():
        if error["type"].startswith(kind):
            words = {name: _plain(value) for name, value in error.get("ctx", {}).items()}
            words["said"] = f"'{str(error['input'])[:40]}'" if isinstance(error["input"], str) else "This"
            return keys, what.format(**words), mend.format(**words)
    return keys, f"{error['msg'].replace('Input should', 'This must')}.", ""


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).replace("'", "")


def _nearest(key: str, known: list[str]) -> str:
    near = get_close_matches(key, known, n=1)
    return f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(known)}."


def _known_keys(loc: list[Key]) -> list[str]:
    """The keys of the model that an error's location leads to."""
    models: list[type[BaseModel]] = [Campaign]
    for part in loc:
        if isinstance(part, int):
            continue
        if part in _LISTS:
            models = [_LISTS[part]]
        elif part not in _TAGS:
            models = [found for model in models for found in _models_in(model.model_fields[part].annotation)]
    return [name for model in models for name in model.model_fields]


_LISTS: dict[Key, type[BaseModel]] = {"<file>": FileList, "<list>": VendorList, "<campaign>": CampaignList}
_TAGS = {*_LISTS, "<text>", "<language>"}


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)


def _known_part(lines: Mapping[KeyPath, int], keys: KeyPath) -> KeyPath:
    return next(keys[:end] for end in range(len(keys), -1, -1) if keys[:end] in lines)


def _where(name: str, lines: Mapping[KeyPath, int], keys: KeyPath, line: int | None = None) -> str:
    known = _known_part(lines, keys)
    place = f"{name}:{line or lines[known]}"
    return f"{place}: {_dotted(known)}" if known else place


def _dotted(keys: KeyPath) -> str:
    parts = (f".{key}" if re.fullmatch(r"[A-Za-z_][\w-]*", str(key)) else f"[{key!r:.40}]" for key in keys)
    return "".join(parts).lstrip(".")


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "\N{MIDDLE DOT}" for character in text)
