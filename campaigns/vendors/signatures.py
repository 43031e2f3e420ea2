"""Webhook proof: what a stranger cannot make."""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta

from campaigns.domain.errors import ProofError

FRESH = timedelta(minutes=5)
"""How far a signed time may be from ours; what Callbell and HMS Sovereign say in their own documents."""


def same(told: str, ours: str) -> bool:
    """In constant time, whatever characters the stranger sent."""
    return hmac.compare_digest(_bytes(told), ours.encode())


SHORTEST = 16
"""Characters of an address's secret part; a shorter one could be guessed, and proves nothing."""


def check_token(told: str, tokens: Sequence[str]) -> None:
    """The secret part of the address, the newest or one that is still good beside it. Raises ProofError."""
    if not any(same(told, token) for token in _secret(tokens)):
        raise ProofError("wrong address token")


def addressed(told: str, tokens: Sequence[str]) -> bool:
    """Whether an address is the account's own, or good for one attempt."""
    try:
        attempt_of(told, tokens)
    except ProofError:
        return False
    return True


def check_stamped(told: str, *, stamp: str, body: bytes, secrets: Sequence[str], now: datetime) -> None:
    """HMAC-SHA256 in hex over `stamp.body` by one of the secrets, with a fresh stamp in unix seconds.

    Raises ProofError.
    """
    if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):
        raise ProofError("no usable time stamp")
    if abs(now.timestamp() - int(stamp)) > FRESH.total_seconds():
        raise ProofError("too old, or from the future")
    text = stamp.encode() + b"." + body
    if not any(same(told, hmac.digest(secret.encode(), text, "sha256").hex()) for secret in secrets if secret):
        raise ProofError("wrong signature")


def attempt_token(token: str, attempt_id: str) -> str:
    """The secret part of an address that is good for one attempt: `ATTEMPT.HMAC(token, attempt)`."""
    return f"{attempt_id}.{hmac.digest(token.encode(), _bytes(attempt_id), 'sha256').hex()[:40]}"


def attempt_of(told: str, tokens: Sequence[str]) -> str | None:
    """The attempt that such an address names; None: it is the account's own. Raises ProofError for a forged one."""
    attempt_id, dot, _ = told.partition(".")
    if not dot or any(same(told, token) for token in tokens):  # a token may hold a dot: whoever runs it chose it
        check_token(told, tokens)
        return None
    check_token(told, [attempt_token(token, attempt_id) for token in _secret(tokens)])
    return attempt_id


def _secret(tokens: Sequence[str]) -> list[str]:
    return [token for token in tokens if len(token) >= SHORTEST]


def _bytes(told: str) -> bytes:
    return told.encode("utf-8", "surrogatepass")
