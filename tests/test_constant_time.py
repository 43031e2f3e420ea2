"""Nothing secret is compared in a time that tells how much of a guess was right."""

import ast
import hmac
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

import campaigns
from campaigns.dashboard.door import Door
from campaigns.domain.call import Webhook
from campaigns.domain.errors import ProofError
from campaigns.vendors import PROVIDERS, provider_kind
from campaigns.vendors.account import Surroundings, VendorAccount
from campaigns.vendors.callbell import webhooks as callbell_webhooks

pytestmark = pytest.mark.row("W6")

PACKAGE = Path(campaigns.__file__).parent
SECRET = re.compile(
    r"secret|token|signature|digest|hash|(?<![a-z])h?mac(?![a-z])|passw|api_?key|authorization", re.IGNORECASE
)
HARMLESS = {
    "settings.providers[name].api_key == own.api_key": "two of our own settings: no stranger is asked",
    "'x-webhook-signature' in webhook.headers": "whether there is a header",
    "name.lower() == 'x-callbell-signature'": "the name of a header",
    "'/' in token": "what an address is made of",
    "self._names.execute('INSERT OR IGNORE INTO name VALUES (?)', (digest,)).rowcount == 1": "a count of rows",
}  # fmt: skip
"""Comparisons that name something secret and compare none, and why that is so."""
COMPARED = (ast.Eq, ast.NotEq, ast.In, ast.NotIn, ast.Is, ast.IsNot)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TOKEN = "t0ken-" + "x" * 26


def _words(node: ast.AST) -> Iterator[str]:
    for each in ast.walk(node):
        if isinstance(each, ast.Name):
            yield each.id
        elif isinstance(each, ast.Attribute):
            yield each.attr
        elif isinstance(each, ast.Constant) and isinstance(each.value, str):
            yield each.value


def _compares_values(node: ast.Compare) -> bool:
    said = [node.left, *node.comparators]
    absent = any(isinstance(side, ast.Constant) and side.value in (None, "") for side in said)
    lengths = any(isinstance(side, ast.Call) and ast.unparse(side.func) == "len" for side in said)
    return not absent and not lengths and any(isinstance(operator, COMPARED) for operator in node.ops)


def comparisons(source: str) -> list[str]:
    """Every comparison that names something secret."""
    return [
        ast.unparse(node)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Compare) and _compares_values(node) and any(map(SECRET.search, _words(node)))
    ]


def test_nothing_secret_is_compared_by_an_operator() -> None:
    files = sorted(PACKAGE.rglob("*.py"))
    found = [f"{path.relative_to(PACKAGE)}: {text}" for path in files for text in comparisons(path.read_text("utf-8"))]
    assert len(files) > 300
    assert [line for line in found if line.partition(": ")[2] not in HARMLESS] == []


@pytest.mark.parametrize(
    "source",
    ["told == self._secret", "webhook.token != ours", "signature in known", "hashlib.sha256(x).hexdigest() == told",
     "headers.get('authorization') != f'Bearer {key}'", "x == y.api_key", "mac == ours"],
)  # fmt: skip
def test_the_search_finds_what_it_is_for(source: str) -> None:
    assert comparisons(source)


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every pair that is compared in constant time, as it happens."""
    right: Callable[..., bool] = hmac.compare_digest
    pairs: list[str] = []

    def counted(told: bytes, ours: bytes) -> bool:
        pairs.append(f"{told!r} {ours!r}")
        return right(told, ours)

    monkeypatch.setattr(hmac, "compare_digest", counted)
    return pairs


@pytest.mark.parametrize("kind", PROVIDERS)
async def test_every_provider_compares_an_address_and_a_signature_in_constant_time(
    kind: str, compared: list[str]
) -> None:
    provider = provider_kind(kind)(VendorAccount("acme", "http://127.0.0.1:9", "k", TOKEN, "a secret"), Surroundings())
    with suppress(ProofError):
        provider.read(Webhook("guessed", {}, b"{}"), now=NOW)
    assert [pair for pair in compared if "guessed" in pair]
    if kind != "callab":  # signs nothing
        stamp = str(int(NOW.timestamp()))
        headers = {"x-webhook-signature": "sha256=guessed-too", "x-webhook-timestamp": stamp}
        with suppress(ProofError):
            provider.read(Webhook(TOKEN, headers, b"{}"), now=NOW)
        assert [pair for pair in compared if "guessed-too" in pair]
    await provider.aclose()


async def test_whatever_else_proves_itself_is_compared_so_too(compared: list[str]) -> None:
    guess = "0" * 64
    with suppress(ProofError):
        headers = {"x-callbell-signature": f"t={int(NOW.timestamp())},v1={guess}"}
        callbell_webhooks.read(headers, b"{}", secret="whsec", now=NOW)
    assert [pair for pair in compared if guess in pair]
    assert await Door(None, b"k" * 32, lambda: NOW).operator(f"body.{guess[1:]}") is None  # type: ignore[arg-type]
    assert [pair for pair in compared if f"b'{guess[1:]}'" in pair]
