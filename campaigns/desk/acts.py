"""Everything that an operator does. Each act checks the role once, says who did it, and is the same from every face."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from campaigns.domain.lead import CampaignState
from campaigns.ports.reopening import Which
from campaigns.resolving import Word

from .access import Operator
from .barring import Bar, Barring
from .deciding import Deciding, Promise
from .effects import Verb
from .erasing import Erasing, Erasure
from .steering import Steering
from .tokens import Tokens, TokenView

__all__ = ["Acts", "Bar", "Erasure", "Loading", "Promise", "TokenView", "Upload", "Verb", "Which", "Word"]


@dataclass(frozen=True, slots=True)
class Upload:
    """A campaign file with the lists that it names."""

    document: str
    files: Mapping[str, bytes] = field(repr=False)
    """By the names that the document gives them."""
    name: str = "campaign.yaml"
    """What errors call the document."""


@dataclass(frozen=True, slots=True)
class Loading:
    """What became of a campaign file."""

    campaign: str
    state: CampaignState
    contacts: dict[str, int]
    """As `Intake.counts`, with `new` and `updated`; empty: nothing was read yet."""
    changes: tuple[tuple[str, str], ...]
    """Title and line: what is different from the campaign that was there, and whom it moves."""
    told: tuple[str, ...]
    """What the law leaves of the lists."""
    notes: tuple[str, ...]
    """Doubts about the provider's account."""


class Acts(Steering, Deciding, Barring, Erasing, Tokens):
    """What an operator does. All raise Forbidden, and InputError in plain words for what cannot be done."""

    async def load(self, upload: Upload, *, by: Operator, start: bool = False, dry: bool = False) -> Loading:
        """A campaign from a file with its lists: checked, put into the database, its leads read.

        `start`: let the worker dial it. `dry`: only check, and say what it would change.
        """
        raise NotImplementedError
