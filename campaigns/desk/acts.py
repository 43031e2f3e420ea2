"""Everything that an operator does. Each act checks the role once, says who did it, and is the same from every face."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from campaigns.domain.call import Disposition
from campaigns.domain.lead import CampaignState, Outcome
from campaigns.resolving import Word

from .access import Operator
from .effects import Verb
from .steering import Steering
from .tokens import Tokens, TokenView, new_secret

__all__ = [
    "Acts", "Bar", "Closed", "Erasure", "Loading", "TokenView", "Tokens", "Upload", "Verb", "Word", "new_secret",
]  # fmt: skip


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


@dataclass(frozen=True, slots=True)
class Bar:
    """A number that is not to be called any more."""

    number: str = field(repr=False)
    """With + and the country code."""
    scope: str = "all"
    """`all`, or a purpose."""
    why: str = "asked not to be called"
    proof: str = ""
    who: str = ""
    """Who says so; empty: the operator."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Which closed leads; empty: whichever."""

    outcomes: frozenset[Outcome] = frozenset()
    labels: frozenset[str] = frozenset()
    leads: frozenset[str] = frozenset()
    """Their ids."""


@dataclass(frozen=True, slots=True)
class Erasure:
    """What became of a person's data, in words that say nothing of the person."""

    people: int
    leads: int
    attempts: int
    erased: tuple[str, ...]
    vendors: tuple[str, ...]
    """What each provider answered."""
    left: tuple[str, ...]
    """What lies where this program cannot reach it."""


class Acts(Steering, Tokens):
    """What an operator does. All raise Forbidden, and InputError in plain words for what cannot be done."""

    async def load(self, upload: Upload, *, by: Operator, start: bool = False, dry: bool = False) -> Loading:
        """A campaign from a file with its lists: checked, put into the database, its leads read.

        `start`: let the worker dial it. `dry`: only check, and say what it would change.
        """
        raise NotImplementedError

    async def resolve(
        self, attempt: str, word: Word, disposition: Disposition = Disposition.UNKNOWN, *, by: Operator
    ) -> str:
        """A person's word on an uncertain attempt, by its id or the beginning of it; returns the whole id."""
        raise NotImplementedError

    async def suppress(self, bars: Sequence[Bar], *, by: Operator) -> int:
        """Put numbers on the do-not-call list; how many are new."""
        raise NotImplementedError

    async def unsuppress(self, entry: str, *, by: Operator) -> int:
        """Take an entry off the do-not-call list: by the id of its view, or a number with + (all its scopes)."""
        raise NotImplementedError

    async def withdraw(self, number: str, why: str = "taken back", *, by: Operator, who: str = "") -> int:
        """Let what was agreed to count no more; of how many records that is true."""
        raise NotImplementedError

    async def call_back(self, lead: str, at: datetime, *, by: Operator) -> datetime:
        """Promise a call at `at`, one beyond the campaign's maximum; returns when law and hours allow it."""
        raise NotImplementedError

    async def reopen(self, campaign: str, which: Closed, *, by: Operator, attempts: int = 1) -> int:
        """Let closed leads wait again, each with at least so many attempts left; how many they are.

        Never those who said no more calls, are suppressed or erased, or have a call that is not over.
        """
        raise NotImplementedError

    async def erase(self, number: str, *, by: Operator) -> Erasure:
        """Remove a person everywhere; only hashes stay, so that nobody calls them again."""
        raise NotImplementedError

    async def suspend_rules(self, code: str, why: str, until: datetime | None = None, *, by: Operator) -> str:
        """Close a jurisdiction at once; returns its code as it is written."""
        raise NotImplementedError

    async def resume_rules(self, code: str, *, by: Operator) -> str:
        """Open it again."""
        raise NotImplementedError
