"""Outcomes on their way back: every note lands once, and nothing of anybody else is lost."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from callbell_bench import NOW, Bench, note, person, simulated

from campaigns.domain.errors import Throttled, VendorError
from campaigns.domain.lead import Outcome
from campaigns.domain.sources import Returns, TagReturns
from campaigns.ports.lists import Landed, Unwritable
from campaigns.vendors.callbell.returning import note_text
from campaigns.vendors.callbell.simulator import Rule, SimMessage

TAGS = Returns(tags=TagReturns(add=["called", "{outcome}"], remove=["to-call"]))
FIELDS = Returns(
    fields={"Last call outcome": "outcome", "Last call at": "date", "Attempts": "attempts", "Remark": "label"}
)
ALL = Returns(tags=TAGS.tags, fields=FIELDS.fields)


NOTHING = Returns()


async def write(bench: Bench, returns: Returns = NOTHING, since: Any = None, **told: Any) -> Landed | Unwritable:
    facts = told.pop("facts", {})
    listed = bench.contacts(facts=facts)
    try:
        return await listed.write_back(note(**told), returns, since=since)
    finally:
        await listed.aclose()


async def test_the_note_says_what_became_of_it() -> None:
    one = person(1)
    async with simulated(contacts=[one]) as bench:
        assert await write(bench) == Landed()
    told = "[campaigns 3f9a1c2b] Campaign wave-1: reached (confirmed). "
    assert one.notes == [told + "2 calls, the last on 2026-11-23 08:55 UTC: answered."]


def test_an_opt_out_is_said_plainly_and_nobody_is_mentioned_by_accident() -> None:
    told = note_text(note(outcome=Outcome.DO_NOT_CALL, label="told @Mia", attempts=1))
    assert told.startswith("[campaigns 3f9a1c2b] DO NOT CALL: this person asked not to be called again.")
    assert "@" not in told
    assert note_text(note(label="", called_at=None)).endswith("Campaign wave-1: reached. Nobody was called.")


# ── the note, once ──


async def test_a_note_that_landed_in_an_earlier_try_is_not_repeated() -> None:
    one = person(1)
    async with simulated(Rule(at="create", kind="drop", first=1), contacts=[one]) as bench:
        with pytest.raises(VendorError):
            await write(bench)
        assert len(one.notes) == 1
        assert await write(bench, since=NOW) == Landed()
        assert len(one.notes) == 1
        assert await write(bench, since=NOW, reference="another1") == Landed()
        assert len(one.notes) == 2


@pytest.mark.parametrize("message_meta", [True, False])
async def test_a_note_is_found_behind_pages_of_talk(message_meta: bool) -> None:
    one = person(1)
    async with simulated(contacts=[one], message_meta=message_meta) as bench:
        await write(bench)
        one.messages += [SimMessage("…", NOW + timedelta(seconds=n), "received", str(n)) for n in range(90)]
        await write(bench, since=NOW + timedelta(minutes=14))
        assert len(one.notes) == 1


async def test_what_is_older_than_the_first_try_is_not_read() -> None:
    one = person(1)
    one.messages += [SimMessage("…", NOW - timedelta(days=3650), "received", str(n)) for n in range(500)]
    async with simulated(contacts=[one]) as bench:
        await write(bench, since=NOW)
        assert len(one.notes) == 1
        assert bench.simulator.door.asked == 2


async def test_a_list_of_messages_that_never_ends_is_left_after_a_while() -> None:
    one = person(1)
    one.messages += [SimMessage("…", NOW, "received", str(n)) for n in range(2000)]
    async with simulated(contacts=[one]) as bench:
        await write(bench, since=NOW)
        assert len(one.notes) == 1
        assert bench.simulator.door.asked == 51


async def test_a_contact_that_is_gone_is_never_asked_for_again() -> None:
    async with simulated(contacts=[person(2)]) as bench:
        for returns in (Returns(), TAGS, FIELDS):
            assert await write(bench, returns) == Unwritable("the contact is no longer in Callbell")
            assert isinstance(await write(bench, returns, since=NOW), Unwritable)
        assert isinstance(await write(bench, contact=""), Unwritable)


async def test_a_wrong_route_does_not_declare_everybody_gone() -> None:
    async with simulated(contacts=[person(1)]) as bench:
        listed = bench.contacts(routes={"add_note": "/contacts/{uuid}/notes"})
        with pytest.raises(VendorError, match=r"callbell: add_note: HTTP 404"):
            await listed.write_back(note(), Returns(), since=None)
        await listed.aclose()


async def test_a_note_that_is_refused_is_not_asked_again() -> None:
    async with simulated(Rule(at="create", kind="refuse", status=422), contacts=[person(1)]) as bench:
        assert isinstance(found := await write(bench), Unwritable)
        assert "HTTP 422" in found.reason


async def test_too_fast_is_told_and_nothing_is_written() -> None:
    one = person(1)
    async with simulated(Rule(at="create", kind="refuse", status=429, retry_after="9"), contacts=[one]) as bench:
        with pytest.raises(Throttled) as throttled:
            await write(bench)
        assert throttled.value.retry_after == timedelta(seconds=9)
        assert not one.notes


# ── tags ──


async def test_tags_are_merged_into_what_is_there() -> None:
    one = person(1, tags=["vip", "to-call", "newsletter"])
    async with simulated(contacts=[one]) as bench:
        assert await write(bench, TAGS) == Landed()
        assert one.tags == ["vip", "newsletter", "called", "reached"]
        asked = bench.simulator.door.asked
        assert await write(bench, TAGS, since=NOW) == Landed()
        assert one.tags == ["vip", "newsletter", "called", "reached"]
        assert bench.simulator.door.asked - asked == 2, "tags that stand are not written again"


async def test_a_tag_in_other_letters_is_the_same_tag() -> None:
    one = person(1, tags=["Called", "To-Call", "reached"])
    async with simulated(contacts=[one]) as bench:
        assert await write(bench, TAGS) == Landed()
        assert [tag.lower() for tag in one.tags] == ["called", "reached"]


async def test_a_tag_that_needs_a_label_is_left_out_without_one() -> None:
    one = person(1)
    async with simulated(contacts=[one]) as bench:
        await write(bench, Returns(tags=TagReturns(add=["vip", "{label}"])), label="")
        assert one.tags == ["vip"]


@pytest.mark.parametrize("unknown", ["refuse", "drop"])
async def test_a_tag_that_the_account_lacks_is_a_warning_and_the_rest_lands(unknown: str) -> None:
    one = person(1, tags=["to-call"])
    returns = Returns(tags=TagReturns(add=["called", "nobody-made-this", "vip"], remove=["to-call"]))
    async with simulated(contacts=[one], unknown=unknown) as bench:
        found = await write(bench, returns)
        assert isinstance(found, Landed)
        assert "dashboard" in found.warning
        assert ("nobody-made-this" in found.warning) or unknown == "drop"
        assert sorted(one.tags) == ["called", "vip"]
        assert len(one.notes) == 1


async def test_ours_is_merged_again_when_another_program_writes_over_it() -> None:
    one = person(1, tags=["vip"])
    async with simulated(contacts=[one]) as bench:
        overwrites = iter([["vip", "newsletter"]])
        after_writing(bench, lambda: setattr(one, "tags", next(overwrites, one.tags)))
        assert await write(bench, Returns(tags=TagReturns(add=["called"]))) == Landed()
        assert one.tags == ["vip", "newsletter", "called"]


async def test_a_program_that_always_writes_over_ours_is_told() -> None:
    one = person(1, tags=["vip"])
    async with simulated(contacts=[one]) as bench:
        after_writing(bench, lambda: setattr(one, "tags", ["vip"]))
        found = await write(bench, Returns(tags=TagReturns(add=["called"])))
        assert isinstance(found, Landed)
        assert "did not stay as written" in found.warning
        assert len(one.notes) == 1


def after_writing(bench: Bench, act: Any) -> None:
    """Somebody else acts after each write of tags."""
    echo = bench.simulator.teller.tell
    bench.simulator.teller.tell = lambda event, payload: (echo(event, payload), act())  # type: ignore[method-assign, return-value]


# ── fields ──


async def test_only_the_named_fields_are_written() -> None:
    one = person(1, fields={"Plan": "Gold", "Consent": ["voice"], "Attempts": "1"})
    async with simulated(contacts=[one]) as bench:
        assert await write(bench, FIELDS) == Landed()
        wanted = {"Last call outcome": "reached", "Last call at": "2026-11-23", "Attempts": "2", "Remark": "confirmed"}
        assert one.fields == {"Plan": "Gold", "Consent": ["voice"]} | wanted
        asked = bench.simulator.door.asked
        assert await write(bench, FIELDS, since=NOW) == Landed()
        assert bench.simulator.door.asked - asked == 2, "fields that stand are not written again"


async def test_what_nobody_knows_clears_no_field() -> None:
    one = person(1, fields={"Last call at": "2026-01-01", "Remark": "old"})
    async with simulated(contacts=[one]) as bench:
        await write(bench, FIELDS, label="", called_at=None, disposition="", attempts=0)
        assert one.fields == {
            "Last call at": "2026-01-01", "Remark": "old", "Last call outcome": "reached", "Attempts": "0",
        }  # fmt: skip


@pytest.mark.parametrize("unknown", ["refuse", "drop"])
async def test_a_field_that_the_account_lacks_is_a_warning_and_the_rest_lands(unknown: str) -> None:
    one = person(1, fields={"Attempts": "1"})
    returns = Returns(fields={"Atempts": "attempts", "Remark": "label", "Last call at": "date"})
    async with simulated(contacts=[one], unknown=unknown) as bench:
        found = await write(bench, returns)
        assert isinstance(found, Landed)
        assert found.warning.startswith("Callbell took no fields Atempts: ")
        assert "Did you mean Attempts?" in found.warning
        assert one.fields == {"Attempts": "1", "Remark": "confirmed", "Last call at": "2026-11-23"}
        assert len(one.notes) == 1


async def test_options_are_spelt_as_the_account_spells_them() -> None:
    one = person(1, fields={"Plan": "Gold", "Consent": ["sms"]})
    async with simulated(contacts=[one]) as bench:
        assert await write(
            bench, Returns(fields={"Plan": "label", "Consent": "campaign"}), label="SILVER", campaign="VOICE"
        )
        assert one.fields == {"Plan": "Silver", "Consent": ["voice"]}
        found = await write(bench, Returns(fields={"Plan": "label"}), label="Bronze", since=NOW)
        assert isinstance(found, Landed)
        assert "took no fields Plan" in found.warning
        assert one.fields["Plan"] == "Silver"


async def test_an_account_that_replaces_all_fields_loses_none() -> None:
    one = person(1, fields={"Plan": "Gold", "Consent": ["voice", "sms"], "Seats": "4"})
    before = dict(one.fields)
    async with simulated(contacts=[one], custom_fields="replace") as bench:
        found = await write(bench, FIELDS)
        assert isinstance(found, Landed)
        assert 'facts.custom_fields = "replace"' in found.warning
        assert one.fields == before | one.fields
        assert one.fields["Remark"] == "confirmed"
        assert await write(bench, FIELDS, facts={"custom_fields": "replace"}, label="later", since=NOW) == Landed()
        assert one.fields == before | one.fields
        assert one.fields["Remark"] == "later"


# ── one answer in five fails ──

STORM = [
    Rule(at=place, kind=kind, share=0.05)
    for place in ("create", "get", "list")
    for kind in ("error", "drop", "half", "drop_before" if place == "create" else "html")
]


@pytest.mark.parametrize("seed", [1, 2])
async def test_while_one_answer_in_five_fails_every_note_lands_once_and_nothing_is_lost(seed: int) -> None:
    people = [
        person(n, tags=["to-call", "vip", "newsletter"][: 1 + n % 3], fields={"Plan": "Gold", "Consent": ["voice"]})
        for n in range(40)
    ]
    others = {one.uuid: set(one.tags) - {"to-call"} for one in people}
    async with simulated(*STORM, contacts=people, seed=seed) as bench:
        listed, tries = bench.contacts(), Counter[int]()
        for n, one in enumerate(people):
            for _ in range(60):
                tries[n] += 1
                try:
                    told = note(reference=f"ref{n:05}", contact=one.uuid)
                    since = NOW if tries[n] > 1 else None
                    assert await listed.write_back(told, ALL, since=since) == Landed()
                    break
                except VendorError:
                    bench.clock.forward(seconds=1)
        await listed.aclose()
        struck = sum(bench.simulator.door._dice.struck.values()) / bench.simulator.door.asked
    assert 0.1 < struck < 0.3
    assert sum(tries.values()) > 1.5 * len(people)
    assert {len(one.notes) for one in people} == {1}
    assert [one.notes[0].split("]")[0] for one in people] == [f"[campaigns ref{n:05}" for n in range(len(people))]
    for one in people:
        assert others[one.uuid] | {"called", "reached"} == set(one.tags)
        assert one.fields["Plan"], one.fields["Consent"] == ("Gold", ["voice"])
        assert one.fields["Last call outcome"] == "reached"


async def test_no_error_holds_anything_personal() -> None:
    one = person(1)
    rule = Rule(at="create", kind="error")
    async with simulated(rule, contacts=[one]) as bench:
        with pytest.raises(VendorError) as failed:
            await write(bench, summary="They said SECRET")
    said = str(failed.value)
    assert not [word for word in (one.uuid, "442079460001", "SECRET", "key.part", "Person") if word in said]
