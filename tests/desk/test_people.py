"""What an operator sees of people: pages, one contact whole, search, rules; and what whoever may only read does not."""

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from campaigns.desk.people import MOST, People
from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.contact import Basis, Consent, PhoneNumber
from campaigns.domain.errors import InputError, Unknown
from campaigns.domain.lead import AttemptState, LeadState, Outcome, lead_id
from campaigns.domain.legal import Law
from campaigns.ports.pages import AttemptFilter, LeadFilter
from campaigns.ports.people import Suppression, SuspensionRecord
from campaigns.ports.store import Move
from campaigns.rules import AS_OF, load_rules
from campaigns.testing import a_campaign, a_contact

from .conftest import ADMIN, OPERATOR, READER, a_desk

ALL, EVERY = LeadFilter(), AttemptFilter()
NUMBER = "+442079460"
DOCUMENT = """\
campaign: test
purpose: informational
calling_hours: "24/7"
legal_hours: {off: "made-up people"}
timezone: Europe/London
contacts: [{file: people.csv, region: GB, columns: {phone: Mobile}}]
"""
NAMES = ("Anna de Vries", "Bram O'Brien", "Émile Zola", "émile Smith", "Zoë", "Anna 020 7946 0005")
SAID = {
    "summary": "They want +44 20 7946 0000 called.", "transcript": "Ring 020 7946 0000.",
    "analysis": {"number": "02079460000"}, "recording": "https://v.example/02079460000",
}  # fmt: skip


def people():
    """Six; the first is keyed by the number itself, as by a list without `id` and `key`."""
    found = [
        a_contact(
            key=f"k{n}", person=f"p{n}", name=name, phones=(PhoneNumber(f"{NUMBER}{n:03}"),), country="GB",
            zones=("Europe/London",), jurisdictions=("GB",),
        )
        for n, name in enumerate(NAMES)
    ]  # fmt: skip
    proof = Consent(Basis.PRIOR, "form 020 7946 0000")
    return [replace(found[0], key=f"{NUMBER}000", person=f"{NUMBER}000", consents=(proof,)), *found[1:]]


FIRST = lead_id("test", f"{NUMBER}000")


@asynccontextmanager
async def played(store, clock, *, contacts=None):
    """After the calls: each was answered, and much was said; also that the number is wrong."""
    async with a_desk(store, clock, contacts=contacts or people()) as (desk, night):
        await night.run()
        record = await store.campaign("test")
        await store.put_campaign(replace(record, document=DOCUMENT), now=clock.now())
        for attempt in await store.attempts("test"):
            report = replace(attempt.report or CallReport(attempt.call_id), **SAID)
            told = replace(attempt, report=report, reason="no such number as 020 7946 0000")
            assert await store.record([Move(attempt, told, "said +442079460000")], now=clock.now()) == [True]
        lead, rev = await store.lead(FIRST)
        odd = replace(lead, warning="02079460000 is odd", reason="asked at 020-7946-0000")
        assert await store.put_lead(odd, rev, opted_out=False, now=clock.now(), why="")
        key, why = night.book.phone_key(f"{NUMBER}001"), "letter of 02079460001"
        shown = Suppression(key, "all", "+442*******01", "anna", "asked", why, clock.now())
        await store.suppress([shown])
        yield desk


async def everything(people: People, by):
    """Every value that shows something of people."""
    rows = [
        row for text in ("Anna", FIRST, f"{NUMBER}002") for row in [row async for row in people.search(text, by=by)]
    ]
    pages = [
        await people.leads("test", ALL, by=by), await people.attempts("test", EVERY, by=by),
        await people.suppressions(by=by),
    ]  # fmt: skip
    return [await people.contact(FIRST, by=by), *rows, *(item for page in pages for item in page.items)]


