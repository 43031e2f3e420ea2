"""Who is known as a vendor: ours, and those that packages elsewhere bring along."""

from pathlib import Path
from typing import Any

import pytest

from campaigns.clock import SystemClock
from campaigns.domain.errors import InputError
from campaigns.vendors import LISTS, PROVIDERS, SIMULATORS, kinds, list_kind, provider_kind, simulate

MODULE = """
class Acme:
    BASE_URL = "https://api.acme.example"
    facts = None
    def __init__(self, account, around):
        self.account = account

def simulate(clock, **setting):
    return ("acme's server", setting)
"""
ENTRIES = """
[campaigns.providers]
acme = acme_calls:Acme
flireo = acme_calls:Acme
[campaigns.lists]
acme = acme_calls:Acme
[campaigns.simulators]
acme = acme_calls:simulate
"""


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package elsewhere, as pip would have installed it."""
    info = tmp_path / "acme_calls-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-calls\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRIES)
    (tmp_path / "acme_calls.py").write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))


def test_a_package_elsewhere_adds_a_vendor(acme: None) -> None:
    assert provider_kind("acme").BASE_URL == list_kind("acme").BASE_URL == "https://api.acme.example"
    told: Any = simulate("acme", clock=SystemClock(), seed=7)
    assert (told[0], told[1]["seed"]) == ("acme's server", 7)
    assert kinds("providers") == [*PROVIDERS, "acme"]


def test_a_package_elsewhere_replaces_none_of_ours(acme: None) -> None:
    assert provider_kind("flireo").__module__.startswith("campaigns.vendors.")  # type: ignore[attr-defined]


@pytest.mark.parametrize("group", ["providers", "lists", "simulators"])
def test_an_unknown_kind_is_told_with_those_that_are_known(group: str) -> None:
    ask = {"providers": provider_kind, "lists": list_kind, "simulators": lambda kind: simulate(kind, clock=None)}[group]
    with pytest.raises(InputError, match=rf"'nobody' is no kind of {group} .* Known are: .*flireo"):
        ask("nobody")


def test_every_vendor_of_the_tables_can_be_made() -> None:
    assert all(provider_kind(kind).facts for kind in PROVIDERS)
    assert all(list_kind(kind).BASE_URL is not None for kind in LISTS)
    assert {*PROVIDERS, *LISTS} == set(SIMULATORS)
