"""Every kind of provider that is known must show its sample here."""

from importlib import import_module

import pytest

from campaigns.vendors import PROVIDERS

from .samples import ProviderSample


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "sample" in metafunc.fixturenames:
        metafunc.parametrize("sample", [_sample(kind) for kind in PROVIDERS], ids=list(PROVIDERS))


def _sample(kind: str) -> ProviderSample:
    found: ProviderSample = import_module(f".{kind}_sample", __package__).SAMPLE
    return found
