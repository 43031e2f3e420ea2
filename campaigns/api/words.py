"""What requests may say: names, numbers, moments and texts, each refused where it could not be meant."""

import re
from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from campaigns.domain.written import SLUG

A_NUMBER = "+442079460123"
A_CAMPAIGN = "dentist-reminders"
_ID = r"^[\w.:@+-]{1,200}$"
_STRANGE = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
"""Signs for machines, and halves of letters, which nothing can store."""
_YEARS = range(2000, 2200)


def _text(value: str) -> str:
    if _STRANGE.search(value):
        raise ValueError("characters that are no text")
    return value


def sensible(value: datetime | None) -> datetime | None:
    """Not so far away that no clock reaches it. Raises ValueError."""
    if value is not None and value.year not in _YEARS:
        raise ValueError("a year in which nobody is called")
    return value


Text = Annotated[str, Field(max_length=500), AfterValidator(_text)]
Number = Annotated[
    str, Field(min_length=3, max_length=40, description="With + and the country code.", examples=[A_NUMBER]),
    AfterValidator(_text),
]  # fmt: skip
Moment = Annotated[
    AwareDatetime, Field(description="With its offset, or Z.", examples=["2026-11-23T09:00:00+00:00"]),
    AfterValidator(sensible),
]  # fmt: skip
CampaignName = Annotated[str, Path(pattern=SLUG, description="The campaign's name.", examples=[A_CAMPAIGN])]
Id = Annotated[str, Path(pattern=_ID, description="As the lists tell it.")]


class Said(BaseModel):
    """A body: what it does not know is refused, so that a slip of the pen is not passed over."""

    model_config = ConfigDict(extra="forbid")
