"""Contacts become leads: counted, screened, never guessed; a bad row stops nobody."""

from dataclasses import replace

import pytest

from campaigns.domain.call import CallReport, Direction, Disposition, Grade, Notice, Webhook
from campaigns.domain.errors import ProofError
from campaigns.domain.lead import LeadState, Outcome, lead_id
from campaigns.domain.rows import BadRow
from campaigns.domain.transitions import close
from campaigns.engine.inbox import News, Taken, receive, report_of, to_json
from campaigns.engine.intake import Source, load
from campaigns.engine.preparing import told
from campaigns.ports.pages import LeadFilter
from campaigns.ports.people import Suppression
from campaigns.testing import a_contact, a_night

from .conftest import START, play


def a_list(*rows, name: str = "list.csv", index: int = 0, stop: bool = False) -> Source:
    return Source(name, index, told(lambda: rows), stop)


def reading(*sources, excluded=frozenset(), before=None, then=()):
    """Read the sources, then those of `then`; what the last reading brought, and the leads."""

    async def main(store, clock):
        async with a_night(store, clock, contacts=0) as night:
            terms = await night.book.of("test")
            if before is not None:
                await before(night)
            intake = await load(terms, sources, excluded, store=store, clock=clock)
            for again in then:
                intake = await load(terms, again, excluded, store=store, clock=clock)
            leads = {
                each.lead.contact.key: each.lead
                for each in await store.leads_after("test", LeadFilter(), after=0, limit=2000)
            }
            return intake, leads, (await store.campaign("test")).intake, await store.bad_rows("test")

    return play(main)


def test_every_row_is_counted_once_and_bad_rows_keep_line_and_reason() -> None:
    rows = [a_contact(0), BadRow(3, "Phone: has letters"), a_contact(1), a_contact(1), a_contact(2)]
    excluded = frozenset({("key", "k2")})
    intake, leads, kept, bad = reading(a_list(*rows), excluded=excluded)
    assert (intake.read, intake.invalid, intake.duplicate, intake.excluded, intake.new) == (5, 1, 1, 1, 2)
    assert kept == {"read": 5, "invalid": 1, "duplicate": 1, "suppressed": 0, "excluded": 1}
    assert bad == [("list.csv", 3, "Phone: has letters")]
    assert set(leads) == {"k0", "k1"}


@pytest.mark.parametrize("name", [("phone", a_contact(7).phones[0].e164), ("id", a_contact(7).person), ("key", "k7")])
def test_who_is_excluded_by_number_id_or_key_is_left_out(name) -> None:
    intake, leads, _, _ = reading(a_list(a_contact(7), a_contact(8)), excluded=frozenset({name}))
    assert (intake.excluded, set(leads)) == (1, {"k8"})


def test_who_is_suppressed_gets_no_lead() -> None:
    async def suppress(night):
        key = night.book.phone_key(a_contact(1).phones[0].e164)
        await night.store.suppress([Suppression(key, "all", "", "", "", "", START)])

    intake, leads, _, _ = reading(a_list(a_contact(0), a_contact(1)), before=suppress)
    assert (intake.suppressed, set(leads)) == (1, {"k0"})


def test_reading_again_adds_nobody_and_updates_who_changed() -> None:
    later = a_list(a_contact(0), replace(a_contact(1), name="renamed"))
    intake, leads, _, _ = reading(a_list(a_contact(0), a_contact(1)), then=[[later]])
    assert (intake.new, intake.updated, intake.duplicate) == (0, 1, 0)
    assert leads["k1"].contact.name == "renamed"


def test_a_list_that_empties_while_it_is_worked_off_keeps_the_figures_of_its_fullest_reading() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=0) as night:
            people = [a_contact(n) for n in range(5)]
            for rows, again, read in ((people, False, 5), (people[3:], True, 5), ([*people, a_contact(9)], True, 6)):
                terms = night.book.current(await store.campaign("test"))
                await load(terms, [a_list(*rows)], frozenset(), store=store, clock=clock, again=again)
                assert (await store.campaign("test")).intake["read"] == read

    play(main)


