"""How much of a list goes into the database at once."""

from datetime import timedelta

import pytest

from campaigns.domain.lead import CampaignState
from campaigns.engine.pieces import BESIDE_CALLS, FEWEST, Pieces, pieces
from campaigns.engine.preparing import BATCH
from campaigns.testing import a_night

from .conftest import START, play


@pytest.mark.parametrize(
    ("rows", "took", "then"),
    [
        (FEWEST, BESIDE_CALLS, FEWEST),
        (1_000, BESIDE_CALLS * 2, 500),
        (300, BESIDE_CALLS / 10, 600),
        (1_500, BESIDE_CALLS / 10, BATCH),
        (BATCH, BESIDE_CALLS * 1_000, FEWEST),
        (BATCH, timedelta(), BATCH),
    ],
)
def test_pieces_follow_the_speed_of_the_database_and_no_more_than_double(rows, took, then) -> None:
    writing = Pieces(None, None, None, 1, at_most=BESIDE_CALLS, rows=rows)
    writing._learn(rows, took)
    assert writing.rows == then


@pytest.mark.parametrize("state", [CampaignState.ACTIVE, CampaignState.PAUSED])
def test_pieces_are_short_where_anybody_may_be_dialling(state) -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=0) as night:
            if state is CampaignState.PAUSED:
                assert await store.steer("test", state, expect=[CampaignState.ACTIVE], reason="", now=START)
            writing = await pieces(await night.book.of("test"), store, clock, 1)
            beside = state is CampaignState.ACTIVE
            assert (writing.at_most, writing.rows) == ((BESIDE_CALLS, FEWEST) if beside else (None, BATCH))

    play(main)
