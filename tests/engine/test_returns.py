"""Outcomes go back to where the contacts came from: once in effect, until they land, never in the way of a call."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import PurePath

import anyio
import pytest

from campaigns.domain.campaign import Campaign
from campaigns.domain.contact import keyed_hash
from campaigns.domain.errors import AccountRefused, InputError, StoreUnavailable, Throttled, VendorError
from campaigns.domain.lead import Attempt, AttemptState, CampaignState, Lead, Outcome, lead_id, spread
from campaigns.domain.transitions import close
from campaigns.engine.file_returns import CALM, NOTED
from campaigns.engine.notes import COLUMNS, note_of
from campaigns.engine.returner import SPACING, Places, Returner
from campaigns.ports.lists import Landed
from campaigns.ports.people import Suppression
from campaigns.ports.returns import Closed
from campaigns.testing import KEY, ScriptedList, a_campaign, a_contact, a_night

from .conftest import START, play

MINUTE = timedelta(minutes=1)
FILE = PurePath("list.outcomes.csv")


def nobody_answers(*_):
    return VendorError("crm", "add_note", 503, "not now")


@dataclass
class Shelf:
    """Files of outcomes, in memory."""

    files: dict = field(default_factory=dict)
    writes: int = 0
    trouble: OSError | None = None

    async def write(self, path, pages):
        rows = [row async for page in pages for row in page]
        if self.trouble is not None:
            raise self.trouble
        self.files[path] = rows
        self.writes += 1

    def rows(self, path=FILE):
        header, *rows = self.files[path]
        assert header == COLUMNS
        return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


@dataclass
class Desk:
    """A night whose outcomes go back, with the truth of both sides."""

    night: object
    crm: ScriptedList
    shelf: Shelf
    places: Places
    returner: Returner | None = None

    def start(self, **options):
        """A returner of a new process."""
        self.returner = Returner(self.night.store, self.night.clock, self.places, **options)
        self.night.dialer.wake.link(self.returner.wake)
        self.night.tasks.start_soon(self.returner.run)
        return self.returner

    async def counts(self, name="test"):
        return await self.night.store.returns(name)

    def standing(self):
        """How often each outcome stands at each contact."""
        return Counter((ref, note.reference) for ref, notes in self.crm.notes.items() for note in notes)

    async def close(self, number=0, outcome=Outcome.REACHED):
        """As any of the many places that close leads."""
        lead, rev = await self.night.store.lead(lead_id("test", f"k{number}"))
        done = close(lead, outcome, reason="done", now=self.night.clock.now())
        await self.night.store.put_lead(done, rev, opted_out=False, now=self.night.clock.now(), why="test")
        self.returner.wake.ring()


def people(count, origin="crm"):
    return [a_contact(n, origin=(origin, f"c{n}") if origin else None) for n in range(count)]


def returning(test, *, contacts=None, campaign=None, trouble=None, open_list=None, script=None):
    """Play a night with a returner; `test(desk)`."""

    async def main(store, clock):
        crm = ScriptedList("crm", {f"c{n}": {} for n in range(500)}, trouble=trouble or (lambda _: None))
        shelf = Shelf()

        async def opened(name):
            if name != "crm":
                raise InputError(f"The list '{name}' is not in the settings.")
            return crm

        chosen = campaign or a_campaign(write_back=True)
        wanted = people(3) if contacts is None else contacts
        async with a_night(store, clock, campaign=chosen, contacts=wanted, script=script) as night:
            places = Places(
                open_list or opened, shelf.write, clock.now, lambda r: Campaign.model_validate_json(r.document)
            )
            await test(Desk(night, crm, shelf, places))

    return play(main)


@pytest.mark.parametrize("contacts", [1, 60])
def test_every_outcome_of_a_campaign_goes_back_while_it_runs(contacts):
    async def test(desk):
        desk.start()
        await desk.night.run()
        await desk.returner.finish(2 * MINUTE)
        assert set(desk.standing().values()) == {1}
        assert sorted(desk.crm.notes) == sorted(f"c{n}" for n in range(contacts))
        note = desk.crm.notes["c0"][0]
        assert (note.outcome, note.disposition, note.attempts) == (Outcome.REACHED, "answered", 1)
        assert (note.phone, note.campaign) == ("+31200000000", "test")
        assert START < note.called_at <= note.closed_at
        counts = await desk.counts()
        assert (counts.landed, counts.waiting) == (contacts, 0)

    returning(test, contacts=people(contacts))


def test_whatever_fails_before_or_after_acting_lands_once_in_effect():
    asked = []

    def trouble(what):
        asked.append(what)
        return nobody_answers() if spread(f"{what} {asked.count(what)}") < 0.2 else None

    async def test(desk):
        desk.start()
        await desk.night.run()
        await desk.night.until(3 * MINUTE)  # what one contact is answered keeps no other waiting
        assert len(desk.crm.notes) == 80
        assert set(desk.standing().values()) == {1}
        assert desk.crm.repeats > 5
        assert (await desk.counts()).waiting == 0

    returning(test, contacts=people(80), trouble=trouble)


def test_the_first_try_says_so_and_every_other_tells_when_it_was():
    seen = []

    async def test(desk):
        async def write_back(note, _returns, *, since):
            seen.append((desk.night.clock.now(), since, note.reference))
            if len(seen) < 4:
                raise nobody_answers()
            return Landed()

        desk.crm.write_back = write_back
        desk.start()
        await desk.close()
        await desk.night.until(MINUTE)
        first = seen[0][0]
        assert [since for _, since, _ in seen] == [None, first, first, first]
        assert [(at - first).total_seconds() for at, _, _ in seen] == pytest.approx([0, 5, 10, 15], abs=4)
        assert len({reference for *_, reference in seen}) == 1

    returning(test)


def test_a_crash_between_the_question_and_its_answer_is_told_to_the_next_process():
    seen = []

    async def test(desk):
        async def hangs(_note, _returns, *, since):
            seen.append(since)
            await anyio.sleep_forever()

        plain, desk.crm.write_back = desk.crm.write_back, hangs
        async with anyio.create_task_group() as process:
            desk.returner = Returner(desk.night.store, desk.night.clock, desk.places)
            process.start_soon(desk.returner.run)
            await desk.close()
            await desk.night.until(MINUTE / 2)
            process.cancel_scope.cancel()
        assert seen == [None]

        async def lands(note, returns, *, since):
            seen.append(since)
            return await plain(note, returns, since=since)

        desk.crm.write_back = lands
        desk.start()
        await desk.night.until(3 * MINUTE)
        assert START <= seen[1] <= START + SPACING
        assert len(seen) == 2
        assert set(desk.standing().values()) == {1}

    returning(test)


@pytest.mark.parametrize("how", ["a later call", "the do-not-call list"])
def test_an_outcome_that_changes_after_it_landed_goes_back_again(how):
    async def test(desk):
        desk.start()
        await desk.close()
        await desk.night.until(MINUTE)
        if how == "a later call":
            await desk.close(outcome=Outcome.DO_NOT_CALL)
        else:
            key = keyed_hash(KEY, "phone", a_contact(0).phones[0].e164)
            entry = Suppression(key, "all", "+31*", "the person", "a letter", "", desk.night.clock.now())
            await desk.night.store.suppress([entry])
            desk.returner.wake.ring()
        await desk.night.until(MINUTE)
        first, second = desk.crm.notes["c0"]
        assert (first.outcome, second.outcome) == (Outcome.REACHED, Outcome.DO_NOT_CALL)
        assert second.opted_out
        assert first.reference != second.reference

    returning(test)


def test_a_stopped_campaign_s_outcomes_go_back_too():
    async def test(desk):
        await desk.night.steer(CampaignState.STOPPED)
        desk.start()
        await desk.returner.finish(MINUTE)
        assert {notes[0].outcome for notes in desk.crm.notes.values()} == {Outcome.STOPPED}
        assert len(desk.crm.notes) == 3

    returning(test)


def test_a_contact_that_is_gone_is_given_up_and_the_others_go_on():
    async def test(desk):
        del desk.crm.people["c1"]
        desk.start()
        await desk.night.run()
        before = desk.night.clock.now()
        await desk.returner.finish(2 * MINUTE)
        assert desk.night.clock.now() - before < MINUTE
        counts = await desk.counts()
        assert (counts.landed, counts.waiting, counts.unwritable) == (2, 0, 1)
        assert counts.reasons == (("the contact is gone", 1),)

    returning(test)


def test_a_list_that_takes_nothing_back_is_never_asked():
    async def test(desk):
        desk.crm.no_returns = "its API has no such call"
        desk.crm.write_back = None
        desk.start()
        await desk.night.run()
        await desk.returner.finish(MINUTE)
        counts = await desk.counts()
        assert (counts.unwritable, counts.reasons) == (3, (("its API has no such call", 3),))

    returning(test)


@pytest.mark.parametrize(
    ("error", "least"),
    [
        (AccountRefused("crm: HTTP 401: check the key"), timedelta(minutes=5)),
        (Throttled("crm", "add_note", timedelta(seconds=70)), timedelta(seconds=70)),
    ],
)
def test_a_list_that_wants_silence_gets_it(error, least):
    asked = []

    async def test(desk):
        def trouble(_what):
            asked.append(desk.night.clock.now())
            return error if len(asked) == 1 else None

        desk.crm.trouble = trouble
        desk.start()
        await desk.night.run()
        await desk.night.until(timedelta(minutes=10))
        assert asked[1] - asked[0] >= least
        assert set(desk.standing().values()) == {1}
        assert len(desk.crm.notes) == 3

    returning(test)


def test_a_list_that_is_down_is_asked_ever_less_and_stops_nobody():
    asked = []

    async def test(desk):
        def trouble(_what):
            asked.append(desk.night.clock.now())
            return nobody_answers()

        desk.crm.trouble = trouble
        desk.start()
        end = await desk.night.run()
        assert end.state is CampaignState.FINISHED
        await desk.night.until(timedelta(hours=3))
        assert len(asked) < 30
        assert asked[-1] - asked[-2] >= timedelta(minutes=14)
        counts = await desk.counts()
        assert (counts.waiting, counts.reasons[0][0]) == (40, "crm: add_note: HTTP 503: not now")
        desk.crm.trouble = lambda _: None
        await desk.night.until(timedelta(minutes=31))
        assert set(desk.standing().values()) == {1}
        assert (await desk.counts()).landed == 40

    returning(test, contacts=people(40))


@pytest.mark.parametrize("fault", [InputError("gone"), ZeroDivisionError(), StoreUnavailable("full")])
def test_a_fault_at_one_list_leaves_the_other_and_the_calls_alone(fault):
    other = ScriptedList("desk", {f"c{n}": {} for n in range(6)})

    async def opened(name):
        if name == "crm":
            raise fault
        return other

    async def test(desk):
        desk.start()
        end = await desk.night.run()
        await desk.returner.finish(2 * MINUTE)
        assert end.state is CampaignState.FINISHED
        assert sorted(other.notes) == ["c3", "c4", "c5"]
        counts = await desk.counts()
        assert (counts.landed, counts.waiting) == (3, 3)

    mixed = people(3) + [replace(each, origin=("desk", each.origin[1])) for each in people(6)[3:]]
    returning(test, contacts=mixed, open_list=opened)


def test_a_list_that_hangs_keeps_no_call_and_no_other_list_waiting():
    other = ScriptedList("desk", {f"c{n}": {} for n in range(6)})

    async def opened(name):
        if name == "crm":
            await anyio.sleep_forever()
        return other

    async def test(desk):
        desk.start()
        await desk.night.run()
        before = desk.night.clock.now()
        await desk.returner.finish(2 * MINUTE)
        assert desk.night.clock.now() - before == 2 * MINUTE
        assert sorted(other.notes) == ["c3", "c4", "c5"]

    mixed = people(3) + [replace(each, origin=("desk", each.origin[1])) for each in people(6)[3:]]
    returning(test, contacts=mixed, open_list=opened)


def test_whoever_is_told_to_stop_waits_no_more_but_whoever_was_told_before_still_writes_his_files():
    async def test(desk):
        desk.crm.trouble = nobody_answers
        desk.start()
        await desk.close(0)
        await desk.close(1)
        desk.returner.stop()
        begun, ended = desk.night.clock.now(), []

        async def finish():
            await desk.returner.finish(2 * MINUTE)
            ended.append(desk.night.clock.now() - begun)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(finish)
            await desk.night.until(MINUTE)
            assert len(desk.shelf.rows()) == 1
            desk.returner.stop()
        assert ended == [MINUTE]

    returning(test, contacts=[people(1, origin=None)[0], *people(2)[1:]])


def test_a_list_that_is_gone_from_the_settings_is_a_reason_to_wait():
    async def test(desk):
        desk.start()
        await desk.night.run()
        await desk.returner.finish(2 * MINUTE)
        counts = await desk.counts()
        assert (counts.waiting, counts.reasons) == (2, (("The list 'old' is not in the settings.", 1),))

    returning(test, contacts=people(2, origin="old"))


def test_one_outcome_at_a_time_goes_to_a_list():
    at_once = []

    async def test(desk):
        plain, busy = desk.crm.write_back, [0]

        async def slow(note, returns, *, since):
            busy[0] += 1
            at_once.append(busy[0])
            await desk.night.clock.sleep_until(desk.night.clock.now() + timedelta(seconds=1))
            busy[0] -= 1
            return await plain(note, returns, since=since)

        desk.crm.write_back = slow
        desk.start()
        await desk.night.also(a_campaign(campaign="second", write_back=True), people(20))
        for name in ("test", "second"):
            states = [CampaignState.ACTIVE]
            await desk.night.store.steer(
                name, CampaignState.STOPPED, expect=states, reason="", now=desk.night.clock.now()
            )
        desk.returner.wake.ring()
        await desk.returner.finish(2 * MINUTE)
        assert (len(at_once), max(at_once)) == (40, 1)
        assert ((await desk.counts()).landed, (await desk.counts("second")).landed) == (20, 20)

    returning(test, contacts=people(20))


def test_what_a_campaign_wants_back_beside_the_note_is_told():
    told = []

    async def test(desk):
        async def write_back(_note, returns, *, since):
            told.append(returns.tags.add)
            return Landed("no such field")

        desk.crm.write_back = write_back
        desk.start()
        await desk.close()
        await desk.returner.finish(MINUTE)
        assert told == [["called"]]

    source = {"list": "crm", "returns": {"tags": {"add": ["called"]}}}
    returning(test, campaign=a_campaign(write_back=True, contacts=[source]))


def test_a_campaign_that_does_not_ask_for_it_gets_nothing_back():
    async def test(desk):
        desk.start()
        await desk.night.run()
        await desk.returner.finish(MINUTE)
        assert (desk.crm.notes, desk.shelf.files) == ({}, {})

    returning(test, campaign=a_campaign())


def test_only_the_campaign_that_is_run_is_served():
    async def test(desk):
        await desk.night.also(a_campaign(campaign="second", write_back=True), people(2))
        await desk.night.store.steer(
            "second", CampaignState.STOPPED, expect=[CampaignState.ACTIVE], reason="", now=START
        )
        desk.start(only="test")
        await desk.night.run()
        await desk.returner.finish(MINUTE)
        assert ((await desk.counts()).landed, (await desk.counts("second")).waiting) == (3, 2)

    returning(test)


def test_a_dial_that_was_only_booked_or_refused_is_no_attempt_of_an_outcome():
    contact = a_contact(3)
    lead = close(Lead("l", "test", contact, "p"), Outcome.STOPPED, reason="", now=START)
    plain = Attempt(
        "a", "l", "test", "p", "+31200000099", "k", 1, "scripted", AttemptState.BOOKED, False, b"", False, START, START,
        START, "w", ended_at=START,
    )  # fmt: skip
    tried = [replace(plain, state=state) for state in (AttemptState.BOOKED, AttemptState.REFUSED)]
    note = note_of(Closed(1, 0, lead, tuple(tried), False, "stamp", False))
    assert (note.attempts, note.disposition, note.called_at, note.phone) == (0, "", None, contact.phones[0].e164)
    rung = replace(plain, state=AttemptState.UNCERTAIN)
    note = note_of(Closed(1, 0, lead, (rung, *tried), False, "stamp", False))
    assert (note.attempts, note.disposition, note.called_at, note.phone) == (1, "unknown", START, "+31200000099")


# Files


def test_a_file_has_exactly_the_closed_leads_in_the_order_of_the_list():
    async def test(desk):
        desk.start()
        await desk.close(2)
        await desk.close(0, Outcome.REFUSED)
        await desk.returner.finish(MINUTE)
        rows = desk.shelf.rows()
        assert [(row["key"], row["outcome"]) for row in rows] == [("k0", "refused"), ("k2", "reached")]
        assert (rows[0]["phone"], rows[0]["attempts"], rows[0]["closed_at"]) == (
            "+31200000000", "0", START.isoformat(timespec="seconds"),
        )  # fmt: skip
        assert (await desk.counts()).landed == 2
        await desk.close(1)
        await desk.night.until(MINUTE)
        assert [row["key"] for row in desk.shelf.rows()] == ["k0", "k1", "k2"]

    returning(test, contacts=people(3, origin=None))


def test_a_long_list_is_written_down_as_landed_in_small_pieces():
    async def test(desk):
        pieces, plain = [], desk.night.store.landed

        async def landed(stamps):
            pieces.append(len(stamps))
            await plain(stamps)

        desk.night.store.landed = landed
        await desk.night.steer(CampaignState.STOPPED)
        desk.start()
        await desk.returner.finish(MINUTE)
        assert pieces == [NOTED, NOTED, 50]
        assert len(desk.shelf.rows()) == (await desk.counts()).landed == 2 * NOTED + 50

    returning(test, contacts=people(2 * NOTED + 50, origin=None))


def test_a_file_is_rewritten_no_more_often_than_it_is_worth_and_always_at_the_end():
    async def test(desk):
        desk.start()
        for number in range(100):
            await desk.close(number)
            await desk.night.until(timedelta(seconds=1))
        assert desk.shelf.writes <= 100 / CALM.total_seconds() + 1
        await desk.returner.finish(MINUTE)
        assert len(desk.shelf.rows()) == 100
        last = desk.shelf.writes
        await desk.night.until(timedelta(hours=1))
        assert desk.shelf.writes == last

    returning(test, contacts=people(100, origin=None))


def test_a_dear_rewrite_is_followed_by_nineteen_times_its_length_of_rest():
    async def test(desk):
        async def dear(path, pages):
            await desk.shelf.write(path, pages)
            await desk.night.clock.sleep_until(desk.night.clock.now() + MINUTE)

        desk.places = replace(desk.places, write_file=dear)
        desk.start()
        for number in range(60):
            await desk.close(number)
            await desk.night.until(MINUTE)
        assert desk.shelf.writes == 3

    returning(test, contacts=people(60, origin=None))


def test_a_folder_that_cannot_be_written_is_tried_again_and_stops_no_call():
    async def test(desk):
        desk.shelf.trouble = PermissionError(13, "Permission denied")
        desk.start()
        end = await desk.night.run()
        assert end.state is CampaignState.FINISHED
        await desk.night.until(MINUTE)
        counts = await desk.counts()
        assert counts.waiting == 3
        assert "list.outcomes.csv cannot be written (Permission denied)" in counts.reasons[0][0]
        desk.shelf.trouble = None
        await desk.night.until(2 * MINUTE)
        assert len(desk.shelf.rows()) == 3
        assert (await desk.counts()).reasons == ()

    returning(test, contacts=people(3, origin=None))


def test_a_process_that_dies_before_the_file_stands_writes_it_when_it_is_back():
    async def test(desk):
        async def dies(_path, pages):
            async for _ in pages:
                pass
            await anyio.sleep_forever()

        async with anyio.create_task_group() as process:
            desk.returner = Returner(desk.night.store, desk.night.clock, replace(desk.places, write_file=dies))
            process.start_soon(desk.returner.run)
            await desk.close()
            await desk.night.until(MINUTE)
            process.cancel_scope.cancel()
        assert (await desk.counts()).landed == 0
        desk.start()
        await desk.returner.finish(MINUTE)
        assert [row["key"] for row in desk.shelf.rows()] == ["k0"]

    returning(test, contacts=people(2, origin=None))


def test_a_file_that_was_lost_is_there_again_after_the_next_run():
    async def test(desk):
        desk.start(only="test")
        await desk.close()
        await desk.returner.finish(MINUTE)
        desk.shelf.files.clear()
        desk.start(only="test")
        await desk.returner.finish(MINUTE)
        assert len(desk.shelf.rows()) == 1

    returning(test, contacts=people(2, origin=None))


def test_two_campaigns_of_one_list_share_its_file():
    async def test(desk):
        desk.start(only="test")
        await desk.night.also(a_campaign(campaign="second", write_back=True), people(2, origin=None))
        await desk.night.store.steer(
            "second", CampaignState.STOPPED, expect=[CampaignState.ACTIVE], reason="", now=START
        )
        await desk.close()
        await desk.returner.finish(MINUTE)
        assert sorted(row["campaign"] for row in desk.shelf.rows()) == ["second", "second", "test"]

    returning(test, contacts=people(1, origin=None))


def test_outcomes_whose_list_was_taken_out_of_the_file_wait_for_a_person():
    async def test(desk):
        desk.start()
        await desk.close()
        await desk.returner.finish(MINUTE)
        counts = await desk.counts()
        assert counts.waiting == 1
        assert "its list is not named any more" in counts.reasons[0][0]

    only_crm = a_campaign(write_back=True, contacts=[{"list": "crm"}])
    returning(test, contacts=people(1, origin=None), campaign=only_crm)
