"""What the dashboard says, in each language: texts by key, from a catalogue file each."""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from .formats import number

LANGUAGES = {"en": "English", "nl": "Nederlands"}


@dataclass(frozen=True, slots=True)
class Words:
    """The texts of one language."""

    language: str
    texts: dict[str, str]

    def __call__(self, key: str, **values: object) -> str:
        """The text. `n` chooses between `one | many`; whole numbers are written as the language writes them.

        Raises KeyError where there is no such text.
        """
        text = self.texts[key]
        if " | " in text:
            one, many = text.split(" | ")
            text = one if values.get("n") == 1 else many
        shown = {name: number(value, self.language) if type(value) is int else value for name, value in values.items()}
        return text.format_map(shown) if values else text

    def has(self, key: str) -> bool:
        """Whether there is such a text: for words of the trade that may be new."""
        return key in self.texts


@cache
def words(language: str) -> Words:
    """The catalogue of a language of `LANGUAGES`."""
    written = tomllib.loads(files("campaigns.dashboard").joinpath(f"catalogue/{language}.toml").read_text("utf-8"))
    texts = {f"{section}.{key}": text for section, keys in written.items() for key, text in keys.items()}
    return Words(language, texts)


def preferred(cookie: str, accepted: str) -> str:
    """The language to speak: what was chosen, else the first known one that the browser asks for."""
    if cookie in LANGUAGES:
        return cookie
    asked = (part.split(";")[0].strip()[:2].lower() for part in accepted.split(","))
    return next((language for language in asked if language in LANGUAGES), "en")
