"""Who may come in, by the hash of a secret."""

from campaigns.ports.tokens import TokenRecord

from .conftest import NOW, World

ANNA, BERT = TokenRecord("anna", "operate", "ada", NOW), TokenRecord("bert", "read", "ada", NOW)


async def test_a_token_is_found_by_its_hash_until_it_is_revoked(world: World) -> None:
    assert await world.store.add_token(ANNA, "one")
    assert await world.store.add_token(BERT, "two")
    assert await world.store.tokens() == [ANNA, BERT]
    assert await world.store.token_of("one") == ANNA
    assert await world.store.token_of("ONE") is None
    assert await world.store.revoke_token("anna", now=world.now)
    assert not await world.store.revoke_token("anna", now=world.now)
    assert await world.store.token_of("one") is None
    assert await world.store.tokens() == [BERT]


async def test_neither_a_name_nor_a_secret_is_given_twice(world: World) -> None:
    assert await world.store.add_token(ANNA, "one")
    assert not await world.store.add_token(ANNA, "two")
    assert not await world.store.add_token(BERT, "one")
    assert await world.store.token_of("two") is None
