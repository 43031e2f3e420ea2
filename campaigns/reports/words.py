"""How the report names and colours outcomes and dispositions; the order is the order of every table and picture."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colour:
    """One that is told from its neighbours by its name too, for those who cannot see the difference."""

    name: str
    light: str
    """On a light page, `#rrggbb`."""
    dark: str

    @property
    def css(self) -> str:
        """What the page calls it: `sky-blue`."""
        return self.name.replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Word:
    """One thing that is counted."""

    key: str
    """As the database writes it."""
    title: str
    shown: Colour
    meaning: str

    @property
    def colour(self) -> str:
        """The colour's name."""
        return self.shown.name

    @property
    def light(self) -> str:
        return self.shown.light


_GREEN = Colour("green", "#1a8a63", "#3fbf90")
_RED = Colour("red", "#c8452f", "#ef7a63")
_GREY = Colour("grey", "#8b93a1", "#7f8896")
_PURPLE = Colour("purple", "#8d4a9e", "#c589d6")
_BROWN = Colour("brown", "#7a5636", "#b58e6a")
_ORANGE = Colour("orange", "#dd8a00", "#f5ae3d")
_OLIVE = Colour("olive", "#97902a", "#c2bb55")
_SKY = Colour("sky blue", "#4aa3d8", "#6fc0ef")
_BLUE = Colour("blue", "#2c49a8", "#5b7cf0")
_PINK = Colour("pink", "#e27fa8", "#f2a3c2")
_PALE = Colour("pale grey", "#d3d8e0", "#454d5a")

COLOURS = (_GREEN, _RED, _GREY, _PURPLE, _BROWN, _ORANGE, _OLIVE, _SKY, _BLUE, _PINK, _PALE)

OUTCOMES = (
    Word("reached", "Reached", _GREEN, "a conversation took place"),
    Word("refused", "Refused", _RED, "they did not want it"),
    Word("wrong_person", "Wrong person", _ORANGE, "somebody else has this number"),
    Word("do_not_call", "Do not call", _PURPLE, "they want no more calls; nobody here calls them again"),
    Word("exhausted", "Exhausted", _GREY, "every attempt was used and nobody was reached"),
    Word("bad_number", "Bad number", _BROWN, "none of their numbers works"),
    Word("expired", "Expired", _SKY, "their deadline, or the campaign's end, came first"),
    Word("blocked", "Blocked", _OLIVE, "could not be called: no known zone, no open hour, or refused data"),
    Word("stopped", "Stopped", _PINK, "taken out by a person, or the campaign was stopped"),
    Word("held", "Held", _BLUE, "waits for a person to say whether a call took place"),
    Word("open", "Still open", _PALE, "not finished"),
)
DISPOSITIONS = (
    Word("answered", "Answered", _GREEN, "a conversation took place"),
    Word("voicemail", "Voicemail", _SKY, "an answering machine took the call"),
    Word("no_answer", "No answer", _GREY, "it rang, and nobody answered"),
    Word("busy", "Busy", _ORANGE, "the line was engaged"),
    Word("declined", "Declined", _RED, "the call was turned away"),
    Word("bad_number", "Bad number", _BROWN, "the number does not work"),
    Word("failed", "Failed", _PURPLE, "the provider or the network failed"),
    Word("unknown", "Unknown", _OLIVE, "it ended, and nobody can say how"),
    Word("uncertain", "Uncertain", _BLUE, "nobody could find out whether it took place"),
    Word("in_progress", "In progress", _PALE, "not over when this report was made"),
)
UNDIALLED = {
    "refused": "the provider said no, so nobody was rung",
    "not_sent": "the provider was never asked",
    "not_created": "proved that no call came of it",
}
"""Ends of attempts that cost nobody an attempt."""
