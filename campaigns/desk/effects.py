"""What a button would do, in plain words, before it is pressed. Pure."""

from enum import StrEnum


class Verb(StrEnum):
    """What a person tells a campaign."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    STOP = "stop"
