"""Who is meant: by a number in any country's writing, a key or an id at once; by a part of a name, page by page."""

from collections.abc import AsyncIterator, Sequence
from functools import partial

import anyio.to_thread
import phonenumbers

from campaigns.app import Session
from campaigns.domain.contact import parse_phone
from campaigns.domain.lead import Lead, lead_id
from campaigns.ports.pages import ListedLead

from .access import Operator
from .shown import lead_row
from .views import LeadRow

WIDTH = 10_000
"""Places that are looked through for a name in one go: about 20 ms."""
LEAST_DIGITS, MOST = 5, 100
"""Digits of the shortest number that is looked for, and letters of the longest text."""


async def search(session: Session, text: str, *, by: Operator, limit: int) -> AsyncIterator[LeadRow]:
    """Leads of all campaigns as they are found, at most `limit`; see `People.search`."""
    seen = set[str]()
    async for listed in _found(session, text.strip()[:MOST], limit):
        if listed.lead.id not in seen:
            seen.add(listed.lead.id)
            yield lead_row(listed, by)
        if len(seen) == limit:
            return


async def leads_called(session: Session, campaign: str, text: str) -> list[Lead]:
    """The lead of a campaign that has this key, or this id."""
    found = await session.store.leads_by_id([lead_id(campaign, text), text])
    return [listed.lead for listed in found if listed.lead.campaign == campaign]


async def phone_keys(session: Session, text: str) -> list[str]:
    """Names of every number that a text may mean, in whichever country it was written; none: it is no number."""
    if sum(character.isdigit() for character in text) < LEAST_DIGITS or any(map(str.isalpha, text)):
        return []
    with session.clock.work():  # the first time it reads a file for each country
        numbers = await anyio.to_thread.run_sync(partial(numbers_in, text))
    return [session.book.phone_key(number) for number in numbers]


def numbers_in(text: str) -> list[str]:
    """Every E.164 number that a text is somewhere."""
    regions = [None] if text.startswith("+") else sorted(phonenumbers.SUPPORTED_REGIONS)
    found = dict[str, None]()
    for region in regions:
        try:
            found[parse_phone(text, region)] = None
        except ValueError:
            continue
    return list(found)


def patterns_of(text: str) -> tuple[str, ...]:
    """Patterns of LIKE for a part of a text, however it is capitalised there; none: it has neither letter nor digit.

    Signs and blanks stand for any, because apostrophes and dashes are written in many ways. ASCII letters are small.
    """
    if not any(map(str.isalnum, text)):
        return ()
    written = dict.fromkeys((text, text.lower(), text.upper(), text.title()))
    return tuple(dict.fromkeys(map(_pattern, written)))


def _pattern(text: str) -> str:
    small = "".join(letter.lower() if letter.isascii() else letter for letter in text)
    return f"%{'%'.join(''.join(c if c.isalnum() else ' ' for c in small).split())}%"


async def _found(session: Session, text: str, limit: int) -> AsyncIterator[ListedLead]:
    """Names are looked through where nobody is called so exactly."""
    names = [record.name for record in await session.store.campaigns()]
    exact = await _exact(session, text, names, limit) if text else []
    for listed in exact:
        yield listed
    if not exact and any(map(str.isalpha, text)):
        for name in reversed(names):
            async for listed in _named(session, name, patterns_of(text), limit):
                yield listed


async def _exact(session: Session, text: str, names: Sequence[str], limit: int) -> list[ListedLead]:
    """By number, by key, or by an id, of an attempt too."""
    attempt, keys = await session.store.attempt(text), await phone_keys(session, text)
    ids = [text, *([attempt.lead_id] if attempt else []), *(lead_id(name, text) for name in names)]
    found = await session.store.leads_by_id(ids)
    return found + (await session.store.leads_with_phones(keys, limit=limit) if keys else [])


async def _named(session: Session, name: str, patterns: Sequence[str], limit: int) -> AsyncIterator[ListedLead]:
    after: int | None = 0
    while after is not None:
        page, after = await session.store.leads_named(name, patterns, after=after, width=WIDTH, limit=limit)
        for listed in page:
            yield listed
