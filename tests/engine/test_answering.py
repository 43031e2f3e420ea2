"""Somebody is on the line: whom a question is about, what is answered, and that an answer always comes in time."""

from datetime import timedelta
from typing import Any

import anyio
import pytest

from campaigns.domain.call import Question, Reply, ToolCall
from campaigns.domain.errors import InputError, StoreUnavailable
from campaigns.domain.lead import AttemptState
from campaigns.engine.answering import NO_ANSWER, answered
from campaigns.engine.terms import TermsBook
from campaigns.stores.memory import MemoryStore
from campaigns.testing import KEY, Night, a_campaign, a_contact, a_night

from .conftest import play

WORDS: dict[str, Any] = {
    "variables": {"first_name": "{{ name }}"},
    "assistant": {"firstMessage": "Hello {{ first_name }}", "max": 600},
    "tools": {"who": "This is {{ first_name }}."},
}
ANN = a_contact(1, variables={"first_name": "Ann"})
BOB = a_contact(2, variables={"first_name": "Bob"})
ASKED = (ToolCall("t1", "who"), ToolCall("t2", "unheard of"))
TO_ANN = Reply({"firstMessage": "Hello Ann", "max": 600}, {"t1": "This is Ann.", "t2": NO_ANSWER})
TO_NOBODY = Reply(None, {"t1": NO_ANSWER, "t2": NO_ANSWER})


def phone(contact: Any) -> str:
    return contact.phones[0].e164


def about(**known: Any) -> Question:
    return Question(ASKED, **known)


async def ask(night: Night, question: Question, provider: str = "scripted", **how: Any) -> Reply:
    return await answered(night.store, night.book, question, provider=provider, **how)


def with_night(work: Any, *, runs: bool = False, contacts: Any = (ANN, BOB), **keys: Any) -> Any:
    """`work(night)` beside a night of Ann and Bob; `runs`: while their calls of a minute go on."""

    async def main(store: Any, clock: Any) -> Any:
        campaign = a_campaign(**WORDS, **keys)
        async with a_night(store, clock, campaign=campaign, contacts=list(contacts)) as night:
            if runs:
                night.tasks.start_soon(night.run)
                await night.until(timedelta(seconds=20))
            return await work(night)

    return play(main)


def test_the_configuration_is_in_the_order_of_a_dial() -> None:
    async def work(night: Night) -> None:
        await night.run()
        order = night.provider.orders[(await night.attempts())[0].id]
        assert order.assistant == {"firstMessage": "Hello Ann", "max": 600}
        assert order.variables == {"first_name": "Ann"}

    with_night(work, contacts=[ANN])


@pytest.mark.parametrize("by", ["attempt_id", "call_id", "phone"])
def test_who_is_being_called_is_found_by_attempt_by_call_and_by_number(by: str) -> None:
    async def work(night: Night) -> None:
        (attempt,) = [a for a in await night.attempts() if a.phone == phone(ANN)]
        known = {"attempt_id": attempt.id, "call_id": attempt.call_id, "phone": attempt.phone}
        assert await ask(night, about(**{by: known[by]})) == TO_ANN

    with_night(work, runs=True)


def test_our_own_attempt_decides_before_the_call_and_the_call_before_the_number() -> None:
    async def work(night: Night) -> None:
        ann, bob = sorted(await night.attempts(), key=lambda attempt: attempt.phone)
        assert await ask(night, about(attempt_id=ann.id, call_id=bob.call_id, phone=bob.phone)) == TO_ANN
        assert await ask(night, about(call_id=ann.call_id, phone=bob.phone)) == TO_ANN
        assert await ask(night, about(call_id="not told us yet", phone=ann.phone)) == TO_ANN

    with_night(work, runs=True)


def test_nothing_is_told_of_a_call_that_is_over() -> None:
    async def work(night: Night) -> None:
        await night.run()
        for attempt in await night.attempts():
            assert attempt.state is AttemptState.ENDED
            known = about(attempt_id=attempt.id, phone=attempt.phone), about(call_id=attempt.call_id)
            assert [await ask(night, one) for one in known] == [TO_NOBODY, TO_NOBODY]

    with_night(work)


@pytest.mark.parametrize(
    "question",
    [
        about(phone="+442079460999"),
        about(attempt_id="another installation's", phone=phone(ANN)),
        about(call_id="unknown"),
        about(),
    ],
)
def test_of_a_person_who_is_not_known_nothing_is_told(question: Question) -> None:
    async def work(night: Night) -> None:
        assert await ask(night, question) == TO_NOBODY

    with_night(work)


def test_whoever_rings_us_is_known_by_their_number_also_after_the_campaign() -> None:
    async def work(night: Night) -> None:
        assert await ask(night, about(phone=phone(ANN))) == TO_ANN
        await night.run()
        assert await ask(night, about(phone=phone(ANN), call_id="inbound-1")) == TO_ANN

    with_night(work)


def test_another_providers_question_reaches_none_of_its_people() -> None:
    async def work(night: Night) -> None:
        (attempt,) = [a for a in await night.attempts() if a.phone == phone(ANN)]
        for known in ({"attempt_id": attempt.id}, {"call_id": attempt.call_id}, {"phone": attempt.phone}):
            assert await ask(night, about(**known), "other") == TO_NOBODY

    with_night(work, runs=True)


def test_whoever_is_in_two_campaigns_is_answered_by_the_one_that_called_last() -> None:
    async def work(night: Night) -> None:
        second = a_campaign(**{**WORDS, "tools": {"who": "Second."}}, campaign="second")
        # The lead that nobody called yet is older news than any call.
        also = await night.also(second, [ANN])
        await night.run()
        assert (await ask(night, about(phone=phone(ANN)))).tools["t1"] == "This is Ann."
        await also.run("second")
        assert (await ask(night, about(phone=phone(ANN)))).tools["t1"] == "Second."

    with_night(work, contacts=[ANN])


def test_a_campaign_that_cannot_be_read_any_more_hides_no_other() -> None:
    async def work(night: Night) -> None:
        await night.also(a_campaign(**WORDS, campaign="old"), [ANN])
        current = night.book.current

        def unreadable(record: Any) -> Any:
            if record.name == "old":
                raise InputError("of another version")
            return current(record)

        night.book.current = unreadable  # type: ignore[method-assign]
        assert await ask(night, about(phone=phone(ANN))) == TO_ANN

    with_night(work, contacts=[ANN])


def test_a_campaign_without_words_leaves_the_agent_as_the_vendor_knows_it() -> None:
    async def main(store: Any, clock: Any) -> None:
        async with a_night(store, clock, contacts=[ANN]) as night:
            assert await ask(night, Question((), phone=phone(ANN))) == Reply(None, {})

    play(main)


class Slow(MemoryStore):
    """Every reading of it takes an hour, or fails."""

    failing = False

    async def leads_with_phone(self, phone_key: str) -> Any:
        if self.failing:
            raise StoreUnavailable("no")
        await anyio.sleep_forever()


@pytest.mark.parametrize("failing", [True, False])
async def test_a_slow_or_broken_database_is_answered_for_in_time(failing: bool) -> None:
    store = Slow()
    store.failing = failing
    book = TermsBook(store, lambda record: pytest.fail("nobody is known"), KEY)
    with anyio.fail_after(2):
        within = timedelta(milliseconds=50)
        assert await answered(store, book, about(phone="+442079460001"), provider="p", within=within) == TO_NOBODY
    store.close()
