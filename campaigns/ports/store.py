"""The seam to the database: one verb, one transaction, each named after what the engine does."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from campaigns.domain.contact import PhoneNumber
from campaigns.domain.facts import Facts
from campaigns.domain.lead import Attempt, AttemptState, CampaignState, Lead
from campaigns.domain.lines import Hold
from campaigns.domain.pacing import Breaker, Limits, Standing

from .answers import AnswerStore
from .board import BoardStore
from .bookmarks import BookmarkStore, Shown
from .consents import ConsentStore
from .erasing import ErasingStore
from .gauges import GaugeStore
from .history import HistoryStore
from .outbox import OutboxStore
from .pages import PageStore
from .people import PeopleStore, Suppression
from .queries import QueryStore
from .reopening import ReopeningStore
from .returns import ReturnStore
from .rounds import RoundStore
from .tokens import TokenStore
from .upkeep import UpkeepStore


@dataclass(frozen=True, slots=True)
class CampaignRecord:
    """A campaign as the database holds it."""

    name: str
    state: CampaignState
    document: str
    """The source text of the file."""
    folder: str
    """Where its contact lists are."""
    provider: str
    purpose: str
    created_at: datetime
    revision: int = 1
    """Rises when the document changes, or what leads are planned by."""
    version: int = 1
    """Rises with every edit and every steering; a permit to dial carries it."""
    reason: str = ""
    purse: str = ""
    """Whose budget it uses: another campaign's for a test call; empty: its own."""
    intake: dict[str, int] = field(default_factory=dict)
    """Rows read, invalid, duplicate, suppressed, excluded; of the last complete reading."""
    started_at: datetime | None = None
    finished_at: datetime | None = None
    plans_from: int = 0
    """Plans of an older revision than this are made anew, a few at a time."""
    planned_under: str = ""
    """The legal rules, time zones and limits per person that leads are planned by."""
    closing: bool = False
    """Stopped, and of those who waited some are still to be closed."""
    archived_at: datetime | None = None
    """Since then only its archive knows its people; `reason` says where that is."""


@dataclass(frozen=True, slots=True)
class NewLead:
    """A lead as a contact list has it."""

    lead: Lead
    phone_keys: tuple[str, ...]
    source: int
    """Which of the campaign's lists, from 0."""


class Written(NamedTuple):
    """The same, written down already: flat, so that a million of them travel cheaply from process to process."""

    id: str
    person_key: str
    phone_keys: tuple[str, ...]
    rank: float
    contact: str
    """By `contact_to_text`."""
    source: int
    plan: Lead
    """A lead that waits, is due or is closed as this one is; of whose contact nothing is meant."""


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of a batch of contacts."""

    new: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0
    """The same key again in the same reading."""
    suppressed: int = 0

    def plus(self, other: "Merged") -> "Merged":
        """Of both together."""
        return Merged(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Account:
    """What the database remembers of a provider's account."""

    next_send_at: datetime | None = None
    next_request_at: datetime | None = None
    paused_until: datetime | None = None
    breaker: Breaker = field(default_factory=Breaker)
    served: int = 0
    """The head of the queue of its campaigns."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a campaign: what may be done now, and when there is more to do."""

    campaign: CampaignRecord
    account: Account
    standing: Standing
    ready: int
    due: int
    next_due_at: datetime | None
    calling: bool
    held: bool
    line_free_at: datetime | None
    """When the first held doubt will stop holding its line."""
    booked: int = 0
    """Calls of this campaign that the provider holds for later, or may hold."""
    suspended: frozenset[str] = frozenset()
    """Jurisdictions that a person has closed."""
    stale: bool = False
    """Whether leads wait by a plan that no longer holds."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A lead with its facts, and the version of the person that they belong to."""

    facts: Facts
    person_version: int
    next_ordinal: int
    rev: int = 0
    """Rises with every write to the lead; whoever writes says which he saw."""


@dataclass(frozen=True, slots=True)
class Intent:
    """A dial to be written down."""

    claimed: Claimed
    attempt_id: str
    phone: PhoneNumber
    phone_key: str
    body: bytes = field(repr=False)
    callback: bool
    closes_at: datetime
    subject: str = ""
    debt: str = field(default="", repr=False)
    caller_id: str = ""
    permit: str = field(default="{}", repr=False)
    fires_at: datetime | None = None
    """Scheduled dialing: when the provider is to call; None: now."""


