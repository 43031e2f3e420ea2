"""Consents as records: what each list says, what other campaigns may rely on, and what a withdrawal leaves."""

from datetime import timedelta

import pytest

from campaigns.domain.contact import Basis, Consent
from campaigns.ports.consents import ConsentRecord, OnRecord, Withdrawal, source_name

from .conftest import NOW, World

LIST, OTHER = source_name("c", "people.csv"), source_name("d", "old.xlsx")


def said(key: str, *bases: Basis, source: str = LIST, days_ago: int | None = None) -> list[ConsentRecord]:
    given_at = None if days_ago is None else NOW - timedelta(days=days_ago)
    return [ConsentRecord(key, "research", Consent(b, "form", given_at), "the list", source, NOW) for b in bases]


async def kinds(world: World, key: str = "k") -> list[tuple[str, str, bool]]:
    return [(r.source, r.consent.basis, r.withdrawn_at is None) for r in await world.store.consents(key)]


async def test_what_a_list_says_replaces_what_it_said_before_and_no_other_lists_word(world: World) -> None:
    put = world.store.put_consents
    await put(
        LIST, "research", {"k": said("k", Basis.PRIOR, Basis.CUSTOMER), "n": said("n", Basis.PRIOR)}, now=world.now
    )
    await put(OTHER, "research", {"k": said("k", Basis.PRIOR, source=OTHER)}, now=world.now)
    await put(LIST, "research", {"k": said("k", Basis.CUSTOMER)}, now=world.now)
    assert await kinds(world) == [(LIST, "customer", True), (OTHER, "prior", True)]
    assert await kinds(world, "n") == [(LIST, "prior", True)]


async def test_other_campaigns_rely_on_the_records_of_the_same_purpose(world: World) -> None:
    put, consent = world.store.put_consents, Consent(Basis.PRIOR, "form")
    assert await put(LIST, "research", {"k": said("k", Basis.PRIOR)}, now=world.now) == {}
    assert await put(OTHER, "research", {"k": []}, now=world.now) == {"k": OnRecord((consent,))}
    assert await put(OTHER, "telemarketing", {"k": []}, now=world.now) == {}
    assert await put(source_name("c", "second.csv"), "research", {"k": []}, now=world.now) == {}


async def test_the_facts_of_a_lead_have_the_records_of_other_campaigns_alone(world: World) -> None:
    await world.campaign(purpose="research")
    await world.load([world.row(1)])
    key = world.key("+31200000001")
    await world.store.put_consents(LIST, "research", {key: said(key, Basis.CUSTOMER)}, now=world.now)
    await world.store.put_consents(OTHER, "research", {key: said(key, Basis.PRIOR, source=OTHER)}, now=world.now)
    (claimed,) = await world.store.facts([world.row(1).lead.id], now=NOW)
    assert claimed.facts.consents == (Consent(Basis.PRIOR, "form"),)
    assert claimed.facts.withdrawn_at is None
    await world.store.withdraw(Withdrawal(key, NOW, "Ann", "by letter"))
    (again,) = await world.store.facts([world.row(1).lead.id], now=NOW)
    assert again.facts.withdrawn_at == NOW
    assert again.person_version > claimed.person_version


async def test_a_withdrawal_keeps_the_records_as_proof_and_the_same_list_revives_none(world: World) -> None:
    records = [*said("k", Basis.PRIOR), *said("k", Basis.CUSTOMER, days_ago=3)]
    await world.store.put_consents(LIST, "research", {"k": records}, now=world.now)
    assert await world.store.withdraw(Withdrawal("k", NOW, "Ann", "by letter")) == 2
    assert await world.store.withdraw(Withdrawal("k", NOW, "Ann", "by letter")) == 0
    await world.store.put_consents(LIST, "research", {"k": records}, now=world.now)
    assert await kinds(world) == [(LIST, "customer", False), (LIST, "prior", False)]


async def test_what_was_given_after_the_withdrawal_stands(world: World) -> None:
    await world.store.withdraw(Withdrawal("k", NOW - timedelta(days=5), "Ann", ""))
    await world.store.withdraw(Withdrawal("k", NOW - timedelta(days=9), "Ann", "an older letter"))
    records = [*said("k", Basis.PRIOR, days_ago=4), *said("k", Basis.CUSTOMER, days_ago=6)]
    await world.store.put_consents(LIST, "research", {"k": records}, now=world.now)
    assert await kinds(world) == [(LIST, "customer", False), (LIST, "prior", True)]


async def test_a_permit_that_rested_on_what_is_not_said_any_more_falls(world: World) -> None:
    await world.campaign(purpose="research")
    await world.load([world.row(1)])
    key, id_ = world.key("+31200000001"), world.row(1).lead.id
    await world.store.put_consents(OTHER, "research", {key: said(key, Basis.PRIOR, source=OTHER)}, now=world.now)
    (before,) = await world.store.facts([id_], now=NOW)
    await world.store.put_consents(OTHER, "research", {key: said(key, Basis.PRIOR, source=OTHER)}, now=world.now)
    (same,) = await world.store.facts([id_], now=NOW)
    await world.store.put_consents(OTHER, "research", {key: []}, now=world.now)
    (after,) = await world.store.facts([id_], now=NOW)
    assert before.person_version == same.person_version < after.person_version


@pytest.mark.parametrize("days", [-1, 0, 1, None])
def test_only_a_later_consent_stands_against_a_withdrawal(days: int | None) -> None:
    consent = Consent(Basis.PRIOR, "", None if days is None else NOW + timedelta(days=days))
    assert consent.stands(NOW) is (days == 1)
    assert consent.stands(None)