def test_whoever_may_only_read_sees_no_number_and_nothing_that_was_said(play):
    async def night(store, clock):
        async with played(store, clock) as desk:
            return await everything(desk.people, READER), await everything(desk.people, OPERATOR)

    masked, whole = play(night)
    assert len(masked) == len(whole) > 15
    for view in masked:
        digits = repr(view).replace(" ", "").replace("-", "")
        assert "79460" not in digits, digits
        assert "They want" not in digits
    assert "+442*******00" in repr(masked)
    for words in (
        f"{NUMBER}000",
        "Ring 020 7946 0000.",
        "They want",
        "v.example",
        "form 020 7946 0000",
        "02079460000 is odd",
    ):
        assert words in repr(whole), words


def test_pages_hold_everybody_once_and_say_where_to_go_on(play):
    async def night(store, clock):
        async with played(store, clock) as desk:
            keys, attempts, after, begun = [], [], None, None
            while keys == [] or after:
                page = await desk.people.leads("test", ALL, after, 2, by=ADMIN)
                keys, after = [*keys, *(row.key for row in page.items)], page.next
            while attempts == [] or begun:
                found = await desk.people.attempts("test", EVERY, begun, 4, by=ADMIN)
                attempts, begun = [*attempts, *(view.key for view in found.items)], found.next
            last = await desk.people.leads("test", ALL, None, 6, by=ADMIN)
            none = await desk.people.leads("test", LeadFilter(state=LeadState.HELD), by=ADMIN)
            reached = await desk.people.leads("test", LeadFilter(outcome=Outcome.REACHED), by=ADMIN)
            return keys, attempts, last.next, none, len(reached.items)

    keys, attempts, last, none, reached = play(night)
    assert keys == [f"{NUMBER}000", "k1", "k2", "k3", "k4", "k5"]
    assert sorted(attempts) == sorted(keys)
    assert (last, none.items, none.next, reached) == (None, (), None, 6)


@pytest.mark.parametrize("after", ["", "x", "bm9uZQ", "WyJ4Il0", "Wy0xXQ", "WzEsMl0", "é", "WzFdWzFd", "W3RydWVd"])
def test_a_word_that_no_page_gave_is_refused(play, after):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            for ask in (
                lambda: desk.people.leads("test", ALL, after, by=ADMIN),
                lambda: desk.people.attempts("test", EVERY, after, by=ADMIN),
                lambda: desk.people.suppressions(after, by=ADMIN),
            ):
                with pytest.raises(InputError, match="no place in a list"):
                    await ask()

    play(night)


def test_what_is_not_there_is_named_with_what_there_is(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            for ask in (
                lambda: desk.people.leads("other", ALL, by=ADMIN),
                lambda: desk.people.attempts("other", EVERY, by=ADMIN),
                lambda: desk.people.rules("other"),
            ):
                with pytest.raises(Unknown, match=r"no campaign 'other'\. There are: test"):
                    await ask()
            with pytest.raises(Unknown, match="no such lead"):
                await desk.people.contact("nobody", by=ADMIN)
            for size in (0, MOST + 1):
                with pytest.raises(InputError, match=f"from 1 to {MOST}"):
                    await desk.people.leads("test", ALL, None, size, by=ADMIN)

    play(night)


def test_a_contact_is_shown_whole(play):
    async def night(store, clock):
        async with played(store, clock) as desk, a_second(desk, store, clock):
            return await desk.people.contact(FIRST, by=OPERATOR), await desk.people.contact(
                lead_id("test", "k1"), by=OPERATOR
            )

    first, second = play(night)
    assert first.verdict.startswith("Closed as reached on Mon 23 Nov 2026 09:01 Europe/London")
    assert [line.word for line in first.why] == ["now", "attempt 1", "warning"]
    assert first.local_now.startswith("Mon 23 Nov 2026 09:")
    assert (first.zones, first.country, first.suppressed, second.suppressed) == (("Europe/London",), "GB", False, True)
    assert first.consent == "prior (form 020 7946 0000)"
    assert second.consent == "nothing on record"
    (attempt,) = first.attempts
    assert [to for _, to, _ in attempt.moves][:4] == ["intent", "sending", "placed", "ended"]
    assert (attempt.state, attempt.disposition) == (AttemptState.ENDED, Disposition.ANSWERED)
    assert attempt.transcript == SAID["transcript"]
    assert [row.campaign for row in first.elsewhere] == ["other"]
    assert second.elsewhere == ()


@asynccontextmanager
async def a_second(desk, store, clock):
    """Another campaign that has the first number too, under another key."""
    async with a_desk(store, clock, campaign=a_campaign(campaign="other"), contacts=[replace(people()[0], key="z")]):
        yield


def test_a_contact_of_an_unreadable_campaign_is_shown_without_a_verdict(play):
    async def night(store, clock):
        async with a_desk(store, clock, contacts=people()) as (desk, _):
            record = await store.campaign("test")
            await store.put_campaign(replace(record, document="campaign: ["), now=clock.now())
            return await desk.people.contact(FIRST, by=OPERATOR)

    found = play(night)
    assert found.verdict.startswith("Cannot be judged: the campaign's file cannot be read")
    assert found.row.name == "Anna de Vries"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (f"{NUMBER}002", ["k2"]),
        ("020 7946 0002", ["k2"]),
        ("0044 (20) 7946-0002", ["k2"]),
        (" k3 ", ["k3"]),
        (lead_id("test", "k4"), ["k4"]),
        ("anna", [f"{NUMBER}000", "k5"]),
        ("o brien", ["k1"]),
        ("ÉMILE", ["k2", "k3"]),
        ("émile s", ["k3"]),
        ("Zoe", []),
        ("%", []),
        ("", []),
        ("12345", []),
    ],
)
def test_whoever_is_looked_for_is_found(play, text, keys):
    async def night(store, clock):
        async with a_desk(store, clock, contacts=people()) as (desk, _):
            return [row.key async for row in desk.people.search(text, by=OPERATOR)]

    assert play(night) == keys


