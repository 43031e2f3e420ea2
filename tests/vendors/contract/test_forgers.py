"""A forger who changes honest deliveries by chance, and a vendor who writes rubbish: no proof, no fault."""

import json
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from campaigns.domain.call import Webhook
from campaigns.domain.errors import ProofError
from campaigns.engine.inbox import to_json
from campaigns.ports import CallProvider
from campaigns.vendors import provider_kind
from campaigns.vendors.account import Surroundings, VendorAccount

from .samples import SECRET, TOKEN, ProviderSample
from .test_providers import NOW, a_provider

pytestmark = pytest.mark.row("W5")

ODD: list[Any] = [
    None, True, "", "x" * 70_000, 0, -1, 2**31, 2**63, 10**30, 10**400, -(10**400), 1e308, -1e308, 5e-324, 0.1, [], {},
    [[]], [None], {"": None}, "NaN", "Infinity", "-0", "\0", "\ud800", "\u202e", "\uff11", "1e999", "0x10", "../..",
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2026-13-45", "2026-11-23T24:00:00Z", "+442079460123",
    253402300800000, -62135596801, 1e20,
]  # fmt: skip
"""What might stand where something else is expected."""


def mutated(delivery: Webhook, dice: random.Random) -> Webhook:
    """One to three bytes, characters or headers of it are others."""
    for _ in range(dice.randint(1, 3)):
        what = dice.choice(["body", "body", "body", "token", *delivery.headers])
        if what == "body":
            at = dice.randrange(len(delivery.body) + 1)
            new = dice.choice([b"", bytes([dice.randrange(256)]), b"0", b'"', b",", b"\xff"])
            delivery = replace(delivery, body=delivery.body[:at] + new + delivery.body[at + dice.randint(0, 2) :])
        elif what == "token":
            delivery = replace(delivery, token=_other(delivery.token, dice))
        else:
            delivery = replace(
                delivery, headers={**delivery.headers, what: _other(delivery.headers.get(what, ""), dice)}
            )
    return delivery


def _other(text: str, dice: random.Random) -> str:
    at = dice.randrange(len(text) + 1)
    return text[:at] + dice.choice(["", "0", "f", "F", " ", "=", ",", "\u0661", "\xe9", "."]) + text[at + 1 :]


def _same_proof(one: Webhook, other: Webhook, sample: ProviderSample) -> bool:
    """Whether nothing that proves it has been changed."""
    proofs = ("x-webhook-signature", "x-webhook-timestamp")
    kept = all(one.headers.get(name) == other.headers.get(name) for name in proofs)
    return one.token == other.token and (not sample.signs or (kept and one.body == other.body))


def _read(provider: CallProvider, delivery: Webhook) -> bool:
    """Whether it was believed. Whatever else than ProofError it raises is a fault."""
    try:
        notice = provider.read(delivery, now=NOW)
    except ProofError:
        return False
    if notice.report is not None:
        json.dumps(to_json(notice.report))
    return True


async def test_nothing_that_was_changed_by_chance_is_believed(
    sample: ProviderSample, dice: random.Random, long: bool, figure: Any
) -> None:
    provider, became = a_provider(sample, "http://127.0.0.1:9"), Counter[str]()
    for event, honest in sample.honest.items():
        delivery = honest(NOW, "call-1")
        for _ in range(100_000 if long else 1_000):
            forged = mutated(delivery, dice)
            if _same_proof(forged, delivery, sample):
                _read(provider, forged)
                became["proof untouched"] += 1
            else:
                assert not _read(provider, forged), (event, forged)
                became["refused"] += 1
    await provider.aclose()
    figure("W5", "mutants let in", 0, provider=sample.kind, mutants=became["refused"])


def _with(document: Any, value: Any, dice: random.Random) -> Any:
    """One member, anywhere, is another value."""
    if isinstance(document, dict) and document and dice.random() < 0.9:
        key = dice.choice(list(document))
        return {**document, key: _with(document[key], value, dice)}
    if isinstance(document, list) and document and dice.random() < 0.9:
        return [_with(document[0], value, dice), *document[1:]]
    return value


async def test_whatever_a_vendor_writes_is_a_report_or_no_proof_and_never_a_fault(
    sample: ProviderSample, dice: random.Random, long: bool, figure: Any
) -> None:
    provider, tried = a_provider(sample, "http://127.0.0.1:9", secret=""), 0
    for honest in sample.honest.values():
        delivery = honest(NOW, "call-1")
        document = json.loads(delivery.body)
        for _ in range(50_000 if long else 700):
            body = json.dumps(_with(document, dice.choice(ODD), dice)).encode()
            _read(provider, replace(delivery, body=body, headers={}))
            tried += 1
    await provider.aclose()
    figure("W5", "faults on what a vendor might write", 0, provider=sample.kind, bodies=tried)


async def test_while_secrets_change_both_are_believed_and_afterwards_only_the_new_one(sample: ProviderSample) -> None:
    def account(token: str, secret: str, *older: str) -> CallProvider:
        given = VendorAccount(
            "acme", "http://127.0.0.1:9", "k", token, secret, older_tokens=older[:1], older_secrets=older[1:]
        )
        return provider_kind(sample.kind)(given, Surroundings(patient=False))

    during, after = account("n" * 32, "the new secret", TOKEN, SECRET), account("n" * 32, "the new secret")
    for honest in sample.honest.values():
        old = honest(NOW, "call-1")
        assert during.addressed(old.token)
        assert _read(during, old)
        assert not after.addressed(old.token)
        assert not _read(after, old)
        if sample.signs:
            assert not _read(after, replace(old, token="n" * 32))
    for one in (during, after):
        await one.aclose()