def test_who_disappears_from_a_list_is_stopped_only_where_the_file_says_so() -> None:
    people = [a_contact(n) for n in range(4)]
    for stop, expected in ((True, LeadState.CLOSED), (False, LeadState.WAITING)):
        _, leads, _, _ = reading(a_list(*people, stop=stop), then=[[a_list(*people[1:], stop=stop)]])
        assert leads["k0"].state is expected
        assert leads["k1"].state is LeadState.WAITING
    assert leads["k0"].outcome is None


def test_a_list_that_shrank_by_half_stops_nobody_and_warns() -> None:
    people = [a_contact(n) for n in range(6)]
    intake, leads, _, _ = reading(a_list(*people, stop=True), then=[[a_list(*people[:2], stop=True)]])
    assert "shrank from 6 to 2" in intake.warnings[0]
    assert all(lead.outcome is not Outcome.STOPPED for lead in leads.values())


@pytest.mark.parametrize(("again", "stopped"), [(True, 0), (False, 4)])
def test_a_list_that_stays_small_is_believed_by_a_second_run_and_by_no_refresh(again, stopped) -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=0) as night:
            people = [a_contact(n) for n in range(6)]
            removed = []
            for rows in (people, people[:2], people[:2], people[:2]):
                terms = night.book.current(await store.campaign("test"))
                lists = [a_list(*rows, stop=True)]
                intake = await load(terms, lists, frozenset(), store=store, clock=clock, again=again)
                removed.append(intake.removed)
            assert removed == [0, 0, stopped, 0]

    play(main)


def test_who_left_a_list_by_being_called_hides_nobody_who_was_removed() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=0) as night:
            people = [a_contact(n) for n in range(10)]
            terms = night.book.current(await store.campaign("test"))
            await load(terms, [a_list(*people, stop=True)], frozenset(), store=store, clock=clock)
            for each in people[:7]:
                lead, rev = await store.lead(lead_id("test", each.key))
                over = close(lead, Outcome.REACHED, now=START, reason="")
                assert await store.put_lead(over, rev, opted_out=False, now=START, why="")
            intake = await load(
                terms, [a_list(*people[8:], stop=True)], frozenset(), store=store, clock=clock, again=True
            )
            assert (intake.removed, intake.warnings) == (1, [])

    play(main)


def test_long_lists_are_read_in_batches_without_losing_a_row() -> None:
    intake, leads, _, _ = reading(a_list(*[a_contact(n % 90, key=f"row-{n}", person=f"p{n}") for n in range(1_234)]))
    assert intake.new == len(leads) == 1_234


# Webhooks


REPORT = CallReport(
    "call-1", "a", Direction.INBOUND, "+31200000001", ended=True, disposition=Disposition.BUSY, talk_seconds=1.5,
    started_at=START, ended_at=START, created_at=START, summary="s", analysis={"x": [1, None]}, cost=0.5, proof="token",
)  # fmt: skip


def test_a_webhook_is_kept_once_and_read_back_as_it_was() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=0) as night:
            night.provider.read = lambda webhook, *, now: Notice(Grade.TOKEN, "same", REPORT)
            webhook = Webhook("t", {}, b"{}")
            told = {"name": "scripted", "webhook": webhook, "book": night.book}
            taken = [await receive(store, night.provider, clock, **told) for _ in range(2)]
            assert taken == [Taken(News(1, Grade.TOKEN, REPORT), None), Taken(None, None)]
            items = await store.inbox("scripted", limit=9)
            assert [report_of(item) for item in items] == [REPORT]

    play(main)


def test_news_about_no_call_is_not_kept_and_what_is_not_proved_is_refused() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=0) as night:
            told = {"name": "scripted", "webhook": Webhook("t", {}, b"ping"), "book": night.book}
            assert await receive(store, night.provider, clock, **told) == Taken(None, None)

            def refuse(webhook, *, now):
                raise ProofError("no signature")

            night.provider.read = refuse
            with pytest.raises(ProofError):
                await receive(store, night.provider, clock, **told)
            assert await store.inbox("scripted", limit=9) == []

    play(main)


def test_a_report_without_anything_is_written_and_read_too() -> None:
    bare = CallReport("call-1")
    assert to_json(bare)["disposition"] is None