def test_a_search_ends_at_its_limit_and_knows_attempts_by_their_id(play):
    async def night(store, clock):
        async with played(store, clock) as desk:
            (attempt, *_) = (await desk.people.attempts("test", EVERY, by=ADMIN)).items
            some = [row.key async for row in desk.people.search("a", by=OPERATOR, limit=2)]
            return some, [row.lead async for row in desk.people.search(attempt.attempt, by=OPERATOR)], attempt.lead

    some, found, lead = play(night)
    assert some == [f"{NUMBER}000", "k1"]
    assert found == [lead]


def test_the_do_not_call_list_is_searched_by_number_and_by_words(play):
    async def night(store, clock):
        async with played(store, clock) as desk:
            return [
                len((await desk.people.suppressions(search=text, by=OPERATOR)).items)
                for text in ("020 7946 0001", f"{NUMBER}002", "LETTER", "nothing like it", "")
            ]

    assert play(night) == [1, 0, 1, 0, 1]


def test_rules_are_those_of_everywhere_of_a_place_or_of_where_a_campaigns_people_are(play):
    async def night(store, clock):
        book = load_rules()
        async with a_desk(store, clock, contacts=people(), law=Law(book)) as (desk, _):
            people_ = People(replace(desk.session, law=Law(book)))
            record = await store.campaign("test")
            lawful = DOCUMENT.replace('legal_hours: {off: "made-up people"}\n', "")
            await store.put_campaign(replace(record, document=lawful), now=clock.now())
            await store.suspend(SuspensionRecord("GB", "ada", "storm", clock.now() - timedelta(1)))
            found = await people_.rules(), await people_.rules("test"), await people_.rules(code="US-FL")
            await store.put_campaign(replace(record, document=DOCUMENT), now=clock.now())
            with pytest.raises(InputError, match="no jurisdiction"):
                await people_.rules(code="Narnia")
            return *found, await people_.rules("test"), len(book.rules)

    every, bound, florida, off, rows = play(night)
    assert len(every) == rows
    assert {rule.place for rule in bound} == {"GB"}
    assert all(rule.suspended == "storm; ada" and rule.checked == AS_OF and rule.sources for rule in bound)
    assert {rule.place for rule in florida} == {"US-FL", "US"}
    assert not any(rule.suspended for rule in florida)
    assert off == ()
