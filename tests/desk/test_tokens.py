"""Who may come in: by a secret that is shown once, with a role that is asked for in one place."""

import pytest

from campaigns.desk.access import Operator, Role
from campaigns.domain.errors import Forbidden, InputError, Unknown

from .conftest import ADMIN, OPERATOR, READER, a_desk


def test_a_secret_opens_for_its_owner_alone_until_it_is_revoked(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            secret = await desk.acts.add_token("anna", Role.OPERATE, by=ADMIN)
            assert await desk.acts.operator(secret) == Operator("anna", Role.OPERATE)
            for other in ("", secret[:-1], secret + "x", secret.upper(), "campaigns_", "\ud800"):
                assert await desk.acts.operator(other) is None, other
            await desk.acts.revoke_token("anna", by=ADMIN)
            assert await desk.acts.operator(secret) is None

    play(night)


def test_the_database_never_holds_the_secret(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            secret = await desk.acts.add_token("anna", Role.READ, by=ADMIN)
            (row,) = store._memory._raw.execute("SELECT * FROM token").fetchall()
            assert secret not in map(str, row)
            assert not any(secret.removeprefix("campaigns_") in str(value) for value in row)
            assert (row["who"], row["role"]) == ("ada", "read")

    play(night)


def test_two_tokens_are_never_the_same_and_a_name_is_given_once(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            first = await desk.acts.add_token("anna", Role.READ, by=ADMIN)
            with pytest.raises(InputError, match="already"):
                await desk.acts.add_token("anna", Role.ADMIN, by=ADMIN)
            assert await desk.acts.operator(first) == Operator("anna", Role.READ)
            assert first != await desk.acts.add_token("bert", Role.READ, by=ADMIN)
            assert len(first) >= 43
            assert [token.name for token in await desk.acts.tokens(by=ADMIN)] == ["anna", "bert"]

    play(night)


@pytest.mark.parametrize("name", ["", " ", "-x", "a" * 61, "a\nb", "<b>"])
def test_a_name_that_would_spoil_records_is_refused(play, name):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            with pytest.raises(InputError, match="NAME"):
                await desk.acts.add_token(name, Role.READ, by=ADMIN)

    play(night)


@pytest.mark.parametrize("by", [READER, OPERATOR])
def test_only_an_admin_hands_out_tokens(play, by):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            for act in (
                desk.acts.add_token("x", Role.READ, by=by), desk.acts.revoke_token("x", by=by), desk.acts.tokens(by=by),
            ):  # fmt: skip
                with pytest.raises(Forbidden, match="admin"):
                    await act

    play(night)


def test_revoking_nobodys_token_tells_whose_there_are(play):
    async def night(store, clock):
        async with a_desk(store, clock) as (desk, _):
            await desk.acts.add_token("anna", Role.READ, by=ADMIN)
            with pytest.raises(Unknown, match="There are: anna"):
                await desk.acts.revoke_token("ana", by=ADMIN)

    play(night)
