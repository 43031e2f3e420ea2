"""Somebody is on the line and the vendor asks who is to talk, or what a tool answers: in time, whatever happens."""

from datetime import UTC, datetime, timedelta
from operator import itemgetter

import anyio
import structlog

from campaigns.domain.call import Question, Reply
from campaigns.domain.errors import CampaignsError, InputError
from campaigns.domain.lead import Attempt, Lead
from campaigns.domain.transitions import latest
from campaigns.ports.store import Store

from .terms import Terms, TermsBook

log = structlog.get_logger()

IN_TIME = timedelta(seconds=3)
"""Vendors wait 5 s for who is to talk, and 10 s for a tool; the way there and back is theirs."""
NO_ANSWER = "No answer is available."
_NEVER = datetime.min.replace(tzinfo=UTC)


async def answered(
    store: Store, book: TermsBook, question: Question, *, provider: str, within: timedelta = IN_TIME
) -> Reply:
    """What a proved question is answered. Raises nothing, and takes no longer than `within`.

    The person is found by our own attempt, else by the call, else by their number: the lead of this provider's
    campaigns that is being called, or, for whoever rang us, that was called last. Nobody found, an attempt that is
    over, no time left: the agent stays as the vendor knows it, and tools get a plain sentence.
    A caller's number can be forged, so campaigns should let nothing be said to it that is worth forging one.
    """
    found: tuple[Lead, Terms] | None = None
    try:
        with anyio.move_on_after(within.total_seconds()) as limit:
            found = await _found(store, book, question, provider)
        if limit.cancelled_caught:
            log.warning("question_not_answered_in_time", provider=provider)
    except CampaignsError as error:
        log.warning("question_not_answered", provider=provider, why=type(error).__name__)
    log.info("question", provider=provider, tools=len(question.tools), known=found is not None)
    return _reply(question, found)


def _reply(question: Question, found: tuple[Lead, Terms] | None) -> Reply:
    assistant = None
    known: dict[str, str] = {}
    if found is not None:
        lead, terms = found
        known = terms.campaign.tool_answers(lead.contact)
        assistant = terms.campaign.assistant_for(lead.contact) or None
    return Reply(assistant, {call.id: known.get(call.name, NO_ANSWER) for call in question.tools})


async def _found(store: Store, book: TermsBook, question: Question, provider: str) -> tuple[Lead, Terms] | None:
    """The person on the line, with the campaign that they are in."""
    attempt = await _named(store, question, provider)
    if attempt is not None:
        lead = await store.lead(attempt.lead_id) if attempt.open else None
        terms = await _terms(store, book, attempt.campaign) if lead else None
        return (lead[0], terms) if lead and terms else None
    if question.attempt_id is not None or question.phone is None:
        return None  # a call that others made on this account, or nobody
    known = await _with_number(store, book, book.phone_key(question.phone), provider)
    return max(known, key=itemgetter(0))[1:] if known else None


async def _named(store: Store, question: Question, provider: str) -> Attempt | None:
    """The attempt that the question names, over or not."""
    if question.attempt_id is not None:
        named = await store.attempt(question.attempt_id)
        return named if named is not None and named.provider == provider else None
    return None if question.call_id is None else await store.attempt_of_call(provider, question.call_id)


async def _with_number(
    store: Store, book: TermsBook, phone_key: str, provider: str
) -> list[tuple[tuple[datetime, datetime, int], Lead, Terms]]:
    """Everybody in this provider's campaigns with this number, and how recent that is: an open call is the latest."""
    found = []
    for place, (lead, _) in enumerate(await store.leads_with_phone(phone_key)):
        terms = await _terms(store, book, lead.campaign)
        if terms is not None and terms.record.provider == provider:
            last = latest(await store.attempts_of(lead.id))
            recent = (last.rings_from if last else _NEVER, terms.record.created_at, place)
            found.append((recent, lead, terms))
    return found


async def _terms(store: Store, book: TermsBook, campaign: str) -> Terms | None:
    """As they are now; None: it is gone, or this version cannot read its file any more."""
    record = await store.campaign(campaign)
    try:
        return None if record is None else book.current(record)
    except InputError:
        return None