@dataclass(frozen=True, slots=True)
class Move:
    """One step of an attempt, with the lead that follows from it; applied whole or not at all."""

    before: Attempt
    after: Attempt
    why: str
    lead: Lead | None = None
    """None: the lead stays as it is."""
    lead_rev: int = 0
    opted_out: bool = False
    applies: tuple[int, ...] = ()
    """Kept webhooks that are done with by this."""
    who: str = ""
    """The person who says so, for the journal."""


@dataclass(frozen=True, slots=True)
class Context:
    """A lead, and what a move of one of its attempts further depends on."""

    lead: Lead
    rev: int
    newest: int
    """The ordinal of its latest attempt that counts; 0: none."""
    campaign: CampaignState


@dataclass(frozen=True, slots=True)
class Known:
    """A call that is ours."""

    attempt: Attempt
    context: Context


@dataclass(frozen=True, slots=True)
class InboxItem:
    """A webhook that is kept until it is applied."""

    id: int
    provider: str
    grade: str
    received_at: datetime
    report: dict[str, Any] = field(repr=False)
    tries: int = 0


class CampaignStore(Protocol):
    """Campaigns and their leads."""

    async def put_campaign(
        self, record: CampaignRecord, *, keeps_plans_of: int | None = None, now: datetime
    ) -> CampaignRecord:
        """A campaign, new or edited. Where its text changed, leads are planned anew.

        `keeps_plans_of`: the revision whose plans hold under the new text too; if it is another by now, none do.
        """

    async def plan_under(self, name: str, stamp: str) -> CampaignRecord | None:
        """The campaign, whose leads are planned by what `stamp` names; where it was another, they are planned anew."""

    async def campaign(self, name: str) -> CampaignRecord | None: ...
    async def campaigns(self) -> list[CampaignRecord]: ...  # but those that are archived
    async def steer(
        self, name: str, to: CampaignState, *, expect: Sequence[CampaignState], reason: str, now: datetime,
        by: str = "",
    ) -> bool:  # fmt: skip
        """Change the state where it is one of `expect`; False: it was not.

        A stop holds at once; of those who wait it closes some, and `close_stopped` the others. `by`: the person who
        says so, for the journal.
        """

    async def close_stopped(self, name: str, *, now: datetime) -> int:
        """Close whoever waited when the campaign was stopped, in several transactions; how many there were."""

    async def note_intake(
        self, name: str, counts: dict[str, int], bad_rows: Sequence[tuple[str, int, str]]
    ) -> None: ...
    async def bad_rows(self, name: str) -> list[tuple[str, int, str]]: ...
    async def put_leads(self, name: str, leads: Sequence[NewLead | Written], *, load: int, now: datetime) -> Merged:
        """Insert or update leads of one reading. Leads with an open attempt and finished leads stay as they are.

        What a later reading has shown stays shown, though an earlier one comes to it afterwards.
        """

    async def next_load(self, name: str) -> int: ...
    async def source_size(self, name: str, source: int) -> int: ...
    async def shown(self, name: str, source: int, *, load: int) -> Shown:
        """What the reading `load` showed of a list's leads."""

    async def stop_removed(self, name: str, source: int, *, load: int, now: datetime) -> int:
        """Close leads of a list that the reading `load` did not show."""

    async def forget(self, name: str) -> None:
        """Remove a campaign with all that belongs to it (simulated databases only)."""


