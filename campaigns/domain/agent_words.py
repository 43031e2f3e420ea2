"""What an agent is told while somebody is on the line: its configuration for one contact, and what its tools answer.

The campaign file writes both as templates over its own variables; see `domain.templates` for what may stand in them.
"""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches

from pydantic import JsonValue, ValidationError
from pydantic_core import InitErrorDetails

from .templates import Unfilled, Words, compiled, speakable

LONGEST = 20_000
"""Characters of one text of a configuration, written and filled: a prompt has some thousands."""

Nested = JsonValue | Mapping[str, JsonValue] | Mapping[str, str]


def check_words(written: Nested, variables: Mapping[str, str]) -> None:
    """Raises pydantic's ValidationError with every text, by its place, that cannot be filled with these variables."""
    faults = [
        InitErrorDetails(type="value_error", loc=keys, input=text, ctx={"error": ValueError(fault)})
        for keys, text in _texts(written, ())
        if (fault := _fault(text, variables))
    ]
    if faults:
        raise ValidationError.from_exception_data("words", faults)


def configuration(written: Mapping[str, JsonValue], variables: Mapping[str, str]) -> dict[str, JsonValue]:
    """The same in every nesting, with each text filled; one that cannot be filled is left out with its key.

    Numbers, true and false stay what they are. A variable that is empty or missing is empty text, or its `default`.
    """
    found = _filled(dict(written), variables)
    return found if isinstance(found, dict) else {}


def answers(written: Mapping[str, str], variables: Mapping[str, str]) -> dict[str, str]:
    """By the name of the tool, in one line each; one that cannot be filled is left out."""
    filled = ((tool, _fill(text, variables)) for tool, text in written.items())
    return {tool: said for tool, text in filled if text is not None and (said := speakable(text))}


def _texts(written: Nested, keys: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(written, str):
        yield keys, written
    elif isinstance(written, Mapping):
        for key, part in written.items():
            yield from _texts(part, (*keys, key))
    elif isinstance(written, list):
        for index, part in enumerate(written):
            yield from _texts(part, (*keys, index))


def _fault(text: str, variables: Mapping[str, str]) -> str:
    """What is wrong with a template, and the mend; empty: nothing."""
    try:
        words = compiled(text, most=LONGEST)
    except ValueError as error:
        return f"{str(error).rstrip('.')}. Write text and {{{{ expressions }}}} only."
    for kind, name in (*words.needs, *sorted(read for read in words.reads if read[0] == "column")):
        if kind == "column":
            return "`row` is not known here. Give the column a name under `variables`, and write that."
        if name not in variables:
            near = get_close_matches(name, variables, 1)
            mend = f"Did you mean `{near[0]}`?" if near else f"Add it there, or write {{{{ {name} | default('…') }}}}."
            return f"`{name}` is none of the campaign's `variables`. {mend}"
    return ""


def _filled(written: JsonValue, variables: Mapping[str, str]) -> JsonValue:
    if isinstance(written, str):
        return _fill(written, variables)
    if isinstance(written, dict):
        parts = {key: _filled(part, variables) for key, part in written.items()}
        return {key: part for key, part in parts.items() if part is not None}
    if isinstance(written, list):
        return [found for part in written if (found := _filled(part, variables)) is not None]
    return written


def _fill(text: str, variables: Mapping[str, str]) -> str | None:
    """None: it cannot be filled, such as arithmetic on a word. Variables are clean: what is cut here is the whole."""
    try:
        words = compiled(text, most=LONGEST)
        return words.render(_values(words, variables))[:LONGEST]
    except (Unfilled, ValueError):
        return None


def _values(words: Words, variables: Mapping[str, str]) -> dict[str, str]:
    """What is empty counts as missing, so that `default` applies; what has no default is empty text."""
    said = {name: text for name, text in variables.items() if text}
    return {name: "" for kind, name in words.needs if kind == "name"} | said
