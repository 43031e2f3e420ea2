"""Lets the tests of this folder import its rig and its oracles, and the vendors' stand-ins (`foreign.callab`)."""

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "vendors")]


@pytest.fixture
def shared(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """What every command of a test finds in its environment: one database, and the key that all need."""
    monkeypatch.setenv("CAMPAIGNS_DATABASE", postgres_url)
    monkeypatch.setenv("CAMPAIGNS_HASH_KEY", "a key for tests that all machines share, and for tests only")
    return postgres_url
