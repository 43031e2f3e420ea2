"""What a campaign file says in a system's own words, checked against what the system's list understands."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ValidationError

from campaigns.domain.sources import Returns
from campaigns.domain.written import listed
from campaigns.ports.lists import Fault

Wish = TypeVar("Wish", bound=BaseModel)
_PLACES = ("outcome", "label", "campaign")


def _some_texts(value: object) -> list[str]:
    items = listed(value)
    if not items or not all(isinstance(item, str | int | float) and str(item).strip() for item in items):
        raise ValueError("This is neither a text nor a list of texts. Write one, or several of which any may fit.")
    return [str(item).strip() for item in items]


AnyOf = Annotated[list[str], BeforeValidator(_some_texts)]
"""A filter: one value, or several of which any may fit."""


def read_wish(model: type[Wish], where: Mapping[str, Any]) -> Wish | list[Fault]:
    """The filters of a campaign as the model has them, or all that is wrong with them."""
    try:
        return model.model_validate(dict(where))
    except ValidationError as error:
        return [_fault(model, wrong["loc"], wrong["type"], wrong["msg"]) for wrong in error.errors(include_url=False)]


def _fault(model: type[BaseModel], loc: tuple[str | int, ...], kind: str, message: str) -> Fault:
    keys = ("where", *loc)
    if kind == "extra_forbidden":
        known = list(model.model_fields)
        near = get_close_matches(str(loc[-1]), known, 1)
        mend = f"Did you mean `{near[0]}`?" if near else f"Known here: {', '.join(known)}."
        return Fault(keys, "This is no filter of this list.", mend)
    if kind == "dict_type":
        return Fault(keys, "This must be keys with values.", "Write `key: value` lines below it.")
    what, stop, mend = message.removeprefix("Value error, ").partition(". ")
    return Fault(keys, what + stop.strip(), mend)


def tag_faults(returns: Returns) -> list[Fault]:
    """Tags whose `{…}` stand for nothing."""
    return [
        Fault(
            ("returns", "tags", way, number),
            "This tag has braces that stand for nothing.",
            f"Known are: {', '.join('{' + place + '}' for place in _PLACES)}.",
        )
        for way, tags in (("add", returns.tags.add), ("remove", returns.tags.remove))
        for number, tag in enumerate(tags)
        if "{" in _filled(tag, dict.fromkeys(_PLACES, "")) or "}" in _filled(tag, dict.fromkeys(_PLACES, ""))
    ]


def filled_tags(tags: list[str], words: Mapping[str, str]) -> list[str]:
    """Tags with their `{…}` filled, each once; one that needs a word that is empty is left out."""
    whole = [tag for tag in tags if all(words[place] for place in _PLACES if "{" + place + "}" in tag)]
    return list(dict.fromkeys(_filled(tag, words) for tag in whole))


def _filled(tag: str, words: Mapping[str, str]) -> str:
    for place in _PLACES:
        tag = tag.replace("{" + place + "}", words[place])
    return tag
