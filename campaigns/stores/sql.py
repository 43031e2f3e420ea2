"""The store over SQL: every verb, over whichever database."""

from .adopting_verbs import AdoptingVerbs
from .answer_verbs import AnswerVerbs
from .archive_verbs import ArchiveVerbs
from .board_verbs import BoardVerbs
from .bookmark_verbs import BookmarkVerbs
from .campaign_verbs import CampaignVerbs
from .closing_verbs import ClosingVerbs
from .consent_verbs import ConsentVerbs
from .database import Database
from .dial_verbs import DialVerbs
from .erasing_verbs import ErasingVerbs
from .gauge_verbs import GaugeVerbs
from .history_verbs import HistoryVerbs
from .journal_verbs import JournalVerbs
from .meta_verbs import MetaVerbs
from .move_verbs import MoveVerbs
from .outbox_verbs import OutboxVerbs
from .page_verbs import PageVerbs
from .people_verbs import PeopleVerbs
from .query_verbs import QueryVerbs
from .reopening_verbs import ReopeningVerbs
from .replan_verbs import ReplanVerbs
from .report_verbs import ReportVerbs
from .retention_verbs import RetentionVerbs
from .return_verbs import ReturnVerbs
from .round_verbs import RoundVerbs
from .token_verbs import TokenVerbs


class SqlStore(
    CampaignVerbs,
    ClosingVerbs,
    DialVerbs,
    ReplanVerbs,
    MoveVerbs,
    ReportVerbs,
    PeopleVerbs,
    ConsentVerbs,
    QueryVerbs,
    HistoryVerbs,
    BookmarkVerbs,
    ReturnVerbs,
    MetaVerbs,
    RoundVerbs,
    RetentionVerbs,
    ArchiveVerbs,
    OutboxVerbs,
    AnswerVerbs,
    GaugeVerbs,
    BoardVerbs,
    PageVerbs,
    JournalVerbs,
    TokenVerbs,
    ReopeningVerbs,
    ErasingVerbs,
    AdoptingVerbs,
):
    """Implements `ports.store.Store`; the verbs are grouped by topic in the files beside this one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def doubt(self) -> str:
        """See `ports.store.Store`."""
        return self._database.doubt