class DialStore(Protocol):
    """Everything between a waiting lead and a placed call."""

    async def look(self, name: str, *, now: datetime) -> Look | None: ...
    async def promote(self, name: str, *, limit: int, now: datetime) -> int: ...
    async def claim(self, name: str, *, limit: int, owner: str, until: datetime, now: datetime) -> list[Claimed]: ...
    async def facts(self, lead_ids: Sequence[str], *, now: datetime) -> list[Claimed]:
        """The same without claiming, for explanations and planning."""

    async def plan(self, leads: Sequence[Lead], *, now: datetime) -> None:
        """Write what was decided of claimed leads: wait, or closed. One that changed since its claim is left alone."""

    async def stale(self, name: str, *, limit: int, now: datetime) -> list[Claimed]:
        """Some of the leads that wait by a plan that no longer holds; nobody claims them by it."""

    async def replan(self, leads: Sequence[tuple[Lead, int]]) -> None:
        """Write new plans of waiting leads, each where its `rev` is still the one seen."""

    async def mark_urgent(self, name: str, lead_ids: Collection[str]) -> None:
        """Claim these, and of those marked before no others, like leads whose last chance is today."""

    async def bid(self, name: str, *, priority: int, lines: int, until: datetime) -> None:
        """Say to other campaigns of the account how many lines this one could use; 0 takes it back."""

    async def caller_uses(
        self, provider: str, numbers: Sequence[str], zone: str | None, *, now: datetime
    ) -> dict[str, int]:
        """How often each number was dialled with today, by all campaigns; `zone`: whose day, None: of UTC."""

    async def begin(  # noqa: PLR0913 - what a dial is permitted by
        self, record: CampaignRecord, intents: Sequence[Intent], limits: Limits, *, most: int, owner: str,
        now: datetime, ahead: timedelta = timedelta(),
    ) -> list[Attempt]:  # fmt: skip
        """Write down at most `most` intents, each with its send instant, while lines and slots last.

        Only where person and campaign are still as they were judged. Whoever is left over goes back to ready. An
        intent with `fires_at` needs a line from then on, any other one now. No instant is sooner than `ahead` from now.
        """

    async def holds(self, name: str, longest_call: timedelta, *, now: datetime) -> list[Hold]:
        """The lines of a campaign's account that are held, and until when at the latest."""

    async def fence(self, attempt: Attempt, *, now: datetime) -> Attempt | None:
        """The last permit, right before the POST; None: it is no longer allowed."""

    async def new_slot(self, attempt: Attempt, limits: Limits, *, now: datetime) -> datetime:
        """Another send instant for a dial that came too late for its own."""

    async def request_slot(self, provider: str, spacing: timedelta, *, now: datetime) -> datetime:
        """When the next request that is no dial may be sent."""

    async def account(self, provider: str) -> Account: ...
    async def forget_account(self, provider: str) -> None:
        """Remove what is remembered of an account (simulated databases only: each run has a time of its own)."""

    async def pause_account(self, provider: str, until: datetime) -> None: ...
    async def put_breaker(self, provider: str, breaker: Breaker) -> None: ...


class ReportStore(Protocol):
    """Everything between a placed call and a settled attempt."""

    async def record(self, moves: Sequence[Move], *, now: datetime) -> list[bool]:
        """Apply each move where its attempt (and lead) is still as it was; False: it was not."""

    async def context(self, lead_id: str) -> Context | None: ...
    async def known_calls(self, provider: str, call_ids: Sequence[str]) -> dict[str, Known]:
        """Those of these calls that attempts own, by their ids."""

    async def receive(
        self, provider: str, *, dedupe_key: str, grade: str, report: dict[str, Any], now: datetime, phone_key: str = ""
    ) -> int | None:
        """Keep a proved webhook, and return its id; None: the same news is here already. Durable when it returns.

        Of whoever is erased nothing personal is kept, not for a moment; None where that leaves nothing. `phone_key`:
        of the number that it names.
        """

    async def inbox(self, provider: str, *, limit: int) -> list[InboxItem]: ...
    async def inbox_done(self, ids: Sequence[int], state: str) -> None: ...
    async def inbox_retry(self, ids: Sequence[int]) -> None: ...
    async def attempt(self, attempt_id: str) -> Attempt | None: ...
    async def attempt_of_call(self, provider: str, call_id: str) -> Attempt | None: ...
    async def attempt_of_booking(self, provider: str, booking_id: str) -> Attempt | None: ...
    async def attempts_in(
        self, provider: str, states: Sequence[AttemptState], *, since: datetime | None = None
    ) -> list[Attempt]: ...
    async def free_lines(self, provider: str, longest_call: timedelta, *, now: datetime) -> int:
        """End `open` for doubts whose call, if there was one, is over by any measure; returns how many."""

    async def lead(self, lead_id: str) -> tuple[Lead, int] | None:
        """A lead and its revision."""

    async def leads_with_phone(self, phone_key: str) -> list[tuple[Lead, int]]: ...
    async def attempts_of(self, lead_id: str) -> list[Attempt]: ...
    async def note_inbound(
        self, provider: str, call_id: str, stage: str, *, suppress: Suppression | None = None, now: datetime
    ) -> bool:
        """Remember an inbound call's stage, and whom it puts on the do-not-call list; False: known already."""

    async def put_lead(self, lead: Lead, rev: int, *, opted_out: bool, now: datetime, why: str) -> bool: ...


class Store(
    CampaignStore,
    DialStore,
    ReportStore,
    PeopleStore,
    ConsentStore,
    QueryStore,
    HistoryStore,
    BookmarkStore,
    ReturnStore,
    RoundStore,
    UpkeepStore,
    OutboxStore,
    AnswerStore,
    GaugeStore,
    BoardStore,
    PageStore,
    TokenStore,
    ReopeningStore,
    ErasingStore,
    Protocol,
):
    """The only memory."""

    @property
    def doubt(self) -> str:
        """Why nobody may be called from it any more: a disk that failed, a damaged file; empty: they may."""
